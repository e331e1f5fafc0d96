"""`manage.py fill_reports --settings extracted.reporting.settings`: fill the read model from the shop."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from extracted.reporting.errors import FeedError
from extracted.reporting.feed import asking, backfill
from extracted.reporting.feed.tables import TABLES


class Command(BaseCommand):
    """Fill the read model; goes on where an earlier run was stopped."""

    help = "Ask the shop for all rows that reports are made of, in chunks; goes on where it was stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--table", action="append", choices=list(TABLES), help="only this table")
        parser.add_argument("--restart", action="store_true", help="begin again: repairs what differs")

    def handle(self, **options: Any) -> None:
        """Fill, and say how far it is after each chunk."""
        tables = options["table"] or list(TABLES)
        try:
            came = backfill(asking.chunk, tables=tables, restart=options["restart"], tell=self._tell)
        except FeedError as error:
            raise CommandError(f"{error}. What came is kept; run it again.") from error
        self.stdout.write(f"{came:,} rows came; the read model is filled.")

    def _tell(self, table: str, rows: int) -> None:
        self.stdout.write(f"{table}: {rows:,}")
