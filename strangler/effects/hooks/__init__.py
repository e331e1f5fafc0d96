"""The places of Django and Celery where effects pass: each looks whether somebody records, and else does as before.

They are put in place when a process records for the first time, and stay: without a recording at hand each costs one look at a
context variable.
"""

from __future__ import annotations

import sys
import threading

from strangler.effects.hooks import databases, mails, storages

_lock = threading.Lock()
_is_installed = False
_has_celery = False


def install() -> None:
    """Put the hooks in place, once; Celery's as soon as somebody has imported it."""
    global _is_installed, _has_celery  # noqa: PLW0603 - once per process is the point
    if _is_installed and (_has_celery or "celery" not in sys.modules):
        databases.install()
        return
    with _lock:
        if not _is_installed:
            mails.install()
            storages.install()
            _is_installed = True
        if not _has_celery and "celery" in sys.modules:
            from strangler.effects.hooks import tasks  # noqa: PLC0415 - of the extra "celery"

            tasks.install()
            _has_celery = True
    databases.install()
