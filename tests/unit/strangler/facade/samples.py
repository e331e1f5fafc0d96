"""Values that the unit tests of the facade share."""

from __future__ import annotations

from datetime import timedelta

from strangler.core.paths import PathPattern
from strangler.core.topology import Route
from strangler.facade.request import Incoming


def route(**changes) -> Route:
    """Return a route for `/photos/*`."""
    values = {
        "name": "images.page",
        "service": "images",
        "pattern": PathPattern.parse("/photos/*"),
        "methods": frozenset({"GET", "HEAD", "POST"}),
        "timeout": timedelta(seconds=1),
    }
    return Route(**(values | changes))


def incoming(method="GET", path="/photos/1/", fields=(), **changes) -> Incoming:
    """Return a request."""
    return Incoming(method=method, path=path, fields=list(fields), **changes)
