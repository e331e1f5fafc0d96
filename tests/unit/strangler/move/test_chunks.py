"""The size of the next chunk follows what chunks took."""

from __future__ import annotations

from datetime import timedelta

from strangler.move import chunks
from strangler.move.chunks import ChunkSize


def test_it_grows_until_a_chunk_takes_the_time_aimed_at():
    size = ChunkSize(aim=timedelta(seconds=1), rows=1_000)
    for _ in range(20):
        size.measured(rows=size.rows, size=size.rows, seconds=size.rows / 10_000)
    assert size.rows == 10_000


def test_it_at_most_doubles():
    size = ChunkSize(rows=1_000)
    size.measured(rows=1_000, size=1, seconds=0.000001)
    assert size.rows == 2_000


def test_it_shrinks_when_rows_become_slow_but_not_below_the_smallest():
    size = ChunkSize(aim=timedelta(seconds=1), rows=1_000)
    for _ in range(30):
        size.measured(rows=size.rows, size=1, seconds=size.rows * 10)
    assert size.rows == chunks.SMALLEST


def test_large_rows_keep_a_chunk_within_its_memory():
    size = ChunkSize(rows=1_000)
    for _ in range(10):
        size.measured(rows=size.rows, size=size.rows * 100_000, seconds=0.001)
    assert size.rows * 100_000 <= chunks.LARGEST_BYTES


def test_a_chunk_without_rows_teaches_nothing():
    size = ChunkSize(rows=777)
    size.measured(rows=0, size=0, seconds=9)
    assert size.rows == 777
