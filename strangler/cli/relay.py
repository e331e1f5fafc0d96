"""Publish what waits in the outbox, to Redis, Valkey or RabbitMQ; runs until it is told to stop.

In the monolith it also does the loose ends that other processes could not: `strangler.isolation.loose`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps

from strangler.calls import redirecting
from strangler.conf import config
from strangler.isolation import ends, snapshot
from strangler.outbox.process import run_relay
from strangler.service import redirecting as own_redirecting

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

    from strangler.outbox.relay import Readdress

HELP = "publish the messages of the outbox"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("--database", default="default", help="alias of the outbox's database (default)")
    parser.add_argument("--once", action="store_true", help="publish what is available, and end")
    parser.add_argument("--batch", type=int, help='most messages at a time (STRANGLER["OUTBOX_BATCH"])')
    parser.add_argument(
        "--lease-seconds",
        type=float,
        help='without a sign of life for so long, others take over (STRANGLER["OUTBOX_LEASE"])',
    )


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Run the relay and say what it did."""
    alias, seconds = options["database"], options["lease_seconds"]

    def say_start(broker: str) -> None:
        stdout.write(f"Relay of database {alias} to {broker}")
        stdout.flush()

    with _loose_ends(is_once=options["once"]):
        report = run_relay(
            alias,
            once=options["once"],
            batch=options["batch"],
            lease=timedelta(seconds=seconds) if seconds else None,
            readdress=_readdress(alias),
            on_start=say_start,
        )
    stdout.write(f"{report.published:,} published, {report.parked:,} parked.")
    return 0


def _readdress(alias: str) -> Readdress | None:
    """Return who knows where messages go after a switch or reverse; None where no table can move."""
    if apps.is_installed("strangler.isolation"):
        return redirecting.readdress if snapshot.can_change() else None
    return own_redirecting.readdressing(alias) if config().service and config().topology.calls else None


def _loose_ends(*, is_once: bool) -> AbstractContextManager[None]:
    if not apps.is_installed("strangler.isolation"):
        return nullcontext()  # a service's relay
    if not is_once:
        return ends.Keeper()
    ends.do_due()
    return nullcontext()
