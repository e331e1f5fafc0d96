"""The tasks, by the names that messages use; the work itself is in plain functions."""

from extracted.email.announcing import SEND
from extracted.email.celery import app
from extracted.email.pruning import prune as prune_messages
from extracted.email.requeueing import requeue as requeue_messages
from extracted.email.sending import send as send_message


@app.task(name=SEND)
def send(message_id: str) -> None:
    """Send a message that is stored."""
    send_message(message_id)


@app.task(name="email.requeue")
def requeue() -> None:
    """Announce overdue messages again."""
    requeue_messages()


@app.task(name="email.prune")
def prune() -> None:
    """Remove what is older than the retention."""
    prune_messages()
