"""Some customers with photos and orders around the edges of a year, for tests of the reports."""

from datetime import UTC, datetime
from random import Random

from monolith.orders.models import Order, OrderItem
from monolith.photos.models import Photo

EDGES = [
    datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
]


def make_photo(owner, number):
    return Photo.objects.create(
        owner=owner,
        filename=f"{number}.jpg",
        original=f"legacy/originals/{number}.jpg",
        checksum=f"{number:064d}",
        width=1000 + number,
        height=1000,
        bytes=1,
        uploaded_at=EDGES[0],
    )


def make_order(user, variants, *, at, status, random, photos):
    order = Order.objects.create(user=user, placed_at=at, status=status)
    for _ in range(random.randint(1, 4)):
        variant = random.choice(variants)
        photo = random.choice([None, *photos])
        OrderItem.objects.create(
            order=order, variant=variant, photo=photo, unit_price=variant.price, quantity=random.randint(1, 5)
        )
    order.total = sum(item.amount for item in order.items.all())
    order.save()


def make_business(make_customer, variants):
    """Make six customers, with more photos and the same number of orders each, and one who did nothing."""
    random = Random(7)
    for person in range(6):
        user = make_customer(f"customer{person}")
        photos = [make_photo(user, 10 * person + number) for number in range(person)]
        moments = [datetime(2026, random.randint(1, 12), random.randint(1, 28), tzinfo=UTC) for _ in range(5)]
        for at in [*EDGES, *moments]:
            status = random.choice(["placed", "paid", "sent", "cancelled"])
            make_order(user, variants, at=at, status=status, random=random, photos=photos)
    make_customer("nobody")
