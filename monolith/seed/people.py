"""Customers with names and addresses, and the two accounts of the demonstration."""

from datetime import timedelta
from itertools import count
from random import Random

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from faker import Faker

from monolith.accounts.models import Profile
from monolith.seed.keys import insert
from monolith.seed.progress import Advance

DOMAIN = "customers.example"
"""All seeded customers have their address here, and nobody else has."""

PASSWORD = "customer"  # noqa: S105 - of people who do not exist
BATCH = 2_000
POOL = 400
YEARS = timedelta(days=3 * 365)


def seeded_customers() -> QuerySet[User]:
    """Return the customers that the seed made."""
    return get_user_model().objects.filter(email__endswith=f"@{DOMAIN}")


@transaction.atomic
def seed_accounts() -> None:
    """Make `staff` and `demo`, whose passwords are their names, unless they are there."""
    users = get_user_model().objects
    if not users.filter(username="staff").exists():
        users.create_superuser(
            "staff", "staff@halftone.example", "staff", first_name="Sam", last_name="Staff"
        )
    if not users.filter(username="demo").exists():
        demo = users.create_user("demo", f"demo@{DOMAIN}", "demo", first_name="Dana", last_name="Demo")
        Profile.objects.create(
            user=demo,
            name="Dana Demo",
            street="3 Mill Row",
            postcode="LS6 2AB",
            city="Leeds",
            newsletter=True,
        )


def seed_customers(number: int, *, first: int, random: Random, advance: Advance) -> None:
    """Make *number* customers, counted from *first*; every batch is a transaction of its own."""
    people = _People(random, pool=min(POOL, number))
    numbers = count(first)
    while number > 0:
        size = min(number, BATCH)
        _insert([people.user(next(numbers)) for _ in range(size)], people=people)
        number -= size
        advance(size)


@transaction.atomic
def _insert(users: list[User], *, people: "_People") -> None:
    Profile.objects.bulk_create([people.profile(user) for user in insert(users, natural="username")])


class _People:
    """Draws people from a *pool* of so many names and towns, which is a hundred times faster than inventing each."""

    def __init__(self, random: Random, *, pool: int) -> None:
        fake = Faker("en_GB")
        fake.seed_instance(random.random())
        self._random = random
        self._first = [fake.first_name() for _ in range(pool)]
        self._last = [fake.last_name() for _ in range(pool)]
        self._streets = [fake.street_name() for _ in range(pool)]
        self._towns = [(fake.postcode(), fake.city()) for _ in range(pool)]
        # One hash for all: hashing is slow on purpose.
        self._password = make_password(PASSWORD)
        self._now = timezone.now()

    def user(self, number: int) -> User:
        first, last = self._random.choice(self._first), self._random.choice(self._last)
        name = f"{first}.{last}.{number}".lower().replace(" ", "").replace("'", "")
        return User(
            username=name,
            email=f"{name}@{DOMAIN}",
            first_name=first,
            last_name=last,
            password=self._password,
            date_joined=self._now - YEARS * self._random.random(),
        )

    def profile(self, user: User) -> Profile:
        postcode, city = self._random.choice(self._towns)
        return Profile(
            user=user,
            name=f"{user.first_name} {user.last_name}",
            street=f"{self._random.randint(1, 180)} {self._random.choice(self._streets)}",
            postcode=postcode,
            city=city,
            phone=f"07{self._random.randint(100_000_000, 999_999_999)}",
            newsletter=self._random.random() < 1 / 3,
        )
