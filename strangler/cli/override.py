"""Make a signed wish for a side: whoever holds it is served by that side until it ends, whatever the stage."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from strangler.cli.render import add_format_argument, write_json
from strangler.core.decision import Side
from strangler.facade import override
from strangler.rollout.changes import position

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "make a signed token that asks for a side"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("seam", help=f"name of the seam, or {override.ANY_SEAM} for all")
    parser.add_argument("side", choices=[side.value for side in Side], help="who shall do the work")
    parser.add_argument(
        "--minutes", type=_minutes, default=timedelta(hours=1), help="how long it counts (60)"
    )
    parser.add_argument("--staff-only", action="store_true", help="it counts only for logged-in staff")
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Print the token and how to send it."""
    if options["seam"] != override.ANY_SEAM:
        position(options["seam"])
    expires = timezone.now() + options["minutes"]
    side = Side(options["side"])
    token = override.make(options["seam"], side=side, expires=expires, staff_only=options["staff_only"])
    if options["format"] == "json":
        write_json(stdout, {"token": token, "expires": expires})
        return 0
    stdout.write(f"Until {expires:%Y-%m-%d %H:%M:%S} UTC, send one of:")
    stdout.write(f"  header  {override.HEADER}: {token}")
    stdout.write(f"  cookie  {override.COOKIE}={token}")
    return 0


def _minutes(text: str) -> timedelta:
    lifetime = timedelta(minutes=int(text))
    if not timedelta(0) < lifetime < override.LONGEST:
        raise ArgumentTypeError(f"{text} minutes is not between 1 minute and {override.LONGEST.days} days")
    return lifetime
