"""Callables whose answer is waited for: legacy answers in the process, the service over its API. See decision 0083."""

from __future__ import annotations

import functools
import inspect
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from strangler import observing, rollout
from strangler.breaker import Breaker
from strangler.calls.deciding import argument_key, decide_at
from strangler.conf import config
from strangler.core.carried import DECISION, carry
from strangler.core.decision import Side
from strangler.core.seams import Question
from strangler.errors import ConfigurationError
from strangler.isolation import meeting

if TYPE_CHECKING:
    from collections.abc import Callable

Target = TypeVar("Target", bound="Callable[..., Any]")

_breakers: dict[str, Breaker] = {}


class _SilentError(Exception):
    """The service gave no answer; never seen by anybody."""


def question(
    name: str,
    *,
    ask: Callable[..., Any],
    silent: type[Exception] | tuple[type[Exception], ...],
    key: Callable[..., str] | None = None,
) -> Callable[[Target], Target]:
    """Make a callable that reads, and whose answer is needed, the seam *name* of the topology.

    While the decision is legacy it runs in the process, as before. On the service's side *ask* is called with the same
    arguments. If that raises *silent*, legacy answers within the same call; it is counted as a fallback. A service that
    was silent several times in a row is left alone for a while (`BREAKER_FAILURES`, `BREAKER_RESET`).

    Args:
        name: as in `[[services.NAME.questions]]`; while the topology lacks it, the callable runs as before.
        ask: asks the service; has a deadline of its own, and returns what the callable returns.
        silent: the errors that say that the service did not answer. Others, such as a refusal, are the caller's.
        key: makes the key of the decision from the arguments, for calls outside of a request; by default all
            arguments are the key.
    """

    def decorate(target: Target) -> Target:
        if inspect.iscoroutinefunction(target):
            place = f"{target.__module__}.{target.__qualname__}"
            raise ConfigurationError(
                f"Question {name!r} is on {place}, which is async.", hint="Put it on an ordinary function."
            )

        @functools.wraps(target)
        def call(*args: Any, **kwargs: Any) -> Any:
            found = config().topology.seams.get(name)
            if not isinstance(found, Question):
                return target(*args, **kwargs)
            make_key = key or (lambda *args, **kwargs: argument_key(args, kwargs))
            decision = decide_at(rollout.current().get(name), key=lambda: make_key(*args, **kwargs))
            legacy = functools.partial(meeting.retry, functools.partial(target, *args, **kwargs))
            with carry({DECISION: str(decision)}):
                if decision.side is Side.LEGACY:
                    return _timed(name, Side.LEGACY, legacy)
                with suppress(_SilentError):
                    return _asked(found, functools.partial(ask, *args, **kwargs), silent)
                return legacy()

        return call  # type: ignore[return-value]  # the same signature, by functools.wraps

    return decorate


def _asked(
    found: Question, ask: Callable[[], Any], silent: type[Exception] | tuple[type[Exception], ...]
) -> Any:
    """Return the service's answer; raises _SilentError if there is none."""
    breaker = _breaker(found.service)
    if not breaker.admit():
        _count(found.name, Side.SERVICE, rollout.Outcome.FALLBACK)
        raise _SilentError
    try:
        answer = _timed(found.name, Side.SERVICE, ask, silent=silent)
    except silent as error:
        breaker.failed()
        raise _SilentError from error
    except BaseException:
        breaker.release()  # it did answer, or nobody waits for it any more
        raise
    breaker.succeeded()
    return answer


def _timed(
    name: str,
    side: Side,
    work: Callable[[], Any],
    *,
    silent: type[Exception] | tuple[type[Exception], ...] = (),
) -> Any:
    """Do *work* and count what became of it, with its duration."""
    began = time.perf_counter()
    try:
        answer = work()
    except silent:
        _count(name, side, rollout.Outcome.FALLBACK)
        raise
    except Exception:
        _count(name, side, rollout.Outcome.FAILED)
        raise
    _count(name, side, rollout.Outcome.DONE, took=timedelta(seconds=time.perf_counter() - began))
    return answer


def _count(name: str, side: Side, outcome: rollout.Outcome, *, took: timedelta | None = None) -> None:
    """Count it; a replay counts for nobody."""
    if not observing.is_suspended():
        rollout.tally(name, side=side, outcome=outcome, took=took)


def _breaker(service: str) -> Breaker:
    """Return this process's breaker of *service*; setting one twice at once does no harm."""
    if service not in _breakers:
        made = Breaker(service, failures=config().breaker_failures, reset=config().breaker_reset)
        _breakers.setdefault(service, made)
    return _breakers[service]
