"""The service's tasks, by their new names."""

from celery import Task

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
