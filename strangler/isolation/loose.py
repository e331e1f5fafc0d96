"""Say what becomes of rows when what their loose key refers to is deleted, wherever their table is by then.

    owner = models.ForeignKey(User, on_delete=loose.CASCADE, db_constraint=False)

Django's own rules are carried out in the database of the row that is deleted. After a switch the rows with the key are not there
any more, but in the database of their new owner, and the fence refuses what Django would do to the old ones.

Note [Loose end]: while both tables are in one database these are Django's rules. Where the table of the key has another owner, the
deletion writes down what is left to do, a `LooseEnd`, in its own transaction: it is as certain as the deletion. It is done right after the
commit, by the models of this process, in whichever database has the table then; what could not be done, because the
process died or the database was away, every relay tries again. To do one again changes nothing.

Put them on keys from a table that moves to one that stays. A key the other way round has no transaction in which a loose end could
be written down: use `DO_NOTHING` there, and take a row that is missing for one that was removed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models.deletion import ProtectedError

from strangler.conf import config
from strangler.errors import LooseKeyError
from strangler.isolation import ends
from strangler.isolation.router import alias_of
from strangler.isolation.snapshot import current
from strangler.tokens import MONOLITH

if TYPE_CHECKING:
    from django.db.models.deletion import Collector

    Key = models.ForeignKey[Any, Any]


def CASCADE(collector: Collector, key: Key, rows: models.QuerySet[Any], using: str) -> None:  # noqa: N802 - as Django's
    """Delete the rows as well, at once or as a loose end. See Note [Loose end]."""
    if _is_here(key, using):
        models.CASCADE(collector, key, rows, using)
    else:
        _leave(collector, key, rule=ends.CASCADE)


def SET_NULL(collector: Collector, key: Key, rows: models.QuerySet[Any], using: str) -> None:  # noqa: N802 - as Django's
    """Empty the key, at once or as a loose end. See Note [Loose end]."""
    if _is_here(key, using):
        models.SET_NULL(collector, key, rows, using)
    else:
        _leave(collector, key, rule=ends.SET_NULL)


def PROTECT(collector: Collector, key: Key, rows: models.QuerySet[Any], using: str) -> None:  # noqa: N802 - as Django's
    """Refuse the deletion while there are rows, wherever they are.

    Nothing keeps a row from being added between this look and the commit, once the two are in different databases.
    """
    if not _is_here(key, using):
        name, alias = f"{key.name}__in", alias_of(key.model._meta.db_table)
        rows = ends.every_row(key.model).using(alias).filter(**{name: _values(collector, key)})
    if rows:
        message = f"{key.model._meta.label}.{key.name} refers to it; delete those rows first."
        raise ProtectedError(message, set(rows))


for _rule in (CASCADE, SET_NULL, PROTECT):
    _rule.lazy_sub_objs = True  # type: ignore[attr-defined]  # the old table need not be read, nor exist


def _is_here(key: Key, using: str) -> bool:
    """Whether the rows with the key are in the database of the deletion, which Django's own rules are for.

    Raises:
        LooseKeyError: they are not, and nothing leads to them.
    """
    table = key.model._meta.db_table
    alias, owner = alias_of(table), current().owner_of(table)
    if alias == using:
        return True
    if alias is None and owner != MONOLITH and not config().service:
        raise LooseKeyError(
            key=f"{key.model._meta.label}.{key.name}",
            reason=f"{owner} owns {table} now, and SERVICE_DATABASES names no database of {owner}",
            action="Name it, or delete those rows through the service first and declare the key DO_NOTHING.",
        )
    is_at_home = using not in config().service_databases.values()
    if not is_at_home:
        raise LooseKeyError(
            key=f"{key.model._meta.label}.{key.name}",
            reason=f"the row is deleted in database {using!r}, and {table} stays in the monolith's",
            action="Declare the key DO_NOTHING, and take a missing row for a removed one.",
        )
    return alias is None


def _values(collector: Collector, key: Key) -> set[Any]:
    """Return the values of the key that lead to what *collector* has found to delete so far."""
    target = key.target_field
    return {
        getattr(each, target.attname)
        for model, found in collector.data.items()
        if issubclass(model, key.remote_field.model)
        for each in found
    }


def _leave(collector: Collector, key: Key, *, rule: str) -> None:
    """Have *collector* write a loose end when it deletes; it may collect only to show what it would delete."""
    deletes: list[Any] = collector.fast_deletes
    tails = [each for each in deletes if isinstance(each, _Tail)]
    tail = next((each for each in tails if (each.key, each.rule) == (key, rule)), None)
    if tail is None:
        tail = _Tail(key=key, rule=rule)
        deletes.append(tail)
    tail.values |= _values(collector, key)


@dataclass(slots=True)
class _Tail:
    """What a `Collector` takes for a query that deletes rows; it is run in the transaction of the deletion."""

    key: Key
    rule: str
    values: set[Any] = field(default_factory=set)

    @property
    def model(self) -> type[models.Model]:
        """Return whose rows are deleted, as far as the collector is concerned."""
        return self.key.model

    def _raw_delete(self, using: str) -> int:
        for end in ends.write(self.key, rule=self.rule, values=self.values, using=using):
            transaction.on_commit(partial(ends.do_if_free, end), using=using, robust=True)
        return 0
