"""Recorded captures are tests: one for each, against either side."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from strangler.core.capture import Capture, RecordedCall, RecordedRequest
from strangler.core.decision import Side
from strangler.core.observation import Observation
from strangler.shadow.corpus import write

REPLAY = """
    def test_it_still_does_what_was_recorded(strangler_corpus):
        strangler_corpus.check()
"""
JSON_HEADERS = (("Content-Type", "application/json"),)


def capture(number, asked, body=None, *, seam):
    status = 200 if body is not None else 0
    text = json.dumps(body).encode() if body is not None else b""
    return Capture(
        id=UUID(int=number),
        seam=seam,
        asked=asked,
        control=Observation(side=Side.LEGACY, status=status, headers=JSON_HEADERS if body is not None else (), body=text, duration=timedelta(0)),
        captured_at=datetime.now(UTC),
    )  # fmt: skip


def get(target, *, user=""):
    claims = {"id": "7", "username": user, "email": "", "is_staff": False, "is_superuser": False}
    headers = (("Host", "shop.example"), ("Accept", "*/*"))
    return RecordedRequest(method="GET", target=target, headers=headers, principal=claims if user else None)


def corpus(path, *, price=14):
    found = [
        capture(1, get("/price/?count=2"), {"total": price}, seam="desk.price"),
        capture(2, get("/me/", user="ann"), {"user": "ann"}, seam="desk.me"),
        capture(
            3, RecordedCall(task="desk.receipt", body={"to": "a@x.example", "total": 3}), seam="desk.receipt"
        ),
    ]
    write(path, found, is_masked=True)
    return path


def test_each_capture_is_a_test_with_a_name_of_its_own(sample):
    result = sample.run(REPLAY, "-v", "--strangler-corpus", corpus(sample.path / "corpus.jsonl"))
    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "*recorded?desk.price-GET-/price/?count=2-00000000-*-000000000001?*PASSED*",
            "*recorded?desk.me-GET-/me/-*PASSED*",
            "*recorded?desk.receipt-desk.receipt-*SKIPPED*",
            "*use --strangler-side service*",
        ]
    )


def test_the_service_is_asked_where_it_is_to_be(sample):
    corpus(sample.path / "corpus.jsonl")
    result = sample.run(REPLAY, "-n", "2", "--strangler-side=service", "--override-ini=strangler_corpus=.")
    result.assert_outcomes(passed=3)


def test_what_changed_since_is_named_with_its_capture(sample):
    result = sample.run(
        REPLAY, "--strangler-corpus", corpus(sample.path / "corpus.jsonl", price=15), "-k", "price"
    )
    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(
        [
            f"E*Capture {UUID(int=1)}",
            "E*desk.price: the record and legacy now differ at 1 place.",
            "E*body*total*15*14*",
        ]
    )


def test_without_a_corpus_the_test_is_skipped_and_says_how_to_name_one(sample):
    result = sample.run(REPLAY)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*--strangler-corpus*"])


def test_a_file_that_is_no_corpus_is_told(sample):
    (sample.path / "corpus.jsonl").write_text("{}\n")
    result = sample.run(REPLAY, "--strangler-corpus", "corpus.jsonl")
    assert "corpus.jsonl, line 1: is no strangler-corpus" in result.stdout.str() + result.stderr.str()
    assert result.ret != 0
