"""The decorator that makes a callable or a Celery task a seam."""

from __future__ import annotations

import functools
import inspect
import json
import time
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import router, transaction

from strangler import observing, outbox, rollout
from strangler.calls.deciding import argument_key, decide_at, find_call
from strangler.calls.declarations import Declaration, declare
from strangler.calls.handing import decide_anew
from strangler.calls.homes import home_header
from strangler.calls.watched import watched
from strangler.core.carried import DECISION, carry
from strangler.core.decision import Decision, Side
from strangler.core.origin import travelling
from strangler.errors import ConfigurationError, MessageError
from strangler.isolation import meeting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from strangler.calls.declarations import Arguments
    from strangler.core.messages import JSON
    from strangler.core.seams import Call
    from strangler.errors import FenceRaised

Target = TypeVar("Target", bound="Callable[..., Any]")


def seam(
    name: str,
    *,
    message: Callable[..., Mapping[str, JSON]] | None = None,
    arguments: Callable[[Mapping[str, Any]], Arguments] | None = None,
    key: Callable[..., str] | None = None,
    version: int = 1,
    using: str | None = None,
) -> Callable[[Target], Target]:
    """Make a callable or a Celery task the seam *name* of the topology.

    A callable runs in the process while the decision is legacy. On the service's side a message for the service's
    task is written to the outbox, in the caller's transaction or in one of its own, and the call returns None: do
    not use the result of a callable that is a seam. A Celery task is returned as it is; see `install`.

    Args:
        name: as in `[[services.NAME.calls]]`; while the topology lacks it, the callable runs as before.
        message: makes the body of the message from the arguments; by default they are the body, as
            `{"args": […], "kwargs": {…}}`, and must be JSON values.
        arguments: makes the arguments, positional and by name, from such a body; without it, a message that `message` made can't
            come back to the monolith after a reverse.
        key: makes the key of the decision from the arguments, for calls outside of a request; by default all
            arguments are the key. The same key goes to the same side.
        version: which shape of body `message` makes; raise it when the service's task must tell two apart.
        using: alias of the database whose transaction the message belongs to.
    """

    def decorate(target: Target) -> Target:
        declaration = Declaration(
            name=name,
            target=target,
            is_task=_is_task(target),
            message=message or functools.partial(_arguments, name),
            arguments=arguments or (None if message else _from_body),
            key=key,
            version=version,
            using=using,
        )
        declare(declaration)
        return target if declaration.is_task else _wrap(target, declaration)

    return decorate


def _is_task(target: object) -> bool:
    """Whether *target* is a Celery task; does not wake one that Celery has not set up yet, and needs no Celery."""
    kinds = {f"{kind.__module__}.{kind.__name__}" for kind in type(target).__mro__}
    return not kinds.isdisjoint({"celery.local.Proxy", "celery.app.task.Task"})


def _wrap(target: Target, declaration: Declaration) -> Target:
    if inspect.iscoroutinefunction(target):
        raise ConfigurationError(
            f"Seam {declaration.name!r} is on {declaration.place}, which is async.",
            hint="Put it on the ordinary function that does the work.",
        )

    @functools.wraps(target)
    def call(*args: Any, **kwargs: Any) -> Any:
        found = find_call(declaration.name)
        if found is None:
            return target(*args, **kwargs)
        make_key = declaration.key or (lambda *args, **kwargs: argument_key(args, kwargs))
        stands = rollout.current().get(declaration.name)
        decide_key = functools.partial(make_key, *args, **kwargs)
        decision = decide_at(stands, key=decide_key)
        with _tallied(decision):
            if decision.side is Side.LEGACY:
                work = target if not observing.is_wanted(found, stands) else watched(declaration, found)
                send = functools.partial(_send, declaration, found, args=args, kwargs=kwargs)
                instead = functools.partial(_instead, found, decide_key, send)
                return meeting.retry(lambda: work(*args, **kwargs), instead=instead)
            return _send(declaration, found, decision, args=args, kwargs=kwargs)

    return call  # type: ignore[return-value]  # the same signature, by functools.wraps


def _instead(
    call: Call, key: Callable[[], str], send: Callable[[Decision], None], met: FenceRaised
) -> Callable[[], None] | None:
    """Return what sends a call that met a fence to the service, if it is to go there."""
    decision = decide_anew(call, met, key=key)
    return functools.partial(send, decision) if decision else None


@contextmanager
def _tallied(decision: Decision) -> Iterator[None]:
    """Count the call on its side, and let what it logs name the decision; a replay counts for nobody."""
    if observing.is_suspended():
        with carry({DECISION: str(decision)}):
            yield
        return
    began = time.perf_counter()
    outcome = rollout.Outcome.FAILED
    try:
        with carry({DECISION: str(decision)}):
            yield
        outcome = rollout.Outcome.DONE
    finally:
        # To write a message is not yet to do the work, so the service's time is not told here.
        seconds = time.perf_counter() - began
        took = timedelta(seconds=seconds) if decision.side is Side.LEGACY else None
        rollout.tally(decision.seam, side=decision.side, outcome=outcome, took=took)


def _send(
    declaration: Declaration,
    call: Call,
    decision: Decision,
    *,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> None:
    from strangler.outbox.models import OutboxMessage  # noqa: PLC0415 - decorators run before models can exist

    body = declaration.message(*args, **kwargs)
    alias = declaration.using or router.db_for_write(OutboxMessage)
    with _transaction(alias):
        outbox.send(
            call.task,
            body,
            to=call.queue,
            version=declaration.version,
            headers={**travelling(decision), **home_header(call)},
            using=alias,
        )


def _transaction(alias: str) -> AbstractContextManager[Any]:
    """Return the caller's transaction, without a savepoint, or one of its own where there is none."""
    if transaction.get_connection(alias).in_atomic_block:
        return nullcontext()
    return transaction.atomic(using=alias)


def _from_body(body: Mapping[str, Any]) -> Arguments:
    """Return the arguments that `_arguments` made a body of."""
    return body["args"], body["kwargs"]


def _arguments(name: str, *args: Any, **kwargs: Any) -> Mapping[str, JSON]:
    body: dict[str, Any] = {"args": list(args), "kwargs": kwargs}
    try:
        json.dumps(body)
    except TypeError as error:
        reason = f"the arguments are not JSON ({error}). Give @seam({name!r}, message=…) a function that makes a body."
        raise MessageError(reason, type=name) from error
    return body
