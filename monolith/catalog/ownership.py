"""Whose the catalogue's tables are now, and whether this process can read them where they are."""

from monolith.catalog.models import Product
from strangler.conf import config
from strangler.isolation import snapshot
from strangler.tokens import MONOLITH


def owner() -> str:
    """Return `monolith`, or `catalog` once its move has switched."""
    return snapshot.current().owner_of(Product._meta.db_table)


def owner_now() -> str:
    """Return the same as the database says it now, which costs a query."""
    return snapshot.refresh().owner_of(Product._meta.db_table)


def is_ours() -> bool:
    """Tell whether the shop owns the tables, and so may write them."""
    return owner() == MONOLITH


def is_in_reach() -> bool:
    """Tell whether the ORM reads the tables where they are: here, or through the router that follows them."""
    return is_ours() or owner() in config().service_databases
