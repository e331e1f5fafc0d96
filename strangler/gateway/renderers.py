"""All renderers by name, and the files that each of them writes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from strangler.errors import GatewayError, did_you_mean
from strangler.gateway import containers, databases, haproxy, kubernetes, nginx, units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from strangler.gateway.site import Site

Files = dict[str, str]
"""Path below the folder of the rendering → content."""

TARGETS: Mapping[str, Callable[[Site], Files]] = MappingProxyType(
    {
        "nginx": lambda site: {"nginx/strangler.conf": nginx.render(site)},
        "haproxy": haproxy.render,
        "databases": databases.render,
        "containers": containers.render,
        "kubernetes": kubernetes.render,
        "systemd": units.render_systemd,
        "procfile": units.render_procfile,
    }
)
"""What is rendered by default."""

SECRETS: Mapping[str, Callable[[Site], Files]] = MappingProxyType(
    {"secrets": lambda _site: {"nginx/strangler.d/secret.conf": nginx.render_secrets()}}
)
"""What is rendered only if it is asked for, since it belongs into no repository."""


def render(site: Site, what: Iterable[str] = ()) -> Files:
    """Return the files of *what*, of everything by default; writes nothing.

    Raises:
        GatewayError: there is no such target.
    """
    files: Files = {}
    known = {**TARGETS, **SECRETS}
    for name in what or TARGETS:
        if name not in known:
            raise GatewayError(f"There is no target {name!r}.{did_you_mean(name, known)}")
        files |= known[name](site)
    return files
