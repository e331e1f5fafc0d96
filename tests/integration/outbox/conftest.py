"""A database of each kind with the tables of outbox and inbox, beside the one that pytest-django makes."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.db import connections

from strangler.conf import database_from_url
from strangler.outbox import wake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_numbers = count(1)
KINDS = ("sqlite", "mariadb", "postgres")


@pytest.fixture
def make_database(django_db_blocker) -> Iterator[Callable[[str], str]]:
    """Return a function that opens the database at a URL under an alias of its own, migrated."""
    made: list[str] = []

    def make(url: str) -> str:
        alias = f"outbox_{next(_numbers)}"
        entry = connections.configure_settings({"default": {}, alias: database_from_url(url)})[alias]
        connections.databases[alias] = entry
        made.append(alias)
        for app in ("strangler_outbox", "strangler_service"):
            call_command("migrate", app, database=alias, verbosity=0, interactive=False)
        return alias

    with django_db_blocker.unblock():
        yield make
        for alias in made:
            connections[alias].close()
            del connections.databases[alias]
            del connections[alias]
        wake.forget()


@pytest.fixture(params=KINDS)
def database(request, tmp_path, make_database) -> str:
    """Return the alias of an empty database of each kind in turn."""
    if request.param == "sqlite":
        return make_database(f"sqlite:///{tmp_path / 'outbox.sqlite3'}")
    return make_database(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def sqlite(tmp_path, make_database) -> str:
    """Return the alias of an empty SQLite database, for what does not depend on the kind."""
    return make_database(f"sqlite:///{tmp_path / 'outbox.sqlite3'}")
