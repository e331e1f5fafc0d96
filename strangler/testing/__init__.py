"""Tests of a seam, for pytest: one test against both sides, recorded captures replayed, calls to services counted.

The plugin comes with the distribution (`strangler.testing.plugin`) and does nothing in a project without a topology. Nobody makes the classes
below by hand, but for `Commands`: its fixtures hand them out.

legacy, service, both_sides, side      clients: `.get(path)`, `.post(path, data)`, …, `.call(seam, *args)`, `.login(user)`
├── legacy    in this process, in a sandbox; gives an Observation
├── service   the same to the seam's service, which is started once per session; gives an Observation
└── both      the two; gives an Exchange, whose `differences` are found by the seam's rules

`Commands` is for everybody: a project whose commands run in processes of their own, and which is loaded once.

The names are imported when they are asked for, since pytest imports this package in projects that have no Django.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strangler.testing.both import BothSides, SideClient
    from strangler.testing.commands import Commands
    from strangler.testing.corpus import Characterization
    from strangler.testing.counting import ServiceCall, ServiceCalls
    from strangler.testing.differing import Exchange
    from strangler.testing.legacy import LegacyClient
    from strangler.testing.service import ServiceClient

__all__ = [
    "BothSides",
    "Characterization",
    "Commands",
    "Exchange",
    "LegacyClient",
    "ServiceCall",
    "ServiceCalls",
    "ServiceClient",
    "SideClient",
]

_MODULES = {
    "BothSides": "both",
    "Characterization": "corpus",
    "Commands": "commands",
    "Exchange": "differing",
    "LegacyClient": "legacy",
    "ServiceCall": "counting",
    "ServiceCalls": "counting",
    "ServiceClient": "service",
    "SideClient": "both",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
