"""Orders in the back office."""

from django.contrib import admin

from monolith.orders.models import Order, OrderItem


class OrderItemInline(admin.TabularInline):
    """Lines on the page of their order."""

    model = OrderItem
    extra = 0
    raw_id_fields = ["variant", "photo"]


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

    list_display = ["order", "description", "unit_price", "quantity", "photo"]
    list_filter = ["variant__product"]
    list_select_related = ["order", "photo"]
    search_fields = ["order__number", "description"]
    raw_id_fields = ["order", "variant", "photo"]
    show_full_result_count = False
