"""Routes as the servers in front see them: names for their variables, patterns for their maps, and the share of a canary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from strangler.core.decision import Decision, Reason, Side, threshold
from strangler.core.paths import Kind
from strangler.core.seams import METHODS, SAFE_METHODS
from strangler.core.stages import RolloutStage, format_percent

if TYPE_CHECKING:
    from strangler.core.seams import Route
    from strangler.core.stages import Rollout
    from strangler.gateway.site import Site

STREAMED_BYTES = 10_000_000  # bodies beyond this are uploads: passed on as they come, and waited for
UPLOAD_TIMEOUT = timedelta(seconds=300)
AT_LEGACY, ONCE, OF_SESSION = ENDINGS = ("_at_legacy", "_once", "_of_session")
"""What the names of a seam's locations may have behind its own."""
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True)
class SeamView:
    """One route with where it stands.

    Args:
        route: the seam.
        rollout: where it stands.
        name: of its variables and locations, unique in a rendering.
    """

    route: Route
    rollout: Rollout
    name: str

    @property
    def seam(self) -> str:
        """Name of the seam."""
        return self.route.name

    @property
    def pattern(self) -> str:
        """A regular expression (PCRE) over `METHOD /path` that matches what `Topology.match` matches."""
        return f"^(?:{'|'.join(self.methods)}) {path_regex(self.route)}"

    @property
    def methods(self) -> list[str]:
        """The methods, in the usual order."""
        return [method for method in METHODS if method in self.route.methods]

    @property
    def is_split(self) -> bool:
        """Whether a key decides; elsewhere every client has the same side."""
        return self.route.has_legacy and self.rollout.stage is RolloutStage.CANARY

    @property
    def share(self) -> str:
        """The share on the service as `split_clients` writes it, `12.25%`; empty for none."""
        return f"{format_percent(self.rollout.percent)}%" if self.rollout.percent else ""

    @property
    def threshold(self) -> int:
        """The first bucket that stays legacy."""
        return threshold(self.rollout.percent)

    @property
    def side(self) -> Side:
        """The side of every client, where no key decides."""
        is_live = not self.route.has_legacy or self.rollout.stage is RolloutStage.LIVE
        return Side.SERVICE if is_live else Side.LEGACY

    @property
    def may_be_service(self) -> bool:
        """Whether any client is on the service."""
        return bool(self.share) if self.is_split else self.side is Side.SERVICE

    @property
    def decision(self) -> Decision:
        """What a request to the service says about itself."""
        reason = Reason.CANARY if self.is_split else Reason.STAGE
        if not self.route.has_legacy:
            reason = Reason.NO_LEGACY
        return Decision(seam=self.seam, side=Side.SERVICE, reason=reason)

    @property
    def where(self) -> str:
        """Where it stands, for people."""
        return str(self.rollout) if self.route.has_legacy else "born in the service"

    @property
    def is_upload(self) -> bool:
        """Whether bodies are passed on as they come."""
        limit = self.route.max_body_bytes
        return bool(self.route.methods & WITH_BODY) and limit is not None and limit > STREAMED_BYTES

    @property
    def repeatable(self) -> list[str]:
        """Methods whose requests legacy may do when the service failed; a streamed body is gone by then."""
        if not self.route.has_legacy:
            return []
        may_all = self.route.is_idempotent and not self.is_upload
        return [method for method in self.methods if may_all or method in SAFE_METHODS]

    @property
    def is_mixed(self) -> bool:
        """Whether legacy may do some of its methods after the service has failed, and others not."""
        return 0 < len(self.repeatable) < len(self.methods)

    @property
    def has_limit_at_legacy(self) -> bool:
        """Whether the monolith does it with a limit of bodies of its own."""
        return self.route.has_legacy and self.route.max_body_bytes is not None


def views(site: Site) -> list[SeamView]:
    """Return all routes of *site* in the order in which they are tried."""
    routes = site.topology.ranked_routes
    names = identifiers([route.name for route in routes])
    return [SeamView(route, site.rollout(route.name), names[route.name]) for route in routes]


def identifiers(seams: list[str]) -> dict[str, str]:
    """Return a name without dots for each of *seams*; `a.b_c` and `a_b.c` get different ones.

    None ends as the name of a way does, or `a.b_once` would take the place of `a.b`'s.
    """
    found: dict[str, str] = {}
    for seam in seams:
        name = plain = seam.replace(".", "_")
        number = 1
        while name in found.values() or name.endswith(ENDINGS):
            number += 1
            name = f"{plain}_{number}"
        found[seam] = name
    return found


def path_regex(route: Route) -> str:
    r"""Return *route*'s pattern in PCRE, whose `\Z`, unlike Python's, would let a line end pass."""
    text = route.pattern.regex.pattern
    if route.pattern.kind is Kind.PREFIX:
        return text
    return text.removesuffix(r"\Z") + r"\z"


def quoted(text: str) -> str:
    r"""Return *text* as a quoted word of nginx, which reads `\\`, `\"`, `\t`, `\r` and `\n` as one character."""
    doubled = re.sub(r"\\(?=[\\\"'trn]|\Z)", r"\\\\", text)
    return '"' + doubled.replace('"', r"\"") + '"'
