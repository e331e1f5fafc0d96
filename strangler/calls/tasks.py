"""Celery tasks as seams: where their messages go, and what goes along.

Note [Both know both names]: during a drain a message may lie in either queue under either name. So the monolith's
task answers to the service's name as well, and the service's to the older ones (`strangler.service.aliases`): whoever
has a message can do it, and going back needs no second deployment.

Note [A retry stays]: a message that is published again, by a retry or by a canvas that another task carries on, has
the decision in its headers and a destination. It keeps both: moving it would separate it from what it began.

Note [Tasks begin anew]: a worker's task that meets the raised fence of a move before it committed anything is done again in
place, as requests are; see `strangler.isolation.meeting`. So is every task of the app, whether it is a seam or not: which of them
write to a moving table nobody has to say. One that is a seam may go to the service instead, see Note [Handed on] in `handing`.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from celery import signals
from celery.exceptions import Ignore

from strangler import rollout
from strangler.calls import canvas, homes, watched_tasks
from strangler.calls.deciding import argument_key, decide_call, find_call
from strangler.calls.declarations import declared
from strangler.calls.handing import decide_anew
from strangler.calls.homes import home_header
from strangler.calls.loading import load_seams
from strangler.calls.queues import service_queue
from strangler.calls.returning import answer_to_calls, can_return
from strangler.conf import config
from strangler.core.aliases import answer_to
from strangler.core.carried import DECISION
from strangler.core.decision import Decision, Side
from strangler.core.messages import HEADER_PREFIX
from strangler.core.origin import plain, read_decision, read_headers, travelling, within
from strangler.isolation import meeting
from strangler.replicas import tasks as positions
from strangler.service.handing import publish_again, refuse_tired

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from celery import Celery, Task
    from kombu import Queue

    from strangler.calls.declarations import Declaration
    from strangler.core.seams import Call
    from strangler.errors import FenceRaised

_DESTINATION = ("queue", "exchange", "routing_key", "exchange_type")
_DECISION = HEADER_PREFIX + DECISION

_installed: Celery | None = None
_open: dict[str, ExitStack] = {}


def install(app: Celery) -> None:
    """Let the monolith's Celery *app* route its seams, and carry the request's facts along with every task.

    Call it once, where the app is made. `delay`, `apply_async`, `send_task` and canvas work as before;
    routes that the app has go on working for what stays legacy. Both sides need the same broker, and for chords
    the same result back end.
    """
    global _installed  # noqa: PLW0603 - one Celery app per process is the rule of Celery itself
    _installed = app
    app.set_default()  # to a web server's threads, shared tasks would belong to an app of Celery's own
    if app.configured:  # type: ignore[attr-defined]  # missing in celery-types
        _put_first(app.conf)
    else:  # reading it now would read Django's settings, perhaps while they are being read
        app.on_after_configure.connect(_put_first, weak=False)
    signals.before_task_publish.connect(_complete, dispatch_uid="strangler.calls")
    signals.task_prerun.connect(_begin, dispatch_uid="strangler.calls")
    signals.task_postrun.connect(_end, dispatch_uid="strangler.calls")
    signals.celeryd_after_setup.connect(_answer_to_new_names, dispatch_uid="strangler.calls")
    signals.worker_process_init.connect(_answer_to_new_names, dispatch_uid="strangler.calls")
    signals.celeryd_after_setup.connect(_let_begin_anew, dispatch_uid="strangler.calls.anew")
    signals.celeryd_after_setup.connect(_take_back_calls, dispatch_uid="strangler.calls.returning")
    homes.learn(legacy_queue)
    positions.install()


def load() -> None:
    """Import the modules with the tasks of the installed app, as its workers do, so that all seams are declared."""
    if _installed is not None:
        _installed.loader.import_default_modules()


def route_task(
    name: str,
    args: Sequence[Any] | None,
    kwargs: Mapping[str, Any] | None,
    options: dict[str, Any],
    task: Task[Any, Any] | None = None,  # noqa: ARG001 - Celery's signature
    **_: Any,
) -> dict[str, Any] | None:
    """Return the service's queue for a task that is a seam and whose decision is service; a Celery router.

    The decision wins over a queue that the code names, since that is the monolith's. See Note [A retry stays].
    """
    call = find_by_task(name)
    if call is None:
        return None
    headers = options.get("headers") or {}
    if _is_decided(call, headers) and any(options.get(part) is not None for part in _DESTINATION):
        return None
    decision = decide_call(call.name, key=partial(argument_key, args or (), kwargs or {}))
    rollout.tally(call.name, side=decision.side, outcome=rollout.Outcome.DONE)
    options["headers"] = {**headers, **_prefixed(decision, call)}
    if decision.side is Side.LEGACY:
        return None
    for part in _DESTINATION:
        options.pop(part, None)
    return {"queue": destination(call)}


def find_by_task(name: str) -> Call | None:
    """Return the seam that a task's name belongs to, by the topology and by what is declared."""
    own_names = {each.name: _name(each) for each in declared() if each.is_task}
    calls = config().topology.calls
    shared = Counter(call.task for call in calls)
    for call in calls:
        is_task_seam = call.name in own_names or bool(call.aliases)
        if name in call.aliases or name == own_names.get(call.name):
            return call
        if name == call.task and is_task_seam and shared[call.task] == 1:
            return call
    return None


def destination(call: Call) -> Queue:
    """Return the queue of *call*; one of that name in the app's `task_queues` wins.

    It does not become one of the app's own queues: its workers would take to consuming it.
    """
    own = _installed.amqp.queues if _installed else {}
    found = dict.get(own, call.queue)  # unlike own[…] this does not add what is missing
    return found if found is not None else service_queue(call.queue)


def legacy_queue(call: Call) -> str | None:
    """Return the monolith's own queue for *call*; None for a call that none of its workers could do."""
    names = [_name(each) or call.task for each in declared() if each.name == call.name and can_return(each)]
    if _installed is None or not names:
        return None
    amqp: Any = _installed.amqp
    others = [route for route in amqp.routes if not _is_ours(route)]
    task: Any = _installed.tasks.get(names[0])
    named = {"queue": task.queue} if getattr(task, "queue", None) else {}
    routed = type(amqp.router)(others, amqp.queues, app=_installed).route(named, names[0], (), {}, task)
    return str(routed["queue"].name)


def _put_first(source: Any, **_: Any) -> None:
    """Put our router before the routes that the configuration *source* of a Celery app has."""
    others = source.task_routes or []
    others = list(others) if isinstance(others, list | tuple) else [others]
    source.task_routes = [route_task, *(route for route in others if not _is_ours(route))]


def _is_ours(route: object) -> bool:
    return route is route_task or route in ("strangler.calls.route_task", f"{__name__}.route_task")


def _name(declaration: Declaration) -> str:
    """Return the name of a declared task; wakes one that Celery has not set up yet."""
    return str(getattr(declaration.target, "name", ""))


def _is_decided(call: Call, headers: Mapping[str, Any]) -> bool:
    decision = read_decision(plain(headers.get(_DECISION)))
    return decision is not None and decision.seam == call.name


def _prefixed(decision: Decision | None = None, call: Call | None = None) -> dict[str, str]:
    found = {**travelling(decision), **(home_header(call) if call else {})}
    return {HEADER_PREFIX + name: value for name, value in found.items()}


def _complete(*, headers: dict[str, Any], body: Any, routing_key: str, **_: Any) -> None:
    """Give a message what travels, and one that goes to a service the way back for the rest of its canvas."""
    for name, value in _prefixed().items():
        headers.setdefault(name, value)
    decision = read_decision(plain(headers.get(_DECISION)))
    call = find_by_task(headers.get("task", "")) if decision else None
    is_for_service = call is not None and routing_key == call.queue
    if is_for_service and _installed is not None and isinstance(body, tuple):
        canvas.address(body[2], app=_installed)


def _begin(*, task_id: str, task: Task[Any, Any], args: Any = None, kwargs: Any = None, **_: Any) -> None:
    """Let what a task causes follow the request that caused the task."""
    if task.request.is_eager:
        return  # that is still the same request
    origin, facts = read_headers(task.request.headers or {})
    stack = ExitStack()
    stack.enter_context(within(origin, facts=facts))
    _open[task_id] = stack
    call, decision = find_by_task(task.name), origin.decision
    watched_tasks.begin(task_id, call=call, decision=decision, args=args, kwargs=kwargs)


def _end(*, task_id: str, state: str | None = None, retval: object = None, **_: Any) -> None:
    watched_tasks.end(task_id, state=state, retval=retval)
    stack = _open.pop(task_id, None)
    if stack is not None:
        stack.close()


def _answer_to_new_names(**_: Any) -> None:
    """See Note [Both know both names]."""
    if _installed is None:
        return
    for each in declared():
        call = find_call(each.name)
        if each.is_task and call is not None:
            own = _name(each)
            answer_to(_installed.tasks, [name for name in call.tasks if name != own], task=own)


def _take_back_calls(**_: Any) -> None:
    """See `returning`; before the worker prepares its tasks."""
    if _installed is not None and any(
        each.can_move and each.calls for each in config().topology.services.values()
    ):
        load_seams()
        answer_to_calls(_installed)


def _let_begin_anew(**_: Any) -> None:
    """See Note [Tasks begin anew]; before the worker takes the functions of its tasks, and once."""
    if _installed is None:
        return
    for name, task in _installed.tasks.items():
        if not name.startswith("celery.") and not hasattr(task.run, "strangler_again"):
            task.run = _anew(task)  # type: ignore[method-assign]


def _anew(task: Task[Any, Any]) -> Callable[..., Any]:
    """Return what the task does, done again or handed on where it meets a fence."""
    run = task.run

    @wraps(run)
    def call(*args: Any, **kwargs: Any) -> Any:
        instead = partial(_hand_on, task, args, kwargs)
        return meeting.retry(lambda: run(*args, **kwargs), instead=instead)

    call.strangler_again = True  # type: ignore[attr-defined]
    return call


def _hand_on(
    task: Task[Any, Any], args: Sequence[Any], kwargs: Mapping[str, Any], met: FenceRaised
) -> Callable[[], None] | None:
    """Return what publishes the task to the service, if it is to go there."""
    call = None if task.request.called_directly or task.request.is_eager else find_by_task(task.name)
    decision = call and decide_anew(call, met, key=partial(argument_key, args, kwargs))
    if not call or not decision:
        return None

    def publish() -> None:
        refuse_tired(task, move=met.move)
        queue, headers = destination(call), _prefixed(decision, call)
        publish_again(task, args=args, kwargs=kwargs, queue=queue, headers=headers)
        raise Ignore(f"handed to {call.service}")  # its result and what follows it come from there

    return publish
