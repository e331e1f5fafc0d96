"""The ways that a request can go through nginx: what can't hang on a variable is in a named location for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strangler.core.decision import Side
from strangler.gateway.seams import AT_LEGACY, OF_SESSION, ONCE, UPLOAD_TIMEOUT
from strangler.gateway.site import MONOLITH
from strangler.gateway.text import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strangler.gateway.seams import SeamView
    from strangler.gateway.site import Site

SESSION = "yes"
"""What `$strangler_session` says of a request that may be somebody's; it is empty for all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A named location: where a request goes, and what is special there.

    Args:
        name: with the `@`.
        about: for the comment.
        view: the seam.
        upstream: of the requests.
        limit: of bodies, in bytes.
        timeout: for the answer.
        asks_who: the monolith is asked first who has the session; nobody needs to be asked about a request without one.
        falls_back: legacy does it when the service failed.
        asks_legacy: legacy does it when nobody could say who asks.
        is_never_repeated: a method that nginx takes for repeatable and we do not.
    """

    name: str
    about: str
    view: SeamView
    upstream: str
    limit: int
    timeout: str
    asks_who: bool = False
    falls_back: bool = False
    asks_legacy: bool = False
    is_never_repeated: bool = False

    @property
    def is_to_service(self) -> bool:
        """Whether the service does it."""
        return self.upstream != MONOLITH


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """A seam's map from what its requests differ in to their ways.

    Args:
        name: of the variable.
        key: what is looked up.
        otherwise: the way of all others.
        branches: value and way.
    """

    name: str
    key: str
    otherwise: str
    branches: tuple[tuple[str, str], ...]


def ways(view: SeamView, site: Site) -> Iterator[Way]:
    """Yield the ways of a seam's requests; all that need nothing special at the monolith share one, `@monolith`."""
    if view.may_be_service:
        for falls_back in (True, False):
            if methods := _methods(view, falls_back=falls_back):
                yield _to_service(view, site, methods=methods, falls_back=falls_back, asks_who=False)
                yield _to_service(view, site, methods=methods, falls_back=falls_back, asks_who=True)
    if view.has_limit_at_legacy:
        yield Way(
            name=way_at_legacy(view),
            about=f"{view.seam}, as long as the monolith does it.",
            view=view,
            upstream=MONOLITH,
            limit=limit(view, site),
            timeout=duration(UPLOAD_TIMEOUT) if view.is_upload else "120s",
        )


def way_at_legacy(view: SeamView) -> str:
    """Return the location of what the monolith does."""
    return f"@{view.name}{AT_LEGACY}" if view.has_limit_at_legacy else f"@{MONOLITH}"


def way_to_service(view: SeamView, *, asks_who: bool) -> str:
    """Return the location of a seam's requests to its service, or the variable that knows it."""
    if view.is_split or view.is_mixed:
        return f"$way_of_{view.name}"
    return _name(view, falls_back=bool(view.repeatable), asks_who=asks_who)


def fork(view: SeamView) -> Fork | None:
    """Return the map of a seam whose requests have more ways than one with and one without a session; or of one that has no legacy side."""
    if not (view.is_split or view.is_mixed or not view.route.has_legacy):
        return None
    parts = ["$strangler_session"]
    if view.is_mixed:
        parts.append("$request_method")
    if view.is_split:
        parts.append(f"$side_of_{view.name}")
    return Fork(
        name=f"$way_of_{view.name}",
        key="|".join(parts),
        otherwise=way_at_legacy(view),
        branches=tuple(_branches(view)),
    )


def limit(view: SeamView, site: Site) -> int:
    """Return the limit of a seam's bodies, in bytes."""
    own = view.route.max_body_bytes
    return site.gateway.max_body_bytes if own is None else own


def _branches(view: SeamView) -> Iterator[tuple[str, str]]:
    for falls_back in (True, False):
        methods = _methods(view, falls_back=falls_back)
        for method in methods if view.is_mixed else methods[:1]:
            for asks_who in (False, True):
                value = [SESSION if asks_who else "", *([method] if view.is_mixed else [])]
                value += [Side.SERVICE] if view.is_split else []
                yield "|".join(value), _name(view, falls_back=falls_back, asks_who=asks_who)


def _methods(view: SeamView, *, falls_back: bool) -> list[str]:
    return [method for method in view.methods if (method in view.repeatable) is falls_back]


def _name(view: SeamView, *, falls_back: bool, asks_who: bool) -> str:
    once = ONCE if view.is_mixed and not falls_back else ""
    return f"@{view.name}{once}{OF_SESSION if asks_who else ''}"


def _to_service(view: SeamView, site: Site, *, methods: list[str], falls_back: bool, asks_who: bool) -> Way:
    timeout = max(view.route.timeout, UPLOAD_TIMEOUT) if view.is_upload else view.route.timeout
    about = f"{view.seam}, {view.where}" + (f": {', '.join(methods)}" if view.is_mixed else "")
    return Way(
        name=_name(view, falls_back=falls_back, asks_who=asks_who),
        about=f"{about}, with a session." if asks_who else f"{about}.",
        view=view,
        upstream=view.route.service,
        limit=limit(view, site),
        timeout=duration(timeout),
        asks_who=asks_who,
        falls_back=falls_back,
        asks_legacy=asks_who and view.route.has_legacy and not falls_back,
        is_never_repeated=not view.route.is_idempotent and not {"PUT", "DELETE"}.isdisjoint(methods),
    )
