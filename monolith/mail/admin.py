"""The log of mails in the back office."""

from django.contrib import admin

from monolith.mail.models import MailLog


@admin.register(MailLog)
class MailLogAdmin(admin.ModelAdmin):
    """Mails, newest first; a log is read, not written."""

    list_display = ["created_at", "kind", "recipient", "subject", "status"]
    list_filter = ["status", "kind"]
    search_fields = ["recipient", "subject", "error"]
    date_hierarchy = "created_at"
    readonly_fields = ["kind", "recipient", "subject", "status", "error", "created_at"]
    show_full_result_count = False

    def has_add_permission(self, request) -> bool:  # noqa: ARG002 - Django's signature
        """Refuse: only the sender writes the log."""
        return False
