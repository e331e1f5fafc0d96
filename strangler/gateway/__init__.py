"""The topology and the rollouts as configuration of the servers that teams already trust.

`Site.now()` gathers what is rendered from; `render(site, what)` returns files by name: texts, and nothing is written. `check`
compares them with what is there and what runs, `apply` brings them into place, and goes back if a server refuses them.

The names are loaded at their first use: Django imports this package before models can exist.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strangler.gateway.applying import apply
    from strangler.gateway.checking import check
    from strangler.gateway.renderers import TARGETS, render
    from strangler.gateway.site import Place, Site

__all__ = ["TARGETS", "Place", "Site", "apply", "check", "render"]

_HOMES = {
    "TARGETS": "strangler.gateway.renderers",
    "Place": "strangler.gateway.site",
    "Site": "strangler.gateway.site",
    "apply": "strangler.gateway.applying",
    "check": "strangler.gateway.checking",
    "render": "strangler.gateway.renderers",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
