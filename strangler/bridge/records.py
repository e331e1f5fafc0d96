"""A user as both sides know it: the fields of `STRANGLER["USER_FIELDS"]` as JSON values.

A name with a dot is a field of a row that belongs to the user: `profile.phone`. The row is made when it is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist

from strangler.conf import config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.contrib.auth.models import AbstractBaseUser
    from django.db.models import Field, Model

    from strangler.core.agreement import Record


def read(user: AbstractBaseUser) -> Record:
    """Return the record of *user*."""
    return {name: _read(_holder(user, path), field) for name, path, field in _fields()}


def write(user: AbstractBaseUser, record: Mapping[str, Any]) -> None:
    """Store what *record* has otherwise than *user*; fields that this side does not keep are left out.

    Raises: django.db.IntegrityError: another user has this name. ValidationError: a value is none of its field.
    """
    known = read(user) if user.pk is not None else {}
    changed: dict[str, dict[Field[Any, Any], Any]] = {}
    for name, path, field in _fields():
        if name in record and (name not in known or record[name] != known[name]):
            changed.setdefault(path, {})[field] = field.to_python(record[name])
    if "" in changed or user.pk is None:
        _save(user, changed.pop("", {}))
    for path, values in changed.items():
        holder = _holder(user, path)
        _save(holder, values)
        setattr(user, path, holder)  # Django remembers that there was none


def related_models() -> Iterator[tuple[type[Model], str]]:
    """Yield the models of rows that belong to a user, and the field that names their user."""
    for path in sorted({path for _, path, _ in _fields() if path}):
        relation = _relation(path)
        yield relation.related_model, relation.field.name


def _fields() -> Iterator[tuple[str, str, Field[Any, Any]]]:
    """Yield each field's name in records, the accessor of the row that has it, and the field."""
    for name in config().user_fields:
        path, _, last = name.rpartition(".")
        model: Any = _relation(path).related_model if path else get_user_model()
        yield name, path, model._meta.get_field(last)


def _relation(path: str) -> Any:
    """Return the one-to-one relation to the user, seen from the user."""
    return get_user_model()._meta.get_field(path)


def _holder(user: AbstractBaseUser, path: str) -> Model:
    if not path:
        return user
    try:
        holder: Model = getattr(user, path)
    except ObjectDoesNotExist:
        relation = _relation(path)
        # By its number: the user itself would take the unsaved row for its own.
        holder = relation.related_model(**{relation.field.attname: user.pk})
    return holder


def _read(holder: Model, field: Field[Any, Any]) -> Any:
    value = field.value_from_object(holder)
    return value if value is None or isinstance(value, str | int | bool) else field.value_to_string(holder)


def _save(holder: Model, values: Mapping[Field[Any, Any], Any]) -> None:
    for field, value in values.items():
        setattr(holder, field.attname, value)
    if holder.pk is None or holder._state.adding:  # noqa: SLF001
        holder.save()
    else:
        holder.save(update_fields=[field.name for field in values])
