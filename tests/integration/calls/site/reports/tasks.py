"""The service's tasks, by their new names."""

from celery import Task
from django.db import connection, transaction

from strangler.service.inbox import Delivery, receive
from tests.integration.calls.site.ledger import write
from tests.integration.calls.site.reports.celery import app


@app.task(name="reports.nightly")
def nightly(job: str) -> str:
    """Do the work of one job."""
    write("service", "nightly", job)
    return job


@app.task(name="reports.flaky", bind=True, max_retries=3)
def flaky(self: Task, job: str) -> str:
    """Fail at the first attempt."""
    if not self.request.retries:
        raise self.retry(countdown=0.2)
    write("service", "flaky", job)
    return job


@app.task(name="reports.stock")
def stock(job: str) -> str:
    """Note that it came here."""
    write("service", "stock", job)
    return job


def insert(job: str, task: str) -> None:
    """Write to the table that moves; what was rolled back stands in no ledger."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO stock (job) VALUES (%s)", [job])
        transaction.on_commit(lambda: write("service", task, job))


@app.task(name="reports.take")
def take(job: str) -> None:
    """Write to the table that moves."""
    insert(job, "take")


@app.task(name="reports.file", bind=True)
@receive()
def file(message: Delivery) -> None:
    """Do the same for a message."""
    insert(message.body["args"][0], "file")
