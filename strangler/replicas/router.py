"""The database router that sends reads to replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import router

from strangler.conf import config
from strangler.replicas.choosing import choose, cluster_of, primary_of

if TYPE_CHECKING:
    from django.db.models import Model

OWN_TABLES = "strangler_"
"""What the labels of our own apps begin with: rollouts and queues are read as they are, not as they were."""


class ReplicaRouter:
    """Reads outside of transactions go to replicas, by `STRANGLER["REPLICAS"]`; all else to the primary.

    It comes first in `DATABASE_ROUTERS`: which primary a model belongs to it learns from those behind it.
    """

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        """Return a replica that has all that the work at hand wrote, the primary, or None for no opinion."""
        if not config().replicas or model._meta.app_label.startswith(OWN_TABLES):
            return None
        primary = router.db_for_write(model, **hints)
        return choose(primary) if primary in config().replicas else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        """Return the primary for an instance that was read from a replica, or None for no opinion."""
        instance = hints.get("instance")
        primary = primary_of(_home(instance)) if instance is not None else None
        if primary is None:
            return None
        return self._others_choice(model, hints) or primary

    def allow_relation(self, one: Model, other: Model, **_: Any) -> bool | None:
        """Let instances be related that come from servers of one cluster."""
        homes = {_home(one), _home(other)} - {""}
        is_replicated = any(primary_of(home) for home in homes)
        return True if is_replicated and len({cluster_of(home) for home in homes}) == 1 else None

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool | None:  # noqa: ARG002 - Django's signature
        """Keep migrations away from replicas, which get tables as they get rows."""
        return False if primary_of(db) else None

    def _others_choice(self, model: type[Model], hints: dict[str, Any]) -> str | None:
        """Return what the routers behind this one say; the table of *model* may have moved to a service."""
        for other in router.routers:
            choice = getattr(other, "db_for_write", None) if other is not self else None
            alias: str | None = choice(model, **hints) if choice else None
            if alias:
                return alias
        return None


def _home(instance: Model) -> str:
    """Return the alias that *instance* came from; empty for a new one."""
    return instance._state.db or ""  # noqa: SLF001 - public in all but name
