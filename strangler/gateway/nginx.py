"""nginx: the file for its http block.

The seam is found by one map over method and path, in the order of `Topology.match`, so that both agree by
construction; a location can only look at the path. What can't hang on a variable (limits of bodies, time limits) is in
locations, one for each pattern and one for each way a request can go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strangler.core.paths import Kind
from strangler.gateway.keepalive import keep_idle
from strangler.gateway.seams import SeamView, quoted, views
from strangler.gateway.site import MONOLITH, Site
from strangler.gateway.text import fill
from strangler.tokens import (
    AUDIENCE_HEADER,
    FALLBACK_HEADER,
    GATEWAY_HEADER,
    PRINCIPAL_HEADER,
    SANDBOX_HEADER,
    SHADOW_HEADER,
    gateway_secret,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Headers = tuple[tuple[str, str], ...]

NOTHING = '""'
UPLOAD_TIMEOUT = timedelta(seconds=300)
BURST = 2  # seconds of the allowed rate that may come at once
NOBODY_IS_TOLD = (
    *("X-Forwarded-Port", "X-Forwarded-Server", "Forwarded", "Proxy", "TE", "Connection"),
    *(AUDIENCE_HEADER, SHADOW_HEADER, SANDBOX_HEADER),
)
"""What a client says under these names ends here; an empty header is not sent, and costs nothing."""
SIDE_HEADERS = ("Side", "Fallback", "Request-Id", "Decision", "Principal", "Shadow", "Sandbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A group of servers that do the same; *idle* is how long unused connections to them are kept."""

    name: str
    servers: tuple[str, ...]
    idle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A location for one path pattern: the limit of its bodies."""

    match: str
    seams: str
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A named location: where a request goes, and what is special there.

    Args:
        name: with the `@`.
        about: for the comment.
        upstream: of the requests.
        service: that the principal is signed for; empty on the way to legacy.
        limit: of bodies, in bytes.
        timeout: for the answer.
        is_streamed: bodies are passed on as they come.
        falls_back: legacy does it when the service failed.
        asks_legacy: legacy does it when nobody could say who asks.
        is_never_repeated: a method that nginx takes for repeatable and we do not.
    """

    name: str
    about: str
    upstream: str
    service: str = ""
    limit: int
    timeout: str
    is_streamed: bool = False
    falls_back: bool = False
    asks_legacy: bool = False
    is_never_repeated: bool = False


def render(site: Site) -> str:
    """Return the content of `/etc/nginx/conf.d/strangler.conf`."""
    seams = views(site)
    ways = [way for view in seams for way in _ways(view, site)]
    return fill(
        "nginx.conf",
        site=site,
        gateway=site.gateway,
        stamp=site.stamp,
        seams=[{"pattern": quoted("~" + view.pattern), "view": view} for view in seams],
        both=[view for view in seams if view.route.has_legacy],
        limited=[view for view in seams if view.has_limit_at_legacy],
        sent_to=[(view, _way_of(view)) for view in seams if view.may_be_service],
        splits=[split(view) for view in seams if view.is_split],
        sent=[view for view in seams if view.may_be_service],
        upstreams=[_upstream(name, site) for name in site.members],
        doors=list(_doors(seams, site)),
        ways=ways,
        origins=sorted({address for name in site.topology.services for address in site.servers(name)}),
        session_names="|".join(map(re.escape, site.session_cookies)),
        cookies=_cookies(site),
        audience_header=AUDIENCE_HEADER,
        principal_header=PRINCIPAL_HEADER,
        gateway_header=GATEWAY_HEADER,
        scheme=_scheme(site),
        **_told(site, has_principal=any(view.may_be_service for view in seams)),
        own_headers=SIDE_HEADERS,
        burst=max(1, site.gateway.requests_per_second * BURST),
        key_cookie_age=int(site.key_cookie_age.total_seconds()),
        connect_timeout=duration(site.connect_timeout),
        idle_timeout=duration(site.idle_timeout),
    )


def split(view: SeamView) -> str:
    """Return the `split_clients` block of a seam in canary: `$side_of_images_upload` is `service` or `legacy`."""
    return fill("nginx_split.conf", view=view).rstrip()


def duration(value: timedelta) -> str:
    """Return *value* as nginx writes it, `30s` or `500ms`."""
    seconds = value.total_seconds()
    return f"{seconds:.0f}s" if seconds.is_integer() else f"{seconds * 1000:.0f}ms"


def render_secrets() -> str:
    """Return the line that opens the monolith's answer to who is logged in; it belongs into no repository."""
    return fill("nginx_secret.conf", header=GATEWAY_HEADER, secret=gateway_secret())


def _scheme(site: Site) -> str:
    """Return the variable that says how the client came."""
    return "$strangler_scheme" if site.gateway.trusted_proxies else "$scheme"


def _told(site: Site, *, has_principal: bool) -> dict[str, Headers]:
    """Return the headers that a service gets, the monolith, and the monolith after a service has failed."""
    both = {
        "Host": "$strangler_host",
        "X-Real-IP": "$remote_addr",
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Proto": _scheme(site),
        "X-Forwarded-Host": "$strangler_host",
        "Strangler-Request-Id": "$request_id",
    }
    service = {
        "Cookie": "$strangler_service_cookies",
        "Strangler-Decision": "$strangler_decision",
        PRINCIPAL_HEADER: "$strangler_principal" if has_principal else NOTHING,
    }
    monolith = {"Cookie": "$strangler_monolith_cookies", "Strangler-Override": "$http_strangler_override"}
    ours = (*dict.fromkeys((*service, *monolith, FALLBACK_HEADER)), GATEWAY_HEADER)

    def told(said: dict[str, str], *, silent: Iterable[str] = ours) -> Headers:
        dropped = [name for name in (*silent, *NOBODY_IS_TOLD) if name not in said]
        return (*both.items(), *said.items(), *((name, NOTHING) for name in dropped))

    instead = {**monolith, FALLBACK_HEADER: "$strangler_failure"}
    return {
        "told_services": told(service),
        "told_monolith": told(monolith),
        "told_instead": told(instead, silent=ours[:-1]),  # whose secret comes from a file
    }


def _cookies(site: Site) -> dict[str, Any]:
    """Return a variable for each cookie that any service may see, and what each service gets of them."""
    services = {name: site.kept_cookies(name) for name in site.topology.services}
    names = list(dict.fromkeys(name for kept in services.values() for name in kept))
    pieces = {name: f"$strangler_cookie_{number}" for number, name in enumerate(names, start=1)}
    return {
        "each": [(piece, re.escape(name)) for name, piece in pieces.items()],
        "kept": [
            (service, f"$strangler_kept_{number}", "".join(pieces[name] for name in kept))
            for number, (service, kept) in enumerate(services.items(), start=1)
        ],
    }


def _upstream(member: str, site: Site) -> Upstream:
    return Upstream(name=member, servers=site.servers(member), idle=duration(keep_idle(member, site)))


def _doors(seams: list[SeamView], site: Site) -> Iterator[Door]:
    by_path: dict[str, list[SeamView]] = {}
    for view in seams:
        by_path.setdefault(view.route.path, []).append(view)
    for found in by_path.values():
        yield Door(
            match=_location(found[0]),
            seams=", ".join(view.seam for view in found),
            limit=max(_limit(view, site) for view in found),
        )


def _location(view: SeamView) -> str:
    """Return what a location has to match; nginx tries exact paths, then patterns in order, then the longest prefix."""
    pattern = view.route.pattern
    if pattern.kind is Kind.EXACT:
        return f"= {quoted(pattern.text)}"
    if pattern.kind is Kind.PREFIX:
        return quoted(pattern.literal)
    return f"~ {quoted('^' + view.pattern.split(' ', 1)[1])}"


def _limit(view: SeamView, site: Site) -> int:
    limit = view.route.max_body_bytes
    return site.gateway.max_body_bytes if limit is None else limit


def _ways(view: SeamView, site: Site) -> Iterator[Way]:
    if view.may_be_service:
        if view.repeatable:
            yield _to_service(view, site, falls_back=True)
        if len(view.repeatable) < len(view.methods):
            yield _to_service(view, site, falls_back=False)
    if view.has_limit_at_legacy:
        yield Way(
            name=f"@{view.name}_at_legacy",
            about=f"{view.seam}, as long as the monolith does it.",
            upstream=MONOLITH,
            limit=_limit(view, site),
            timeout=duration(UPLOAD_TIMEOUT) if view.is_upload else "120s",
            is_streamed=view.is_upload,
        )


def _way_of(view: SeamView) -> str:
    """Return the way of a seam's requests to its service, or the variable that knows it by the method."""
    return f"$way_of_{view.name}" if view.is_mixed else f"@{view.name}"


def _to_service(view: SeamView, site: Site, *, falls_back: bool) -> Way:
    timeout = max(view.route.timeout, UPLOAD_TIMEOUT) if view.is_upload else view.route.timeout
    methods = [method for method in view.methods if (method in view.repeatable) is falls_back]
    about = f"{view.seam}, {view.where}."
    return Way(
        name=f"@{view.name}" + ("_once" if view.is_mixed and not falls_back else ""),
        about=about if not view.is_mixed else f"{about[:-1]}: {', '.join(methods)}.",
        upstream=view.route.service,
        service=view.route.service,
        limit=_limit(view, site),
        timeout=duration(timeout),
        is_streamed=view.is_upload,
        falls_back=falls_back,
        asks_legacy=view.route.has_legacy and not falls_back,
        is_never_repeated=not view.route.is_idempotent and not {"PUT", "DELETE"}.isdisjoint(methods),
    )
