"""What the export benchmark does in processes of its own: fill the database, export once and say what it took."""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import django

from tests.bench._harness import peak_rss_mib, resident_mib

django.setup()

from django.core.management import call_command  # noqa: E402 - after the settings
from django.db import connection  # noqa: E402
from import_export import fields, resources  # noqa: E402

from extracted.reporting.conf import config  # noqa: E402
from extracted.reporting.models import OrderItemFact, Run  # noqa: E402
from extracted.reporting.running import request_run, work  # noqa: E402
from strangler.service import Principal, ServiceUser  # noqa: E402

LINES_PER_ORDER = 5
STATEMENTS = """
INSERT INTO reporting_day VALUES ('2025-06-01', 2025, 2, '2025-06-01', 22, 7);
INSERT INTO reporting_customer (id, changed_at, username, email, joined_at)
  SELECT seq, NOW(6), CONCAT('customer', seq), CONCAT('customer', seq, '@example.org'), NOW(6) FROM seq_1_to_10000;
INSERT INTO reporting_product (id, changed_at, sku, name, variant, category)
  SELECT seq, NOW(6), CONCAT('SKU-', seq), CONCAT('Canvas & frame ', seq), '30 × 40 cm', 'Walls' FROM seq_1_to_200;
"""
MORE = """
INSERT INTO reporting_orderfact (id, changed_at, status, total, placed_at, customer_id, day_id)
  SELECT seq, NOW(6), 'paid', 99.95, TIMESTAMP('2025-06-01 00:00:00.25') + INTERVAL seq SECOND, 1 + seq % 10000,
  '2025-06-01' FROM seq_{order}_to_{orders};
INSERT INTO reporting_orderitemfact (id, changed_at, description, quantity, unit_price, order_id, photo_id, product_id)
  SELECT seq, NOW(6), CONCAT('Canvas of holiday ', seq, ', 30 × 40 cm'), 1 + seq % 7, 9.99 + seq % 50,
  1 + (seq - 1) DIV {lines}, NULL, 1 + seq % 200 FROM seq_{row}_to_{rows};
ANALYZE TABLE reporting_orderitemfact, reporting_orderfact;
"""


def fill(rows: int) -> dict[str, float]:
    """Make a read model with so many order lines, oldest first, or bring one to so many; a multiple of five."""
    call_command("migrate", verbosity=0)
    have = OrderItemFact.objects.count()
    if rows <= have:
        return {"rows": have}
    more = MORE.format(
        row=have + 1,
        rows=rows,
        order=have // LINES_PER_ORDER + 1,
        orders=rows // LINES_PER_ORDER,
        lines=LINES_PER_ORDER,
    )
    with connection.cursor() as cursor:
        for statement in (more if have else STATEMENTS + more).split(";\n")[:-1]:
            cursor.execute(statement)
    return {"rows": rows}


def ours(name: str, rows: int) -> dict[str, float]:
    """Make the first *rows* order lines a file, as a worker does."""
    shutil.rmtree(config().folder, ignore_errors=True)
    user = ServiceUser(Principal(id="1", username="sam", is_staff=True))
    Run.objects.all().delete()
    run = request_run(
        "order-lines", raw={"since": "2025-01-01", "until": "2026-12-31"}, format=name, user=user
    )
    _only(rows)
    took = _timed(lambda: work(run.pk, holder="bench"))
    run.refresh_from_db()
    if (run.state, run.rows) != ("ready", rows):
        raise SystemExit(f"the run is {run.state} with {run.rows} rows: {run.reason}")
    return {"rows": run.rows, **took}


def peer(name: str, rows: int) -> dict[str, float]:
    """Make the first *rows* order lines a file with django-import-export."""
    lines = OrderItemFact.objects.select_related("order__customer", "product").filter(pk__lte=rows)
    target = Path(tempfile.gettempdir()) / f"bench-export-peer.{name}"

    def export() -> None:
        data = OrderLines().export(lines.order_by("pk"))
        content = getattr(data, name)
        target.write_bytes(content.encode() if isinstance(content, str) else content)

    return {"rows": rows, **_timed(export)}


class OrderLines(resources.ModelResource):
    """The peer's way to say which columns there are."""

    placed_at = fields.Field(attribute="order__placed_at")
    status = fields.Field(attribute="order__status")
    customer = fields.Field(attribute="order__customer__username")
    sku = fields.Field(attribute="product__sku")
    product_name = fields.Field(attribute="product__name")
    category = fields.Field(attribute="product__category")

    class Meta:
        model = OrderItemFact
        fields = (
            "id",
            "placed_at",
            "status",
            "customer",
            "sku",
            "product_name",
            "category",
            "description",
            "quantity",
            "unit_price",
        )
        chunk_size = 5_000


def _only(rows: int) -> None:
    """Have the report of order lines end after so many."""
    from dataclasses import replace  # noqa: PLC0415

    from extracted.reporting.definitions import REPORTS  # noqa: PLC0415

    REPORTS["order-lines"] = replace(REPORTS["order-lines"], most=lambda _: rows)


def _timed(export: Callable[[], object]) -> dict[str, float]:
    connection.ensure_connection()
    idle, began = resident_mib(), time.perf_counter()
    export()
    return {"seconds": time.perf_counter() - began, "mib": max(0.0, peak_rss_mib() - idle)}


if __name__ == "__main__":
    action, *rest = sys.argv[1:]
    if action == "fill":
        result = fill(int(rest[0]))
    else:
        result = {"ours": ours, "peer": peer}[action](rest[0], int(rest[1]))
    print(json.dumps(result))  # noqa: T201 - what the parent reads
