"""What an address may look like."""

import unicodedata
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from extracted.email.errors import AddressError, HeaderInjectionError

LONGEST = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
_is_valid = EmailValidator()


def check_addresses(addresses: Sequence[str], *, limit: int) -> tuple[str, ...]:
    """Return *addresses* without repetitions; raises as `check_address` does, or if there are none or too many."""
    if not addresses:
        raise AddressError("the message has no recipient")
    unique = {normalise(address): address for address in map(check_address, addresses)}
    if len(unique) > limit:
        raise AddressError(f"{len(unique)} recipients are too many: at most {limit}")
    return tuple(unique.values())


def check_address(address: str) -> str:
    """Return *address*, a bare one such as `ann@example.org`; quoted ones, which nobody has, are refused.

    Raises: HeaderInjectionError: it has a line break or control character. AddressError: it is no address.
    """
    if has_control_character(address):
        raise HeaderInjectionError(f"the address {address[:LONGEST]!r}")
    if len(address) > LONGEST:
        raise AddressError(f"an address has at most {LONGEST} characters, not {len(address)}")
    try:
        _is_valid(address)
    except ValidationError:
        raise AddressError(f"{address!r} is no mail address") from None
    if '"' in address:
        raise AddressError(f"{address!r} has a quoted part, which is not taken")
    return address


def normalise(address: str) -> str:
    """Return the form in which two spellings of one mailbox are equal.

    Strictly, the part before the @ tells upper from lower case; no provider that people use does.
    """
    return unicodedata.normalize("NFC", address).strip().lower()


def has_control_character(text: str) -> bool:
    """Whether *text* has a character that could end a header, or that no header may have."""
    return any(unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"} for character in text)
