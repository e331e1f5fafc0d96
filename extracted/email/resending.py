"""What staff decide about a message that the machine is done with."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from extracted.email.announcing import announce
from extracted.email.intake import Taken, take
from extracted.email.models import Message, Recipient, Source
from extracted.email.states import RecipientState, State
from extracted.email.submission import Submission, parse


class NotNowError(Exception):
    """The message is in a state that does not allow it; the text says why, for the person."""


def resend(message: Message, *, by: str) -> Taken:
    """Send the same mail again as a new message that refers to *message*, which stays as it is.

    The mail is composed anew, so a mended template or a later one counts. It gets an id and a `Message-ID` of its
    own, so that the recipient's program shows it.

    Raises:
        NotNowError: the message is still on its way.
        RefusedError: it can't be composed, or its addresses are not taken any more.
    """
    if not message.is_finished and not message.is_held:
        raise NotNowError("it is still on its way: a second mail now would be one too many")
    addresses = list(message.recipients.values_list("address", flat=True))
    checked: Submission = parse(
        {
            "template": message.template,
            "to": addresses,
            "context": message.context,
            "locale": message.locale,
        }
    )
    return take(checked, source=Source.STAFF, requested_by=by, resend_of=message)


def try_again(message: Message) -> None:
    """Send a held message again, with the same `Message-ID`: at worst the recipient gets a second copy.

    Raises: NotNowError: it is not held.
    """
    now = timezone.now()
    held = Message.objects.filter(pk=message.pk, state=State.UNKNOWN, due_at__isnull=True)
    if not held.update(state=State.QUEUED, not_before=now, due_at=now, sends=0):
        raise NotNowError("somebody else has decided already")
    _announce(message.pk)


def consider_sent(message: Message, *, by: str) -> None:
    """End a held message as sent, because somebody knows that it arrived.

    Raises: NotNowError: it is not held.
    """
    now = timezone.now()
    with transaction.atomic():
        held = Message.objects.filter(pk=message.pk, state=State.UNKNOWN, due_at__isnull=True)
        if not held.update(state=State.SENT, reason=f"{by} knows that it arrived", finished_at=now):
            raise NotNowError("somebody else has decided already")
        pending = Recipient.objects.filter(message_id=message.pk, state=RecipientState.PENDING)
        pending.update(state=RecipientState.ACCEPTED, reply=f"{by} knows that it arrived")


def _announce(message_id: UUID) -> None:
    announce([message_id])  # if the broker does not answer, the row is due already
