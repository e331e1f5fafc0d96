"""Lower the fence of the service's database once the service owns the tables: the last step of a switch.

It needs nobody in particular. Whoever meets the fence of the target does it (`heal`), so that a switch whose process was killed
between its commit and this step keeps no writer waiting. See Note [Truth is on the source] in `fence`.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError

from strangler.conf import config
from strangler.core.stages import MoveStage
from strangler.errors import MoveError
from strangler.move.databases import dialect_of, target_connection
from strangler.move.fence import Fence, locked_record
from strangler.move.models import MoveRecord
from strangler.rollout.snapshot import refresh

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)
PATIENCE = timedelta(seconds=2)  # of one who met the fence with whoever is at the source's
LOOK_EVERY = timedelta(milliseconds=100)  # per process, however many writers meet the fence
_looked_at: dict[int, float] = {}


@contextmanager
def target_fence(record: MoveRecord) -> Iterator[Fence]:
    """Open the fence of the service's database, on a connection of its own."""
    dialect = dialect_of(target_connection(record.service))
    dialect.open_target()
    try:
        yield Fence(dialect=dialect, move=record.pk, service=record.service)
    finally:
        dialect.connection.close()


def open_owner(record: MoveRecord) -> bool:
    """Lower the target's fence if the service owns the tables; return whether there was anything to do. Idempotent.

    Raises:
        DatabaseError: the source's fence is locked by somebody for longer than `PATIENCE`.
    """
    with target_fence(record) as theirs:
        if not theirs.is_raised():
            return False
        with locked_record(record.pk, service=record.service, within=PATIENCE, limit=PATIENCE) as ours:
            if ours.is_raised():
                theirs.put(is_raised=False)
                return True
    return False


def heal(service: str) -> None:
    """Do the last step of a switch to *service* that stopped before it; for whoever just met a fence.

    Reads the rollouts, too: seams may have moved in the commit of the switch.
    Never raises: what can't be healed is logged, and the write that met the fence fails as it would have.
    """
    try:
        refresh()
        record = MoveRecord.current(service, using=config().database)
        if record is None or record.at is not MoveStage.SWITCHED:
            return
        now = time.monotonic()
        if now < _looked_at.get(record.pk, 0.0) + LOOK_EVERY.total_seconds():
            return
        _looked_at[record.pk] = now
        if open_owner(record):
            logger.warning(
                "%s: a switch or reverse had stopped half-way; the owner can be written to again.", service
            )
    except (DatabaseError, MoveError) as error:
        logger.warning("%s: could not see to the fence of the service's database: %s", service, error)
