"""Compare the calls of the monolith with the tasks of the services, so that a change of one side is noticed in CI.

The service is asked in a process of its own, with its own settings: monolith and service never import each other.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any

from strangler.calls.declarations import declared
from strangler.calls.loading import load_seams
from strangler.conf import config
from strangler.core.signatures import differences, from_json, signature_of
from strangler.errors import ServiceNotReadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from strangler.calls.declarations import Declaration
    from strangler.core.seams import Call
    from strangler.core.topology import Service

PATIENCE = timedelta(seconds=60)
_MESSAGE = Signature([Parameter(name, Parameter.KEYWORD_ONLY) for name in ("body", "version")])
"""How the relay calls a task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One call: where the monolith has it, and what is wrong with it; empty if both sides agree."""

    call: Call
    place: str
    problems: tuple[str, ...]


def compare(read: Callable[[Service], Mapping[str, Signature]] | None = None) -> tuple[Comparison, ...]:
    """Compare all calls of the topology.

    Args: read: asks a service for its tasks; by default in a process of its own.
    Raises: ServiceNotReadableError: a service does not start, or has no Celery app.
    """
    load_seams()
    declarations = {each.name: each for each in declared()}
    services = config().topology.services
    asked = {name: (read or read_tasks)(service) for name, service in services.items() if service.calls}
    return tuple(
        _compare(call, declarations.get(call.name), asked[call.service]) for call in config().topology.calls
    )


def read_tasks(service: Service) -> Mapping[str, Signature]:
    """Return the tasks of *service* by name, from `strangler signatures` under its settings."""
    command = [sys.executable, "-m", "django", "strangler", "signatures", celery_app(service)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment["DJANGO_SETTINGS_MODULE"] = service.settings
    done = subprocess.run(  # noqa: S603 - our own interpreter and a name of the topology
        command,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE.total_seconds(),
    )
    if done.returncode:
        last = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise ServiceNotReadableError(service.name, reason=last, command=shlex.join(command[1:]))
    return {name: from_json(parameters) for name, parameters in json.loads(done.stdout).items()}


def celery_app(service: Service) -> str:
    """Return the name of the service's Celery app: the one its worker is started with, else its package's."""
    for line in service.processes.values():
        words = shlex.split(line)
        for option in {"-A", "--app"} & set(words[:-1]):
            return words[words.index(option) + 1]
    return service.settings.partition(".settings")[0]


def _compare(call: Call, declaration: Declaration | None, tasks: Mapping[str, Signature]) -> Comparison:
    if declaration is None:
        return Comparison(call=call, place="-", problems=("no @seam of the monolith has this name",))
    problems = tuple(_problems(call, declaration, tasks))
    return Comparison(call=call, place=_place(declaration), problems=problems)


def _problems(call: Call, declaration: Declaration, tasks: Mapping[str, Signature]) -> Iterator[str]:
    if call.task not in tasks:
        yield f"{call.service} has no task {call.task!r}"
        return
    if not declaration.is_task:
        yield from differences(_MESSAGE, tasks[call.task])
        return
    task: Any = declaration.target
    if task.name not in call.tasks:
        yield f"the task's name {task.name!r} is not among the aliases of the call"
    for name in call.tasks:
        if name not in tasks:
            yield f"{call.service} does not answer to {name!r}; see strangler.service.aliases"
    ours = signature_of(getattr(task, "_orig_run", task.run))
    yield from differences(ours, tasks.get(task.name, tasks[call.task]))


def _place(declaration: Declaration) -> str:
    target: Any = declaration.target
    return f"task {target.name}" if declaration.is_task else declaration.place
