"""Realistic answers of a Django shop, and ways to change them."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from openpyxl import Workbook
from PIL import Image

from strangler.core.decision import Side
from strangler.core.observation import (
    Effects,
    FileWritten,
    MailSent,
    MessageSent,
    Observation,
    Operation,
    RowWrite,
)

PHOTO = Path(__file__).resolve().parents[3] / "monolith" / "journey" / "photos" / "dogs.jpg"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSRF = "q7XnYbL0tVw3mZkR5sGfJ2hD8cPaEu1QxN6oTiWv4yBzKlMrHjS9dCgFpUeA0I3O"
CSRF_COOKIE = "c8kW3nVt0bYzQxLr5mJdP7sGfH2aEuT9"
SESSION = "k3j5h2l9x8c7v6b5n4m3q2w1e0r9t8y7"

Pair = tuple[Observation, Observation]

PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Order 1007 · Prints</title>
  <link rel="stylesheet" href="/static/css/site.3f2a9c1b7d5e.css">
  <script nonce="c2VjcmV0bm9uY2UxMjM0NQ==">window.csrfToken = "{CSRF}";</script>
</head>
<body class="page order dark">
  <nav><a href="/">Home</a> <a href="/orders/?status=open&amp;page=2">Orders</a> <a href="/account/">Anna Müller</a></nav>
  <main id="content">
    <h1>Order 1007</h1>
    <p class="when">Placed Nov. 24, 2026, 6:19 p.m.</p>
    <table class="items">
      <thead><tr><th>Photo</th><th>Size</th><th>Copies</th><th>Price</th></tr></thead>
      <tbody>
        <tr><td><img src="/media/thumbs/beach.jpg" alt="Beach" width="160"></td><td>10×15</td><td>3</td><td>€ 1.47</td></tr>
        <tr><td><img src="/media/thumbs/dogs.jpg" alt="Dogs" width="160"></td><td>13×18</td><td>1</td><td>€ 0.99</td></tr>
        <tr><td><img src="/media/thumbs/fig.jpg" alt="Fig" width="160"></td><td>20×30</td><td>2</td><td>€ 11.90</td></tr>
      </tbody>
    </table>
    <p class="total">Total: <strong>€ 14.36</strong> including 19% VAT</p>
    <form method="post" action="/orders/1007/pay/">
      <input type="hidden" name="csrfmiddlewaretoken" value="{CSRF}">
      <input type="text" name="voucher" maxlength="20">
      <select name="shipping"><option value="std" selected>Standard</option><option value="exp">Express</option></select>
      <button type="submit">Pay</button>
    </form>
    <script id="cart" type="application/json">{{"currency": "EUR", "total": "14.36", "items": [3, 1, 2]}}</script>
  </main>
  <footer>Request took place at 18:19. © 2026 Prints</footer>
</body>
</html>
"""

ORDERS = {
    "count": 42,
    "next": "https://shop.example/api/orders/?page=3",
    "previous": "https://shop.example/api/orders/?page=1",
    "results": [
        {
            "id": 961 + number,
            "number": f"2026-{961 + number:06}",
            "customer": {"id": 17, "name": "Anna Müller", "email": "anna@example.com", "tags": ["vip", "de"]},
            "status": ["paid", "shipped", "open"][number % 3],
            "total": f"{12 + number * 3}.{45 + number:02}",
            "weight": 0.25 + number * 0.125,
            "paid": number % 3 != 2,
            "created_at": f"2026-11-{10 + number}T09:3{number}:00Z",
            "delivery_date": f"2026-11-{14 + number}",
            "note": None,
        }
        for number in range(5)
    ],
}

CREATED = {
    "id": 1007,
    "uuid": "8f14e45f-ceea-467f-a9a3-3b1c2d4e5f60",
    "url": "/api/orders/1007/",
    "status": "open",
    "total": "14.36",
    "discount": 0.1,
    "customer_id": 17,
    "created_at": "2026-11-24T18:19:31.482913Z",
    "expires": 1795552771,
    "items": [{"id": 4411, "order_id": 1007, "photo": "beach.jpg", "copies": 3, "price": "1.47"}],
    "pay_url": "/orders/1007/pay/?token=a8Fk2LmQ9zXc4VbN7pRt",
    "permissions": ["view", "change", "pay"],
}

HEADERS = (
    ("Date", "Tue, 24 Nov 2026 18:19:31 GMT"),
    ("Server", "gunicorn"),
    ("Vary", "Cookie, Accept-Language"),
    ("X-Frame-Options", "DENY"),
    ("Content-Language", "en"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
)
COOKIES = (
    (
        "Set-Cookie",
        f"csrftoken={CSRF_COOKIE}; expires=Tue, 23 Nov 2027 18:19:31 GMT; Max-Age=31449600; Path=/; SameSite=Lax; Secure",
    ),
    (
        "Set-Cookie",
        f"sessionid={SESSION}; expires=Tue, 08 Dec 2026 18:19:31 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax; Secure",
    ),
)


def answer(body: bytes, content_type: str, **more) -> Observation:
    """Return an answer 200 with the headers that Django's middlewares give."""
    headers = (
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        *HEADERS,
        *more.pop("headers", ()),
    )
    return Observation(side=Side.LEGACY, status=more.pop("status", 200), headers=headers, body=body, **more)


def page() -> Observation:
    """Return the page of an order."""
    nonce = (
        "Content-Security-Policy",
        "default-src 'self'; script-src 'self' 'nonce-c2VjcmV0bm9uY2UxMjM0NQ=='",
    )
    return answer(PAGE.encode(), "text/html; charset=utf-8", headers=(nonce, *COOKIES))


def orders() -> Observation:
    """Return a page of a list, as JSON."""
    cache_control = ("Cache-Control", "max-age=0, no-cache, no-store, must-revalidate, private")
    etag = ("ETag", '"5d41402abc4b2a76b9719d911017c592"')
    return answer(json.dumps(ORDERS).encode(), "application/json", headers=(cache_control, etag))


def created() -> Observation:
    """Return the answer to a new order, with its effects."""
    location = ("Location", "https://shop.example/api/orders/1007/")
    return answer(
        json.dumps(CREATED).encode(),
        "application/json",
        status=201,
        headers=(location,),
        effects=effects(),
    )


def checkout() -> Observation:
    """Return the redirect after a form was sent, with its effects."""
    return answer(
        b"",
        "text/html; charset=utf-8",
        status=302,
        headers=(("Location", "/orders/1007/thanks/?from=checkout&lang=en"), *COOKIES),
        effects=effects(),
    )


def effects() -> Effects:
    """Return what a new order does."""
    made = "2026-11-24 18:19:31.482913"
    order = {
        "id": 1007,
        "customer_id": 17,
        "status": "open",
        "total": "14.36",
        "created_at": made,
        "token": "a8Fk2LmQ9zXc4VbN7pRt",
    }
    items = [
        {"order_id": 1007, "photo_id": photo, "copies": copies, "price": price}
        for photo, copies, price in ((51, 3, "1.47"), (52, 1, "0.99"), (53, 2, "11.90"))
    ]
    link = "https://shop.example/orders/1007/"
    return Effects(
        rows=(
            RowWrite(table="orders_order", operation=Operation.INSERT, values=order),
            *(RowWrite(table="orders_item", operation=Operation.INSERT, values=item) for item in items),
            RowWrite(table="accounts_user", operation=Operation.UPDATE, values={"last_order_at": made}),
        ),
        mails=(
            MailSent(
                sender="Prints <shop@example.com>",
                recipients=("anna@example.com",),
                subject="Your order 1007",
                text=f"Hello Anna,\n\nthank you for your order of € 14.36.\n{link}\n\nPrints",
                html=f'<p>Hello Anna,</p><p>thank you for your order of <b>€ 14.36</b>.</p><a href="{link}">Order</a>',
                attachments={"terms.pdf": "ab" * 32},
            ),
            MailSent(
                sender="shop@example.com",
                recipients=("print@example.com", "boss@example.com"),
                subject="New order",
                text="1007: 6 prints",
            ),
        ),
        messages=(
            MessageSent(
                task="images.render",
                queue="images",
                body={
                    "order": 1007,
                    "sizes": [1280, 640, 160],
                    "request_id": "b1946ac92492d2347c6235b4d2611184",
                },
            ),
            MessageSent(task="reports.count", body={"kind": "order", "amount": 14.36}),
        ),
        files=(FileWritten(name="orders/2026/11/24/slip_aB3dE5f.txt", size=812, digest="cd" * 32),),
    )


ROWS = [
    ["Order", "Customer", "Date", "Net", "VAT", "Gross"],
    ["1001", "Müller, Anna", "2026-11-02", "12.61", "2.39", "15.00"],
    ["1002", "O'Brien", "2026-11-03", "8.40", "1.60", "10.00"],
    ["1003", "Šimek", "2026-11-05", "84.03", "15.97", "100.00"],
    ["1004", "Li", "2026-11-07", "0.84", "0.16", "1.00"],
]


def report(rows=ROWS, **options) -> Observation:
    """Return a monthly report as CSV."""
    text = io.StringIO()
    csv.writer(text, **options).writerows(rows)
    disposition = ("Content-Disposition", 'attachment; filename="report-2026-11.csv"')
    return answer(text.getvalue().encode(), "text/csv; charset=utf-8", headers=(disposition,))


def workbook(rows=ROWS, title="November") -> Observation:
    """Return the report as XLSX; amounts are numbers."""
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append([float(cell) if cell.replace(".", "").isdecimal() else cell for cell in row])
    body = io.BytesIO()
    book.save(body)
    return answer(body.getvalue(), XLSX)


@cache
def picture(edit: Callable | None = None, *, size=480, quality=85, form="JPEG", **options) -> Observation:
    """Return a photo, perhaps edited."""
    image = Image.open(PHOTO).convert("RGB")
    image.thumbnail((size, size))
    image = edit(image) if edit else image
    body = io.BytesIO()
    image.save(body, form, quality=quality, **options)
    return answer(
        body.getvalue(), f"image/{form.lower()}", headers=(("Cache-Control", "public, max-age=3600"),)
    )


def text(base: Observation, *changes: tuple[str, str], count=-1) -> Pair:
    """Return *base*, and what it becomes by replacing texts in its body."""
    body = base.body.decode()
    for old, new in changes:
        assert old in body, old
        body = body.replace(old, new, count)
    return base, replace(base, body=body.encode())


def document(base: Observation, change: Callable[[dict], object]) -> Pair:
    """Return *base*, and what it becomes by changing its JSON document in place."""
    value = json.loads(base.body)
    change(value)
    return base, replace(base, body=json.dumps(value).encode())


def header(base: Observation, name: str, value: str | None, *, starts: str = "") -> Pair:
    """Return *base*, and what it becomes with another value of a header, or without the header."""
    assert any(key == name and old.startswith(starts) for key, old in base.headers), name
    changed = [
        (key, value if key == name and old.startswith(starts) else old)
        for key, old in base.headers
        if value is not None or key != name or not old.startswith(starts)
    ]
    return base, replace(base, headers=tuple(changed))


def effect(base: Observation, kind: str, change: Callable[[list], object]) -> Pair:
    """Return *base*, and what it becomes by changing the list of one kind of effects in place."""
    values = list(getattr(base.effects, kind))
    change(values)
    return base, replace(base, effects=replace(base.effects, **{kind: tuple(values)}))


def change(index: int, **values) -> Callable[[list], object]:
    """Return a change of attributes of one effect."""
    return lambda several: several.__setitem__(index, replace(several[index], **values))


def cells(index: int, **values) -> Callable[[list], object]:
    """Return a change of columns of one row."""
    return lambda rows: rows.__setitem__(index, replace(rows[index], values={**rows[index].values, **values}))
