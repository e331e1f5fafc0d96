"""`manage.py strangler VERB`: hand the verb to its module in `strangler.cli`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError

from strangler.cli import VERBS
from strangler.errors import StranglerError

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """One command with a verb for each step of taking a monolith apart."""

    help = "Take this monolith apart, step by step; in a service: relay its messages."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add a subcommand for each verb."""
        verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
        for name, verb in VERBS.items():
            verb.add_arguments(verbs.add_parser(name, help=verb.HELP, description=verb.__doc__))

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the verb; exit 0 done, 1 failed, 2 wrong usage."""
        try:
            code = VERBS[options["verb"]].handle(options, stdout=self.stdout)
        except StranglerError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(
                f"The database says: {error}. Does it run, and is it migrated (migrate)?"
            ) from error
        if code:
            sys.exit(code)
