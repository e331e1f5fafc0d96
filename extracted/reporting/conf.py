"""Typed, frozen configuration of the service; the only reader of `settings.REPORTING`."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver

_KILL_AFTER = timedelta(seconds=10)
# A message comes again after ten minutes without an answer, see strangler.service.celery.
_LONGEST_TASK = timedelta(minutes=9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `settings.REPORTING` says.

    Args:
        folder: where files are made and kept; on every worker and web process the same, like a bucket.
        monolith_url: whom the service asks for chunks and marks, without a trailing slash.
        stale_after: pages warn when the read model is older.
        mark_every: how often the shop is asked for a mark.
        statement_timeout: the longest that one statement of a report may take, enforced by the server.
        page_timeout: the same for the pages that answer at once.
        slice: a worker turns to other runs after so long.
        task_time_limit: a worker is interrupted when a task takes longer, in spite of slices.
        lease: a run belongs to a worker that showed no sign of life for so long.
        run_time_limit: the most that workers spend on one run.
        runs_per_user: how many runs of one user work at the same time.
        queued_per_user: how many unfinished runs one user may have.
        max_losses: how often a run may take its worker down without progress before it is given up.
        max_rows: of one run.
        retention: how long files are kept.
        link_lifetime: how long a download link is valid.
        resend_after: how long a run waits in the queue before its message is sent again.
        broker_timeout: the longest a person waits for a broker that does not answer.
        site_url: where people reach the pages, for links in mails.
        login_url: where people who are not logged in are sent.
        pdf_font: a TrueType font for PDF files.
    """

    folder: Path
    monolith_url: str
    stale_after: timedelta
    mark_every: timedelta
    statement_timeout: timedelta
    page_timeout: timedelta
    slice: timedelta
    task_time_limit: timedelta
    lease: timedelta
    run_time_limit: timedelta
    runs_per_user: int
    queued_per_user: int
    max_losses: int
    max_rows: int
    retention: timedelta
    link_lifetime: timedelta
    resend_after: timedelta
    broker_timeout: timedelta
    site_url: str
    login_url: str
    pdf_font: str

    @property
    def hard_time_limit(self) -> timedelta:
        """Return when a worker process that ignores the soft limit is killed."""
        return self.task_time_limit + _KILL_AFTER


@cache
def config() -> Config:
    """Return the configuration of this process.

    Raises: ImproperlyConfigured: names the value.
    """
    raw: dict[str, Any] = {key.lower(): value for key, value in settings.REPORTING.items()}
    found = Config(**raw)
    if not timedelta(0) < found.slice < found.task_time_limit <= _LONGEST_TASK:
        raise ImproperlyConfigured(
            f"REPORTING_SLICE_SECONDS ({found.slice.total_seconds():g}) must be above 0 and below "
            f"REPORTING_TIME_LIMIT_SECONDS ({found.task_time_limit.total_seconds():g}), which must be at most "
            f"{_LONGEST_TASK.total_seconds():g}"
        )
    return found


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    if setting == "REPORTING":
        config.cache_clear()
