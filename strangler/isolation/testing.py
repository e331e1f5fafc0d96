"""Isolation in a project's own tests: `pytest -p strangler.isolation.testing`.

`--strangler-isolation` makes the guard raise, and fails the run for ratchet entries that nothing needed; a run of a part of
the tests can't tell, so it is for whole runs. `--strangler-two-databases` puts the tables of each service into a test
database of their own, as they will be after the move: a join or a key across the border fails as it would there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections, router
from django.db.models import ForeignKey

from strangler.conf import config as strangler_config
from strangler.conf import override_config
from strangler.isolation import ROUTER, guard, snapshot
from strangler.isolation.ownership import Owners, from_topology

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import Model

_SEEN = "strangler_seen"
_from_workers: set[tuple[str, str]] = set()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("strangler")
    group.addoption(
        "--strangler-isolation", action="store_true", help="raise where code touches others' tables"
    )
    group.addoption(
        "--strangler-two-databases", action="store_true", help="give each service's tables a test database"
    )


@pytest.hookimpl(trylast=True)  # pytest-django has set Django up
def pytest_configure(config: pytest.Config) -> None:
    """Switch on what was asked for, before the test databases are made."""
    if config.getoption("strangler_isolation"):
        override_config(ISOLATION="raise")
        guard.install()
    if config.getoption("strangler_two_databases"):
        split(from_topology())


def pytest_collection_modifyitems(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Let every test that may use the database use all of them."""
    if not config.getoption("strangler_two_databases"):
        return
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker:
            item.add_marker(pytest.mark.django_db(**{**marker.kwargs, "databases": "__all__"}), append=False)
        case = getattr(item, "cls", None)
        if case is not None and hasattr(case, "databases"):
            case.databases = "__all__"


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect from a worker of pytest-xdist what it has seen."""
    _from_workers.update(map(tuple, getattr(node, "workeroutput", {}).get(_SEEN, ())))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what was seen to whoever asks, or fail for entries of the ratchet that nothing needed."""
    if not session.config.getoption("strangler_isolation"):
        return
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_SEEN] = [list(each) for each in guard.seen()]
    elif session.exitstatus == pytest.ExitCode.OK and _stale():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Name the entries that can go."""
    if config.getoption("strangler_isolation"):
        for place, table in _stale():
            terminalreporter.write_line(
                f"{strangler_config().isolation_ratchet}: {place} does not touch {table} any more; remove the entry",
                red=True,
            )


def split(owners: Owners) -> None:
    """Behave as if every service had its tables already, each service with a test database of its own.

    The test databases are made from the models, not by the migrations, because the keys that cross the border have to be loose.
    """
    services = {owners.services[table] for table in owners.here}
    aliases = {service: _add_database(service) for service in services}
    override_config(SERVICE_DATABASES={**strangler_config().service_databases, **aliases})
    for alias in ("default", *aliases.values()):
        connections.databases[alias].setdefault("TEST", {})["MIGRATE"] = False
    if ROUTER not in settings.DATABASE_ROUTERS:
        settings.DATABASE_ROUTERS = [*settings.DATABASE_ROUTERS, ROUTER]
        router.__dict__.pop("routers", None)
    snapshot.pin(
        Owners(
            services=owners.services,
            here=owners.here,
            moved={table: owners.services[table] for table in owners.here},
            tables=owners.tables,
            is_split=True,
        )
    )
    for model in apps.get_models(include_auto_created=True):
        _loosen_keys(model, owners)


def _add_database(service: str) -> str:
    alias = strangler_config().service_databases.get(service, f"strangler_test_{service}")
    if alias not in connections.databases:
        entry = {**connections.databases["default"]}
        test = dict(entry.get("TEST") or {})
        name = test.get("NAME")
        entry["TEST"] = {**test, "NAME": f"{name}-{service}" if name else None}
        entry["NAME"] = f"{entry['NAME']}_{service}"
        connections.databases[alias] = entry
    return alias


def _loosen_keys(model: type[Model], owners: Owners) -> None:
    here = owners.service_of(model._meta.db_table)
    for field in model._meta.local_fields:
        if isinstance(field, ForeignKey) and owners.service_of(_target(field)) != here:
            field.db_constraint = False  # type: ignore[attr-defined]  # the stubs lack it


def _target(field: ForeignKey[Any, Any]) -> str:
    return str(field.remote_field.model._meta.db_table)


def _stale() -> list[tuple[str, str]]:
    return guard.ratchet().stale(guard.seen() | _from_workers)
