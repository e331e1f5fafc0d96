"""Take tables to a service's database while the site writes: `move images plan`, `start`, `status`, `cancel`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    from django.core.management.base import CommandParser, OutputWrapper

HELP = "take tables to a service's database"
ACTIONS = (
    "plan",
    "start",
    "status",
    "pause",
    "resume",
    "throttle",
    "verify",
    "switch",
    "reverse",
    "complete",
    "cancel",
)


def add_arguments(parser: CommandParser) -> None:
    """Add the service and one subcommand for each action."""
    parser.add_argument("service", help="name of the service, such as images")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name in ACTIONS:
        action = _module(name)
        action.add_arguments(actions.add_parser(name, help=action.HELP, description=action.__doc__))


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Hand over to the action."""
    code: int = _module(options["action"]).handle(options, stdout=stdout)
    return code


def _module(name: str) -> ModuleType:
    return import_module(f"strangler.cli.moves.{name}")
