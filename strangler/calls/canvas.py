"""The rest of a canvas that goes to a service: each part gets an address.

A worker that ends a task of a chain publishes the next one, as it does with links and the body of a chord. The
service's worker knows only its own queue, so a part that is the monolith's would end there as a name that nobody
knows. Therefore each part is routed before the first one leaves the monolith.

Note [An address needs no declaration]: the address is the default exchange with the queue's name, which is in every
broker and is declared by nobody. A service that would declare the monolith's queue, to send to it, would fail
wherever it thinks of another kind of queue than the monolith does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from celery import Celery

_MEMBERS = {"celery.chain": ("tasks",), "celery.group": ("tasks",), "celery.chord": ("header", "body")}
_ANONYMOUS = "anonymous"
"""A type of exchange that Celery has no rules for; with "direct" it would put its own queue in place of ours."""


def address(embed: dict[str, Any], *, app: Celery) -> None:
    """Give each signature in *embed*, the third part of a task message, the queue that *app* routes it to."""
    for part in ("callbacks", "errbacks", "chain", "chord"):
        if embed.get(part):
            embed[part] = _addressed(embed[part], app)


def _addressed(part: Any, app: Celery) -> Any:
    """Return a copy: the caller may use its signatures again."""
    if isinstance(part, list | tuple):
        return [_addressed(each, app) for each in part]
    members = _MEMBERS.get(part["task"])
    if members is None:
        return {**part, "options": _options(part, app)}
    kwargs = {
        name: _addressed(value, app) if name in members and value else value
        for name, value in part["kwargs"].items()
    }
    return {**part, "kwargs": kwargs}


def _options(signature: dict[str, Any], app: Celery) -> dict[str, Any]:
    options = dict(signature.get("options") or {})
    router: Any = app.amqp.router
    name, args, kwargs = signature["task"], signature.get("args"), signature.get("kwargs")
    routed = router.route(options, name, args, kwargs, app.tasks.get(name))
    queue = routed.pop("queue", None)
    if queue is None:
        return dict(routed)
    if queue.exchange is not None and queue.exchange.type != "direct":
        exchange, key, kind = queue.exchange.name, queue.routing_key, queue.exchange.type
    else:
        exchange, key, kind = "", queue.name, _ANONYMOUS
    return {**routed, "exchange": exchange, "routing_key": key, "exchange_type": kind}
