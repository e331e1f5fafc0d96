"""The tasks, by the names that messages use; the work itself is in plain functions."""

import logging
from typing import Any

from extracted.reporting.announcing import announce
from extracted.reporting.celery import RUN, app
from extracted.reporting.errors import FeedError
from extracted.reporting.feed import apply_change, apply_mark, asking
from extracted.reporting.feed.applying import forget_gone
from extracted.reporting.feed.tables import moment
from extracted.reporting.running import work
from extracted.reporting.running.pruning import prune as prune_runs
from extracted.reporting.running.requeueing import requeue as requeue_runs
from extracted.reporting.scheduling import fire as fire_schedules
from strangler.errors import MessageError
from strangler.service.inbox import Delivery, receive

logger = logging.getLogger(__name__)


@app.task(name="reporting.changed", bind=True)
@receive()
def changed(message: Delivery) -> None:
    """Apply what the shop tells of its rows; what can't be understood is parked with the reason."""
    try:
        apply_change(message.body)
    except FeedError as error:
        raise MessageError(str(error), type=message.type) from error


@app.task(name="reporting.marked", bind=True)
@receive()
def marked(message: Delivery) -> None:
    """Note how far the shop's changes have come."""
    try:
        apply_mark(moment(message.body["as_of"]))
    except (KeyError, TypeError, ValueError) as error:
        raise MessageError(f"a mark without a moment: {error!r}", type=message.type) from error


@app.task(name=RUN, bind=True)
def run(self: Any, run_id: str) -> None:
    """Work on a run for a slice of time, then let others have their turn."""
    if work(run_id, holder=self.request.id):
        announce([run_id])


@app.task(name="reporting.mark")
def mark() -> None:
    """Have the shop send a mark behind its changes."""
    try:
        asking.mark()
    except FeedError as error:
        logger.warning("no mark: %s", error)


@app.task(name="reporting.requeue")
def requeue() -> None:
    """Announce overdue runs again."""
    requeue_runs()


@app.task(name="reporting.fire")
def fire() -> None:
    """Make the runs of schedules that are due."""
    fire_schedules()


@app.task(name="reporting.prune")
def prune() -> None:
    """Remove what is older than the retention."""
    prune_runs()
    forget_gone()
