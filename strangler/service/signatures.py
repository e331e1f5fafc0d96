"""Say which tasks this service has and what they take, for whoever compares it with the monolith."""

from __future__ import annotations

from typing import Any

from celery.app.utils import find_app

from strangler.core.signatures import signature_of, to_json
from strangler.service.aliases import apply_aliases


def read_signatures(app_name: str) -> dict[str, list[list[Any]]]:
    """Return the tasks of the Celery app *app_name*, as its worker would load them: name → parameters.

    Args: app_name: as `celery -A` takes it. Raises: ImportError, AttributeError: there is no such app.
    """
    app = find_app(app_name)
    app.loader.import_default_modules()
    app.finalize()
    apply_aliases()
    return {
        name: to_json(signature_of(getattr(task, "_orig_run", task.run)))
        for name, task in sorted(app.tasks.items())
        if not name.startswith("celery.")
    }
