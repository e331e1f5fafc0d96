"""The tasks, by the names that messages use; the work itself is in plain functions."""

from extracted.email.announcing import SEND
from extracted.email.celery import app
from extracted.email.delivering import deliver as deliver_mail
from extracted.email.errors import RefusedError
from extracted.email.models import Source
from extracted.email.pruning import prune as prune_messages
from extracted.email.requeueing import requeue as requeue_messages
from extracted.email.sending import send as send_message
from extracted.email.submission import TYPE, VERSION, parse
from strangler.errors import MessageError
from strangler.service.inbox import Delivery, receive


@app.task(name=TYPE, bind=True)
@receive(versions=tuple(range(1, VERSION + 1)))
def deliver(message: Delivery) -> None:
    """Take the mail that another project asks for; what can't be used is parked with the reason."""
    try:
        submission = parse(message.body, version=message.version)
        deliver_mail(submission, source=Source.TASK, is_parked_on_failure=True)
    except RefusedError as error:
        raise MessageError(str(error), type=message.type) from error


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
