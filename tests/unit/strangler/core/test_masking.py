"""Personal data is masked wherever it is, the same in the same way, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strangler.core.capture import Capture, RecordedCall, RecordedRequest
from strangler.core.comparison import compare
from strangler.core.decision import Side
from strangler.core.masking import DEFAULT, EMAILS, is_card, mask, mask_observation
from strangler.core.observation import Effects, MailSent, MessageSent, Observation, Operation, RowWrite

CARD = "4111 1111 1111 1111"
SECRET = "correct horse battery staple"
ANSWER = Observation(side=Side.LEGACY, status=200)


def capture(*, body=b"", content_type="", target="/", headers=(), control=ANSWER, call=None):
    if content_type:
        headers = (("Content-Type", content_type), *headers)
    return Capture(
        id=UUID(int=1),
        seam="accounts.login",
        asked=call or RecordedRequest(method="POST", target=target, headers=headers, body=body),
        control=control,
        captured_at=datetime(2026, 11, 24, tzinfo=UTC),
    )


def multipart(boundary="xyz"):
    parts = {"password": SECRET, "name": "Anna", "card": CARD}
    text = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parts.items()
    )
    return f"{text}--{boundary}--\r\n".encode()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"name=Anna&password=correct+horse+battery+staple&card=4111111111111111"),
        ("multipart/form-data; boundary=xyz", multipart()),
        ("application/json", json.dumps({"name": "Anna", "user": {"newPassword": SECRET}, "cards": [CARD]}).encode()),
        ("text/html", f'<p>Anna</p><input name=password value="{SECRET}"><p>{CARD}</p>'.encode()),
        ("text/html", f"<p>Anna</p><input type='password' name=p value='{SECRET}'>".encode()),
        ("text/javascript", f'var csrfToken = "{SECRET}", name = "Anna";'.encode()),
    ],
)  # fmt: skip
def test_a_secret_in_a_body_is_masked(content_type, body):
    masked = mask(capture(body=body, content_type=content_type)).asked.body
    assert b"Anna" in masked
    assert b"masked-" in masked
    for secret in (b"battery", b"1111"):
        assert secret not in masked


def test_headers_and_the_query_are_masked():
    headers = (
        ("Authorization", "Bearer abc"),
        ("Cookie", "sessionid=abc; theme=dark"),
        ("X-Api-Key", "abc"),
        ("Accept", "abc"),
    )
    asked = mask(capture(target="/a/?token=abc&page=2", headers=headers)).asked
    values = dict(asked.headers)
    assert values["Accept"] == "abc"
    assert "page=2" in asked.target
    del values["Accept"]
    assert "abc" not in f"{values} {asked.target}"
    assert values["Cookie"].startswith("sessionid=masked-")


def test_the_answer_of_the_control_and_its_effects_are_masked():
    effects = Effects(
        rows=(RowWrite(table="a", operation=Operation.INSERT, values={"password": SECRET, "name": "Anna"}),),
        mails=(MailSent(sender="a@b.c", recipients=("d@e.f",), subject=CARD, text=f"token: '{SECRET}'"),),
        messages=(MessageSent(task="a", body={"api_token": SECRET}),),
    )
    control = replace(ANSWER, headers=(("Set-Cookie", f"sessionid={SECRET}; Path=/"),), effects=effects)
    masked = mask(capture(control=control)).control
    text = json.dumps(masked.to_json())
    assert "battery" not in text
    assert CARD not in text
    assert "Anna" in text
    assert "d@e.f" in text
    assert masked.headers[0][1].endswith("; Path=/")


def test_a_call_is_masked():
    call = RecordedCall(task="accounts.welcome", body={"password": SECRET, "name": "Anna"})
    masked = mask(capture(call=call)).asked
    assert masked.body["name"] == "Anna"
    assert masked.body["password"].startswith("masked-")


def test_addresses_are_masked_on_request_only():
    body = b'{"to": "anna@example.com"}'
    plain = capture(body=body, content_type="application/json")
    assert mask(plain).asked.body == body
    assert b"anna" not in mask(plain, rules=(*DEFAULT, EMAILS)).asked.body


def test_masked_sides_compare_like_plain_ones():
    def answer(token, price):
        body = json.dumps({"access_token": token, "price": price}).encode()
        return replace(ANSWER, headers=(("Content-Type", "application/json"),), body=body)

    control = mask(capture(control=answer("a" * 24, "1")), key=b"k").control
    assert compare(control, mask_observation(answer("a" * 24, "1"), key=b"k")) == ()
    assert compare(control, mask_observation(answer("b" * 24, "1"), key=b"k")) == ()
    assert compare(control, mask_observation(answer("a" * 24, "2"), key=b"k"))


def test_another_key_gives_other_masks():
    plain = capture(target="/?token=abc")
    assert mask(plain, key=b"a") != mask(plain, key=b"b")
    assert mask(plain, key=b"a") == mask(plain, key=b"a")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4111111111111111", True),
        ("5500-0000-0000-0004", True),
        ("340000000000009", True),
        ("4111111111111112", False),
        ("0000000000000000", False),
        ("123", False),
    ],
)
def test_a_card_number_has_a_length_and_a_check_digit(text, expected):
    assert is_card(text) is expected


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(
        ["application/json", "text/html", "text/plain", "multipart/form-data; boundary=a", "application/x-www-form-urlencoded"]
    ),
)  # fmt: skip
def test_masking_breaks_on_no_bytes_and_again_changes_nothing(body, content_type):
    once = mask(capture(body=body, content_type=content_type))
    assert mask(once) == once
