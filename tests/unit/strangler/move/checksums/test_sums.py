"""Records, sums and buckets in Python; the engines are held against them."""

import zlib
from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler.move.checksums.json_form import canonical, differs_in_form_only
from strangler.move.checksums.reading import Partition
from strangler.move.checksums.sums import MODULUS, Sums, digest, halves, record

TEXTS = st.lists(st.one_of(st.none(), st.text()), min_size=3, max_size=3)


def of(*values):
    return record((value, True, False) for value in values)


def total(records):
    return reduce(lambda sums, each: sums.plus(1, *halves(digest(each))), records, Sums())


@given(TEXTS, TEXTS)
def test_records_are_equal_only_where_all_values_are(one, other):
    assert (of(*one) == of(*other)) == (one == other)


def test_null_is_not_the_empty_text():
    assert of(None) != of("")


def test_the_usual_checksum_is_blind_where_these_sums_see():
    """CRC32 is affine: the same change in two rows of one length cancels out under XOR."""
    before = [f"{number},0,2024-01-01 12:00" for number in (17, 18)]
    after = [text.replace(" 12:", " 13:") for text in before]
    assert reduce(xor, (zlib.crc32(text.encode()) for text in before)) == reduce(
        xor, (zlib.crc32(text.encode()) for text in after)
    )
    assert total(before) != total(after)


@given(st.permutations([f"row {number}" for number in range(6)]))
def test_the_order_of_rows_does_not_matter(rows):
    assert total(rows) == total(sorted(rows))


def test_signed_halves_give_the_same_sums_as_unsigned_ones():
    first, second = 2**63 + 5, 2**64 - 1
    assert Sums().plus(1, first, second) == Sums().plus(1, first - MODULUS, second - MODULUS)


@given(st.integers(-(2**63), 2**63 - 1), st.integers(1, 2**40))
def test_a_key_lies_within_the_bounds_of_its_bucket(key, width):
    partition = Partition(width=width)
    low, high = partition.bounds(partition.bucket_of(str(key)))
    assert low <= key <= high


@given(st.integers(-50, 50), st.integers(1, 9))
def test_the_bounds_hold_no_key_of_another_bucket(bucket, width):
    partition = Partition(width=width)
    low, high = partition.bounds(bucket)
    assert {partition.bucket_of(str(key)) for key in range(low, high + 1)} == {bucket}


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}', True),
        ('{"a": 1}', '{"a": 1.0}', True),
        ('{"a": 1e2}', '{"a": 100}', True),
        ('{"a": 12345678901234567890.1}', '{"a": 12345678901234567890.2}', False),
        ('{"a": 1.00000000000000000000000000000000000001}', '{"a": 1}', False),
        ("[100, 1.20]", "[1e2, 12e-1]", True),
        ("[1, 2]", "[2, 1]", False),
        ("1", '"1"', False),
        ("1", "true", False),
        ("null", '"null"', False),
        ('{"a": null}', "{}", False),
        ("[0]", "[-0.0]", False),
        ("not json", "not  json", False),
    ],
)
def test_json_is_compared_as_a_value(one, other, is_same):
    assert (canonical(one) == canonical(other)) is is_same
    assert differs_in_form_only(one, other) is is_same


def test_missing_json_differs_in_more_than_form():
    assert not differs_in_form_only(None, "null")
    assert not differs_in_form_only("{}", "{}")
