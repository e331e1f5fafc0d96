"""Call seams: a Python callable or a Celery task of the monolith that a service can take over.

`@seam("email.welcome")` on a callable: by the seam's rollout it runs in the process, as before, or becomes a message
in the outbox, in the caller's transaction. On a Celery task: its messages go to the monolith's own queue or to the
service's; `install(app)` tells the monolith's Celery app. `@question("catalog.products", ask=…)` on a callable that reads:
the service's answer is waited for.

What a page's own calls to services cost it, `BudgetMiddleware` counts; `together` makes independent ones at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from strangler.calls.budget import BudgetMiddleware
from strangler.calls.questions import question
from strangler.calls.seams import seam
from strangler.calls.together import together
from strangler.errors import MissingExtraError

if TYPE_CHECKING:
    from strangler.calls.tasks import install, route_task

__all__ = ["BudgetMiddleware", "install", "question", "route_task", "seam", "together"]

_HOMES = {"install": "strangler.calls.tasks", "route_task": "strangler.calls.tasks"}  # these need Celery


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        if error.name not in {"celery", "kombu"}:
            raise
        raise MissingExtraError("celery", extra="celery", needed_for=f"strangler.calls.{name}") from error
