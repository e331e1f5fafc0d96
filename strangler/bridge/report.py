"""How far the users of both sides are in step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from strangler.bridge.logins import TOLD
from strangler.bridge.models import EndedLogin, Link

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersReport:
    """What `strangler users status` says.

    Args:
        linked: users that both sides know.
        due: users that the other side is still to be told.
        ended: logins that the service is still to be told the end of.
        problems: uid → why this user can't be kept in step.
    """

    linked: int
    due: int
    ended: int
    problems: Mapping[str, str] = field(default_factory=dict)


def make_report() -> UsersReport:
    """Return how far the users of this side are in step with the other one."""
    return UsersReport(
        linked=Link.objects.filter(user__isnull=False).exclude(peer_id="").count(),
        due=Link.objects.filter(due_at__isnull=False).count(),
        ended=EndedLogin.objects.exclude(cookie=TOLD).count(),
        problems={str(link.uid): link.problem for link in Link.objects.exclude(problem="")},
    )
