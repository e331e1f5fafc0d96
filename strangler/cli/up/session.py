"""Carry out a plan of `strangler up`: releases first, then everything together."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from strangler.cli.up.log import Log
from strangler.cli.up.readiness import announce
from strangler.cli.up.supervisor import Supervisor
from strangler.errors import ProcessError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from strangler.cli.up.plan import Plan


def carry_out(plan: Plan, *, output: TextIO, state: Path, is_forking: bool = False) -> None:
    """Run *plan* until a signal ends it.

    Args:
        output: where the log goes; a copy goes to `log/up.log` below *state*.
        is_forking: see `Supervisor`.
    Raises:
        ProcessError: a release failed and nothing else was started, or a process ended on its own and everything
            was stopped; names it and its exit status.
    """
    width = max(len(command.name) for command in (*plan.releases, *plan.commands))
    log = Log(output, path=state / "log" / "up.log", width=width)
    try:
        _run(plan, Supervisor(log, is_forking=is_forking))
    finally:
        log.close()


def _run(plan: Plan, supervisor: Supervisor) -> None:
    for name, port in plan.moved.items():
        supervisor.say(f"port {port} is taken: {name} listens on {plan.ports[name]}")
    for release in plan.releases:
        outcome = supervisor.run([release])
        if outcome.was_asked_for:
            return
        if outcome.returncode:
            raise ProcessError(f"{outcome}: nothing else was started.", process=outcome.process)

    def watch() -> None:
        threading.Thread(
            target=announce, args=(supervisor.say,), kwargs={"urls": plan.urls}, daemon=True
        ).start()

    outcome = supervisor.run(plan.commands, when_started=watch)
    if not outcome.was_asked_for:
        raise ProcessError(f"{outcome}: everything was stopped.", process=outcome.process)
