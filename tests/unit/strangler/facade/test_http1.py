"""Heads are written and read strictly."""

import http.client
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler.facade.http1 import Answer, BadAnswerError, Clock, write_head


def answer_of(raw, *, method="GET"):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(raw)
        theirs.shutdown(socket.SHUT_WR)
        answer = Answer(ours, clock=Clock(head_seconds=1, idle_seconds=1), method=method)
        answer.begin()
        body = b""
        while piece := answer.read_piece():
            body += piece
        return answer, body


def test_a_head_is_written_with_its_fields_in_order():
    assert (
        write_head("GET", "/a", [("Host", "x"), ("A", "é")])
        == b"GET /a HTTP/1.1\r\nHost: x\r\nA: \xe9\r\n\r\n"
    )


@given(st.sampled_from(["\r\n", "\n", "\r", "\0"]), st.text("ab", max_size=3), st.text("ab", max_size=3))
def test_no_field_can_begin_another_one(separator, before, after):
    with pytest.raises(ValueError, match="line break"):
        write_head("GET", "/a", [("X", before + separator + after)])


def test_a_chunked_body_is_put_together():
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n"
    answer, body = answer_of(raw)
    assert (body, answer.will_close) == (b"abcde", False)


def test_interim_answers_are_skipped():
    raw = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nend"
    answer, body = answer_of(raw)
    assert (answer.status, answer.fields, body) == (200, [], b"end")


def test_a_folded_field_is_one_line():
    assert answer_of(b"HTTP/1.1 200 OK\r\nA: b\r\n  c\r\nContent-Length: 0\r\n\r\n")[0].fields[0] == (
        "A",
        "b c",
    )


def test_equal_lengths_are_one_length():
    assert answer_of(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nokX")[1] == b"ok"


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nName : x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nCut: of",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
    ],
)
def test_malformed_heads_are_refused(raw):
    with pytest.raises((BadAnswerError, http.client.HTTPException)):
        answer_of(raw)


@pytest.mark.parametrize(
    "rest", [b"Content-Length: 5\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc"]
)
def test_a_body_that_is_cut_off_is_noticed(rest):
    with pytest.raises(http.client.IncompleteRead):
        answer_of(b"HTTP/1.1 200 OK\r\n" + rest)


def test_head_has_a_length_and_no_body():
    answer, body = answer_of(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", method="HEAD")
    assert (answer.fields, body) == ([("Content-Length", "5")], b"")


def test_the_deadline_of_a_head_counts_all_its_reads():
    clock = Clock(head_seconds=0, idle_seconds=9)
    with pytest.raises(TimeoutError):
        clock.remaining()
    clock.head_is_complete()
    assert clock.remaining() == 9
