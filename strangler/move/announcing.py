"""Let every process of the monolith know that tables may change hands, before they do.

Whoever knows keeps the bodies of requests, so that those that meet the fence can be done again. It is known from the verification,
long before a switch as a rule, so that a switch waits for nobody.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.apps import apps
from django.utils import timezone

from strangler.conf import config
from strangler.core.stages import MoveStage
from strangler.isolation import ownership
from strangler.move.models import MoveTable
from strangler.tokens import MONOLITH

if TYPE_CHECKING:
    from datetime import datetime

    from strangler.move.models import MoveRecord

GRACE = timedelta(seconds=1)  # for a process that is busy


def announce(record: MoveRecord, *, is_waiting: bool = False) -> None:
    """Have it known that the tables of *record* may change hands from now on. Idempotent.

    Args:
        is_waiting: return when every process that follows has had the time to know; where none follows, at once.
    """
    owner = record.service if record.at is MoveStage.SWITCHED else MONOLITH
    written_at = ownership.announce(labels(record), owner=owner, fence=record.pk)
    if is_waiting:
        _wait_until_known(written_at)


def wait_until_known(record: MoveRecord) -> None:
    """Return when every process that follows has had the time to know whose the tables of *record* are."""
    if (written_at := ownership.changed_at(labels(record))) is not None:
        _wait_until_known(written_at)


def retract(record: MoveRecord) -> None:
    """Have it known that the tables of *record* stay where they are. Idempotent."""
    ownership.settle(labels(record))


def _wait_until_known(written_at: datetime) -> None:
    if config().snapshot_interval:
        known_at = written_at + 2 * config().snapshot_interval + GRACE
        time.sleep(max(0.0, (known_at - timezone.now()).total_seconds()))


def labels(record: MoveRecord) -> dict[str, str]:
    """Return the monolith's tables of *record*, each with the label of its model, or an empty text."""
    names = (
        MoveTable.objects.using(config().database).filter(move=record).values_list("source_table", flat=True)
    )
    models = {model._meta.db_table: model._meta.label_lower for model in apps.get_models()}
    return {name: models.get(name, "") for name in names}
