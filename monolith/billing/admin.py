"""Invoices and payments in the back office."""

from django.contrib import admin

from monolith.billing.models import Invoice, InvoiceCounter, Payment


class PaymentInline(admin.TabularInline):
    """Payments on the page of their invoice."""

    model = Payment
    extra = 0


@admin.register(Invoice)
class InvoiceAdmin(admin.ModelAdmin):
    """Invoices, newest first."""

    list_display = ["number", "order", "total", "vat_rate", "issued_at"]
    list_select_related = ["order"]
    search_fields = ["number", "order__number", "order__user__username"]
    date_hierarchy = "issued_at"
    raw_id_fields = ["order"]
    inlines = [PaymentInline]
    show_full_result_count = False


@admin.register(Payment)
class PaymentAdmin(admin.ModelAdmin):
    """Payments, newest first."""

    list_display = ["invoice", "amount", "method", "card_last4", "paid_at"]
    list_filter = ["method"]
    list_select_related = ["invoice"]
    search_fields = ["invoice__number", "invoice__order__number"]
    date_hierarchy = "paid_at"
    raw_id_fields = ["invoice"]
    show_full_result_count = False


@admin.register(InvoiceCounter)
class InvoiceCounterAdmin(admin.ModelAdmin):
    """Last numbers given out; to be read, not changed."""

    list_display = ["year", "last"]
    readonly_fields = ["year", "last"]

    def has_add_permission(self, request) -> bool:  # noqa: ARG002 - Django's signature
        """Refuse: counters appear with the first invoice of a year."""
        return False

    def has_delete_permission(self, request, obj=None) -> bool:  # noqa: ARG002 - Django's signature
        """Refuse: without its counter, a year would give out its numbers again."""
        return False
