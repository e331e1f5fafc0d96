"""Orders in the back office."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from monolith.orders.models import Order, OrderItem


class OrderItemInline(admin.TabularInline):
    """Lines on the page of their order."""

    model = OrderItem
    extra = 0
    raw_id_fields = ["variant"]
    readonly_fields = ["photo_id"]  # of a photo that may be gone, which no form would take
    exclude = ["photo"]


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    """Orders, newest first."""

    list_display = ["number", "user", "status", "total", "city", "placed_at"]
    list_filter = ["status", "country"]
    list_select_related = ["user"]
    search_fields = ["number", "user__username", "user__email", "name"]
    date_hierarchy = "placed_at"
    raw_id_fields = ["user"]
    readonly_fields = ["number"]
    inlines = [OrderItemInline]
    show_full_result_count = False


@admin.register(OrderItem)
class OrderItemAdmin(admin.ModelAdmin):
    """Single lines, to find who ordered what."""

    list_display = ["order", "description", "unit_price", "quantity", "of_photo"]
    list_filter = ["variant__product"]
    list_select_related = ["order"]
    search_fields = ["order__number", "description"]
    raw_id_fields = ["order", "variant"]
    readonly_fields = ["of_photo"]
    exclude = ["photo"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderItem]:
        """Return the lines with their photos, by a query of their own: these can be in another database."""
        return super().get_queryset(request).prefetch_related("photo")

    @admin.display(description="photo")
    def of_photo(self, item: OrderItem) -> str:
        """Return what the line's photo is called, or that it was removed."""
        return f"removed ({item.photo_id})" if item.has_lost_photo else str(item.photo or "")
