"""What a model's label in the topology stands for: a model of this project, and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps

if TYPE_CHECKING:
    from django.db import models


def model_of(label: str) -> type[models.Model] | None:
    """Return the model with *label*, or None: it was deleted, is another project's, or *label* is the name of a table."""
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def tables_of_model(model: type[models.Model]) -> tuple[str, ...]:
    """Return the model's table, then those that its many-to-many fields made."""
    through = [field.remote_field.through for field in model._meta.local_many_to_many]
    made = [each._meta.db_table for each in through if each and each._meta.auto_created]
    return (model._meta.db_table, *made)


def tables_of(label: str) -> tuple[str, ...]:
    """Return the tables of *label*; without such a model, the one that Django would give it. What is no label is a table."""
    model = model_of(label)
    if model is not None:
        return tables_of_model(model)
    return (label.replace(".", "_").lower() if "." in label else label,)
