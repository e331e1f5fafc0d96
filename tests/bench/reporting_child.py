"""What the reporting benchmark does in processes of its own, in the shop or in the service: fill, log in, report."""

import json
import os
import random
import sys
import time

os.nice(int(os.environ.get("BENCH_NICE", "0")))

import django  # noqa: E402 - a niced process is niced from the beginning

from tests.bench._harness import percentile  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.hashers import make_password  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

PER_SECOND = 20
PASSWORD = "bench"
IS_SHOP = settings.ROOT_URLCONF.startswith("monolith")
SHOP = """
INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
  SELECT seq, '{password}', 0, CONCAT('user', seq), 'Ann', 'Bee', CONCAT('user', seq, '@example.org'), seq = 1, 1, NOW(6)
  FROM seq_1_to_{users};
INSERT INTO catalog_category (id, name, slug, blurb, position) VALUES (1, 'Walls', 'walls', '', 0);
INSERT INTO catalog_product (id, name, slug, kind, summary, description, takes_photo, is_active, is_featured, position, category_id)
  VALUES (1, 'Canvas', 'canvas', 'canvas', '', '', 1, 1, 0, 0, 1);
INSERT INTO catalog_variant (id, name, sku, price, stock, position, product_id) VALUES (1, '30 × 40', 'c1', 9.99, 5, 0, 1);
INSERT INTO photos_photo (id, uuid, title, filename, original, renditions, checksum, width, height, bytes, uploaded_at, owner_id)
  SELECT seq, UUID(), '', 'a.jpg', 'a.jpg', '{{}}', SHA2(seq, 256), 4000, 3000, 9, NOW(6), seq FROM seq_1_to_{users};
INSERT INTO orders_order (id, name, street, postcode, city, country, number, status, total, placed_at, user_id)
  SELECT seq, 'Ann', 'High Street 1', 'LS1', 'Leeds', 'UK', CONCAT('B-', seq), 'paid', 19.98,
  TIMESTAMP('2026-01-01') + INTERVAL seq % 30000000 SECOND, 1 + seq % {users} FROM seq_1_to_{orders};
INSERT INTO orders_orderitem (id, description, unit_price, quantity, order_id, photo_id, variant_id)
  SELECT seq, 'Canvas', 9.99, 2, seq, 1 + seq % {users}, 1 FROM seq_1_to_{orders};
"""
SERVICE = """
INSERT INTO reporting_day SELECT '2026-01-01' + INTERVAL seq DAY, 2026, 1, '2026-01-01', 1, 1 FROM seq_0_to_364;
INSERT INTO reporting_customer (id, changed_at, username, email, joined_at)
  SELECT seq, NOW(6), CONCAT('user', seq), CONCAT('user', seq, '@example.org'), NOW(6) FROM seq_1_to_{users};
INSERT INTO reporting_product (id, changed_at, sku, name, variant, category) VALUES (1, NOW(6), 'c1', 'Canvas', '', 'Walls');
INSERT INTO reporting_photofact (id, changed_at, owner_id, day_id, width, height, bytes, uploaded_at)
  SELECT seq, NOW(6), seq, '2026-01-01', 4000, 3000, 9, NOW(6) FROM seq_1_to_{users};
INSERT INTO reporting_orderfact (id, changed_at, status, total, placed_at, customer_id, day_id)
  SELECT seq, NOW(6), 'paid', 19.98, TIMESTAMP('2026-01-01') + INTERVAL seq % 30000000 SECOND, 1 + seq % {users},
  '2026-01-01' + INTERVAL (seq % 30000000) DIV 86400 DAY FROM seq_1_to_{orders};
INSERT INTO reporting_orderitemfact (id, changed_at, description, quantity, unit_price, order_id, photo_id, product_id)
  SELECT seq, NOW(6), 'Canvas', 2, 9.99, seq, 1 + seq % {users}, 1 FROM seq_1_to_{orders};
"""


def fill(users: int, orders: int) -> dict[str, object]:
    """Make a shop, or its read model."""
    call_command("migrate", verbosity=0)
    text = (SHOP if IS_SHOP else SERVICE).format(users=users, orders=orders, password=make_password(PASSWORD))
    with connection.cursor() as cursor:
        for statement in text.split(";\n")[:-1]:
            cursor.execute(statement)
    return {"users": users}


def login(seconds: int, users: int) -> dict[str, object]:
    """Log people in at a steady pace; each counts from when it should have begun."""
    taken, began = [], time.perf_counter()
    for number in range(seconds * PER_SECOND):
        due = began + number / PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        name = f"user{random.randint(1, users)}"
        answer = Client().post("/account/login/", {"username": name, "password": PASSWORD})
        if answer.status_code != 302:
            raise SystemExit(f"{name} was not logged in: {answer.status_code}")
        taken.append((time.perf_counter() - due) * 1000)
    return {"p99": percentile(taken, percent=99), "logins": len(taken)}


def make_reports() -> None:
    """Make the report again and again until somebody ends it."""
    print(json.dumps({"begun": True}), flush=True)  # noqa: T201 - what the parent reads
    while True:
        _report_of_shop() if IS_SHOP else _report_of_service()


def _report_of_shop() -> None:
    client = Client()
    client.login(username="user1", password=PASSWORD)
    answer = client.get("/reports/printing/", {"year": "2026", "format": "csv"})
    if answer.status_code != 200:
        raise SystemExit(f"the shop answered {answer.status_code}")


def _report_of_service() -> None:
    from extracted.reporting.running import request_run, work  # noqa: PLC0415 - only there
    from strangler.service import Principal, ServiceUser  # noqa: PLC0415

    user = ServiceUser(Principal(id="1", username="sam", is_staff=True))
    run = request_run("printing", raw={"year": "2026"}, format="csv", user=user)
    work(run.pk, holder="bench")
    run.refresh_from_db()
    if run.state != "ready":
        raise SystemExit(f"the run is {run.state}: {run.reason}")


if __name__ == "__main__":
    action, *rest = sys.argv[1:]
    if action == "report":
        make_reports()
    result = {"fill": fill, "login": login}[action](*map(int, rest))
    print(json.dumps(result))  # noqa: T201 - what the parent reads
