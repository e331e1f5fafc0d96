"""Render the configuration of nginx, HAProxy and containers, and bring it into place: `gateway render nginx`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from strangler.cli.gateway_files import diff_files, render_files
from strangler.cli.gateway_options import add_place_arguments, apply_now, place_of
from strangler.cli.gateway_text import as_documents, say_findings
from strangler.cli.render import add_format_argument, console, write_json
from strangler.gateway import Site, check
from strangler.gateway.installations import find

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "configuration of nginx, HAProxy and containers from topology and rollouts"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("action", choices=list(_ACTIONS), help="what to do")
    parser.add_argument(
        "what",
        nargs="*",
        help="nginx, haproxy, ...; check, apply: nginx by default, render, diff: everything",
    )
    parser.add_argument(
        "--output", type=Path, help="render, diff: the folder of the files (render: print them)"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="without the database: nothing was rolled out yet"
    )
    add_place_arguments(parser)
    parser.add_argument("--wait-seconds", type=float, default=10, help="apply: for the server to follow (10)")
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Do what the first word says."""
    site = Site.now(place=place_of(options), is_fresh=options["fresh"])
    return _ACTIONS[options["action"]](site, options, stdout)


def _check(site: Site, options: dict[str, Any], stdout: OutputWrapper) -> int:
    places = [find(what, site, folder=options["folder"]) for what in options["what"] or ["nginx"]]
    findings = check(site, places)
    if options["format"] == "json":
        write_json(stdout, as_documents(findings))
    else:
        say_findings(findings, wanted=site.stamp, apply=_command(options), out=console(stdout))
    return 0 if all(each.is_current for each in findings) else 1


def _command(options: dict[str, Any]) -> str:
    """Return the command that applies what was checked."""
    words = ["manage.py strangler gateway apply", *(options["what"] or ["nginx"])]
    if options["machine"]:
        words.append("--machine")
    if options["folder"]:
        words.append(f"--folder {options['folder']}")
    return " ".join(words)


def _apply(site: Site, options: dict[str, Any], stdout: OutputWrapper) -> int:
    for what in options["what"] or ["nginx"]:
        apply_now(what, options, site=site, out=console(stdout))
    return 0


_ACTIONS = {"render": render_files, "check": _check, "diff": diff_files, "apply": _apply}
