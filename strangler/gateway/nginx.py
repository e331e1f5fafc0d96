"""nginx: the file for its http block.

The seam is found by one map over method and path, in the order of `Topology.match`, so that both agree by
construction; a location can only look at the path. What can't hang on a variable (limits of bodies, time limits) is in
locations, one for each pattern and one for each way a request can go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strangler.core.paths import Kind
from strangler.gateway.keepalive import keep_idle
from strangler.gateway.seams import quoted, views
from strangler.gateway.text import duration, fill
from strangler.gateway.ways import SESSION, fork, limit, way_to_service, ways
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

    from strangler.core.gateway import Gateway
    from strangler.gateway.seams import SeamView
    from strangler.gateway.site import Site

    Headers = tuple[tuple[str, str], ...]

NOTHING = '""'
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


def render(site: Site) -> str:
    """Return the content of `/etc/nginx/conf.d/strangler.conf`."""
    seams = views(site)
    sent = [view for view in seams if view.may_be_service]
    return fill(
        "nginx.conf",
        site=site,
        gateway=site.gateway,
        stamp=site.stamp,
        seams=[{"pattern": quoted("~" + view.pattern), "view": view} for view in seams],
        both=[view for view in seams if view.route.has_legacy],
        limited=[view for view in seams if view.has_limit_at_legacy],
        sent=[
            (view, way_to_service(view, asks_who=False), way_to_service(view, asks_who=True)) for view in sent
        ],
        born=[view for view in sent if not view.route.has_legacy],
        splits=[split(view) for view in sent if view.is_split],
        forks=[each for view in sent if (each := fork(view))],
        upstreams=[_upstream(name, site) for name in site.members],
        doors=list(_doors(seams, site)),
        ways=[way for view in seams for way in ways(view, site)],
        session=SESSION,
        origins=sorted({address for name in site.topology.services for address in site.servers(name)}),
        hosts=list(_hosts(site.gateway)),
        session_names="|".join(map(re.escape, site.session_cookies)),
        cookies=_cookies(site),
        key=_key(site.key_cookie),
        audience_header=AUDIENCE_HEADER,
        principal_header=PRINCIPAL_HEADER,
        gateway_header=GATEWAY_HEADER,
        scheme=_scheme(site),
        **_told(site),
        own_headers=SIDE_HEADERS,
        burst=max(1, site.gateway.requests_per_second * BURST),
        key_cookie_age=int(site.key_cookie_age.total_seconds()),
        connect_timeout=duration(site.connect_timeout),
        idle_timeout=duration(site.idle_timeout),
    )


def _hosts(gateway: Gateway) -> Iterator[str]:
    """Yield the values of `Host` that name the site without a pattern."""
    for name in gateway.server_names:
        if "*" not in name:
            yield from (name, f"{name}:{gateway.port}")


def split(view: SeamView) -> str:
    """Return the `split_clients` block of a seam in canary: `$side_of_images_upload` is `service` or `legacy`."""
    return fill("nginx_split.conf", view=view).rstrip()


def render_secrets() -> str:
    """Return the line that opens the monolith's answer to who is logged in; it belongs into no repository."""
    return fill("nginx_secret.conf", header=GATEWAY_HEADER, secret=gateway_secret())


def _scheme(site: Site) -> str:
    """Return the variable that says how the client came."""
    return "$strangler_scheme" if site.gateway.trusted_proxies else "$scheme"


def _told(site: Site) -> dict[str, Headers]:
    """Return the headers that a service gets, the monolith, and the monolith after a service has failed."""
    both = {
        "Host": "$strangler_host",
        "X-Real-IP": "$remote_addr",
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Proto": _scheme(site),
        "X-Forwarded-Host": "$strangler_host",
        "Strangler-Request-Id": "$strangler_request_id",
    }
    service = {
        "Cookie": "$strangler_service_cookies",
        "Strangler-Decision": "$strangler_decision",
        PRINCIPAL_HEADER: "$strangler_principal",
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


def _key(cookie: str) -> dict[str, str]:
    """Return the parts of a regular expression over the `Cookie` header that finds the key in the last *cookie* of that name."""
    return {
        "start": rf"~^(?:.*;)?\s*{cookie}\s*=\s*",
        "value": "[0-9A-Za-z_-]{8,64}",
        "end": rf"\s*(?:;(?!(?:.*;)?\s*{cookie}\s*=)|$)",
    }


def _cookies(site: Site) -> dict[str, Any]:
    """Return a variable for each cookie that any service may see, and what each service gets of them."""
    services = {name: site.kept_cookies(name) for name in site.topology.services}
    names = list(dict.fromkeys(name for kept in services.values() for name in kept))
    pieces = {name: f"$strangler_cookie_{number}" for number, name in enumerate(names, start=1)}
    return {
        "each": [(piece, re.escape(name)) for name, piece in pieces.items()],
        "kept": [
            {
                "variable": f"$strangler_cookies_of_{service}",
                "names": "|".join(map(re.escape, kept)),
                "joined": f"$strangler_kept_for_{service}",
                "pieces": "".join(pieces[name] for name in kept),
            }
            for service, kept in services.items()
        ],
    }


def _upstream(member: str, site: Site) -> Upstream:
    return Upstream(name=member, servers=site.servers(member), idle=duration(keep_idle(member, site)))


def _doors(seams: list[SeamView], site: Site) -> Iterator[Door]:
    """Yield a location for each path up to the last with a limit of its own; a path beyond has the server's, and so needs none."""
    usual = site.gateway.max_body_bytes
    last = max((number for number, view in enumerate(seams) if limit(view, site) != usual), default=-1)
    by_path: dict[str, list[SeamView]] = {view.route.path: [] for view in seams[: last + 1]}
    for view in seams:
        by_path.get(view.route.path, []).append(view)
    for found in by_path.values():
        yield Door(
            match=_location(found[0]),
            seams=", ".join(view.seam for view in found),
            limit=max(limit(view, site) for view in found),
        )


def _location(view: SeamView) -> str:
    """Return what a location has to match; nginx tries exact paths, then patterns in order, then the longest prefix."""
    pattern = view.route.pattern
    if pattern.kind is Kind.EXACT:
        return f"= {quoted(pattern.text)}"
    if pattern.kind is Kind.PREFIX:
        return quoted(pattern.literal)
    return f"~ {quoted('^' + view.pattern.split(' ', 1)[1])}"
