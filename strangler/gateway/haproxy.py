"""HAProxy in front of both sides: its own configuration language, and the bucket in Lua."""

from __future__ import annotations

from typing import Any

from strangler.core.paths import Kind
from strangler.gateway.keepalive import keep_idle
from strangler.gateway.nginx import BURST
from strangler.gateway.seams import UPLOAD_TIMEOUT, SeamView, path_regex, views
from strangler.gateway.site import MONOLITH, Site
from strangler.gateway.text import duration, fill

CONFIGURATION = "haproxy/haproxy.cfg"
SCRIPT = "haproxy/strangler.lua"


def render(site: Site) -> dict[str, str]:
    """Return HAProxy's configuration and the script beside it."""
    seams = views(site)
    both = [view for view in seams if view.route.has_legacy]
    limited = [view for view in seams if view.route.max_body_bytes is not None]
    text = fill(
        "haproxy.cfg",
        site=site,
        gateway=site.gateway,
        stamp=site.stamp,
        status_port=site.gateway.status_port + 1,  # nginx may run beside it
        seams=[{"view": view, "match": _match(view), "share": share(view)} for view in seams],
        both=both,
        limited=limited,
        limited_names="".join(f" {view.seam}" for view in limited) or " -",
        burst=site.gateway.requests_per_second * BURST,
        key_cookie_age=int(site.key_cookie_age.total_seconds()),
        connect_timeout=duration(site.connect_timeout),
        health_host=site.gateway.server_names[0].removeprefix("*."),
        backends=[_backend(member, seams, site) for member in site.members],
        kept=[(name, " ".join(site.kept_cookies(name))) for name in site.topology.services],
        **_hosts(site),
    )
    return {CONFIGURATION: text, SCRIPT: script(site)}


def script(site: Site) -> str:
    """Return the Lua that reads keys and computes buckets."""
    return fill("strangler.lua", site=site, stamp=site.stamp)


def share(view: SeamView) -> str:
    """Return the condition that a client, whose bucket is in `txn.bucket`, is in a seam's share."""
    return f"{{ var(txn.bucket) -m int lt {view.threshold} }}"


def literal(text: str) -> str:
    """Return *text* in single quotes, between which HAProxy reads nothing special."""
    return "'" + text.replace("'", r"'\''") + "'"


def _match(view: SeamView) -> str:
    pattern = view.route.pattern
    if pattern.kind is Kind.EXACT:
        return f"str {literal(pattern.text)}"
    if pattern.kind is Kind.PREFIX:
        return f"beg {literal(pattern.literal)}"
    return f"reg {literal('^' + path_regex(view.route))}"


def _hosts(site: Site) -> dict[str, str]:
    """Return the conditions on the host: exact names, and domains with everything below them."""
    exact = [name for name in site.gateway.server_names if not name.startswith("*.")]
    wild = [name[1:] for name in site.gateway.server_names if name.startswith("*.")]
    host = "req.hdr(host),field(1,:),lower"
    return {
        "exact_hosts": "".join(f" {name}" for name in exact) or " -",
        "or_wildcards": f" or {{ {host} -m end {' '.join(wild)} }}" if wild else "",
    }


def _backend(member: str, seams: list[SeamView], site: Site) -> dict[str, Any]:
    timeouts = [
        max(view.route.timeout, UPLOAD_TIMEOUT) if view.is_upload else view.route.timeout
        for view in seams
        if view.route.service == member or (member == MONOLITH and view.is_upload)
    ]
    return {
        "name": member,
        "is_service": member != MONOLITH,
        "servers": site.servers(member),
        "idle": duration(keep_idle(member, site)),
        "timeout": duration(max(timeouts)) if timeouts else "",
    }
