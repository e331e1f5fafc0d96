"""What the API takes and answers, as it is written in the OpenAPI description."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.urls import reverse
from ninja import Field, Schema

from extracted.email.models import Attempt, Message, Recipient

StateName = Literal["queued", "sending", "sent", "unknown", "failed", "parked", "suppressed"]


class NewMessage(Schema):
    """A mail to be sent: a template and what it needs."""

    template: str = Field(examples=["welcome"])
    to: list[str] = Field(examples=[["ann@example.org"]], description="Bare addresses.")
    context: dict[str, Any] = Field(
        default_factory=dict, examples=[{"user": {"username": "ann", "first_name": "Ann"}}]
    )
    locale: str = "en"
    business_id: str = Field(
        default="",
        max_length=200,
        examples=["welcome:user:42"],
        description="What the mail is about: one mail per id for ever. Instead of it, an Idempotency-Key.",
    )


class RecipientStatus(Schema):
    """What became of one recipient."""

    address: str
    state: Literal["pending", "accepted", "refused", "suppressed"]
    code: int | None = Field(description="SMTP reply code.")
    reply: str

    @classmethod
    def of(cls, recipient: Recipient) -> "RecipientStatus":
        """Describe *recipient*."""
        return cls.model_validate(recipient, from_attributes=True)


class AttemptStatus(Schema):
    """One try."""

    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str = Field(description="sent, refused, postponed, unknown or lost; empty while it runs.")
    code: int | None
    reply: str

    @classmethod
    def of(cls, attempt: Attempt) -> "AttemptStatus":
        """Describe *attempt*."""
        return cls.model_validate(attempt, from_attributes=True)


class MessageSummary(Schema):
    """A message, as the search lists it."""

    id: UUID
    business_id: str
    template: str
    subject: str
    to: list[str]
    state: StateName
    reason: str
    attempts: int
    message_id: str = Field(description="The Message-ID header, the same on every attempt.")
    resend_of: UUID | None
    created_at: datetime
    finished_at: datetime | None
    url: str

    @classmethod
    def of(cls, message: Message) -> "MessageSummary":
        """Describe *message* with one query for its recipients, or none if they were prefetched."""
        return cls(**_summary(message))


class MessageStatus(MessageSummary):
    """A message with everything that is known about it."""

    recipients: list[RecipientStatus]
    tries: list[AttemptStatus]

    @classmethod
    def of(cls, message: Message) -> "MessageStatus":
        """Describe *message*."""
        return cls(
            **_summary(message),
            recipients=[RecipientStatus.of(each) for each in message.recipients.all()],
            tries=[AttemptStatus.of(each) for each in message.tries.all()],
        )


class MessageList(Schema):
    """One page of messages, newest first."""

    messages: list[MessageSummary]
    next: str = Field(description="Path of the next page; empty on the last one.")


class Refused(Schema):
    """Why a request was not fulfilled; nothing of it was stored."""

    error: str
    detail: str


def _summary(message: Message) -> dict[str, Any]:
    names = (
        "id",
        "template",
        "subject",
        "state",
        "reason",
        "attempts",
        "message_id",
        "created_at",
        "finished_at",
    )
    return {
        **{name: getattr(message, name) for name in names},
        "business_id": message.business_id or "",
        "to": [each.address for each in message.recipients.all()],
        "resend_of": message.resend_of_id,
        "url": reverse("email:message", args=[message.pk]),
    }
