"""What several actions of `strangler move` have in common."""

from __future__ import annotations

import getpass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strangler.move.throttle import Limits
from strangler.rollout.propagation import wait_until_settled
from strangler.rollout.snapshot import read_revision

if TYPE_CHECKING:
    from django.core.management.base import CommandParser
    from rich.console import Console


def add_actor_arguments(parser: CommandParser) -> None:
    """Add `--actor` and `--reason`, which are kept in the audit."""
    parser.add_argument("--actor", default="", help="who; the system's user by default")
    parser.add_argument("--reason", default="", help="why; kept in the audit")


def add_wait_argument(parser: CommandParser) -> None:
    """Add how long to wait for the processes that follow."""
    parser.add_argument(
        "--wait-seconds", type=float, default=5, help="for all processes to follow (5; 0: do not wait)"
    )


def say_followed(options: dict[str, Any], *, out: Console) -> None:
    """Wait until all processes follow the rollouts as they are now, and say which do not."""
    revision = read_revision()
    state = wait_until_settled(revision, timeout=timedelta(seconds=options["wait_seconds"]))
    out.print(f"Revision {revision}: {state}.")


def add_limit_arguments(parser: CommandParser) -> None:
    """Add the limits of a throttle; 0 takes a limit away."""
    parser.add_argument(
        "--max-rows-per-second", type=int, help="rows copied per second at most (0: no limit)"
    )
    parser.add_argument("--max-replica-lag-seconds", type=float, help="wait while a replica lags more")
    parser.add_argument("--max-running-threads", type=int, help="wait while the source runs more threads")


def actor(options: dict[str, Any]) -> str:
    """Return who does it."""
    return options["actor"] or getpass.getuser()


def limits(options: dict[str, Any], *, before: Limits) -> Limits:
    """Return the limits that hold after *options*; what is not named stays as it was *before*."""
    rows, lag, threads = (
        options[name] for name in ("max_rows_per_second", "max_replica_lag_seconds", "max_running_threads")
    )
    return Limits(
        rows_per_second=before.rows_per_second if rows is None else rows or None,
        replica_lag=before.replica_lag if lag is None else (timedelta(seconds=lag) if lag else None),
        running_threads=before.running_threads if threads is None else threads or None,
    )
