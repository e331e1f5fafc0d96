"""Every report of the shop, cell for cell as the reporting service makes it from what the shop tells.

The shop is this process, on the engine of this step. The service is a process of its own with a database of its own on
the same engine, and knows nothing but the bodies of the shop's messages and chunks.
"""

import json
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from monolith.photos.models import Photo
from monolith.reports import feed
from strangler.forking import run
from tests.integration.monolith.reports_business import make_business

ROOT = Path(__file__).resolve().parents[3]
ADDRESSES = [
    "/reports/?year=2026",
    "/reports/?year=2025",
    "/reports/?year=2001",
    "/reports/sales.csv?year=2026",
    "/reports/best-customers.csv?year=2026",
    "/reports/printing/?year=2026",
    "/reports/printing/?year=2026&format=csv",
    "/reports/printing/?year=2025&format=csv",
]
CELL = re.compile(r"<(?:td|dd|th scope=\"row\")[^>]*>(.*?)</(?:td|dd|th)>", re.DOTALL)


@contextmanager
def database_beside(tmp_path):
    """Yield the URL of an empty database on the engine of this process."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path / 'reporting.sqlite3'}"
        return
    name = f"reporting_{os.getpid()}"
    beside = connection.copy()  # PostgreSQL makes no database inside a transaction
    beside.set_autocommit(True)
    with beside.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")
        try:
            yield os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
        finally:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
    beside.close()


def bodies():
    """Return what the service hears: some tables in chunks as a backfill asks for them, the others by message."""
    for table in ("customer", "product", "photo", "item"):
        after = 0
        while after is not None:
            body = feed.chunk(table, after=after, limit=7)
            yield body
            after = body["upto"]
    from strangler.outbox.models import OutboxMessage  # noqa: PLC0415

    for message in OutboxMessage.objects.filter(type=feed.CHANGED).order_by("pk"):
        yield json.loads(message.body)


def ask_service(url, heard, tmp_path):
    """Return what the service answers at each address, asked in a process of its own."""
    wanted = tmp_path / "wanted.json"
    wanted.write_text(json.dumps({"bodies": heard, "addresses": ADDRESSES}))
    environ = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "extracted.reporting.settings",
        "REPORTING_DATABASE_URL": url,
        "REPORTING_FOLDER": str(tmp_path / "reports"),
        "BROKER_URL": "memory://",
    }
    command = [sys.executable, "-m", "tests.services.reporting.answering", str(wanted)]
    done = run(command, cwd=ROOT, env=environ)
    assert done.returncode == 0, done.stderr
    return json.loads(Path(wanted).with_suffix(".answers").read_text())


def cells(answer):
    """Return the cells of a page's tables and figures, or the lines of a file."""
    if "<html" not in answer:
        return answer.splitlines()
    return [re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in CELL.findall(answer)]


@pytest.fixture
def staff(make_customer):
    browser = Client()
    browser.force_login(make_customer("boss", is_staff=True))
    return browser


def test_every_report_has_the_same_cells_on_both_sides(
    settings, staff, make_customer, canvas, album, tmp_path
):
    settings.REPORTS_FEED = True
    make_business(make_customer, [canvas.variants.get(), album.variants.get()])
    Photo.objects.filter(order_items__isnull=False).first().delete()
    customer = User.objects.get(username="customer3")
    customer.username = "=cmd()|' /C calc'!A0"
    customer.save()
    expected = {address: staff.get(address).content.decode() for address in ADDRESSES}
    with database_beside(tmp_path) as url:
        answers = ask_service(url, list(bodies()), tmp_path)
    for address in ADDRESSES:
        assert cells(answers[address]) == cells(expected[address]), address
    assert all(len(cells(expected[address])) > 5 for address in ADDRESSES if "2026" in address)
    # Runs, which are written another way: by pages of two rows, and slices of one page.
    for name in ("sales", "best-customers", "printing"):
        legacy = next(each for each in ADDRESSES if name.split("-")[0] in each and "csv" in each)
        assert answers[name].splitlines() == expected[legacy].splitlines(), name
