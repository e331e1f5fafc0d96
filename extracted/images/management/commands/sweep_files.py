"""The command `sweep_files`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from extracted.images.sweeping import leftovers, sweep


class Command(BaseCommand):
    """List files that belong to no photo, and remove them with --apply."""

    help = "List files that killed processes left behind; --apply removes them (beat does so every hour)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--apply", action="store_true", help="remove them")

    def handle(self, *_: Any, apply: bool, **__: Any) -> None:
        """List or remove."""
        if apply:
            self.stdout.write(f"removed {sweep()} files")
            return
        for name in leftovers():
            self.stdout.write(name)
