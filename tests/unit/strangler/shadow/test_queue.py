"""The queue is bounded by number and by bytes, whatever comes."""

from __future__ import annotations

from strangler.shadow.queue import OVERHEAD_BYTES, DraftQueue
from tests.unit.strangler.shadow.samples import draft, request


def test_drafts_come_out_as_they_came_in():
    queue = DraftQueue(size=10, size_bytes=1_000_000)
    drafts = [draft(minutes=n) for n in range(3)]
    assert all(queue.put(each) for each in drafts)
    assert [queue.take() for _ in range(4)] == [*drafts, None]


def test_no_more_than_its_size_is_taken():
    queue = DraftQueue(size=2, size_bytes=1_000_000)
    assert [queue.put(draft()) for _ in range(3)] == [True, True, False]
    queue.take()
    assert queue.put(draft())


def test_no_more_than_its_bytes_are_taken():
    queue = DraftQueue(size=1_000, size_bytes=100_000)
    taken = sum(queue.put(draft(body=b"x" * 10_000, asked=request(body=b"y" * 5_000))) for _ in range(1_000))
    assert taken == 100_000 // (15_000 + OVERHEAD_BYTES)
    assert not queue.put(draft(body=b"x" * 99_000))


def test_what_was_taken_makes_room():
    queue = DraftQueue(size=1_000, size_bytes=3 * OVERHEAD_BYTES)
    for _ in range(50):
        assert queue.put(draft())
        assert queue.take() is not None
    assert (len(queue), queue.bytes_held) == (0, 0)
