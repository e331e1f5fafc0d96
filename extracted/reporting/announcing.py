"""Announce runs to the workers; what is not announced is found by `reporting.requeue`."""

from collections.abc import Sequence
from functools import cache
from uuid import UUID

from extracted.reporting.celery import RUN, app
from extracted.reporting.conf import config
from strangler.service.announcing import Announcer


@cache
def announcer() -> Announcer:
    """Return this process's connection to the workers."""
    return Announcer(app, timeout=config().broker_timeout)


def announce(ids: Sequence[UUID]) -> bool:
    """Tell the workers that the runs *ids*, which are committed, have work to do.

    Returns: whether the broker took all of them; if not, `reporting.requeue` announces them.
    """
    return announcer().send(RUN, ids)


def prepare() -> None:
    """Load what the first announcement would load, so that not the first person waits for it."""
    announcer().prepare()
