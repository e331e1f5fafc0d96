"""Photos in the back office: by queries of their own, since their table can be in another database than the customers'."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from monolith.photos.models import Photo

MOST_OWNERS = 200


@admin.register(Photo)
class PhotoAdmin(admin.ModelAdmin):
    """Photos with their picture."""

    list_display = ["picture", "filename", "customer", "width", "height", "bytes", "is_legacy", "uploaded_at"]
    list_display_links = ["picture", "filename"]
    search_fields = ["filename", "title", "checksum", "uuid"]
    search_help_text = "By file, title, checksum or id, or by the beginning of the owner's name."
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Photo]:
        """Return the photos with their owners."""
        return super().get_queryset(request).prefetch_related("owner")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Photo], search_term: str
    ) -> tuple[QuerySet[Photo], bool]:
        """Search in the photos, and for owners by name."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if search_term:
            people = get_user_model().objects.filter(username__istartswith=search_term)
            found |= queryset.filter(owner__in=list(people.values_list("pk", flat=True)[:MOST_OWNERS]))
        return found, may_repeat

    @admin.display(description="owner", ordering="owner_id")
    def customer(self, photo: Photo) -> Any:
        """Return whose photo it is."""
        return photo.owner

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
