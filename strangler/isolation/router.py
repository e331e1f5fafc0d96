"""Send a model's queries to the database that has its table now.

    DATABASE_ROUTERS = ["strangler.isolation.router.OwnershipRouter"]

Only tables that a service owns by now are sent elsewhere, and only where `SERVICE_DATABASES` names an alias for the
service; about anything else the router has no opinion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.conf import config
from strangler.isolation import meeting
from strangler.isolation.snapshot import current

if TYPE_CHECKING:
    from django.db.models import Model


class OwnershipRouter:
    """A database router that follows ownership; it never waits for a query."""

    def db_for_read(self, model: type[Model], *, instance: Model | None = None, **_: Any) -> str | None:
        """Return the alias of the service that owns the model's table, or None."""
        return alias_of(model._meta.db_table) or _home_from(model, instance)

    def db_for_write(self, model: type[Model], *, instance: Model | None = None, **_: Any) -> str | None:
        """Return the same: reads follow writes, so that nobody reads what was there before the switch."""
        return alias_of(model._meta.db_table) or _home_from(model, instance)

    def allow_relation(self, one: Model, other: Model, **_: Any) -> bool | None:
        """Let keys lead from one database to the other: they are loose, and no join follows them."""
        aliases = (alias_of(one._meta.db_table), alias_of(other._meta.db_table))
        return True if any(aliases) else None

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **_: Any) -> bool | None:
        """Keep a service's database to the tables that are the service's, also of models that are deleted.

        The monolith's own database keeps every table until its move is completed.
        """
        services = [name for name, alias in config().service_databases.items() if alias == db]
        owners = current()
        table = owners.tables.get(f"{app_label}.{model_name}") if model_name else None
        if services:
            return table is not None and owners.service_of(table) in services
        return False if table is not None and owners.is_split and alias_of(table) else None


def _home_from(model: type[Model], instance: Model | None) -> str | None:
    """Return the monolith's database for what *instance* of a moved table refers to; Django would look beside it.

    An instance itself stays where it was read: what is saved late meets the fence there.
    """
    if instance is None or isinstance(instance, model):
        return None
    is_elsewhere = instance._state.db in config().service_databases.values()  # noqa: SLF001 - as Django documents it
    return config().database if is_elsewhere and not config().service else None


def alias_of(table: str) -> str | None:
    """Return the alias of the database that has *table* now; None for wherever Django would look."""
    databases = config().service_databases
    if not databases or config().service:
        return None
    owners = current()
    if table in owners.turning:
        meeting.note_asked()
    return databases.get(owners.owner_of(table))
