"""The catalogue in the back office."""

from django.contrib import admin

from monolith.catalog.models import Category, Product, Variant


class VariantInline(admin.TabularInline):
    """Variants on the page of their product."""

    model = Variant
    extra = 0


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    """Shelves in their order."""

    list_display = ["name", "slug", "position"]
    list_editable = ["position"]
    prepopulated_fields = {"slug": ["name"]}
    search_fields = ["name"]


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    """Products with their variants."""

    list_display = ["name", "category", "kind", "takes_photo", "is_active", "is_featured", "position"]
    list_editable = ["is_active", "is_featured", "position"]
    list_filter = ["category", "kind", "is_active", "is_featured"]
    search_fields = ["name", "summary"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [VariantInline]


@admin.register(Variant)
class VariantAdmin(admin.ModelAdmin):
    """Prices and stock."""

    list_display = ["sku", "product", "name", "price", "stock"]
    list_editable = ["price", "stock"]
    list_filter = ["product__category", "product"]
    list_select_related = ["product"]
    search_fields = ["sku", "name", "product__name"]
