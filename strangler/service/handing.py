"""Hand a service's task back to the monolith when the tables are the monolith's again.

After a reverse messages still lie in the service's queue, and some arrive late. A task that meets the raised fence, at its beginning, at a
write or in the end, is published to the queue where its message is at home, with its id, canvas and headers, if nothing of it was committed.
Tasks under `strangler.service.inbox.receive` do so by themselves; `install_handing` lets the others. How often and by whom a
message may be worked on, see Note [One side at a time] in `strangler.core.handed`.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any

from celery import signals
from celery.exceptions import Ignore
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError

from strangler.core.carried import DECISION
from strangler.core.decision import Decision, Reason, Side
from strangler.core.handed import HOPS, find_home, is_tired, read_hops
from strangler.core.messages import HEADER_PREFIX
from strangler.core.origin import plain, read_decision
from strangler.errors import FenceRaised, HandedTooOftenError
from strangler.service import fence
from strangler.service.putting_off import put_off

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from celery import Celery, Task

    from strangler.core.seams import Call

logger = logging.getLogger(__name__)
ASK_EVERY = timedelta(minutes=1)
_DECISION = HEADER_PREFIX + DECISION
_there_until: dict[str, float] = {}


def install_handing(app: Celery) -> None:
    """Let the tasks of *app* that are calls go back to the monolith when they meet the raised fence. Call it where the app is made.

    Concerns workers; a task that has committed something by then fails with `FenceRaised`, as it did before.
    """

    def look_after(**_: Any) -> None:
        for name, task in app.tasks.items():
            if fence.find_call(name) is not None and not hasattr(task.run, "strangler_hands"):
                task.run = _handing(task)  # type: ignore[method-assign]

    place = f"strangler.handing.{app.main}"
    signals.celeryd_after_setup.connect(look_after, weak=False, dispatch_uid=place)


def go_home(task: Task[Any, Any], call: Call, *, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Publish the message that *task* is working on to where it is at home. At least once: it is acknowledged after this.

    Raises:
        Retry: the broker is away, or has no such queue; nothing was published, and the message comes again.
    """
    home, before = find_home(headers_of(task), call), read_decision(plain(headers_of(task).get(_DECISION)))
    decision = Decision(seam=before.seam if before else call.name, side=Side.LEGACY, reason=Reason.MOVED)
    queue = Queue(home, Exchange(""), routing_key=home, no_declare=True)  # it is the monolith's to declare
    try:
        _refuse_missing(home, task.app)
    except OperationalError as error:
        raise put_off(task, error) from error
    publish_again(task, args=args, kwargs=kwargs, queue=queue, headers={_DECISION: str(decision)})
    logger.info(
        "The tables of %s are the monolith's: %s %s goes back to %s",
        call.service,
        task.name,
        task.request.id,
        home,
    )


def publish_again(
    task: Task[Any, Any],
    *,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    queue: Any,
    headers: Mapping[str, str],
) -> None:
    """Publish the message that *task* is working on to another *queue*: the same id, canvas and limits, one hop more.

    At least once, like the message itself: it is acknowledged after this.
    Raises:
        Retry: the broker is away; nothing was published, and the message comes again.
    """
    hops = read_hops(headers_of(task))
    signature = task.signature_from_request(task.request, args=tuple(args), kwargs=dict(kwargs), queue=queue)
    own = signature.options.get("headers") or {}
    signature.options["headers"] = {**own, **headers, HOPS: str(hops + 1)}
    try:
        signature.apply_async()
    except OperationalError as error:
        raise put_off(task, error) from error


def refuse_tired(task: Task[Any, Any], *, move: str) -> None:
    """Refuse to hand on a message that goes from side to side all the time.

    Raises:
        HandedTooOftenError: says what to look at.
    """
    hops = read_hops(headers_of(task))
    if is_tired(hops):
        raise HandedTooOftenError(move, task=task.name, hops=hops)


def headers_of(task: Task[Any, Any]) -> Mapping[str, Any]:
    """Return the headers of the message that *task* is working on; empty where there is none."""
    return task.request.headers or {}


def _handing(task: Task[Any, Any]) -> Callable[..., Any]:
    run = task.run

    @wraps(run)
    def call(*args: Any, **kwargs: Any) -> Any:
        found = None if task.request.called_directly or task.request.is_eager else fence.find_call(task.name)
        if found is None:
            return run(*args, **kwargs)
        fence.wait_for_lowering()
        try:
            return fence.behind_fence(lambda: run(*args, **kwargs))
        except FenceRaised as met:
            if met.has_committed or not find_home(headers_of(task), found):
                raise
        refuse_tired(task, move=found.service)
        go_home(task, found, args=args, kwargs=kwargs)
        raise Ignore("handed to the monolith")  # its result and what follows it come from there

    call.strangler_hands = True  # type: ignore[attr-defined]
    return call


def _refuse_missing(queue: str, app: Celery) -> None:
    """Raise where RabbitMQ has no such *queue*: it would confirm the message, and drop it. Asks once a minute."""
    if time.monotonic() < _there_until.get(queue, 0.0):
        return
    with app.connection_for_write() as connection:
        if connection.transport.driver_type != "amqp":
            return
        channel: Any = connection.channel()
        try:
            channel.queue_declare(queue, passive=True)
        except connection.channel_errors as error:
            raise OperationalError(f"there is no queue {queue!r}: start a worker of the monolith.") from error
    _there_until[queue] = time.monotonic() + ASK_EVERY.total_seconds()
