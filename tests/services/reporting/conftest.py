"""What tests inside the service's own process share. Run: pytest --ds=extracted.reporting.settings tests/services/reporting."""

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from redis import Redis

from extracted.reporting.announcing import announcer
from extracted.reporting.celery import app
from extracted.reporting.feed import apply_change, apply_mark
from extracted.reporting.feed.tables import TABLES
from extracted.reporting.models import Position, Run
from extracted.reporting.running import request_run
from strangler.core.principal import Principal
from strangler.service import ServiceUser, sign_principal

BOSS = Principal(id="1", username="sam", is_staff=True, is_superuser=True)
STAFF = Principal(id="2", username="kim", is_staff=True)
CUSTOMER = Principal(id="7", username="ann")
TOKEN = "t" * 32
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def django_db_modify_db_settings():
    """Keep the tests' database in a file: a watch looks at it from a thread of its own."""
    name = f"{tempfile.gettempdir()}/reporting-test-{os.getpid()}.sqlite3"
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = name


@pytest.fixture(autouse=True)
def _own_place(settings, tmp_path):
    """Give each test a folder of its own, and a broker that takes everything and tells nobody."""
    settings.REPORTING = {**settings.REPORTING, "FOLDER": tmp_path / "reports"}
    app.conf.broker_url = "memory://"
    announcer.cache_clear()


@pytest.fixture
def configure(settings):
    """Return a function that changes the service's configuration for this test."""

    def change(**values):
        settings.REPORTING = {**settings.REPORTING, **values}

    return change


@pytest.fixture
def queue(valkey_url):
    """Announce to a real broker; returns a function that lists what waits in a queue."""
    app.conf.broker_url = valkey_url
    announcer.cache_clear()
    with Redis.from_url(valkey_url) as client:
        client.delete("reporting", "reporting.runs")

        def waiting(name="reporting.runs") -> list[str]:
            return [message.decode() for message in client.lrange(name, 0, -1)]

        yield waiting


def change(table, *rows, deleted=(), at=NOW, **chunk):
    """Return the body of a message."""
    columns = ["id", *TABLES[table].columns]
    return {
        "table": table,
        "columns": columns,
        "rows": [list(row) for row in rows],
        "deleted": list(deleted),
        "at": at.isoformat(),
        **chunk,
    }


def order(pk, *, customer=1, status="paid", total="10.00", at=NOW):
    return (pk, customer, status, total, at.isoformat())


def item(pk, *, order=1, product=1, photo=None, text="Canvas", quantity=1, price="10.00"):
    return (pk, order, product, photo, text, quantity, price)


@pytest.fixture
def shop(db):
    """Fill the read model: two customers, three orders of 2026, as messages would."""
    apply_change(change("customer", (1, "ann", "ann@example.org", NOW.isoformat())))
    apply_change(change("customer", (2, "ben", "ben@example.org", NOW.isoformat())))
    apply_change(change("product", (1, "CV-1", "30 × 40", "Canvas", "Walls")))
    apply_change(change("photo", (5, 1, 4000, 3000, 99, NOW.isoformat())))
    apply_change(change("order", order(1), order(2, customer=2, total="30.50"), order(3, status="cancelled")))
    lines = [item(1, photo=5, quantity=2, price="5.00"), item(2, order=2, price="30.50"), item(3, order=3)]
    apply_change(change("item", *lines))
    for table in TABLES:
        Position.objects.get_or_create(table=table, defaults={"finished_at": NOW})


@pytest.fixture
def lines(shop):
    """Return a function that adds so many order lines, of the first order."""

    def add(count, *, first=100, text="Canvas"):
        for begin in range(first, first + count, 500):
            ids = range(begin, min(begin + 500, first + count))
            apply_change(change("item", *(item(pk, text=text) for pk in ids)))

    return add


@pytest.fixture
def wish():
    """Return a function that asks for a report as somebody does."""

    def ask(name="order-lines", *, by=BOSS, as_="csv", **raw) -> Run:
        if name == "order-lines":
            raw = {"since": "2026-01-01", "until": "2026-12-31", **raw}
        else:
            raw = {"year": "2026", **raw}
        return request_run(name, raw=raw, format=as_, user=ServiceUser(by))

    return ask


@pytest.fixture
def fresh():
    """Have a mark arrive that is just as old."""

    def mark(age=timedelta(0)):
        apply_mark(datetime.now(UTC) - age)

    return mark


@pytest.fixture
def client_of():
    """Return a function that makes a client as the facade forwards it: a signed principal, the token's cookie."""

    def client_of(principal: Principal | None = STAFF) -> Client:
        headers = {}
        if principal:
            headers["Strangler-Principal"] = sign_principal(principal, audience="reporting")
        client = Client(enforce_csrf_checks=True, headers=headers)
        client.cookies["csrftoken"] = TOKEN
        return client

    return client_of


def file_of(run) -> Path:
    """Return where the file of a run is."""
    from extracted.reporting.writing import store  # noqa: PLC0415

    run.refresh_from_db()
    return store().path(run.file)
