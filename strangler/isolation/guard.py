"""Look at every statement for code of one side that touches a table of the other.

`ISOLATION = "raise"` is for tests: the statement is not run, and the error names it, the table, its owner and the
code. `"count"` is for production: the statement runs, and each place is counted, and logged once. What the ratchet file
allows is counted as seen, and never raised or logged.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.signals import setting_changed
from django.dispatch import receiver

from strangler.conf import Isolation, config
from strangler.errors import ConfigurationError, IsolationViolation
from strangler.isolation import places
from strangler.isolation.ratchet import Ratchet
from strangler.isolation.snapshot import current
from strangler.isolation.statements import can_parse, tables_in
from strangler.wrapping import wrap_connections

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from strangler.isolation.places import Place

logger = logging.getLogger(__name__)
_counts: Counter[tuple[str, str]] = Counter()
_seen: set[tuple[str, str]] = set()
_lock = threading.Lock()


def install() -> None:
    """Watch every connection of this process, those that are open and those to come; idempotent.

    Does nothing where the guard is off or can't work; the system checks say why it can't.
    """
    try:
        is_on = config().isolation is not Isolation.OFF and can_parse()
    except ConfigurationError:
        return
    if is_on:
        wrap_connections(lambda _: guard, name="strangler.isolation.guard")


def counts() -> Mapping[tuple[str, str], int]:
    """Return how often each (place, table) violated since this process began."""
    with _lock:
        return dict(_counts)


def seen() -> frozenset[tuple[str, str]]:
    """Return the (place, table) of every violation so far that the ratchet allows."""
    with _lock:
        return frozenset(_seen)


def guard(
    execute: Callable[..., Any],
    sql: str,
    params: Any,
    many: bool,  # noqa: FBT001 - as Django calls it
    context: Mapping[str, Any],
) -> Any:
    """Check one statement, and run it; an execute wrapper of Django."""
    if config().isolation is not Isolation.OFF and current().here:
        touched = tables_in(sql, vendor=context["connection"].vendor, known=_known())
        if touched:
            _check(sql, touched)
    return execute(sql, params, many, context)


def _check(sql: str, touched: frozenset[str]) -> None:
    place = places.find_place()
    if place is None:
        return
    owners = current()
    for table in sorted(touched):
        if owners.service_of(table) != place.side:
            _judge(place, table, owner=owners.service_of(table), sql=sql)


def _judge(place: Place, table: str, *, owner: str, sql: str) -> None:
    key = (place.name, table)
    if ratchet().allows(*key):
        with _lock:
            _seen.add(key)
    elif config().isolation is Isolation.RAISE:
        raise IsolationViolation(table=table, owner=owner, place=str(place), statement=sql)
    else:
        _count(key, IsolationViolation(table=table, owner=owner, place=str(place), statement=sql))


def _count(key: tuple[str, str], violation: IsolationViolation) -> None:
    with _lock:
        _counts[key] += 1
        is_first = _counts[key] == 1
    if is_first:
        logger.warning("%s", violation)


@cache
def ratchet() -> Ratchet:
    """Return what is allowed for now; nothing where `ISOLATION_RATCHET` names no file."""
    path = config().isolation_ratchet
    return Ratchet.load(path) if path else Ratchet(allowed={})


@cache
def _known() -> frozenset[str]:
    """Return the tables that belong to somebody: those of this project's apps, of its users, and of the topology."""
    labels = places.project_labels() | {get_user_model()._meta.app_label}
    tables = {
        model._meta.db_table for label in labels for model in apps.get_app_config(label).get_models(True)
    }
    return frozenset(tables) | frozenset(current().services)


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    if setting == "STRANGLER":
        ratchet.cache_clear()
        _known.cache_clear()
        places.forget()
