"""Categories and products in the back office: edited here while the shop owns them, and looked at after that."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from monolith.catalog import ownership
from monolith.catalog.models import Category, Product, Variant
from monolith.shopfront.offers import has_variants

ELSEWHERE = (
    "The catalog service owns categories and products now, so nothing can be changed here. Edit them there: /catalog/staff/. "
    "Prices and stock are still edited here, under Variants."
)
AS_BEFORE = " What this page shows is as it was when the service took over."


class OwnedAdmin(admin.ModelAdmin):
    """A model whose table can move to the catalog service: after that it is looked at here, and edited there."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse once the service owns the table: rows that are made here would be checked against no type."""
        return ownership.is_ours() and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse as for adding."""
        return ownership.is_ours() and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse as for adding."""
        return ownership.is_ours() and super().has_delete_permission(request, obj)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Say where the catalogue is edited, before the list is made."""
        self._say(request)
        return super().get_list_display(request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Say where the catalogue is edited, before the form is made."""
        self._say(request)
        return super().get_fieldsets(request, obj)

    def _say(self, request: HttpRequest) -> None:
        if not ownership.is_ours() and not getattr(request, "catalogue_said", False):
            request.catalogue_said = True
            messages.warning(request, ELSEWHERE + ("" if ownership.is_in_reach() else AS_BEFORE))


class VariantInline(admin.TabularInline):
    """Variants on the page of their product."""

    model = Variant
    extra = 0

    def _is_here(self) -> bool:
        """Tell whether product and variants are in one database, so that one form may save both."""
        return ownership.is_ours()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse once the products are elsewhere: variants have a page of their own."""
        return self._is_here() and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse as for adding."""
        return self._is_here() and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse as for adding."""
        return self._is_here() and super().has_delete_permission(request, obj)


@admin.register(Category)
class CategoryAdmin(OwnedAdmin):
    """Shelves in their order."""

    list_display = ["name", "slug", "position"]
    list_editable = ["position"]
    prepopulated_fields = {"slug": ["name"]}
    search_fields = ["name"]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        """Return none where nothing can be edited, as Django wants it."""
        return self.prepopulated_fields if self.has_change_permission(request, obj) else {}


@admin.register(Product)
class ProductAdmin(OwnedAdmin):
    """Products with their variants."""

    list_display = ["name", "category", "kind", "takes_photo", "is_active", "is_featured", "position"]
    list_editable = ["is_active", "is_featured", "position"]
    list_filter = ["category", "kind", "is_active", "is_featured"]
    search_fields = ["name", "summary"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [VariantInline]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        """Return none where nothing can be edited, as Django wants it."""
        return self.prepopulated_fields if self.has_change_permission(request, obj) else {}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse while there are variants, which orders refer to: what is not sold any more is made inactive."""
        is_free = obj is None or not has_variants(obj.pk)
        return is_free and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out deleting many at once, which looks at no variants."""
        return {
            name: action for name, action in super().get_actions(request).items() if name != "delete_selected"
        }
