"""The tasks, by the names that messages use; the work itself is in plain functions."""

from typing import Any

from extracted.images.celery import app
from extracted.images.messages import PUBLISH, RENDER
from extracted.images.publishing import publish as publish_photo
from extracted.images.rendering import render as render_photo
from extracted.images.requeueing import requeue as requeue_photos
from extracted.images.sweeping import sweep as sweep_files


@app.task(name=RENDER, bind=True)
def render(self: Any, photo_id: str) -> None:
    """Make the renditions of a photo and publish it.

    At once, not by a message: that would wait behind everything that is queued, and people watch their gallery.
    What fails now becomes a task of its own, `images.publish`.
    """
    if render_photo(photo_id, holder=self.request.id):
        publish_photo(photo_id)


@app.task(name=PUBLISH)
def publish(photo_id: str) -> None:
    """Hand a finished photo over to the monolith."""
    publish_photo(photo_id)


@app.task(name="images.requeue")
def requeue() -> None:
    """Send the messages of overdue photos again."""
    requeue_photos()


@app.task(name="images.sweep")
def sweep() -> None:
    """Remove files that a killed process left behind."""
    sweep_files()
