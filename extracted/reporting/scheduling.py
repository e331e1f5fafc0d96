"""Reports that are made again and again: when, by whose right, and once however many beats there are."""

import calendar
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from extracted.reporting.definitions import find_report
from extracted.reporting.errors import ParameterError, RefusedError
from extracted.reporting.models import Run, Schedule
from extracted.reporting.running import request_run

logger = logging.getLogger(__name__)
MOST_RECIPIENTS = 20
_STEPS = {
    Schedule.Every.HOUR: timedelta(hours=1),
    Schedule.Every.DAY: timedelta(days=1),
    Schedule.Every.WEEK: timedelta(weeks=1),
}


@dataclass(frozen=True, slots=True)
class Owner:
    """The person for whom a schedule asks, with the rights that they had when they made it."""

    pk: str
    username: str
    is_superuser: bool
    is_staff: bool = True


def make_schedule(
    name: str,
    *,
    raw: Mapping[str, str],
    format: str,  # noqa: A002 - what people call it
    every: str,
    recipients: Sequence[str],
    user: Any,
) -> Schedule:
    """Store a schedule of report *name*; its first run is due at once, so that somebody sees that it works.

    Parameters stay as they are given: `yesterday` is another day each time.

    Raises: UnknownReportError, ParameterError: it can't be made like that.
    """
    report = find_report(name, user=user)
    report.check_format(format)
    report.values(raw, today=timezone.now().date())
    if every not in Schedule.Every.values:
        raise ParameterError(f"every must be one of {', '.join(Schedule.Every.values)}")
    return Schedule.objects.create(
        report=report.name,
        parameters={key: value for key, value in raw.items() if value},
        format=format,
        every=every,
        recipients=_checked(recipients),
        owner=str(user.pk),
        owner_name=user.username,
        is_superuser=user.is_superuser,
        next_at=timezone.now(),
    )


def fire() -> int:
    """Make the runs of all schedules that are due, and return how many.

    Whoever moves a schedule's next moment makes its run, in one transaction: so it fires once with any number of
    beats, and not at all if the run can't be stored. What was missed while nothing ran is made up for once.
    """
    now = timezone.now()
    due = Schedule.objects.filter(is_active=True, next_at__lte=now).order_by("next_at")
    return sum(_fire(schedule, now=now) for schedule in due)


def following(moment: datetime, *, every: str, now: datetime) -> datetime:
    """Return the first moment of a schedule after *now*, in step with *moment*."""
    if every == Schedule.Every.MONTH:
        months = 0
        while (found := _months_later(moment, months)) <= now:
            months += 1
        return found
    step = _STEPS[Schedule.Every(every)]
    return moment + step * ((now - moment) // step + 1)


def _fire(schedule: Schedule, *, now: datetime) -> bool:
    owner = Owner(schedule.owner, schedule.owner_name, schedule.is_superuser)
    mine = Schedule.objects.filter(pk=schedule.pk, is_active=True, next_at=schedule.next_at)
    try:
        with transaction.atomic():
            if not mine.update(next_at=following(schedule.next_at, every=schedule.every, now=now)):
                return False
            _run(schedule, owner)
    except IntegrityError:
        return False
    except RefusedError as error:
        # It would be refused again and again: somebody has to look.
        mine.update(is_active=False, problem=str(error))
        logger.warning("schedule %s was stopped: %s", schedule.pk, error)
        return False
    return True


def _run(schedule: Schedule, owner: Owner) -> Run:
    return request_run(
        schedule.report,
        raw=schedule.parameters,
        format=schedule.format,
        user=owner,
        schedule=schedule,
        planned_at=schedule.next_at,
        recipients=schedule.recipients,
    )


def _months_later(moment: datetime, months: int) -> datetime:
    """Return the same day *months* later; the last of a month that is too short."""
    years, month = divmod(moment.month - 1 + months, 12)
    last = calendar.monthrange(moment.year + years, month + 1)[1]
    return moment.replace(year=moment.year + years, month=month + 1, day=min(moment.day, last))


def _checked(recipients: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(address.strip() for address in recipients if address.strip()))
    if len(found) > MOST_RECIPIENTS:
        raise ParameterError(f"at most {MOST_RECIPIENTS} addresses, not {len(found)}")
    for address in found:
        try:
            validate_email(address)
        except ValidationError:
            raise ParameterError(f"{address[:80]!r} is no address") from None
    return found
