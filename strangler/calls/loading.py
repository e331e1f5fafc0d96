"""Import what declares seams: what a web server and a worker would import."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings


def load_seams() -> None:
    """Have all seams of the monolith declared in this process. Idempotent."""
    if hasattr(settings, "ROOT_URLCONF"):
        import_module(settings.ROOT_URLCONF)
    try:
        from strangler.calls import tasks  # noqa: PLC0415 - of the extra "celery"
    except ImportError:
        return
    tasks.load()
