"""Announce messages to the workers; what is not announced is found by `email.requeue`."""

from collections.abc import Sequence
from functools import cache
from uuid import UUID

from extracted.email.celery import app
from extracted.email.conf import config
from strangler.service.announcing import Announcer

SEND = "email.send"


@cache
def announcer() -> Announcer:
    """Return this process's connection to the workers."""
    return Announcer(app, timeout=config().broker_timeout)


def announce(ids: Sequence[UUID]) -> bool:
    """Tell the workers that the messages *ids*, which are committed, can be sent.

    Returns: whether the broker took all of them; if not, `email.requeue` announces them.
    """
    return announcer().send(SEND, ids)


def prepare() -> None:
    """Load what the first announcement would load, so that not the first person waits for it."""
    announcer().prepare()
