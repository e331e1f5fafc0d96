"""Announce photos to the workers; a photo whose message is lost has a moment at which `images.requeue` sends it again."""

from collections.abc import Sequence
from functools import cache
from uuid import UUID

from extracted.images.celery import app
from extracted.images.conf import config
from strangler.service.announcing import Announcer

RENDER = "images.render"
PUBLISH = "images.publish"


@cache
def announcer() -> Announcer:
    """Return this process's connection to the workers."""
    return Announcer(app, timeout=config().broker_timeout)


def send(task: str, ids: Sequence[UUID]) -> bool:
    """Send one message per photo; `RENDER` or `PUBLISH` for photos whose rows are committed.

    Returns: whether the broker took all of them; if not, some may have been sent.
    """
    return announcer().send(task, ids)


def prepare() -> None:
    """Load what the first `send` would load, so that not the first person waits for it."""
    announcer().prepare()
