"""Harmless variations: what differs between two runs of the same code, or between two ways to write the same."""

import json
from dataclasses import replace

from strangler.core.observation import RowWrite
from tests.bench.compare_corpus.answers import (
    COOKIES,
    CREATED,
    CSRF,
    CSRF_COOKIE,
    ROWS,
    SESSION,
    Pair,
    answer,
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

OTHER = "Zp4KdM8sVb1XrT6yHcJ0wQnG3fLuAe7oEiSxRt5mUvYkC2jDqBgNz9hPlFaW0OI1"
OTHER_SESSION = "z9y8x7w6v5u4t3s2r1q0p9o8n7m6l5k4"


def _with(base, *pairs) -> Pair:
    return base, replace(base, headers=(*base.headers, *pairs))


def _signed(stamp, signature):
    return answer(f'<a href="/unsubscribe/anna:{stamp}:{signature}/">Leave</a>'.encode(), "text/html")


def _reset(token):
    return answer(f"<a href='/reset/MTc/{token}/'>Reset</a>".encode(), "text/html")


def _new_key(base) -> Pair:
    """Return an answer and the same with the other keys of a sequence that is elsewhere."""
    rows = tuple(
        replace(row, values={name: 1012 if value == 1007 else value for name, value in row.values.items()})
        for row in base.effects.rows
    )
    mails = tuple(
        replace(
            mail,
            **{name: getattr(mail, name).replace("1007", "1012") for name in ("subject", "text", "html")},
        )
        for mail in base.effects.mails
    )
    messages = (
        replace(base.effects.messages[0], body={**base.effects.messages[0].body, "order": 1012}),
        base.effects.messages[1],
    )
    headers = tuple((name, value.replace("1007", "1012")) for name, value in base.headers)
    other = replace(base.effects, rows=rows, mails=mails, messages=messages)
    return base, replace(base, headers=headers, body=base.body.replace(b"1007", b"1012"), effects=other)


VARIATIONS: dict[str, Pair] = {
    # Tokens
    "CSRF token in form and script": text(page(), (CSRF, OTHER)),
    "CSRF cookie": header(
        checkout(), "Set-Cookie", COOKIES[0][1].replace(CSRF_COOKIE, OTHER[:32]), starts="csrf"
    ),
    "session cookie": header(
        checkout(), "Set-Cookie", COOKIES[1][1].replace(SESSION, OTHER_SESSION), starts="sess"
    ),
    "cookies expire a second later": (
        checkout(),
        replace(
            checkout(), headers=tuple((n, v.replace("18:19:31", "18:19:32")) for n, v in checkout().headers)
        ),
    ),
    "nonce of the policy": (
        page(),
        replace(
            page(),
            body=page().body.replace(b"c2VjcmV0bm9uY2UxMjM0NQ==", b"YW5vdGhlcm5vbmNlOTg3Ng=="),
            headers=tuple(
                (n, v.replace("c2VjcmV0bm9uY2UxMjM0NQ==", "YW5vdGhlcm5vbmNlOTg3Ng=="))
                for n, v in page().headers
            ),
        ),
    ),
    "signed value": (
        _signed("1vNqXa", "Hh3kq0o1Zs7Vb9xK2mPtQeR4uYwJcLdNfGaSiTvBnEI"),
        _signed("1vNqYc", "Qw8er5Ty2Ui0Op3As6Df9Gh1Jk4Lz7Xc0Vb2Nm5QaWs"),
    ),
    "link to reset a password": (
        _reset("d1k9f2-8f14e45fceea167a5a36dedd4bea2543"),
        _reset("d1k9g7-c9f0f895fb98ab9159f51fd0297e236d"),
    ),
    "token in a link": text(created(), ("a8Fk2LmQ9zXc4VbN7pRt", "Zx8Cv5Bn2MaSd7Fg4HjK")),
    "token in a row": effect(checkout(), "rows", cells(0, token="Zx8Cv5Bn2MaSd7Fg4HjK")),
    "salt of a password": effect(
        effect(
            checkout(),
            "rows",
            cells(0, password="pbkdf2_sha256$1000000$aB3dE5fG$6yHnJ8kM0lP2oI4uY6tR8eW1qA3sD5fG7hJ9kL0zX2c="),
        )[1],
        "rows",
        cells(0, password="pbkdf2_sha256$1000000$zX9cV7bN$1qA3sD5fG7hJ9kL0zX2c6yHnJ8kM0lP2oI4uY6tR8eW="),
    ),
    # Times
    "date of the answer": header(orders(), "Date", "Tue, 24 Nov 2026 18:21:02 GMT"),
    "created a second later": document(
        created(), lambda doc: doc.update(created_at="2026-11-24T18:19:32.009112Z")
    ),
    "created without microseconds": document(
        created(), lambda doc: doc.update(created_at="2026-11-24T18:19:32Z")
    ),
    "created four minutes later": document(
        created(), lambda doc: doc.update(created_at="2026-11-24T18:23:40.1Z")
    ),
    "expires in seconds since 1970": document(created(), lambda doc: doc.update(expires=1795552800)),
    "time in a page a minute later": text(page(), ("6:19 p.m.", "6:20 p.m."), ("18:19", "18:20")),
    "rows a second later": effect(checkout(), "rows", cells(0, created_at="2026-11-24 18:19:32.100000")),
    "update a minute later": effect(checkout(), "rows", cells(4, last_order_at="2026-11-24 18:20:31.000001")),
    # Keys
    "uuid": document(created(), lambda doc: doc.update(uuid="0cc175b9-c0f1-46b6-a31c-399e26977266")),
    "request id in a message": effect(
        checkout(),
        "messages",
        change(
            0,
            body={"order": 1007, "sizes": [1280, 640, 160], "request_id": "d3b07384d113edec49eaa6238ad5ff00"},
        ),
    ),
    "key of a new order, answered as JSON": _new_key(created()),
    "key of a new order, redirected": _new_key(checkout()),
    "key of a new order, nobody looked at effects": tuple(
        replace(each, effects=None) for each in _new_key(created())
    ),
    "key of an item": document(created(), lambda doc: doc["items"][0].update(id=4502)),
    # Headers
    "order of headers": (page(), replace(page(), headers=page().headers[::-1])),
    "case of names of headers": (
        page(),
        replace(page(), headers=tuple((n.lower(), v) for n, v in page().headers)),
    ),
    "another server": header(page(), "Server", "uvicorn"),
    "request id": _with(page(), ("X-Request-ID", "4f9d2c"), ("Strangler-Request-Id", "1a2b3c")),
    "server timing": _with(page(), ("Server-Timing", "db;dur=53"), ("X-Runtime", "0.034")),
    "order in Vary": header(page(), "Vary", "Accept-Language,Cookie"),
    "order in Cache-Control": header(
        orders(), "Cache-Control", "private, no-store, no-cache, must-revalidate, max-age=0"
    ),
    "entity tag": header(orders(), "ETag", '"7d793037a0760186574b0282f2f435e7"'),
    "content length": header(page(), "Content-Length", "4711"),
    "space and case in the content type": header(page(), "Content-Type", "text/html;charset=UTF-8"),
    "redirect by path instead of URL": header(created(), "Location", "/api/orders/1007/"),
    "order of parameters of a redirect": header(
        checkout(), "Location", "/orders/1007/thanks/?lang=en&from=checkout"
    ),
    # JSON
    "order of keys": (created(), replace(created(), body=json.dumps(CREATED, sort_keys=True).encode())),
    "JSON indented": (created(), replace(created(), body=json.dumps(CREATED, indent=2).encode())),
    "JSON with escapes": (
        orders(),
        replace(orders(), body=json.dumps(json.loads(orders().body), ensure_ascii=False).encode()),
    ),
    "order of a set": document(created(), lambda doc: doc["permissions"].reverse()),
    "order of tags": document(orders(), lambda doc: doc["results"][0]["customer"]["tags"].reverse()),
    "last digit of a float": document(created(), lambda doc: doc.update(discount=0.1 + 1e-15)),
    # HTML
    "white space": text(page(), ("\n    ", "\n"), ("</td><td>", "</td>\n<td>")),
    "windows line ends": text(page(), ("\n", "\r\n")),
    "order of attributes": text(
        page(), ('type="text" name="voucher" maxlength="20"', 'maxlength="20" name="voucher" type="text"')
    ),
    "order of classes": text(page(), ('class="page order dark"', 'class="dark page  order"')),
    "quotes of attributes": text(page(), ('class="total"', "class=total"), ('alt="Dogs"', "alt='Dogs'")),
    "boolean attribute spelt out": text(page(), ('"std" selected', '"std" selected="selected"')),
    "character reference": text(page(), ("Müller", "M&uuml;ller"), ("© 2026", "&copy; 2026")),
    "comment": text(page(), ("<main", "<!-- cached --><main")),
    "hash of a static file": text(page(), ("site.3f2a9c1b7d5e.css", "site.9b1c4e7f2a3d.css")),
    "static file without a hash": text(page(), ("site.3f2a9c1b7d5e.css", "site.css")),
    "order of parameters in a link": text(page(), ("?status=open&amp;page=2", "?page=2&amp;status=open")),
    "closing slash of an element": text(page(), ('width="160">', 'width="160" />')),
    # Tables and pictures
    "CSV: quotes": (report(), report(quoting=1)),
    "CSV: line ends": (report(), report(lineterminator="\n")),
    "XLSX: made again": (workbook(), workbook([list(row) for row in ROWS])),
    "picture encoded again": (picture(), picture(quality=78)),
    "picture progressive and optimised": (picture(), picture(progressive=True, optimize=True)),
    "picture without subsampling": (picture(), picture(quality=90, subsampling=0)),
    # Effects
    "order of mails": effect(checkout(), "mails", lambda mails: mails.reverse()),
    "order of recipients": effect(
        checkout(), "mails", change(1, recipients=("boss@example.com", "print@example.com"))
    ),
    "order of messages": effect(checkout(), "messages", lambda messages: messages.reverse()),
    "order of rows": effect(checkout(), "rows", lambda rows: rows.reverse()),
    "name of a stored file": effect(
        checkout(), "files", change(0, name="orders/2026/11/24/slip_Zx8Cv5B.txt")
    ),
    "row of a session": effect(
        checkout(),
        "rows",
        lambda rows: rows.append(
            RowWrite(table="django_session", operation=rows[0].operation, values={"session_key": "x"})
        ),
    ),
}
