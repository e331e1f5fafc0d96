"""The extent of a body is one thing or the request is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler.facade.framing import BadFramingError, Framing, read_framing


def test_without_either_field_there_is_no_body():
    assert read_framing([], []) == Framing(0)
    assert not read_framing([], []).has_body


def test_http_2_marks_the_end_itself():
    assert read_framing([], [], is_delimited=True) == Framing(None)


@given(st.integers(min_value=0, max_value=10**15))
def test_a_plain_number_is_a_length(length):
    assert read_framing([str(length)], []) == Framing(length)


@pytest.mark.parametrize("coding", ["chunked", "Chunked", " chunked "])
def test_chunked_has_no_length(coding):
    assert read_framing([], [coding]).length is None


@pytest.mark.parametrize(
    ("lengths", "codings"),
    [
        (["3"], ["chunked"]),
        (["3", "3"], []),
        (["3, 3"], []),
        (["+3"], []),
        (["-1"], []),
        (["0x3"], []),
        (["3 "], []),
        (["٣"], []),
        ([""], []),
        (["9" * 19], []),
        ([], ["gzip"]),
        ([], ["gzip, chunked"]),
        ([], ["chunked", "chunked"]),
        ([], ["xchunked"]),
        ([], [""]),
    ],
)
def test_what_two_servers_may_read_differently_is_refused(lengths, codings):
    with pytest.raises(BadFramingError):
        read_framing(lengths, codings)


@given(st.text(max_size=8).filter(lambda text: not (text.isascii() and text.isdigit())))
def test_no_other_text_is_a_length(text):
    with pytest.raises(BadFramingError):
        read_framing([text], [])
