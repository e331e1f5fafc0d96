"""Addresses that get nothing."""

from collections.abc import Iterable

from extracted.email.addresses import check_address, normalise
from extracted.email.models import Recipient, Suppression
from extracted.email.outcomes import Reply

# The server knows no such mailbox, and never will. Other 5xx replies speak of the mail or of us.
HARD_BOUNCES = frozenset({550, 551, 553, 556})


def suppress(address: str, *, reason: Suppression.Reason, note: str = "", by: str = "") -> bool:
    """Put *address* on the list; idempotent, the first reason stays.

    Returns: whether it is new there.
    Raises: AddressError, HeaderInjectionError.
    """
    fields = {"reason": reason, "note": note, "added_by": by}
    _, is_new = Suppression.objects.get_or_create(
        address=normalise(check_address(address.strip())), defaults=fields
    )
    return is_new


def release(address: str) -> bool:
    """Take *address* off the list and return whether it was there."""
    count, _ = Suppression.objects.filter(address=normalise(address)).delete()
    return bool(count)


def suppressed_among(recipients: Iterable[Recipient]) -> set[str]:
    """Return which of the normalised addresses of *recipients* get nothing."""
    addresses = [each.normalised for each in recipients]
    return set(Suppression.objects.filter(address__in=addresses).values_list("address", flat=True))


def is_hard_bounce(reply: Reply) -> bool:
    """Tell whether a reply to RCPT says that there is no such mailbox."""
    return reply.code in HARD_BOUNCES
