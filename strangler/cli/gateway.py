"""Render the configuration of nginx, HAProxy and containers, and bring it into place: `gateway render nginx`."""

from __future__ import annotations

import difflib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strangler.cli.gateway_text import as_documents, say_applied, say_findings
from strangler.cli.render import add_format_argument, console, write_json
from strangler.gateway import Place, Site, apply, check, render
from strangler.gateway.installations import find

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "configuration of nginx, HAProxy and containers from topology and rollouts"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("action", choices=list(_ACTIONS), help="what to do")
    parser.add_argument("what", nargs="*", help="nginx, haproxy, ...; everything by default")
    parser.add_argument(
        "--output", type=Path, help="render, diff: the folder of the files (render: print them)"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="without the database: nothing was rolled out yet"
    )
    parser.add_argument("--machine", action="store_true", help="all processes on one machine, no containers")
    parser.add_argument("--folder", default="", help="check, apply: where the server's files lie")
    parser.add_argument("--reload", default="", help="apply: the command that reloads the server")
    parser.add_argument("--wait-seconds", type=float, default=10, help="apply: for the server to follow (10)")
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Do what the first word says."""
    place = Place.MACHINE if options["machine"] else Place.CONTAINERS
    return _ACTIONS[options["action"]](Site.now(place=place, is_fresh=options["fresh"]), options, stdout)


def _render(site: Site, options: dict[str, Any], stdout: OutputWrapper) -> int:
    for name, text in render(site, options["what"]).items():
        if options["output"] is None:
            stdout.write(text)
            continue
        path = options["output"] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        stdout.write(str(path))
    return 0


def _diff(site: Site, options: dict[str, Any], stdout: OutputWrapper) -> int:
    folder, code = options["output"] or Path("deploy"), 0
    for name, text in render(site, options["what"]).items():
        path = folder / name
        there = path.read_text(encoding="utf-8") if path.exists() else ""
        lines = list(
            difflib.unified_diff(there.splitlines(), text.splitlines(), str(path), "rendered", lineterm="")
        )
        code = 1 if lines else code
        for line in lines:
            stdout.write(line)
    return code


def _check(site: Site, options: dict[str, Any], stdout: OutputWrapper) -> int:
    places = [find(what, site, folder=options["folder"]) for what in options["what"] or ["nginx"]]
    findings = check(site, places)
    if options["format"] == "json":
        write_json(stdout, as_documents(findings))
    else:
        say_findings(findings, wanted=site.stamp, out=console(stdout))
    return 0 if all(each.is_current for each in findings) else 1


def _apply(site: Site, options: dict[str, Any], stdout: OutputWrapper) -> int:
    for what in options["what"] or ["nginx"]:
        place = find(what, site, folder=options["folder"], reload=options["reload"])
        timeout = timedelta(seconds=options["wait_seconds"])
        say_applied(apply(site, place, timeout=timeout), out=console(stdout))
    return 0


_ACTIONS = {"render": _render, "check": _check, "diff": _diff, "apply": _apply}
