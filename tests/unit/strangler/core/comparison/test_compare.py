"""What is reported, where, and that nothing a side answers can break the comparison."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strangler.core.comparison import PRESETS, Difference, Kind, Rule, _extras, compare, describe
from strangler.core.decision import Side
from strangler.core.observation import (
    Effects,
    MailSent,
    MessageSent,
    Observation,
    Operation,
    RowWrite,
)
from strangler.errors import MissingExtraError

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = [
    "application/json", "text/html", "text/html; charset=utf-16", "application/xml", "image/svg+xml", "text/csv",
    XLSX, "image/png", "image/jpeg", "text/plain; charset=nonsense", "application/pdf", "", "multipart/mixed; boundary",
]  # fmt: skip


def answer(body, content_type="application/json", *, status=200, effects=None, headers=()):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = (("Content-Type", content_type), *headers)
    return Observation(side=Side.LEGACY, status=status, headers=headers, body=body, effects=effects)


def found(control, candidate, *, rules=PRESETS):
    return [(each.kind, each.place) for each in compare(answer(control), answer(candidate), rules=rules)]


@pytest.mark.parametrize(
    ("control", "candidate", "expected"),
    [
        ({"a": 1}, {}, [(Kind.MISSING, "body.$.a")]),
        ({}, {"a": 1}, [(Kind.EXTRA, "body.$.a")]),
        ({"a": 1}, {"a": "1"}, [(Kind.TYPE, "body.$.a")]),
        ({"a": True}, {"a": 1}, [(Kind.TYPE, "body.$.a")]),
        ({"a": "x"}, {"a": "y"}, [(Kind.VALUE, "body.$.a")]),
        ({"a": [1, 2, 3]}, {"a": [3, 1, 2]}, [(Kind.ORDER, "body.$.a")]),
        ({"a": [1, 2]}, {"a": [1]}, [(Kind.LENGTH, "body.$.a"), (Kind.MISSING, "body.$.a[1]")]),
        ({"a.b": [{"c d": 1.5}]}, {"a.b": [{"c d": 2.5}]}, [(Kind.VALUE, 'body.$."a.b"[0]."c d"')]),
    ],
)
def test_a_json_difference_has_a_kind_and_a_place(control, candidate, expected):
    assert found(control, candidate) == expected


def test_an_entry_taken_out_of_a_list_is_no_cascade():
    many = [{"name": f"photo {letter}"} for letter in "abcdefgh"]
    assert found(many, many[1:]) == [(Kind.LENGTH, "body.$"), (Kind.MISSING, "body.$[0]")]


def test_a_row_taken_out_of_a_page_is_no_cascade():
    rows = [f"<tr><td>{letter}</td></tr>" for letter in "abcdefgh"]
    pages = [answer(f"<table>{''.join(each)}</table>".encode(), "text/html") for each in (rows, rows[1:])]
    assert [describe(each) for each in compare(*pages)] == [
        'body.html.body.table.tr: missing, control has "<tr> a"'
    ]


def test_bodies_of_different_statuses_are_not_compared():
    assert [each.place for each in compare(answer({"a": 1}), answer({"b": 2}, status=404))] == ["status"]


def test_a_body_that_is_not_what_it_says_is_compared_by_digest():
    (difference,) = compare(answer(b"{1"), answer(b"{2"))
    assert difference.kind is Kind.DIGEST
    assert "not readable as application/json" in describe(difference) or "not readable" in difference.control


def test_differences_of_one_reason_have_one_cause():
    first, second = compare(answer([{"a": "x"}, {"a": "x"}]), answer([{"a": "y"}, {"a": "z"}]))
    assert first.cause == second.cause == "value body.$[].a"


def test_a_description_is_short():
    line = describe(Difference(kind=Kind.VALUE, place="body", control="a" * 500, candidate="b"))
    assert len(line) < 100
    assert line.endswith('→ "b"')


def test_a_difference_survives_json():
    difference = Difference(kind=Kind.VALUE, place="status", control=200, candidate=404)
    assert Difference.from_json(json.loads(json.dumps(difference.to_json()))) == difference


@pytest.mark.parametrize(
    ("control", "candidate", "is_noise"),
    [
        ("2026-11-24T10:00:00Z", "2026-11-24T10:04:00Z", True),
        ("2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z", False),
        ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00+01:00", False),
        ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00", False),
        ("2026-11-24T23:59:59Z", "2026-11-25T00:00:01Z", True),
        ("Nov. 24, 2026, 10 a.m.", "Nov. 24, 2026, 10:01 a.m.", True),
        ("Nov. 24, 2026, 10 a.m.", "Nov. 24, 2026, 10 p.m.", False),
        ("24.11.2026 10:00", "24.11.2026 10:01", True),
        ("24.11.2026 10:00", "25.11.2026 10:00", False),
        ("2026-11-24", "2026-11-25", False),
        ("2026-99-99T99:99:99Z", "2026-99-99T99:99:98Z", False),
        ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "b1ffcd88-8d1c-4fe9-aa7e-7cc8ce491b22", True),
        ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "none", False),
    ],
)
def test_a_text_is_noise_only_within_its_kind(control, candidate, is_noise):
    assert (found({"a": control}, {"a": candidate}) == []) is is_noise


def rows(*several):
    return Effects(
        rows=tuple(RowWrite(table="shop_order", operation=Operation.INSERT, values=each) for each in several)
    )


@pytest.mark.parametrize(
    ("control", "candidate", "is_noise"),
    [
        ([{"id": 7, "parent_id": None}], [{"id": 9, "parent_id": None}], True),
        ([{"id": 7, "note": "a"}, {"id": 8, "parent_id": 7}], [{"id": 9, "note": "a"}, {"id": 10, "parent_id": 9}], True),
        ([{"id": 7, "note": "a"}, {"id": 8, "parent_id": 7}], [{"id": 9, "note": "a"}, {"id": 10, "parent_id": 4}], False),
        ([{"id": 7, "customer_id": 3}], [{"id": 9, "customer_id": 4}], False),
    ],
)  # fmt: skip
def test_a_key_is_noise_only_where_it_follows_a_new_row(control, candidate, is_noise):
    differences = compare(answer({}, effects=rows(*control)), answer({}, effects=rows(*candidate)))
    assert (differences == ()) is is_noise


def test_a_key_may_not_differ_where_nothing_was_written():
    assert compare(answer({"id": 7}, effects=Effects()), answer({"id": 9}, effects=Effects()))


def test_effects_are_compared_only_where_both_sides_have_them():
    effects = Effects(messages=(MessageSent(task="a"),))
    assert compare(answer({}, effects=effects), answer({})) == ()
    assert compare(answer({}, effects=effects), answer({}, effects=Effects()))


def test_a_lost_mail_is_one_difference():
    mails = [
        MailSent(sender="a@b.c", recipients=(f"{name}@b.c",), subject="Hello", text=name) for name in "xyz"
    ]
    both = [answer({}, effects=Effects(mails=tuple(each))) for each in (mails, mails[1:])]
    assert [describe(each) for each in compare(*both)] == [
        'effects.mails[0]: missing, control has "Hello → x@b.c"'
    ]


def test_a_renamed_table_is_mapped_by_a_rule():
    one = Effects(rows=(RowWrite(table="photos_photo", operation=Operation.DELETE),))
    two = Effects(rows=(RowWrite(table="images_photo", operation=Operation.DELETE),))
    rule = Rule.parse("transform effects.rows map photos_photo=images_photo")
    assert compare(answer({}, effects=one), answer({}, effects=two))
    assert compare(answer({}, effects=one), answer({}, effects=two), rules=(*PRESETS, rule)) == ()


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TYPES), st.binary(max_size=400), st.binary(max_size=400))
def test_no_bytes_break_the_comparison(content_type, control, candidate):
    one, two = answer(control, content_type), answer(candidate, content_type)
    assert compare(one, one) == ()
    assert bool(compare(one, two)) is bool(compare(two, one))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_no_headers_break_the_comparison(control, candidate):
    both = [
        answer({}, headers=tuple((name, value) for name in ("Set-Cookie", "Location", "Vary", "X-A")))
        for value in (control, candidate)
    ]
    assert compare(both[0], both[0]) == ()
    compare(*both)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(JSON, JSON)
def test_without_rules_only_equal_documents_are_equal(control, candidate):
    is_equal = json.dumps(control, sort_keys=True) == json.dumps(candidate, sort_keys=True)
    if not is_equal and control != candidate:
        assert found(control, candidate, rules=())
    if is_equal:
        assert found(control, candidate, rules=()) == []


def test_hostile_bodies_are_bounded():
    deep = b"[" * 100_000
    laughs = (
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "'
        + b"b" * 1_000
        + b'">]><a>'
        + b"&b;" * 1_000
        + b"</a>"
    )
    wide = ("<p>" + "<b>x</b>" * 30_000).encode()
    words = b'{"a": "' + b"token" * 19_000 + b'"}'
    for body, content_type in (
        (deep, "application/json"),
        (laughs, "text/xml"),
        (wide, "text/html"),
        (words, "application/json"),
    ):
        differences = compare(
            answer(body + b" ", content_type), answer(body.replace(b"b", b"c") + b"1", content_type)
        )
        assert len(differences) <= 200


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked():
    body = BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 60_000_000)
    (difference,) = compare(answer(body.getvalue(), XLSX), answer(b"PK", XLSX))
    assert "too large when unpacked" in difference.control


def test_more_suspicions_than_can_be_kept_do_not_pass_for_noise(monkeypatch):
    monkeypatch.setattr("strangler.core.comparison._context._MAX_SUSPICIONS", 2)
    assert found([{"id": 1}, {"id": 2}, {"id": 3}], [{"id": 4}, {"id": 5}, {"id": 6}])


def test_a_library_that_is_not_installed_is_named():
    with pytest.raises(MissingExtraError, match=r"django-strangler\[compare\]"):
        _extras.library("no_such_module", package="lxml")


def test_a_status_that_is_another_one_by_design_is_the_same():
    rules = (*PRESETS, Rule.parse("transform status map 302=202 400=415"))
    assert compare(answer({}, status=302), answer({}, status=202), rules=rules) == ()
    (difference,) = compare(answer({}, status=302), answer({}, status=500), rules=rules)
    assert (difference.place, difference.control, difference.candidate) == ("status", 302, 500)
