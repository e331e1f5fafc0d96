"""The log of mails."""

from django.db import models


class MailLog(models.Model):
    """One mail that the shop sent or failed to send; its text is not kept."""

    class Status(models.TextChoices):
        """What became of the mail."""

        SENT = "sent"
        FAILED = "failed"

    kind = models.CharField(max_length=40, help_text="Name of the template.")
    recipient = models.EmailField()
    subject = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}: {self.status}"
