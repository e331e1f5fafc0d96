"""Seeded regressions: what a rewritten service gets wrong."""

from dataclasses import replace

from PIL import ImageEnhance, ImageFilter, ImageOps

from strangler.core.observation import Operation
from tests.bench.compare_corpus.answers import (
    CSRF_COOKIE,
    ROWS,
    SESSION,
    Pair,
    cells,
    change,
    checkout,
    created,
    document,
    effect,
    header,
    orders,
    page,
    picture,
    report,
    text,
    workbook,
)


def _set(key, value, *, at=None):
    return lambda doc: (doc["results"][at] if at is not None else doc).__setitem__(key, value)


def _status(base, status, body=None) -> Pair:
    return base, replace(base, status=status, body=base.body if body is None else body)


def _row(index, column, value):
    rows = [list(row) for row in ROWS]
    rows[index][column] = value
    return rows


REGRESSIONS: dict[str, Pair] = {
    # JSON
    "price off by one cent": document(orders(), _set("total", "15.45", at=1)),
    "missing field": document(orders(), lambda doc: doc["results"][0].pop("status")),
    "extra field leaks the password": document(orders(), _set("password", "pbkdf2_sha256$1$a$b", at=2)),
    "changed order of results": document(orders(), lambda doc: doc["results"].reverse()),
    "null for an empty list": document(created(), _set("items", None)),
    "number instead of a string": document(orders(), _set("total", 12.45, at=0)),
    "string instead of a boolean": document(orders(), _set("paid", "true", at=0)),
    "boolean turned": document(orders(), _set("paid", False, at=0)),
    "time zone: two hours off": document(orders(), _set("created_at", "2026-11-10T11:30:00Z", at=0)),
    "time zone: offset lost": document(orders(), _set("created_at", "2026-11-10T09:30:00", at=0)),
    "new order an hour in the future": document(created(), _set("created_at", "2026-11-24T19:19:31.482913Z")),
    "date off by one day": document(orders(), _set("delivery_date", "2026-11-15", at=0)),
    "pagination: one short": document(orders(), lambda doc: doc["results"].pop()),
    "pagination: count of the page": document(orders(), _set("count", 5)),
    "pagination: next page is this page": document(
        orders(), _set("next", "https://shop.example/api/orders/?page=2")
    ),
    "pagination: no next page": document(orders(), _set("next", None)),
    "result doubled": document(orders(), lambda doc: doc["results"].append(doc["results"][0])),
    "wrong related object": document(orders(), lambda doc: doc["results"][0]["customer"].update(id=18)),
    "internal host in a link": text(orders(), ("https://shop.example/", "http://orders:8001/")),
    "encoding: mojibake": text(page(), ("Anna Müller", "Anna MÃ¼ller")),
    "currency: rounded down": document(created(), _set("total", "14.35")),
    "currency: trailing zero lost": text(report(), ("15.00", "15")),
    "float: discount doubled": document(created(), _set("discount", 0.2)),
    "weight in other units": document(orders(), _set("weight", 250.0, at=0)),
    "uuid is now a number": document(created(), _set("uuid", "1007")),
    "token is empty": document(created(), _set("pay_url", "/orders/1007/pay/?token=")),
    "item belongs to another order": document(created(), lambda doc: doc["items"][0].update(order_id=1006)),
    "name of a field in camel case": text(created(), ("created_at", "createdAt")),
    # Status and headers
    "status 200 for 404": _status(replace(page(), status=404), 200),
    "status 500": _status(orders(), 500, b"<h1>Server Error (500)</h1>"),
    "status 200 for 201": _status(created(), 200),
    "permanent redirect for a temporary one": _status(checkout(), 301),
    "wrong redirect": header(checkout(), "Location", "/orders/"),
    "redirect loses a parameter": header(checkout(), "Location", "/orders/1007/thanks/?lang=en"),
    "redirect to another host": header(created(), "Location", "https://evil.example/api/orders/1007/"),
    "dropped session cookie": header(checkout(), "Set-Cookie", None, starts="sessionid"),
    "session cookie without HttpOnly": header(
        checkout(),
        "Set-Cookie",
        f"sessionid={SESSION}; Max-Age=1209600; Path=/; SameSite=Lax; Secure",
        starts="sessionid",
    ),
    "cookie for another path": header(
        checkout(),
        "Set-Cookie",
        f"csrftoken={CSRF_COOKIE}; Max-Age=31449600; Path=/shop; SameSite=Lax; Secure",
        starts="csrf",
    ),
    "session cookie lives a day": header(
        checkout(),
        "Set-Cookie",
        f"sessionid={SESSION}; HttpOnly; Max-Age=86400; Path=/; SameSite=Lax; Secure",
        starts="sess",
    ),
    "session cookie emptied": header(
        checkout(),
        "Set-Cookie",
        "sessionid=; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax; Secure",
        starts="sess",
    ),
    "private answer may be cached": header(orders(), "Cache-Control", "max-age=300"),
    "Vary without Cookie": header(page(), "Vary", "Accept-Language"),
    "frames allowed": header(page(), "X-Frame-Options", "SAMEORIGIN"),
    "policy lost": header(page(), "Content-Security-Policy", None),
    "policy loosened": header(page(), "Content-Security-Policy", "default-src *"),
    "JSON as text": header(orders(), "Content-Type", "text/plain"),
    "download is shown": header(report(), "Content-Disposition", None),
    "download has another name": header(report(), "Content-Disposition", 'attachment; filename="report.csv"'),
    # HTML
    "row of a table lost": text(
        page(),
        (
            '<tr><td><img src="/media/thumbs/dogs.jpg" alt="Dogs" width="160"></td><td>13×18</td><td>1</td><td>€ 0.99</td></tr>',
            "",
        ),
    ),
    "total is wrong": text(page(), ("14.36</strong>", "14.63</strong>")),
    "form posts elsewhere": text(page(), ('action="/orders/1007/pay/"', 'action="/orders/1007/cancel/"')),
    "form without CSRF token": text(page(), ('<input type="hidden" name="csrfmiddlewaretoken"', "<input ")),
    "field of a form lost": text(page(), ('<input type="text" name="voucher" maxlength="20">', "")),
    "other option selected": text(page(), ('"std" selected', '"std"'), ('"exp"', '"exp" selected')),
    "escaping doubled": text(page(), ("Anna Müller", "Anna M&amp;uuml;ller")),
    "escaping lost": text(page(), ("Anna Müller", "Anna <b>Müller</b>")),
    "image links a thumbnail that is not there": text(page(), ("thumbs/beach.jpg", "thumb/beach.jpg")),
    "alternative text lost": text(page(), (' alt="Fig"', "")),
    "language untranslated": text(page(), (">Standard<", ">Standardversand<")),
    "JSON in the page is wrong": text(page(), ('"total": "14.36"', '"total": "14.3"')),
    "clock of another zone": text(page(), ("6:19 p.m.", "7:19 p.m.")),
    "link loses its filter": text(page(), ("status=open&amp;", "")),
    # Tables
    "CSV: cell rounded": (report(), report(_row(3, 4, "15.96"))),
    "CSV: column lost": (report(), report([row[:5] for row in ROWS])),
    "CSV: columns swapped": (report(), report([[*row[:3], row[4], row[3], row[5]] for row in ROWS])),
    "CSV: rows in another order": (report(), report([ROWS[0], *ROWS[:0:-1]])),
    "CSV: last row lost": (report(), report(ROWS[:-1])),
    "CSV: semicolons": (report(), report(delimiter=";")),
    "XLSX: amount is text": (workbook(), workbook(_row(2, 5, "10,00"))),
    "XLSX: cell is wrong": (workbook(), workbook(_row(4, 3, "0.85"))),
    "XLSX: sheet renamed": (workbook(), workbook(title="Sheet")),
    "XLSX: row lost": (workbook(), workbook(ROWS[:3])),
    # Pictures
    "picture blurred": (picture(), picture(lambda image: image.filter(ImageFilter.GaussianBlur(1.2)))),
    "picture a pixel smaller": (picture(), picture(size=479)),
    "picture turned": (picture(), picture(lambda image: image.rotate(180))),
    "picture without colours": (picture(), picture(lambda image: ImageOps.grayscale(image).convert("RGB"))),
    "picture darker": (picture(), picture(lambda image: ImageEnhance.Brightness(image).enhance(0.92))),
    "picture mirrored": (picture(), picture(ImageOps.mirror)),
    # Effects
    "mail lost": effect(checkout(), "mails", lambda mails: mails.pop(1)),
    "mail doubled": effect(checkout(), "mails", lambda mails: mails.append(mails[0])),
    "mail to somebody else": effect(checkout(), "mails", change(0, recipients=("bob@example.com",))),
    "mail without its HTML": effect(checkout(), "mails", change(0, html="")),
    "mail with another amount": effect(checkout(), "mails", change(1, text="1007: 5 prints")),
    "mail without its attachment": effect(checkout(), "mails", change(0, attachments={})),
    "mail from somebody else": effect(checkout(), "mails", change(1, sender="root@localhost")),
    "mail links another order": effect(
        checkout(),
        "mails",
        change(
            0,
            text="Hello Anna,\n\nthank you for your order of € 14.36.\nhttps://shop.example/orders/1006/\n\nPrints",
        ),
    ),
    "message doubled": effect(checkout(), "messages", lambda messages: messages.append(messages[0])),
    "message lost": effect(checkout(), "messages", lambda messages: messages.pop()),
    "message to another queue": effect(checkout(), "messages", change(0, queue="celery")),
    "message with other sizes": effect(
        checkout(), "messages", change(0, body={"order": 1007, "sizes": [1280, 640]})
    ),
    "message with a rounded amount": effect(
        checkout(), "messages", change(1, body={"kind": "order", "amount": 14.4})
    ),
    "row extra": effect(checkout(), "rows", lambda rows: rows.append(rows[1])),
    "row lost": effect(checkout(), "rows", lambda rows: rows.pop(2)),
    "row of another customer": effect(checkout(), "rows", cells(0, customer_id=18)),
    "row with a rounded amount": effect(checkout(), "rows", cells(3, price="11.9")),
    "row without a column": effect(checkout(), "rows", cells(0, status="")),
    "row in local time": effect(checkout(), "rows", cells(0, created_at="2026-11-24 19:19:31.482913")),
    "item refers to another order": effect(checkout(), "rows", cells(2, order_id=1003)),
    "row deleted": effect(
        checkout(), "rows", lambda rows: rows.append(replace(rows[1], operation=Operation.DELETE, values={}))
    ),
    "file lost": effect(checkout(), "files", lambda files: files.pop()),
    "file cut off": effect(checkout(), "files", change(0, size=400, digest="ef" * 32)),
    "call fails": (
        replace(checkout(), status=0, error=""),
        replace(checkout(), status=0, error="ValueError"),
    ),
}
