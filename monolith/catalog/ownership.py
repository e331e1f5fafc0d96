"""Whose the catalogue's tables are now, and whether this process can read them where they are."""

import time

from monolith.catalog.models import Product
from strangler.conf import config
from strangler.isolation import snapshot
from strangler.tokens import MONOLITH

_seen: tuple[float, str] | None = None  # when, on the clock of `time.monotonic`, and who


def owner() -> str:
    """Return `monolith`, or `catalog` once its move has switched; at most one `SNAPSHOT_INTERVAL` old.

    A shop without databases of services has no router that follows ownership, so it is looked up here.
    """
    global _seen  # noqa: PLW0603 - one view per process, as of the toolkit's own
    if config().service_databases:
        return snapshot.current().owner_of(Product._meta.db_table)
    now = time.monotonic()
    if _seen is None or now - _seen[0] >= config().snapshot_interval.total_seconds():
        _seen = now, owner_now()
    return _seen[1]


def owner_now() -> str:
    """Return the same as the database says it now, which costs a query."""
    return snapshot.refresh().owner_of(Product._meta.db_table)


def is_ours() -> bool:
    """Tell whether the shop owns the tables, and so may write them."""
    return owner() == MONOLITH


def is_in_reach() -> bool:
    """Tell whether the ORM reads the tables where they are: here, or through the router that follows them."""
    return is_ours() or owner() in config().service_databases
