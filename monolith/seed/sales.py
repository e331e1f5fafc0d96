"""Orders of the seeded customers, with their invoices and payments."""

from array import array
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from monolith.accounts.models import Profile
from monolith.billing.invoicing import invoice_number, take_numbers
from monolith.billing.models import Invoice, Payment
from monolith.catalog.door import Product, products_by_id
from monolith.catalog.models import Variant
from monolith.orders.cart import title_of
from monolith.orders.models import Order, OrderItem
from monolith.photos.models import Photo
from monolith.seed.keys import insert
from monolith.seed.progress import Advance

PREFIX = "DEMO-"
BATCH = 1_000
YEARS = timedelta(days=2 * 365)
OPEN_FOR = timedelta(days=4)
SENT_AFTER = timedelta(days=8)
CANCELLED_SHARE = 0.03


def seeded_orders() -> QuerySet[Order]:
    """Return the orders that the seed made."""
    return Order.objects.filter(number__startswith=PREFIX)


def seed_orders(number: int, *, first: int, owners: array, random: Random, advance: Advance) -> None:
    """Make *number* orders, counted from *first*, oldest first; every batch is a transaction of its own.

    Some customers order far more than others, and business grows.
    """
    variants = _on_sale()
    now = timezone.now()
    for begin in range(0, number, BATCH):
        indexes = range(begin, min(begin + BATCH, number))
        moments = [_moment((index + random.random()) / number, now=now) for index in indexes]
        customers = [owners[int(len(owners) * random.random() ** 2)] for _ in indexes]
        batch = _Batch(now=now, variants=variants, customers=_customers(set(customers)), random=random)
        batch.save(
            [
                batch.order(first + i, at=at, user=who)
                for i, at, who in zip(indexes, moments, customers, strict=True)
            ]
        )
        advance(len(indexes))


def _on_sale() -> list[tuple[Variant, Product]]:
    variants = list(Variant.objects.all())
    products = products_by_id(variant.product_id for variant in variants)
    return [(each, products[each.product_id]) for each in variants if each.product_id in products]


@dataclass(frozen=True, slots=True)
class _Customer:
    """What an order needs to know of the one who places it."""

    address: dict[str, str]
    photos: list[Photo]


def _customers(keys: set[int]) -> dict[int, _Customer]:
    fields = ("name", "street", "postcode", "city", "country")
    photos = defaultdict(list)
    for photo in Photo.objects.filter(owner__in=keys).only("pk", "owner_id", "title", "filename"):
        photos[photo.owner_id].append(photo)
    profiles = Profile.objects.filter(user__in=keys).only("user_id", *fields)
    return {
        each.user_id: _Customer({name: getattr(each, name) for name in fields}, photos[each.user_id])
        for each in profiles
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Makes and saves orders of a few customers."""

    now: datetime
    variants: list[tuple[Variant, Product]]
    customers: dict[int, _Customer]
    random: Random

    def order(self, number: int, *, at: datetime, user: int) -> tuple[Order, list[OrderItem]]:
        items = list(self._items(self.customers[user]))
        order = Order(
            number=f"{PREFIX}{number:09d}",
            user_id=user,
            status=self._status(at),
            total=sum(item.amount for item in items),
            placed_at=at,
            **self.customers[user].address,
        )
        return order, items

    @transaction.atomic
    def save(self, made: list[tuple[Order, list[OrderItem]]]) -> None:
        orders = insert([order for order, _ in made], natural="number")
        for order, (_, items) in zip(orders, made, strict=True):
            for item in items:
                item.order_id = order.pk
        OrderItem.objects.bulk_create([item for _, items in made for item in items])
        invoices = insert(list(_invoices(orders)), natural="number")
        Payment.objects.bulk_create([self._payment(each) for each in invoices if _is_paid(each.order)])

    def _items(self, customer: _Customer) -> Iterator[OrderItem]:
        for _ in range(self.random.choice((1, 1, 1, 2, 2, 3, 5))):
            variant, product = self.random.choice(self.variants)
            title = title_of(product, variant)
            photo = self.random.choice(customer.photos) if product.takes_photo and customer.photos else None
            yield OrderItem(
                variant=variant,
                photo=photo,
                description=f"{title}, of “{photo}”" if photo else title,
                unit_price=variant.price,
                quantity=self.random.choice((1, 1, 1, 2, 4, 10, 24)) if variant.price < 1 else 1,
            )

    def _status(self, at: datetime) -> Order.Status:
        age = self.now - at
        if age < OPEN_FOR and self.random.random() < 1 / 2:
            return Order.Status.PLACED
        if self.random.random() < CANCELLED_SHARE:
            return Order.Status.CANCELLED
        return Order.Status.SENT if age > SENT_AFTER else Order.Status.PAID

    def _payment(self, invoice: Invoice) -> Payment:
        hours = timedelta(hours=self.random.random())
        return Payment(
            invoice=invoice,
            amount=invoice.total,
            method=Payment.Method.DEMO_CARD,
            card_last4="4242",
            paid_at=min(self.now, invoice.issued_at + hours),
        )


def _invoices(orders: list[Order]) -> Iterator[Invoice]:
    by_year = defaultdict(list)
    for order in orders:
        by_year[order.placed_at.year].append(order)
    for year, ordered in by_year.items():
        first = take_numbers(year, count=len(ordered))
        for number, order in enumerate(ordered, start=first):
            yield Invoice(
                order=order, number=invoice_number(year, number), total=order.total, issued_at=order.placed_at
            )


def _is_paid(order: Order) -> bool:
    return order.status in {Order.Status.PAID, Order.Status.SENT}


def _moment(share: float, *, now: datetime) -> datetime:
    return now - YEARS * (1 - share**0.7)
