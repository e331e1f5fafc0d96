"""A capture arrives as it was handed over, however large it is, and what is no capture is refused."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from strangler.core.observation import Effects, MailSent
from strangler.shadow import losses
from strangler.shadow.link import Link
from strangler.shadow.packets import (
    CAPTURE,
    GO,
    HOLD,
    LOSSES,
    TAKEN,
    PacketError,
    pack,
    receive,
    send,
    unpack,
    written,
)
from tests.unit.strangler.shadow.samples import call, draft, request


@pytest.fixture
def ends():
    """Both ends of a connection, not blocking."""
    here, there = socket.socketpair()
    for each in (here, there):
        each.setblocking(False)
    yield here, there
    here.close()
    there.close()


@pytest.mark.parametrize(
    "sent",
    [
        draft(),
        draft(asked=call()),
        draft(body=b""),
        draft(asked=request(method="POST", body=bytes(range(256)) * 40_000), body=b"x" * 5_000_000),
        replace(draft(), cookie="sessionid=ä"),
    ],
    ids=["page", "call", "empty", "large", "cookie"],
)
def test_what_was_handed_over_arrives(ends, sent):
    here, there = ends
    with written(pack(sent)) as file:
        send(here, file)
    kind, content = receive(there)
    assert (kind, unpack(content)) == (CAPTURE, sent)


def test_counts_of_what_was_lost_travel_the_same_way_and_await_no_answer(ends):
    here, there = ends
    counts = {("images.page", 29_000_000, "rate"): 7, ("images.page", 29_000_000, "full"): 1}
    link = Link(here)
    with written(losses.pack(counts)) as file:
        link.tell(file)
    kind, content = receive(there)
    assert (kind, losses.unpack(content), len(link)) == (LOSSES, counts, 0)


def test_effects_are_looked_at_before_they_travel():
    seen = Effects(mails=(MailSent(sender="a@x", recipients=("b@x",), subject="Hi"),))
    for effects in (seen, lambda: seen):
        assert unpack(pack(replace(draft(), effects=effects))).capture.control.effects == seen


def test_nothing_waits_for_a_worker_that_takes_nothing(ends):
    here, _ = ends

    def send_many():
        for _ in range(100_000):
            send(here, file)

    with written(b"x") as file, pytest.raises(BlockingIOError):
        send_many()


def test_an_end_and_a_stranger_are_told_apart(ends):
    here, there = ends
    with pytest.raises(BlockingIOError):
        receive(there)
    here.send(CAPTURE)
    with pytest.raises(PacketError):
        receive(there)
    here.close()
    assert receive(there) is None


@pytest.mark.parametrize("content", [b"", b"x" * 7, b"\0" * 16, pack(draft())[:-400]])
def test_what_is_no_draft_is_refused(content):
    with pytest.raises(PacketError):
        unpack(content)


def test_a_link_knows_what_is_under_way_and_what_the_worker_said(ends):
    here, there = ends
    link = Link(here)
    with written(b"12345") as file:
        link.send(file, size=5)
        link.send(file, size=7)
    assert (len(link), link.bytes_waiting, link.listen()) == (2, 12, True)
    there.send(bytes([TAKEN, HOLD]))
    assert link.listen()
    assert (len(link), link.bytes_waiting, link.is_held) == (1, 7, True)
    there.send(bytes([TAKEN, GO, TAKEN]))  # one more than was sent, by a worker that errs
    assert link.listen()
    assert (len(link), link.bytes_waiting, link.is_held) == (0, 0, False)
    there.close()
    assert not link.listen()
