"""Know a write that met the raised fence of a move, and whether the work that it belongs to may be done once more.

Note [Met the fence]: the database refuses the write with an error of its own. Whoever follows ownership a moment late gets it:
an old snapshot, a transaction that began before the switch. An execute wrapper turns it into `FenceRaised`, brings this process's
view of ownership up to date, and notes it with the `Attempt` at hand. Whoever made the attempt, the facade around a request or
`retry` around a call, does the work again, with the new owner this time, if nothing of it was committed.

Note [Nothing to refuse]: triggers see rows. A statement of somebody late that finds no row to change, because it was added after
the switch, meets no fence, and its change would be lost without a word. So behind a write that changed nothing the wrapper
asks the fence itself, with the lock that a trigger would have taken. A view that reads, and answers 404 for what it did
not find, writes nothing at all: whoever made the attempt asks in the end whether the owner is still the same.

Note [Victims]: triggers are made while writers work. Where they wait for writers (MySQL; elsewhere see Note [Haste] in
`strangler.move.laying`), a transaction that comes in between can make a circle with that, and the server ends it by a deadlock
error in the writer, never in the DDL. While tables may change hands, work that was such a victim is done again, too, whoever
else was in the circle.
"""

from __future__ import annotations

import functools
import logging
import re
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar
from weakref import WeakSet

from django.db import Error as DatabaseError
from django.db import connections

from strangler.commits import Commits
from strangler.errors import FenceRaised
from strangler.fences import is_raised, is_read, recognise
from strangler.isolation import snapshot
from strangler.isolation.ownership import changed_since
from strangler.wrapping import wrap_connections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from django.db.backends.base.base import BaseDatabaseWrapper

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
logger = logging.getLogger(__name__)

DEADLOCK_ERRNO, DEADLOCK_SQLSTATE = 1213, "40P01"
_CHANGED = re.compile(
    r"\b(?:UPDATE|DELETE\s+(?:\S+\s+)?FROM|INTO)\s+(?:(?:ONLY|IGNORE|LOW_PRIORITY)\s+)*"
    r"(?:[`\"]?[\w$]+[`\"]?\.)?[`\"]?(?P<table>[\w$]+)",
    re.IGNORECASE,
)
"""The tables that a statement changes."""
PATIENCE = timedelta(
    seconds=10
)  # with a new owner whose fence is still up: moments, unless whoever switches has died
FIRST_REST, LONGEST_REST = timedelta(milliseconds=20), timedelta(milliseconds=200)

_heal: list[Callable[[str], None]] = []
_left_alone: WeakSet[BaseDatabaseWrapper] = WeakSet()


@dataclass(slots=True)
class Attempt(Commits):
    """Work that may be done once more.

    Args:
        met: the fence that it met; None for none.
        has_asked: it asked where a table is that may change hands.
        is_last: it will not be done again, whatever it meets.
        is_victim: a server ended it to end a deadlock. See Note [Victims].
    """

    met: FenceRaised | None = None
    has_asked: bool = False
    is_last: bool = False
    is_victim: bool = False

    @property
    def may_repeat(self) -> bool:
        """Whether it met the fence or was a victim, nothing would be done twice, and there is time left."""
        return (self.met is not None or self.is_victim) and not self.has_committed and not self.is_last

    def look_behind(self) -> None:
        """Ask whether what it saw was late: a table that it asked for has another owner than when it began.

        One query, where it can matter: not for work that asked for no such table, and not for what can't be done again.
        """
        if self.met is not None or self.is_victim or self.has_committed or not self.has_asked:
            return
        seen = snapshot.current()
        try:
            table = changed_since(seen)
        except DatabaseError as error:
            logger.warning("Could not ask who owns tables now: %s", error)
            return
        if table is not None:
            self.met = FenceRaised(seen.mover_of(table), table=table)


class Patience:
    """How long work that meets the fence is done again, and how long to rest before each time."""

    def __init__(self) -> None:
        self._until = time.monotonic() + PATIENCE.total_seconds()
        self._rest = FIRST_REST

    @property
    def is_over(self) -> bool:
        """Whether the try that begins now is the last."""
        return time.monotonic() > self._until

    def rest(self) -> float:
        """Return for how many seconds to rest now; longer each time."""
        rest, self._rest = self._rest, min(self._rest * 2, LONGEST_REST)
        return rest.total_seconds()


_attempt: ContextVar[Attempt | None] = ContextVar("strangler_attempt", default=None)


def note_asked() -> None:
    """Note that the work at hand asks where a table is that may change hands."""
    attempt = _attempt.get()
    if attempt is not None:
        attempt.has_asked = True


@contextmanager
def attempting(*, is_last: bool = False) -> Iterator[Attempt]:
    """Watch the work of the block, which sees one view of who owns what. See Note [One view] in `snapshot`."""
    attempt, outer = Attempt(is_last=is_last), _attempt.get()
    token = _attempt.set(attempt)
    try:
        with snapshot.holding():
            yield attempt
    except FenceRaised as error:
        if outer is not None:
            outer.met = error
        raise
    finally:
        _attempt.reset(token)
        if outer is not None:
            outer.has_committed |= attempt.has_committed


Instead: TypeAlias = "Callable[[FenceRaised], Callable[[], Any] | None]"


def retry(work: Callable[[], Result], *, instead: Instead | None = None) -> Result:
    """Do *work*, and again with the new owner if it met the fence before anything was committed.

    Within a transaction, and within work that can be done again as a whole, it is done once: whoever began that does it again.
    Args:
        instead: is asked when *work* met a fence, with ownership and rollouts as they are now, for what to do rather
            than *work* again; None is *work*.
    Raises:
        FenceRaised: something was committed already, or the owner changes faster than we follow.
    """
    if not snapshot.can_change() or _is_part():
        return work()
    patience = Patience()
    while True:
        with attempting(is_last=patience.is_over) as attempt:
            try:
                result = work()
            except Exception:
                attempt.look_behind()
                if not attempt.may_repeat:
                    raise
            else:
                attempt.look_behind()
                if not attempt.may_repeat:
                    return result
        logger.info("Work that committed nothing met a fence: %s", attempt.met)
        time.sleep(patience.rest())
        if attempt.met is None:
            continue
        settle(attempt.met)
        other = instead(attempt.met) if instead is not None else None
        if other is not None:
            return other()  # type: ignore[no-any-return]  # what stands in for the work


def _is_part() -> bool:
    """Whether the work at hand belongs to something larger that has to be done again as a whole."""
    outer = _attempt.get()
    if outer is not None and not outer.has_committed:
        return True
    return any(each.in_atomic_block for each in connections.all(initialized_only=True))


def again(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let *function* be done again when it meets a fence, as `retry` does.

    For what neither the facade nor a worker of `strangler.calls.install` begins: management commands, jobs of other queues.
    """

    @functools.wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return retry(lambda: function(*args, **kwargs))

    call.strangler_again = True  # type: ignore[attr-defined]
    return call


def on_met(heal: Callable[[str], None]) -> None:
    """Call *heal* with the service's name whenever a fence was met, before anybody tries again; idempotent."""
    if heal not in _heal:
        _heal.append(heal)


def settle(met: FenceRaised) -> None:
    """Bring this process up to date after a met fence: who owns what, and that the owner's own fence is down."""
    for heal in _heal:
        heal(met.move)
    snapshot.refresh()


class _Unsaid(logging.Filter):
    """Keep Django from reporting the failure of a request that is done again: nobody sees its answer."""

    def filter(self, record: logging.LogRecord) -> bool:
        error, attempt = (record.exc_info or (None, None))[1], _attempt.get()
        return not (isinstance(error, FenceRaised) and attempt is not None and attempt.may_repeat)


_unsaid = _Unsaid()


def install() -> None:
    """Watch every connection of this process, those that are open and those to come; idempotent."""
    logging.getLogger("django.request").addFilter(_unsaid)
    wrap_connections(
        lambda connection: None if connection in _left_alone else watch, name="strangler.isolation.meeting"
    )


def leave_alone(connection: BaseDatabaseWrapper) -> None:
    """Do not watch *connection*: it is a move's own, which no fence concerns."""
    _left_alone.add(connection)


def watch(
    execute: Callable[..., Any],
    sql: str,
    params: Any,
    many: bool,  # noqa: FBT001 - as Django calls it
    context: Mapping[str, Any],
) -> Any:
    """Run one statement, and turn the fence's error into `FenceRaised`; an execute wrapper of Django."""
    try:
        result = execute(sql, params, many, context)
    except DatabaseError as error:
        met = recognise(error)
        if met is None:
            _note_victim(error)
            raise
        raise _noted(met) from error
    if is_read(sql):
        return result
    _ask_fence(sql, context)
    attempt = _attempt.get()
    if attempt is not None:
        attempt.note_write(context["connection"])
    return result


def _noted(met: FenceRaised) -> FenceRaised:
    attempt = _attempt.get()
    if attempt is not None:
        attempt.met = met
    return met


def _note_victim(error: DatabaseError) -> None:
    """See Note [Victims]."""
    attempt, cause = _attempt.get(), error.__cause__ or error
    code = error.args[0] if error.args else 0
    if attempt is not None and (
        code == DEADLOCK_ERRNO or getattr(cause, "sqlstate", None) == DEADLOCK_SQLSTATE
    ):
        attempt.is_victim = bool(snapshot.current().turning)


def _ask_fence(sql: str, context: Mapping[str, Any]) -> None:
    """See Note [Nothing to refuse]."""
    owners = snapshot.current()
    if not owners.turning or context["cursor"].rowcount != 0:
        return
    for table in {found["table"] for found in _CHANGED.finditer(sql)} & owners.turning.keys():
        if is_raised(context["connection"], owners.turning[table]):
            raise _noted(FenceRaised(owners.mover_of(table), table=table))
