"""Signed wishes for a side: an operator hands one to a browser or a test, and the decision follows it.

Only what was signed with our keys counts, so a visitor can't choose a side. The token comes in the header
`Strangler-Override` or in the cookie `strangler_override`; the header wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from strangler import tokens
from strangler.core.decision import Side
from strangler.errors import TokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strangler.facade.request import Incoming

HEADER = "Strangler-Override"
COOKIE = "strangler_override"
ANY_SEAM = "*"
LONGEST = timedelta(days=366)
_PURPOSE = "override"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A verified wish.

    Args:
        seam: name of the seam, or `*` for all of them.
        side: that shall do the work.
        not_before: moment from which it counts.
        expires: moment at which it ends.
        staff_only: it counts only for a logged-in member of staff.
    """

    seam: str
    side: Side
    not_before: datetime
    expires: datetime
    staff_only: bool = False

    def covers(self, seam: str, *, now: datetime) -> bool:
        """Whether this is about *seam*, and *now* is in its window."""
        return self.seam in {seam, ANY_SEAM} and self.not_before <= now < self.expires

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> Override:
        """Return the override that `claims()` described; raises TokenError for claims we do not know."""
        try:
            return cls(
                seam=str(claims["seam"]),
                side=Side(claims["side"]),
                not_before=datetime.fromtimestamp(claims["not_before"], UTC),
                expires=datetime.fromtimestamp(claims["expires"], UTC),
                staff_only=bool(claims["staff_only"]),
            )
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            raise TokenError("has claims that this version does not know", purpose=_PURPOSE) from error

    def claims(self) -> dict[str, Any]:
        """Return the override as JSON values; moments are seconds since 1970."""
        return {
            "seam": self.seam,
            "side": self.side.value,
            "not_before": self.not_before.timestamp(),
            "expires": self.expires.timestamp(),
            "staff_only": self.staff_only,
        }


def make(
    seam: str,
    *,
    side: Side,
    expires: datetime,
    not_before: datetime | None = None,
    staff_only: bool = False,
) -> str:
    """Return a signed token that asks for *side* on *seam*, to send as `Strangler-Override`.

    Args:
        seam: name of the seam, or `*` for all of them.
        side: that shall do the work.
        expires: moment at which it ends, with a time zone, at most 366 days away.
        not_before: moment from which it counts; now where it is left out.
        staff_only: it counts only for a logged-in member of staff.
    Raises:
        ValueError: it would never count.
    """
    now = datetime.now(UTC)
    start = not_before or now - timedelta(seconds=1)
    if not max(start, now) < expires <= now + LONGEST:
        message = (
            f"An override must end after it begins, in the future, within {LONGEST.days} days; got {expires}."
        )
        raise ValueError(message)
    override = Override(seam=seam, side=side, not_before=start, expires=expires, staff_only=staff_only)
    return tokens.sign(override.claims(), purpose=_PURPOSE)


def read(token: str) -> Override:
    """Return the override that *token* carries; raises TokenError unless one of our keys signed it."""
    return Override.from_claims(tokens.read(token, purpose=_PURPOSE, max_age=LONGEST))


def token_of(incoming: Incoming) -> str:
    """Return the token that a request brought, the header's before the cookie's; empty if none."""
    return incoming.value(HEADER.lower()) or incoming.cookie(COOKIE)
