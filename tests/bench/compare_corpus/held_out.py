"""Cases that were written after the rules. What they taught is told in the decision record about noise."""

import base64
import io
import json
from dataclasses import replace

from PIL import Image, ImageDraw

from strangler.core.observation import Effects, Operation, RowWrite
from tests.bench.compare_corpus.answers import (
    COOKIES,
    ROWS,
    Pair,
    answer,
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


def _swap_keys(doc):
    first, second = doc["results"][:2]
    first["id"], second["id"] = second["id"], first["id"]


def _two(content_type, control, candidate) -> Pair:
    return answer(control.encode(), content_type), answer(candidate.encode(), content_type)


def _json(control, candidate) -> Pair:
    return _two("application/json", json.dumps(control), json.dumps(candidate))


def _watermark(image):
    image = image.copy()
    width, height = image.size
    ImageDraw.Draw(image).rectangle((width - 60, height - 30, width - 10, height - 10), fill="white")
    return image


def _padded(image):
    small = image.resize((image.width - 40, image.height - 30))
    padded = Image.new("RGB", image.size, "white")
    padded.paste(small, (20, 15))
    return padded


def _png(mode, level=6):
    image = Image.new("RGBA", (120, 80), (200, 30, 30, 0))
    ImageDraw.Draw(image).ellipse((20, 10, 100, 70), fill=(20, 90, 200, 255))
    body = io.BytesIO()
    image.convert(mode).save(body, "PNG", compress_level=level)
    return answer(body.getvalue(), "image/png")


def _jwt(**claims):
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": "17", "scope": "orders", **claims}]
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join((*coded, f"{claims['iat']:x}abcdefghijklmnopqrstuvwxyz0123456789"))


def _feed(built, titles=("Beach", "Dogs")):
    items = "".join(f"<item><title>{title}</title><guid>/photos/{title}/</guid></item>" for title in titles)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel><title>Photos</title>'
        f"<lastBuildDate>{built}</lastBuildDate>{items}</channel></rss>"
    )


def _pdf(made, total="14.36"):
    return answer(
        f"%PDF-1.4\n1 0 obj<</Producer(x)/CreationDate({made})>>endobj\n(Total {total})Tj\n%%EOF".encode(),
        "application/pdf",
    )


BUILT = "Tue, 24 Nov 2026 18:19:31 +0000"
UUIDS = [
    "8f14e45f-ceea-467f-a9a3-3b1c2d4e5f60",
    "0cc175b9-c0f1-46b6-a31c-399e26977266",
    "92eb5ffe-e6ae-4fec-ad1b-e4d9c0e8c1aa",
    "4a8a08f0-9d37-4737-8564-9038408b5f33",
]

HELD_OUT_REGRESSIONS: dict[str, Pair] = {
    "time cut to its date": document(created(), lambda doc: doc.update(created_at="2026-11-24")),
    "decimal comma": document(created(), lambda doc: doc.update(total="14,36")),
    "thousands separator": _two("text/html", "<p>€ 1,234.50</p>", "<p>€ 1234.50</p>"),
    "other currency": text(page(), ("€ 14.36", "$ 14.36")),
    "other order of options": text(
        page(),
        (
            '<option value="std" selected>Standard</option><option value="exp">Express</option>',
            '<option value="exp">Express</option><option value="std" selected>Standard</option>',
        ),
    ),
    "keys of two orders swapped": document(orders(), _swap_keys),
    "subject in another language": effect(checkout(), "mails", change(0, subject="Ihre Bestellung 1007")),
    "somebody else gets a copy": effect(
        checkout(), "mails", change(0, recipients=("anna@example.com", "bob@example.com"))
    ),
    "HTTPS no longer demanded": (
        replace(page(), headers=(*page().headers, ("Strict-Transport-Security", "max-age=31536000"))),
        page(),
    ),
    "picture with a white border": (picture(), picture(_padded)),
    "picture without its watermark": (picture(_watermark), picture()),
    "transparency lost": (_png("RGBA"), _png("RGB")),
    "button disabled": text(page(), ('<button type="submit">', '<button type="submit" disabled>')),
    "columns of a table swapped": text(
        page(), ("<th>Size</th><th>Copies</th>", "<th>Copies</th><th>Size</th>")
    ),
    "XLSX: a day off": (
        workbook(),
        workbook([ROWS[0], [ROWS[1][0], ROWS[1][1], "2026-11-01", *ROWS[1][3:]], *ROWS[2:]]),
    ),
    "CSV: byte order mark lost": (
        replace(report(), body=b"\xef\xbb\xbf" + report().body),
        report(),
    ),
    "large number as a float": _json({"serial": 9007199254740993}, {"serial": 9007199254740992}),
    "sign lost": _json({"balance": -12.5}, {"balance": 12.5}),
    "other message of an error": tuple(
        replace(each, status=400)
        for each in _json({"voucher": ["Expired."]}, {"voucher": ["This field is required."]})
    ),
    "one error instead of two": _json({"errors": ["a", "b"]}, {"errors": ["a"]}),
    "one row too many updated": effect(checkout(), "rows", change(4, count=2)),
    "key as text in a message": effect(
        checkout(), "messages", change(1, body={"kind": "order", "amount": "14.36"})
    ),
    "lines of preformatted text joined": _two("text/html", "<pre>a\n  b</pre>", "<pre>a b</pre>"),
    "emoji lost": text(page(), ("<h1>Order 1007</h1>", "<h1>Order 1007 ?</h1>")),
    "cookie without Secure": header(
        checkout(), "Set-Cookie", COOKIES[0][1].removesuffix("; Secure"), starts="csrf"
    ),
    "feed: item lost": _two("application/rss+xml", _feed(BUILT), _feed(BUILT, ("Beach",))),
    "same UUID for two things": _json(
        [{"uuid": UUIDS[0]}, {"uuid": UUIDS[1]}], [{"uuid": UUIDS[2]}, {"uuid": UUIDS[2]}]
    ),
    "robots shut out": _two("text/plain", "User-agent: *\nDisallow:\n", "User-agent: *\nDisallow: /\n"),
    "PDF with another total": (_pdf("D:20261124181931Z"), _pdf("D:20261124181931Z", "14.63")),
    "token with more rights": _json(
        {"access": _jwt(iat=1795552771)}, {"access": _jwt(iat=1795552771, admin=True)}
    ),
    "checksum differs": _json(
        {"md5": "5d41402abc4b2a76b9719d911017c592"}, {"md5": "7d793037a0760186574b0282f2f435e7"}
    ),
    "quantity looks like a key": _json({"id": 5, "copies": 1}, {"id": 5, "copies": 2}),
    "page number in a heading": _two("text/html", "<h2>Page 2 of 9</h2>", "<h2>Page 3 of 9</h2>"),
    "half an hour off": document(created(), lambda doc: doc.update(created_at="2026-11-24T18:49:31Z")),
    "year wrong": text(page(), ("Nov. 24, 2026", "Nov. 24, 2025")),
    "category of an old thing": _json({"id": 5, "category_id": 3}, {"id": 5, "category_id": 4}),
}

HELD_OUT_VARIATIONS: dict[str, Pair] = {
    "token issued a second later": _json(
        {"access": _jwt(iat=1795552771, exp=1795556371)}, {"access": _jwt(iat=1795552772, exp=1795556372)}
    ),
    "minutes ago": _two("text/html", "<p>Uploaded 2 minutes ago</p>", "<p>Uploaded 3 minutes ago</p>"),
    "just now": _two("text/html", "<p>Seen now</p>", "<p>Seen 4 seconds ago</p>"),
    "boundary": tuple(
        answer(b"", f'multipart/mixed; boundary="{boundary}"') for boundary in ("==1f3a", "==9c2e")
    ),
    "PDF made a second later": (_pdf("D:20261124181931Z"), _pdf("D:20261124181932Z")),
    "signed address of a storage": _json(
        {
            "url": "https://s3.example/b/a.jpg?X-Amz-Date=20261124T181931Z&X-Amz-Expires=900"
            f"&X-Amz-Signature={'ab' * 32}"
        },
        {
            "url": "https://s3.example/b/a.jpg?X-Amz-Date=20261124T181935Z&X-Amz-Expires=900"
            f"&X-Amz-Signature={'9f' * 32}"
        },
    ),
    "made-up ids of elements": _two(
        "text/html",
        f'<label for="f-{UUIDS[0]}">A</label><input id="f-{UUIDS[0]}">',
        f'<label for="f-{UUIDS[1]}">A</label><input id="f-{UUIDS[1]}">',
    ),
    "order of cookies": (checkout(), replace(checkout(), headers=checkout().headers[::-1])),
    "void elements": _two("text/html", "<p>a<br>b<hr></p>", "<p>a<br/>b<hr /></p>"),
    "space in a style": _two(
        "text/html", '<p style="color: red; margin: 0">a</p>', '<p style="color:red;margin:0;">a</p>'
    ),
    "quotes as references": _two("text/html", "<p>O&#39;Brien &quot;x&quot;</p>", '<p>O&#x27;Brien "x"</p>'),
    "modified at": tuple(
        answer(b"a", "text/plain", headers=(("Last-Modified", f"Tue, 24 Nov 2026 {hour}:00:00 GMT"),))
        for hour in (11, 17)
    ),
    "feed built later": _two("application/rss+xml", _feed(BUILT), _feed("Tue, 24 Nov 2026 18:20:02 +0000")),
    "whole number with a point": _json({"weight": 10}, {"weight": 10.0}),
    "PNG compressed harder": (_png("RGBA"), _png("RGBA", 9)),
    "line ends of a text": _two("text/plain", "a\nb\n", "a\r\nb"),
    "UTC spelt as an offset": document(
        created(), lambda doc: doc.update(created_at="2026-11-24T18:19:31.482913+00:00")
    ),
    "rows written one by one": (
        replace(
            checkout(),
            effects=replace(
                checkout().effects,
                rows=(
                    RowWrite(
                        table="a_log",
                        operation=checkout().effects.rows[0].operation,
                        values={"kind": "x"},
                        count=3,
                    ),
                ),
            ),
        ),
        replace(
            checkout(),
            effects=replace(
                checkout().effects,
                rows=(
                    RowWrite(
                        table="a_log", operation=checkout().effects.rows[0].operation, values={"kind": "x"}
                    ),
                )
                * 3,
            ),
        ),
    ),
    "time in a message": effect(
        effect(checkout(), "messages", change(1, body={"kind": "order", "at": "2026-11-24T18:19:31Z"}))[1],
        "messages",
        change(1, body={"kind": "order", "at": "2026-11-24T18:19:33Z"}),
    ),
    "stored under a UUID": _json(
        {"file": f"/media/2026/11/{UUIDS[0]}.jpg"}, {"file": f"/media/2026/11/{UUIDS[1]}.jpg"}
    ),
    "number made of a new key": _json(
        {"id": 1007, "number": "ORD-001007"}, {"id": 1012, "number": "ORD-001012"}
    ),
    "cache buster": _two(
        "text/html",
        '<script src="/app.js?v=17955527"></script>',
        '<script src="/app.js?v=17955999"></script>',
    ),
    "time as an attribute": _two(
        "text/html", '<i data-time="1795552771">now</i>', '<i data-time="1795552774">now</i>'
    ),
    "scheme of a redirect": header(created(), "Location", "http://shop.example/api/orders/1007/"),
    "optional end tags": _two("text/html", "<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
    "optional table body": _two(
        "text/html",
        "<table><tr><td>a</td></tr></table>",
        "<table><tbody><tr><td>a</td></tr></tbody></table>",
    ),
    "empty class": _two("text/html", '<p class="">a</p>', "<p>a</p>"),
    "midnight between": _two(
        "text/html", "<p>Nov. 24, 2026, 11:59 p.m.</p>", "<p>Nov. 25, 2026, midnight</p>"
    ),
    "doctype in lower case": text(page(), ("<!DOCTYPE html>", "<!doctype html>")),
    "key of a new thing in a link": _two(
        "text/html", '<a href="/photos/88/">Photo 88</a>', '<a href="/photos/93/">Photo 93</a>'
    ),
    "rows of numbers in another order, with new keys": tuple(
        replace(
            checkout(),
            headers=(),
            effects=Effects(
                rows=(
                    *tuple(
                        RowWrite(
                            table="orders_item",
                            operation=Operation.INSERT,
                            values={"order_id": order, "photo_id": photo, "copies": photo - 50},
                        )
                        for photo in photos
                    ),
                    RowWrite(table="orders_order", operation=Operation.INSERT, values={"id": order}),
                )
            ),
        )
        for order, photos in ((1007, (51, 52, 53)), (1012, (53, 51, 52)))
    ),
    "new item refers to the new order": tuple(
        replace(
            checkout(),
            headers=(),
            effects=replace(
                checkout().effects,
                mails=(),
                messages=(),
                rows=tuple(
                    replace(
                        row, values={name: key if old == 1007 else old for name, old in row.values.items()}
                    )
                    for row in checkout().effects.rows
                ),
            ),
        )
        for key in (1007, 1012)
    ),
}
