"""Take a wish for a report, or take it back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from extracted.reporting.announcing import announce
from extracted.reporting.conf import config
from extracted.reporting.definitions import find_report
from extracted.reporting.errors import TooManyRunsError
from extracted.reporting.models import UNFINISHED, Run, Schedule
from extracted.reporting.running import progress


def request_run(
    name: str,
    *,
    raw: Mapping[str, str],
    format: str,  # noqa: A002 - what people call it
    user: Any,
    schedule: Schedule | None = None,
    planned_at: datetime | None = None,
    recipients: Sequence[str] = (),
) -> Run:
    """Store the wish for report *name* with the parameters *raw*, and announce it after the commit.

    Args: user: anything with `pk`, `username`, `is_staff` and `is_superuser`.
    Raises:
        UnknownReportError, ParameterError: it can't be made like that.
        TooManyRunsError: the user has too many unfinished ones.
    """
    report = find_report(name, user=user)
    report.check_format(format)
    now = timezone.now()
    values = report.values(raw, today=now.date())
    with transaction.atomic():
        unfinished = Run.objects.filter(owner=str(user.pk), state__in=UNFINISHED).count()
        if unfinished >= config().queued_per_user:
            raise TooManyRunsError(
                f"{unfinished} reports of yours are not finished: wait, or cancel some of them"
            )
        run = Run.objects.create(
            report=report.name,
            parameters={key: str(value) for key, value in values.items()},
            format=format,
            owner=str(user.pk),
            owner_name=user.username,
            schedule=schedule,
            planned_at=planned_at,
            recipients=list(recipients),
            created_at=now,
            due_at=now + config().resend_after,
        )
        transaction.on_commit(partial(_announce, run.pk))
    return run


def cancel(run_id: UUID) -> bool:
    """Have a run stop: at once if it waits, within a second or so if somebody works on it.

    Returns: False if it was finished.
    """
    now = timezone.now()
    found = Run.objects.filter(pk=run_id, state__in=UNFINISHED)
    if not found.update(is_cancelled=True):
        return False
    progress.cancelled(found.exclude(state="running", leased_until__gt=now))
    return True


def _announce(run_id: UUID) -> None:
    if not announce([run_id]):
        # Not after the usual wait but as soon as the broker is back.
        Run.objects.filter(pk=run_id, state="queued").update(due_at=timezone.now())
