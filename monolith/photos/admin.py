"""Photos in the back office."""

from django.contrib import admin
from django.utils.html import format_html

from monolith.photos.deletion import delete
from monolith.photos.models import Photo


@admin.register(Photo)
class PhotoAdmin(admin.ModelAdmin):
    """Photos with their picture."""

    list_display = ["picture", "filename", "owner", "width", "height", "bytes", "is_legacy", "uploaded_at"]
    list_display_links = ["picture", "filename"]
    list_select_related = ["owner"]
    search_fields = ["filename", "title", "owner__username", "checksum", "uuid"]
    date_hierarchy = "uploaded_at"
    raw_id_fields = ["owner"]
    readonly_fields = [
        "uuid",
        "checksum",
        "original",
        "renditions",
        "width",
        "height",
        "bytes",
        "uploaded_at",
    ]
    show_full_result_count = False

    @admin.display(description="picture")
    def picture(self, photo: Photo) -> str:
        """Return the thumbnail as HTML."""
        return format_html('<img src="{}" alt="" height="48">', photo.thumbnail)

    @admin.display(boolean=True, description="legacy files")
    def is_legacy(self, photo: Photo) -> bool:
        """Return whether this site made the files."""
        return photo.is_legacy

    def has_add_permission(self, request) -> bool:  # noqa: ARG002 - Django's signature
        """Refuse: photos come from uploads."""
        return False

    def delete_model(self, request, obj: Photo) -> None:  # noqa: ARG002 - Django's signature
        """Delete a photo with its files."""
        delete(obj)

    def delete_queryset(self, request, queryset) -> None:  # noqa: ARG002 - Django's signature
        """Delete photos with their files."""
        for photo in queryset:
            delete(photo)
