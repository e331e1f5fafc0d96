"""Which server a read goes to: a replica that is there and has what the work at hand must see, else the primary."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING

from django.core.exceptions import SynchronousOnlyOperation
from django.db import Error as DatabaseError
from django.db import connections

from strangler.breaker import Breaker
from strangler.conf import config
from strangler.core.positions import Position
from strangler.replicas import freshness
from strangler.replicas.dialects import dialect_of

if TYPE_CHECKING:
    from strangler.replicas.freshness import Freshness


class _Reached(threading.local):
    """How far the server behind each connection of this thread is known to be."""

    def __init__(self) -> None:
        self.by_alias: dict[str, Position] = {}


_reached = _Reached()
_breakers: dict[str, Breaker] = {}
_lock = threading.Lock()


def choose(primary: str) -> str:
    """Return the alias that a read of *primary* goes to now.

    Waits at most `REPLICA_WAIT` for each replica and piece of work, and connects to the one it names, so that a dead
    one is not named. In a transaction it is the primary.
    """
    replicas = config().replicas.get(primary, ())
    if not replicas or freshness.is_on_primary() or freshness.is_in_transaction(connections[primary]):
        return primary
    work = freshness.current()
    try:
        need = work.need(primary)
        for alias in _candidates(primary, replicas, work) if need is not None else ():
            if _can_serve(alias, need or Position(), work):
                work.chosen[primary] = alias
                return alias
    except SynchronousOnlyOperation:
        pass  # in an event loop nobody may wait for a server; the ORM itself asks from a thread
    return primary


def primary_of(alias: str) -> str | None:
    """Return the primary that *alias* is a replica of, or None."""
    return next((name for name, replicas in config().replicas.items() if alias in replicas), None)


def cluster_of(alias: str) -> str:
    """Return the primary that *alias* is or replicates."""
    return primary_of(alias) or alias


def breaker_of(alias: str) -> Breaker:
    """Return the breaker of a replica: one failure, and it is left alone for `BREAKER_RESET`."""
    found = _breakers.get(alias)
    if found is not None:
        return found
    with _lock:
        return _breakers.setdefault(alias, Breaker(alias, failures=1, reset=config().breaker_reset))


def forget(alias: str) -> None:
    """Forget how far *alias* is: behind a new connection there may be another server."""
    _reached.by_alias.pop(alias, None)


def _candidates(primary: str, replicas: tuple[str, ...], work: Freshness) -> list[str]:
    """Return the replicas in the order of asking: the one of this work, then the others as they fall."""
    chosen = work.chosen.get(primary)
    others = [alias for alias in replicas if alias != chosen and alias not in work.left_out]
    random.shuffle(others)
    return [chosen, *others] if chosen in replicas and chosen not in work.left_out else others


def _can_serve(alias: str, need: Position, work: Freshness) -> bool:
    breaker = breaker_of(alias)
    if not breaker.admit():
        return False
    connection = connections[alias]
    try:
        # As Django's cursor would: it must not find out later, and connect to another server behind the same address.
        connection.close_if_health_check_failed()
        connection.ensure_connection()
        is_far_enough = _has_reached(alias, need)
    except DatabaseError:
        connection.close()
        breaker.failed()
        return False
    except BaseException:
        breaker.release()
        raise
    breaker.succeeded()
    if not is_far_enough:
        work.left_out.add(alias)
    return is_far_enough


def _has_reached(alias: str, need: Position) -> bool:
    if _reached.by_alias.get(alias, Position()).covers(need):
        return True
    connection = connections[alias]
    dialect = dialect_of(connection)
    reached = dialect.read_reached(connection)
    patience = config().replica_wait  # of zero, MySQL would wait for ever
    if patience and not reached.covers(need) and dialect.wait(connection, need, timeout=patience):
        reached = reached.joined(need)
    _reached.by_alias[alias] = reached
    return reached.covers(need)
