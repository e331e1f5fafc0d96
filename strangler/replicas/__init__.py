"""Reads from replicas that never show less than their reader wrote.

    DATABASE_ROUTERS = ["strangler.replicas.ReplicaRouter", …]
    MIDDLEWARE = ["strangler.replicas.PositionMiddleware", …]
    STRANGLER = {"REPLICAS": {"default": ["replica"]}}

A statement passes three places:

    router      choosing: a replica that is there, and has what freshness says that this work must see; else the primary
    cursor      hooks: writes are noted in freshness; a read that a replica owes is done elsewhere
    the end     carrying: what was written goes on as a position, in the visitor's cookie or the message of a task

See Note [Position, not time] and Note [Done elsewhere].
"""

from __future__ import annotations

import sys

from strangler.replicas import hooks
from strangler.replicas.freshness import on_primary, wrote
from strangler.replicas.middleware import PositionMiddleware
from strangler.replicas.router import ReplicaRouter

__all__ = ["PositionMiddleware", "ReplicaRouter", "install", "on_primary", "wrote"]


def install() -> None:
    """Watch the connections of this process, and its Celery tasks if it has Celery; again does nothing."""
    hooks.install()
    if "celery" in sys.modules:
        from strangler.replicas import tasks  # noqa: PLC0415 - of the extra "celery"

        tasks.install()
