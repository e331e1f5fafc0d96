"""Options that say which server follows the rollouts, for `gateway` and for `rollout --apply-gateway`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strangler.cli.gateway_text import say_applied
from strangler.gateway import Place, Site, apply
from strangler.gateway.installations import find

if TYPE_CHECKING:
    from django.core.management.base import CommandParser
    from rich.console import Console


def add_place_arguments(parser: CommandParser) -> None:
    """Add where the processes run and where the server's files lie."""
    parser.add_argument("--machine", action="store_true", help="all processes on one machine, no containers")
    parser.add_argument("--folder", default="", help="where the server's files lie")
    parser.add_argument("--reload", default="", help="the command that reloads the server")


def place_of(options: dict[str, Any]) -> Place:
    """Return where the processes run."""
    return Place.MACHINE if options["machine"] else Place.CONTAINERS


def apply_now(what: str, options: dict[str, Any], *, site: Site | None = None, out: Console) -> None:
    """Bring server *what* to where topology and rollouts are, *site* if given, and say so; raises as `apply` does."""
    site = site or Site.now(place=place_of(options))
    place = find(what, site, folder=options["folder"], reload=options["reload"])
    timeout = timedelta(seconds=options["wait_seconds"])
    say_applied(apply(site, place, timeout=timeout), out=out)
