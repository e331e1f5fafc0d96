"""What the reporting benchmark does in processes of its own, in the shop or in the service: fill, log in, report."""

import gc
import json
import os
import random
import sys
import time
from contextlib import suppress

os.nice(int(os.environ.get("BENCH_NICE", "0")))

import django  # noqa: E402 - a niced process is niced from the beginning

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.hashers import make_password  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import OperationalError, connection  # noqa: E402
from django.db.backends.utils import CursorWrapper  # noqa: E402
from django.test import Client  # noqa: E402

PASSWORD = "bench"
IS_SHOP = settings.ROOT_URLCONF.startswith("monolith")
ORDERS_AT_ONCE = 100_000
SHOP = """
INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
  SELECT seq, '{password}', 0, CONCAT('user', seq), ELT(1 + seq % 5, 'Ann', 'Ben', 'Carol', 'Dora', 'Émile'), 'Bee',
  CONCAT('user', seq, '@example.org'), seq = 1, 1, TIMESTAMP('2020-01-01') + INTERVAL seq * 151 SECOND
  FROM seq_1_to_{users};
INSERT INTO catalog_category (id, name, slug, blurb, position) VALUES (1, 'Walls', 'walls', '', 0);
INSERT INTO catalog_product
  (id, name, slug, kind, summary, description, attributes, takes_photo, is_active, is_featured, position, category_id)
  VALUES (1, 'Canvas', 'canvas', 'canvas', '', '', '{{}}', 1, 1, 0, 0, 1);
INSERT INTO catalog_variant (id, name, sku, price, stock, position, product_id)
  SELECT seq, CONCAT(20 + seq, ' × ', 30 + seq), CONCAT('c', seq), 4.99 + seq, 5, seq, 1 FROM seq_1_to_20;
INSERT INTO photos_photo (id, uuid, title, filename, original, renditions, checksum, width, height, bytes, uploaded_at, owner_id)
  SELECT seq, UUID(), '', 'a.jpg', 'a.jpg', '{{}}', SHA2(seq, 256), 2000 + seq % 4000, 1500 + seq % 3000, 900000 + seq,
  NOW(6), seq FROM seq_1_to_{users};
"""
SHOP_ORDERS = """
INSERT INTO orders_order (id, name, street, postcode, city, country, number, status, total, placed_at, user_id)
  SELECT seq, 'Ann Bee', CONCAT('High Street ', seq % 300), 'LS1 4AB', 'Leeds', 'UK', CONCAT('B-', seq), {status}, {total},
  {placed_at}, {customer} FROM seq_{first}_to_{last};
INSERT INTO orders_orderitem (id, description, unit_price, quantity, order_id, photo_id, variant_id)
  SELECT seq, 'Canvas of a holiday', {price}, {quantity}, seq, {customer}, {variant} FROM seq_{first}_to_{last};
"""
SERVICE = """
INSERT INTO reporting_day SELECT '2026-01-01' + INTERVAL seq DAY, 2026, 1, '2026-01-01', 1, 1 FROM seq_0_to_364;
INSERT INTO reporting_customer (id, changed_at, username, email, joined_at)
  SELECT seq, NOW(6), CONCAT('user', seq), CONCAT('user', seq, '@example.org'),
  TIMESTAMP('2020-01-01') + INTERVAL seq * 151 SECOND FROM seq_1_to_{users};
INSERT INTO reporting_product (id, changed_at, sku, name, variant, category)
  SELECT seq, NOW(6), CONCAT('c', seq), 'Canvas', CONCAT(20 + seq, ' × ', 30 + seq), 'Walls' FROM seq_1_to_20;
INSERT INTO reporting_photofact (id, changed_at, owner_id, day_id, width, height, bytes, uploaded_at)
  SELECT seq, NOW(6), seq, '2026-01-01', 2000 + seq % 4000, 1500 + seq % 3000, 900000 + seq, NOW(6) FROM seq_1_to_{users};
"""
SERVICE_ORDERS = """
INSERT INTO reporting_orderfact (id, changed_at, status, total, placed_at, customer_id, day_id)
  SELECT seq, NOW(6), {status}, {total}, {placed_at}, {customer}, DATE({placed_at}) FROM seq_{first}_to_{last};
INSERT INTO reporting_orderitemfact (id, changed_at, description, quantity, unit_price, order_id, photo_id, product_id)
  SELECT seq, NOW(6), 'Canvas of a holiday', {quantity}, {price}, seq, {customer}, {variant} FROM seq_{first}_to_{last};
"""
# All of them of the number `seq`: one order in twenty is cancelled, customers come in no order, each has one photo printed.
ORDER = {
    "status": "IF(seq % 20 = 0, 'cancelled', IF(seq % 20 < 3, 'paid', 'sent'))",
    "price": "4.99 + seq % 20 + 1",
    "quantity": "1 + seq % 4",
    "total": "(4.99 + seq % 20 + 1) * (1 + seq % 4)",
    "variant": "1 + seq % 20",
    "placed_at": "TIMESTAMP('2026-01-01') + INTERVAL (seq * 7919) % 31536000 SECOND",
    "customer": "1 + (seq * 7919) % {users}",
}


def fill(users: int, orders: int, seconds: int) -> dict[str, object]:
    """Make a shop, or its read model, with up to *orders* orders, as many as *seconds* allow; zero allows all."""
    call_command("migrate", verbosity=0)
    everything, some = (SHOP, SHOP_ORDERS) if IS_SHOP else (SERVICE, SERVICE_ORDERS)
    began, made = time.monotonic(), 0
    with connection.cursor() as cursor:
        _execute(cursor, everything.format(users=users, password=make_password(PASSWORD)))
        while made < orders and not (seconds and time.monotonic() - began > seconds):
            first, made = made + 1, min(made + ORDERS_AT_ONCE, orders)
            values = {name: value.format(users=users) for name, value in ORDER.items()}
            _execute(cursor, some.format(first=first, last=made, **values))
        cursor.execute("SHOW TABLES")
        tables = ", ".join(f"`{name}`" for (name,) in cursor.fetchall())
        cursor.execute(f"ANALYZE TABLE {tables}")
    return {"users": users, "orders": made}


def _execute(cursor: CursorWrapper, text: str) -> None:
    for statement in text.split(";\n")[:-1]:
        cursor.execute(statement)


def hush() -> dict[str, object]:
    """End what the server still computes for a client that was killed: it notices only when it has something to send."""
    others = """
SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() AND command <> 'Sleep'
"""
    ended = set()
    with connection.cursor() as cursor:
        while True:
            cursor.execute(others)
            found = [number for (number,) in cursor.fetchall()]
            if not found:
                return {"ended": len(ended)}
            for number in set(found) - ended:
                with suppress(OperationalError):  # it has ended meanwhile
                    cursor.execute("KILL %s", [number])
            ended |= set(found)
            time.sleep(0.1)


def visit(users: int) -> None:
    """Log people in as each line from the parent says: so many a second, or one after the other, for so many seconds."""
    gc.disable()  # a pause of the visitors would be taken for one of the shop
    for line in sys.stdin:
        print(json.dumps(_logins(users, **json.loads(line))), flush=True)  # noqa: T201 - what the parent reads
        gc.collect()


def _logins(users: int, *, rate: float, seconds: float) -> list[float]:
    """Return the milliseconds that each login took from when it was due."""
    taken, began = [], time.perf_counter()
    while True:
        due = began + len(taken) / rate if rate else time.perf_counter()
        if due - began >= seconds:
            return taken
        time.sleep(max(0.0, due - time.perf_counter()))
        name = f"user{random.randint(1, users)}"
        answer = Client().post("/account/login/", {"username": name, "password": PASSWORD})
        if answer.status_code != 302:
            raise SystemExit(f"{name} was not logged in: {answer.status_code}")
        taken.append(round((time.perf_counter() - due) * 1000, 3))


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
    while work(run.pk, holder="bench"):  # its slice was over, most of which it may have stood still
        pass
    run.refresh_from_db()
    if run.state != "ready":
        raise SystemExit(f"the run is {run.state}: {run.reason}")


if __name__ == "__main__":
    action, *rest = sys.argv[1:]
    if action == "report":
        make_reports()
    if action == "visit":
        visit(*map(int, rest))
        sys.exit()
    result = {"fill": fill, "hush": hush}[action](*map(int, rest))
    print(json.dumps(result))  # noqa: T201 - what the parent reads
