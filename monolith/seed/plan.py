"""What is missing to the wanted amounts, and the order in which it is made."""

from dataclasses import dataclass
from random import Random

from django.core.management.base import OutputWrapper

from monolith.seed.albums import seed_photos, seeded_photos
from monolith.seed.catalogue import seed_catalogue
from monolith.seed.keys import primary_keys
from monolith.seed.people import seed_accounts, seed_customers, seeded_customers
from monolith.seed.progress import track
from monolith.seed.sales import seed_orders, seeded_orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """How much there is to be in the end, counting only what the seed made."""

    customers: int
    photos: int
    orders: int


def seed(wanted: Amounts, *, random: Random, out: OutputWrapper) -> Amounts:
    """Make what is missing to *wanted* and return what was made; run again, it makes nothing.

    Works in batches, each in a transaction of its own: interrupted, the next run makes the rest. Memory does not
    grow with the amounts, but for eight bytes per customer.
    """
    seed_catalogue()
    seed_accounts()
    customers = _customers(wanted.customers, random=random, out=out)
    owners = primary_keys(seeded_customers())
    photos, orders = seeded_photos().count(), seeded_orders().count()
    missing = Amounts(
        customers=customers, photos=max(0, wanted.photos - photos), orders=max(0, wanted.orders - orders)
    )
    if missing.photos:
        with track("photos", total=missing.photos, out=out) as advance:
            seed_photos(missing.photos, owners=owners, random=random, advance=advance)
    if missing.orders:
        with track("orders", total=missing.orders, out=out) as advance:
            seed_orders(missing.orders, first=orders + 1, owners=owners, random=random, advance=advance)
    return missing


def _customers(wanted: int, *, random: Random, out: OutputWrapper) -> int:
    there = seeded_customers().count()
    missing = max(0, wanted - there)
    if missing:
        with track("users", total=missing, out=out) as advance:
            seed_customers(missing, first=there, random=random, advance=advance)
    return missing
