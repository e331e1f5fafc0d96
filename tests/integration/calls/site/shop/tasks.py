"""The monolith's tasks; two of them are seams."""

from celery import Task, shared_task
from django.db import connection, transaction

from strangler.calls import seam
from tests.integration.calls.site.ledger import write


@seam("reports.nightly")
@shared_task(name="shop.nightly")
def nightly(job: str) -> str:
    """Do the work of one job."""
    write("legacy", "nightly", job)
    return job


@seam("reports.flaky")
@shared_task(name="shop.flaky", bind=True, max_retries=3)
def flaky(self: Task, job: str) -> str:
    """Fail at the first attempt."""
    if not self.request.retries:
        raise self.retry(countdown=0.2)
    write("legacy", "flaky", job)
    return job


@seam("reports.stock")
@shared_task(name="shop.stock")
def stock(job: str) -> str:
    """Write to a table that may have moved."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO stock (job) VALUES (%s)", [job])
    write("legacy", "stock", job)
    return job


def insert(job: str, task: str) -> None:
    """Write to the table that moves; what was rolled back stands in no ledger."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO stock (job) VALUES (%s)", [job])
        transaction.on_commit(lambda: write("legacy", task, job))


@seam("reports.take")
@shared_task(name="shop.take")
def take(job: str) -> None:
    """Write to the table that moves."""
    insert(job, "take")


@seam("reports.file")
def file(job: str) -> None:
    """Do the same as a function."""
    insert(job, "file")


@shared_task(name="shop.note")
def note(done: str, job: str) -> str:
    """Note what became of a job; never a seam."""
    write("legacy", "note", f"{job}:{done}")
    return job


@shared_task(name="shop.total")
def total(done: list[str], job: str) -> str:
    """Note what became of several jobs; never a seam."""
    write("legacy", "total", f"{job}:{'+'.join(sorted(done))}")
    return job
