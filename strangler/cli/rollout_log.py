"""What a followed plan says: a line for each change, and on a terminal a line that always shows the reason."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.utils import timezone
from rich.markup import escape

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType

    from rich.console import Console

    from strangler.core.plan import Plan

REPEAT_AFTER = timedelta(
    seconds=30
)  # where nobody's terminal shows it, a new reason is worth a line so often


class PlanLog:
    """Tells how a plan goes; its last line lives as long as its context."""

    def __init__(self, plan: Plan, *, out: Console) -> None:
        self._plan = plan
        self._out = out
        self._said: tuple[object, ...] = ()
        self._said_at: datetime | None = None
        self._status: AbstractContextManager[Any] = nullcontext()
        self._is_live = out.is_terminal
        if self._is_live:
            self._status = self._spinner = out.status(f"{plan.seam} → {plan.to}")

    def __enter__(self) -> Self:
        self._status.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.__exit__(kind, error, trace)

    def show(self, plan: Plan) -> None:
        """Say what is new."""
        now = timezone.now()
        self._plan = plan
        if self._is_live:
            about = f"{plan.seam} → {plan.to}, at {plan.at}, {plan.status}: {plan.reason}"
            self._spinner.update(escape(about))
        is_new = self._said[:2] != (plan.at, plan.status)
        is_other = self._said != (plan.at, plan.status, plan.reason) and not self._is_live
        is_old = self._said_at is None or now - self._said_at >= REPEAT_AFTER
        if is_new or (is_other and is_old):
            self._said, self._said_at = (plan.at, plan.status, plan.reason), now
            self._print(now, f"[bold]{plan.at}[/bold], {plan.status}: {escape(plan.reason)}")

    def leave(self) -> None:
        """Say that the plan goes on without whoever looked."""
        seam = self._plan.seam
        self._out.print(
            f"The plan stays. Go on with it: rollout {seam} auto. End it: rollout {seam} auto --stop"
        )

    def trouble(self, text: str) -> None:
        """Say what keeps the guard from its work, once until the next change."""
        if self._said != (text,):
            self._said = (text,)
            self._print(timezone.now(), escape(text))

    def _print(self, now: datetime, text: str) -> None:
        self._out.print(f"{now:%H:%M:%S} {self._plan.seam} {text}", soft_wrap=True)
