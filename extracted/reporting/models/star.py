"""The read model, a star: facts (orders, their items, photos) around dimensions (customers, products, days).

Primary keys are the shop's. Rows arrive in any order, an order before its customer: so nothing here is a constraint
of the database, and a report shows a fact as soon as all that it joins has come.

Note [Older rows never replace newer ones]: each row keeps `changed_at`, the shop's clock when it was read. A message
always wins over what is here, because messages of one row come in order. A chunk of the backfill may have been read
before a message that has been applied meanwhile: so it leaves alone what a message told since shortly before it was
read (`feed.applying.MARGIN`, longer than any transaction of the shop). `Gone` remembers what was deleted for as long.
"""

from django.db import models


class Replica(models.Model):
    """A row that the shop owns."""

    id = models.BigIntegerField(primary_key=True)
    changed_at = models.DateTimeField(help_text="When the shop read the row, by its clock.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.model_name} {self.pk}"


class Day(models.Model):
    """One day, UTC: what months and quarters are made of without any function of the database."""

    date = models.DateField(primary_key=True)
    year = models.PositiveSmallIntegerField(db_index=True)
    quarter = models.PositiveSmallIntegerField()
    month = models.DateField(help_text="Its first day.")
    week = models.PositiveSmallIntegerField(help_text="ISO 8601.")
    weekday = models.PositiveSmallIntegerField(help_text="Monday is 1.")

    def __str__(self) -> str:
        return self.date.isoformat()


class Customer(Replica):
    """Who orders and uploads."""

    username = models.CharField(max_length=150)
    email = models.CharField(max_length=254, blank=True)
    joined_at = models.DateTimeField()


class Product(Replica):
    """What is sold: one variant of a product."""

    sku = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    variant = models.CharField(max_length=100)
    category = models.CharField(max_length=60)


def loose(to: type[models.Model], **options: object) -> models.ForeignKey:
    """Return a foreign key that says what a number means, and that the database does not check."""
    return models.ForeignKey(
        to, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", **options
    )


class PhotoFact(Replica):
    """A photo was uploaded."""

    owner = loose(Customer)
    day = loose(Day)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveBigIntegerField()
    uploaded_at = models.DateTimeField()


class OrderFact(Replica):
    """An order was placed."""

    customer = loose(Customer)
    day = loose(Day)
    status = models.CharField(max_length=10)
    total = models.DecimalField(max_digits=10, decimal_places=2)
    placed_at = models.DateTimeField(db_index=True)


class OrderItemFact(Replica):
    """A line of an order."""

    order = loose(OrderFact)
    product = loose(Product)
    photo = loose(PhotoFact, null=True)
    description = models.CharField(max_length=250)
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=8, decimal_places=2)


class Gone(models.Model):
    """A row that the shop deleted, so that an older chunk does not bring it back."""

    table = models.CharField(max_length=20)
    row = models.BigIntegerField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table", "row"], name="reporting_gone_once")]

    def __str__(self) -> str:
        return f"{self.table} {self.row}"


class Feed(models.Model):
    """How far the read model is; one row, locked by whoever applies changes, so that they do not overtake each other."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    as_of = models.DateTimeField(null=True, help_text="All that the shop committed before is here.")
    marked_at = models.DateTimeField(null=True, help_text="When the last mark arrived, by our clock.")
    applied = models.PositiveBigIntegerField(default=0, help_text="Rows that messages brought.")

    def __str__(self) -> str:
        return f"as of {self.as_of}"


class Position(models.Model):
    """How far the backfill of a table is."""

    table = models.CharField(max_length=20, primary_key=True)
    upto = models.BigIntegerField(default=0, help_text="Everything up to this key has been asked for.")
    rows = models.PositiveBigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.table} up to {self.upto}"
