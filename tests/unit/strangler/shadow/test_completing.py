"""What is added to a draft, and what must not be stored."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import replace

import pytest

from strangler.shadow.completing import SecretError, complete, field_names
from tests.unit.strangler.shadow.samples import call, capture, draft, request

FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
JSON = (("Content-Type", "application/json; charset=utf-8"),)
MULTIPART = (("Content-Type", 'multipart/form-data; boundary="a b"'),)
PARTS = (
    b'--a b\r\nContent-Disposition: form-data; name="title"\r\n\r\nhello\r\n'
    b"--a b\r\ncontent-type: image/png\r\n"
    b'content-disposition: form-data; name="photo"; filename="x.png"\r\n\r\n'
    b'Content-Disposition: form-data; name="in the file"\r\n\r\n--\r\n--a b--\r\n'
)


def sent(headers, body):
    return request(method="POST", target="/photos/", headers=headers, body=body)


@pytest.mark.parametrize(
    ("headers", "body", "names"),
    [
        (FORM, b"b=2&a=&b=3", ["b", "a", "b"]),
        (JSON, b'{"z": {"deep": 1}, "y": 2}', ["z", "y"]),
        (JSON, b'[{"a": 1}]', []),
        (JSON, b"{not json", []),
        (MULTIPART, PARTS, ["title", "photo"]),
        (MULTIPART, b"--a b\r\nno end", []),
        ((("Content-Type", "multipart/form-data"),), PARTS, []),
        ((("Content-Type", "application/octet-stream"),), b"a=1", []),
        ((), b"a=1", []),
    ],
)
def test_the_names_of_fields_are_read_from_the_body(headers, body, names):
    assert field_names(sent(headers, body)) == names


def test_the_shape_has_the_names_of_query_and_form():
    done = complete(draft(asked=replace(sent(FORM, b"b=2&a=1&a=2"), target="/photos/?q=1")))
    assert done.asked.fields == ("a", "b")
    assert done.shape == "images.page POST 200 a,b,q"


@pytest.mark.parametrize(
    "asked",
    [
        sent(FORM, b"user=ada&password=hunter2"),
        sent(FORM, b"new-password1=hunter2"),
        sent(JSON, b'{"user": {"keys": [{"API-Key": "x"}]}}'),
        sent(MULTIPART, PARTS.replace(b"title", b"card_number")),
        request(target="/reset/?token=abc"),
        call({"user": 7, "kwargs": {"secret_word": "x"}}),
    ],
)
def test_what_has_a_secret_is_refused(asked):
    with pytest.raises(SecretError):
        complete(draft(asked=asked))


def test_a_project_says_which_fields_are_secrets(settings):
    settings.STRANGLER = {"SHADOW_SECRET_FIELDS": ["iban"]}
    assert complete(draft(asked=sent(FORM, b"password=x"))).asked.fields == ("password",)
    with pytest.raises(SecretError, match="IBAN"):
        complete(draft(asked=sent(FORM, b"IBAN=x")))


def test_cookies_that_prove_who_somebody_is_have_no_value():
    headers = (
        ("Set-Cookie", "sessionid=abc; HttpOnly; Path=/"),
        ("Set-Cookie", ' csrftoken=def; Path="/"'),
        ("Set-Cookie", 'sessionid=""; Max-Age=0'),
        ("Set-Cookie", "basket=7"),
    )
    done = complete(draft(headers=headers))
    assert [value for _, value in done.control.headers] == [
        "sessionid=masked; HttpOnly; Path=/",
        'csrftoken=masked; Path="/"',
        'sessionid=""; Max-Age=0',
        "basket=7",
    ]


def test_cookies_are_kept_only_where_a_setting_says_so_and_never_the_session(settings, monkeypatch):
    settings.STRANGLER = {"SHADOW_COOKIES": ["language", "sessionid"]}
    monkeypatch.setattr("strangler.shadow.completing.recognise", lambda _cookies: None)
    one = replace(draft(), cookie="sessionid=abc; language=de; basket=7")
    assert complete(one).asked.headers == (("Cookie", "language=de"),)


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_content_coding_is_taken_off(coding, pack):
    packed = pack(b"hello " * 100)
    headers = (("Content-Encoding", coding), ("Content-Length", str(len(packed))), ("ETag", "x"))
    done = complete(draft(body=packed, headers=headers)).control
    assert done.body == b"hello " * 100
    assert done.headers == (("Content-Length", "600"), ("ETag", "x"))


def test_a_bomb_is_not_unpacked(settings):
    settings.STRANGLER = {"SHADOW_MAX_BODY_BYTES": 1_000}
    with pytest.raises(gzip.BadGzipFile):
        complete(draft(body=gzip.compress(b"x" * 1_000_000), headers=(("Content-Encoding", "gzip"),)))


def test_a_call_keeps_its_message():
    one = capture(asked=call())
    assert complete(replace(draft(), capture=one)) == one
    assert json.loads(json.dumps(one.to_json()))["call"]["version"] == 2
