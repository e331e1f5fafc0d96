"""A database of each kind with the tables of the shadow room, as the one that holds the rollouts."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.db import connections

from strangler.conf import database_from_url

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = count(1)


@pytest.fixture(params=["sqlite", "mariadb", "postgres"])
def database(request, tmp_path, settings, django_db_blocker) -> Iterator[str]:
    """Return the alias of an empty database of each kind in turn."""
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'shadow.sqlite3'}"
    url = url if is_file else request.getfixturevalue(f"{request.param}_url")
    alias = f"shadow_{next(_numbers)}"
    connections.databases[alias] = connections.configure_settings(
        {"default": {}, alias: database_from_url(url)}
    )[alias]
    settings.STRANGLER = {"DATABASE": alias, "SHADOW_MAX_PENDING": 10}
    with django_db_blocker.unblock():
        call_command("migrate", "strangler_shadow", database=alias, verbosity=0, interactive=False)
        yield alias
        connections[alias].close()
    del connections.databases[alias]
    del connections[alias]
