"""Calls that are compared: legacy does the work as before, and what it did is noted beside the message it stands for.

See Note [The user never waits] in `strangler.observing`: what goes wrong here is counted, and the call goes its way.
"""

from __future__ import annotations

import functools
import json
import logging
import time
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db import router, transaction

from strangler import observing
from strangler.core.capture import Capture, RecordedCall
from strangler.core.decision import Side
from strangler.core.observation import Observation
from strangler.observing import Draft, EffectsRecording, Loss

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from strangler.calls.declarations import Declaration
    from strangler.core.messages import JSON
    from strangler.core.seams import Call

logger = logging.getLogger(__name__)


class CallWatch:
    """What is noted of one call while legacy does it.

    Args:
        call: the seam.
        body: of the message that the service's task would get.
        version: which shape of body it is.
    """

    def __init__(self, call: Call, body: JSON, *, version: int = 1) -> None:
        self._call = call
        self._body = body
        self._version = version
        self._recording = EffectsRecording()
        self._captured_at = datetime.now(UTC)
        self._began = time.perf_counter()

    def start(self) -> None:
        """Begin to record effects, in the thread that does the work."""
        self._recording.start()

    def finish(self, error: str = "") -> None:
        """Hand over what was noted; *error* is the type of the exception that ended the call."""
        took = timedelta(seconds=time.perf_counter() - self._began)
        self._recording.stop()
        capture = Capture(
            id=uuid4(),
            seam=self._call.name,
            asked=RecordedCall(task=self._call.task, body=self._body, version=self._version),
            control=Observation(side=Side.LEGACY, duration=took, error=error),
            captured_at=self._captured_at,
        )
        observing.offer(Draft(capture=capture, effects=self._recording.effects))

    def abandon(self) -> None:
        """Hand over nothing: the work was not brought to an end."""
        self._recording.stop()


def watched(declaration: Declaration, call: Call) -> Callable[..., Any]:
    """Return the target of *declaration*, noting what it does."""

    @functools.wraps(declaration.target)
    def work(*args: Any, **kwargs: Any) -> Any:
        watch = _begin(declaration, call, args, kwargs)
        if watch is None:
            return declaration.target(*args, **kwargs)
        watch.start()
        try:
            result = declaration.target(*args, **kwargs)
        except Exception as error:
            watch.finish(type(error).__name__)
            raise
        except BaseException:
            watch.abandon()
            raise
        watch.finish()
        return result

    return work


def plain_json(body: Mapping[str, Any]) -> JSON:
    """Return *body* as JSON values that nobody changes afterwards; raises as `json.dumps` does."""
    values: JSON = json.loads(json.dumps(body))
    return values


def _begin(
    declaration: Declaration, call: Call, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> CallWatch | None:
    """Make the message before the work, which may change the arguments."""
    try:
        with _savepoint(declaration.using):
            body = plain_json(declaration.message(*args, **kwargs))
    except Exception:  # whatever the project's function raises, the call itself has nothing to do with it
        logger.warning("%s: the message of a call could not be made", call.name, exc_info=True)
        observing.lose(call.name, Loss.ERROR)
        return None
    return CallWatch(call, body, version=declaration.version)


def _savepoint(using: str | None) -> AbstractContextManager[Any]:
    """Return a savepoint where a transaction is open: a query that fails would break it for the caller."""
    from strangler.outbox.models import OutboxMessage  # noqa: PLC0415 - decorators run before models can exist

    alias = using or router.db_for_write(OutboxMessage)
    is_open = transaction.get_connection(alias).in_atomic_block
    return transaction.atomic(using=alias) if is_open else nullcontext()
