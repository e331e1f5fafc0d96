"""Loose ends: what a deletion left to do in a table that has another owner. See Note [Loose end] in `loose`.

A loose end is done at least once, and to do it again finds nothing left. Whoever does it goes by who owns the table at that moment, so
a switch or reverse in between changes only where it is done. If what was deleted is there again, its rows are left alone.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import Error as DatabaseError
from django.db import connections
from django.utils import timezone

from strangler.conf import config
from strangler.errors import StranglerError
from strangler.isolation import meeting
from strangler.isolation.router import alias_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from django.db.models import ForeignKey, Model

    from strangler.isolation.models import LooseEnd

logger = logging.getLogger(__name__)

CASCADE, SET_NULL = "cascade", "set-null"
VALUES_EACH = 200
"""Values of one loose end at most; what is deleted at once is bounded by them."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=10)
LOOK_EVERY = timedelta(seconds=5)


def write(key: ForeignKey[Any, Any], *, rule: str, values: Collection[Any], using: str) -> Iterator[LooseEnd]:
    """Write down that the rows whose *key* has one of *values* are to be treated by *rule*, in the caller's transaction."""
    ordered = sorted(map(str, values))
    for begin in range(0, len(ordered), VALUES_EACH):
        yield _ends(using).create(
            model=key.model._meta.label_lower,
            key=key.name,
            rule=rule,
            values=ordered[begin : begin + VALUES_EACH],
            due_at=timezone.now() + FIRST_PAUSE,  # until then it is for who wrote it
        )


def do_if_free(end: LooseEnd) -> None:
    """Do *end* right behind the commit, unless a transaction is open elsewhere that could take it back."""
    if not any(each.in_atomic_block for each in connections.all(initialized_only=True)):
        do(end)


def do_due() -> int:
    """Do what is due and return how many loose ends are done; for a process that runs all the time."""
    due = list(_ends().filter(due_at__lte=timezone.now()).order_by("due_at")[:100])
    return sum(do(end) for end in due)


def do(end: LooseEnd) -> bool:
    """Do *end* and forget it; one that fails is kept, and is due again later.

    Returns: whether it is done.
    """
    try:
        for value in end.values:
            meeting.retry(partial(_apply, end, value))
    except (DatabaseError, StranglerError, LookupError) as error:
        pause = min(FIRST_PAUSE * 2 ** min(end.tries, 10), LONGEST_PAUSE)
        logger.warning("%s is not done yet, and is tried again in %s: %s", end, pause, error)
        _ends().filter(pk=end.pk).update(
            tries=end.tries + 1, due_at=timezone.now() + pause, problem=str(error)[:500]
        )
        return False
    _ends().filter(pk=end.pk).delete()
    return True


def waiting() -> int:
    """Return how many loose ends are not done."""
    return int(_ends().count())


def _apply(end: LooseEnd, value: str) -> None:
    """Treat the rows of one value where their table is now."""
    model = apps.get_model(end.model)
    key: Any = model._meta.get_field(end.key)
    known = key.target_field.to_python(value)
    if _is_there_again(key, known):
        logger.warning("%s: %s is there again, so its rows stay", end, value)
        return
    alias = alias_of(model._meta.db_table) or config().database
    rows = every_row(model).using(alias).filter(**{key.name: known})
    if end.rule == SET_NULL:
        rows.update(**{key.name: None})
    else:
        rows.delete()


def _is_there_again(key: ForeignKey[Any, Any], value: Any) -> bool:
    target = every_row(key.remote_field.model).using(config().database)
    return bool(target.filter(**{key.target_field.name: value}).exists())


def every_row(model: type[Model]) -> Any:
    """Return the manager of all rows of *model*."""
    return model._base_manager  # noqa: SLF001 - as Django's own Collector; a default manager may hide rows


class Keeper:
    """A thread that does what is due, beside the work of a process that runs all the time."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="strangler-loose-ends", daemon=True)

    def __enter__(self) -> None:
        """Begin."""
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """End, and wait for the one at hand."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY.total_seconds()):
            try:
                do_due()
            except DatabaseError as error:
                logger.warning("Loose ends can't be read, they wait: %s", error)
            connections.close_all()


def _ends(using: str | None = None) -> Any:
    """Return the rows; asked of the registry, because models name the rules before there are models."""
    return apps.get_model("strangler_isolation", "LooseEnd").objects.using(using or config().database)
