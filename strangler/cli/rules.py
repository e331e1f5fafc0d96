"""Show the rules that noise proposed for a seam, and say which of them count: `rules SEAM accept 3`."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from strangler.cli.render import add_format_argument, console, table, write_json
from strangler.shadow.rules import accept, list_rules, reject

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

    from strangler.shadow.rules import RuleReport

HELP = "what legacy shows against itself; accept it as noise, or reject it"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("seam", help="name of the seam")
    parser.add_argument(
        "action", nargs="?", choices=["accept", "reject"], help="without it the rules are shown"
    )
    parser.add_argument(
        "rule", nargs="?", default="", help="number of a rule, or its text; accept takes a new text"
    )
    parser.add_argument("--actor", default="", help="who; the system's user by default")
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Show the rules, or decide one and show them."""
    seam = options["seam"]
    list_rules(seam)  # refuses a seam that is not there
    if options["action"]:
        decide = accept if options["action"] == "accept" else reject
        decide(seam, options["rule"], actor=options["actor"] or getpass.getuser())
    rules = list_rules(seam)
    if options["format"] == "json":
        write_json(stdout, [asdict(each) for each in rules])
    elif not rules:
        stdout.write(f"Legacy has shown nothing against itself for {seam}, so no rule is proposed.")
    else:
        columns = (">rule", "text", ">legacy itself", ">both sides", "state", "by", "at (UTC)")
        console(stdout).print(table(columns, map(_row, rules), title=f"Noise of {seam}"))
    return 0


def _row(each: RuleReport) -> tuple[str, ...]:
    at = f"{each.decided_at:%Y-%m-%d %H:%M}" if each.decided_at else ""
    return (str(each.id), each.text, f"{each.seen:,}", f"{each.covers:,}", each.state, each.actor, at)
