"""Print the tasks of this service's Celery app and what they take, as JSON; `strangler calls` asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.cli.render import write_json
from strangler.service.signatures import read_signatures

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "the service's tasks and what they take, as JSON"


def add_arguments(parser: CommandParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("app", help="the Celery app, as celery -A takes it")


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Print the document."""
    write_json(stdout, read_signatures(options["app"]))
    return 0
