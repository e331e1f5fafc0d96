"""Independent calls at the same time: the page waits for the slowest one, and not for all of them in a row."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

from django.db import connections

from strangler.calls.counted import caller, place_of_call

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

Result = TypeVar("Result")

AT_ONCE = 8
"""Calls that are made at the same time: more would only queue at the service."""


def together(*calls: Callable[[], Result], at_once: int = AT_ONCE) -> list[Result]:
    """Make independent *calls* at the same time, and return their results in the order of the arguments.

    Each runs in a thread of its own with the context of the caller, so that decisions, positions and the count of calls go along. A
    transaction does not: what a call does with the database is outside of the caller's, on a connection that is closed afterwards.
    All of them run to their end, also if one fails.

    Args:
        calls: without arguments; `functools.partial` gives them theirs.
        at_once: most threads.
    Raises:
        Exception: that of the first of *calls* that failed; the others are noted on it.
    """
    if len(calls) <= 1:
        return [call() for call in calls]
    with ThreadPoolExecutor(max_workers=min(at_once, len(calls)), thread_name_prefix="together") as pool:
        place = place_of_call()
        futures = [pool.submit(copy_context().run, _alone, call, place) for call in calls]
    _raise_first(futures)
    return [future.result() for future in futures]


def _alone(call: Callable[[], Result], place: str) -> Result:
    caller.set(place)
    try:
        return call()
    finally:
        connections.close_all()  # of this thread, which ends now or does another call


def _raise_first(futures: list[Future[Result]]) -> None:
    failures = [failure for future in futures if (failure := future.exception()) is not None]
    for other in failures[1:]:
        failures[0].add_note(f"Beside it failed: {other!r}")
    if failures:
        raise failures[0]
