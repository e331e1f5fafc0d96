"""The process that keeps users in step: `strangler users follow`, a process of the monolith."""

from __future__ import annotations

import logging
import signal
import threading
import time
from dataclasses import dataclass
from datetime import timedelta

from django.db import close_old_connections

from strangler.bridge import logins, users
from strangler.bridge.peer import ask
from strangler.errors import PeerUnavailableError, UserConflictError

logger = logging.getLogger(__name__)

PAUSE = timedelta(seconds=1)
LOOK_EVERY = timedelta(minutes=5)
"""How often all users are read, to find those that changed past Django's signals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What one round did.

    Args:
        sent: users that the other side took.
        fetched: users of the other side that were taken here.
        refused: users of the other side that could not be stored here; the log and `users status` say why.
        ended: logins that the service was told to end.
    """

    sent: int = 0
    fetched: int = 0
    refused: int = 0
    ended: int = 0

    @property
    def total(self) -> int:
        """How much was done."""
        return self.sent + self.fetched + self.ended


def step() -> Steps:
    """Send what is due here, and fetch what is due on the other side.

    Raises:
        PeerUnavailableError: the other side does not answer; nothing is lost.
    """
    ended = logins.end_again()
    sent = users.push(users.due())
    items = ask("GET", users.PATH) or []
    taken = [uid for item in items if (uid := _take(item))]
    # The other side learns that it was heard when ours, with the same record, is sent to it.
    users.push(users.links_of(taken))
    return Steps(sent=sent, fetched=len(taken), refused=len(items) - len(taken), ended=ended)


def catch_up() -> Steps:
    """Look at all users, and take steps until nothing is due on either side.

    Raises: PeerUnavailableError
    """
    users.find_unnoticed()
    total = Steps()
    while (done := step()).total:
        total = Steps(
            sent=total.sent + done.sent,
            fetched=total.fetched + done.fetched,
            refused=done.refused,
            ended=total.ended + done.ended,
        )
    return total


def follow(*, stop: threading.Event | None = None) -> None:
    """Keep users in step until SIGTERM or SIGINT, or until *stop*; waits for a side that does not answer."""
    stop, follower = stop or _stopped_by_signals(), _Follower()
    while not stop.is_set():
        close_old_connections()
        if not follower.go_on():
            stop.wait(PAUSE.total_seconds())


class _Follower:
    """What one process remembers between its rounds."""

    def __init__(self) -> None:
        self._looked_at = float("-inf")
        self._is_cut_off = False

    def go_on(self) -> bool:
        """Take a step; returns whether there was something to do, and so may be more."""
        try:
            if time.monotonic() - self._looked_at > LOOK_EVERY.total_seconds():
                users.find_unnoticed()
                logins.forget_ended()
                self._looked_at = time.monotonic()
            done = step()
        except PeerUnavailableError as error:
            # Once per outage: a line per second would only fill the log.
            logger.log(logging.DEBUG if self._is_cut_off else logging.WARNING, "%s", error)
            self._is_cut_off = True
            return False
        if self._is_cut_off:
            logger.info("The other side answers again")
        self._is_cut_off = False
        return bool(done.total)


def _take(item: users.Item) -> str:
    try:
        return str(users.receive(item)["uid"])
    except UserConflictError as error:
        logger.warning("%s", error)
        return ""


def _stopped_by_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
