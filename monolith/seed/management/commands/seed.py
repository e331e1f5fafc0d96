"""Fill the shop with plausible data."""

from argparse import ArgumentTypeError
from random import Random

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from monolith.seed.keys import unlogged
from monolith.seed.plan import Amounts, seed


class Command(BaseCommand):
    """`manage.py seed --users N --orders N --photos N`."""

    help = (
        "Fill the shop with plausible customers, photos and orders, up to the given amounts. Makes the accounts "
        "staff (password: staff) and demo (password: demo), which are for demonstrations only."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the amounts and the seed of the random numbers."""
        parser.add_argument("--users", type=_amount, default=200, help="customers, with their address (200)")
        parser.add_argument(
            "--orders", type=_amount, default=600, help="orders, with invoice and payment (600)"
        )
        parser.add_argument(
            "--photos", type=_amount, default=400, help="photos, which share a few files (400)"
        )
        parser.add_argument("--seed", type=int, default=1, help="of the random numbers (1)")
        parser.add_argument("--force", action="store_true", help="even though DEBUG is off")

    def handle(self, *args: str, **options) -> None:  # noqa: ARG002 - Django's signature
        """Seed, and say what was made."""
        if not settings.DEBUG and not options["force"]:
            raise CommandError(
                "DEBUG is off, so this may be a real shop, and the seed makes accounts with known passwords. "
                "Add --force if you mean it."
            )
        wanted = Amounts(customers=options["users"], photos=options["photos"], orders=options["orders"])
        with unlogged():
            made = seed(wanted, random=Random(options["seed"]), out=self.stdout)  # noqa: S311 - no secrets here
        self.stdout.write(
            f"Made {made.customers:,} users, {made.photos:,} photos and {made.orders:,} orders."
        )
        self.stdout.write(
            "For demonstrations only: log in as demo (password demo) or staff (password staff)."
        )


def _amount(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)
