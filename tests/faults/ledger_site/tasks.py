"""The tasks of the ledger service."""

import os
import signal
import time
from pathlib import Path

from django.db import connection

from strangler.service.inbox import Delivery, receive
from tests.faults.ledger_site.celery import app


@app.task(name="ledger.record", bind=True)
@receive(versions=(1, 2))
def record(message: Delivery) -> None:
    """Write the message's number down."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO effects (message_id, n) VALUES (%s, %s)", [str(message.id), message.body["n"]]
        )
    if "seconds" in message.body:
        # Tells the test which process to kill, and gives it the time.
        Path(os.environ["LEDGER_STATE"], f"working-{os.getpid()}").touch()
        time.sleep(message.body["seconds"])


@app.task(name="ledger.poison", bind=True)
@receive()
def poison(message: Delivery) -> None:
    """Kill the process that works on the message, as running out of memory does."""
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(name="ledger.fail", bind=True)
@receive()
def fail(message: Delivery) -> None:
    """Fail for a reason that stays."""
    raise LookupError("no such account")
