"""A body is counted, limited and kept while it passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler.facade.framing import Framing
from strangler.facade.intake import BodyTooLargeError, ClientGoneError, Intake


def intake(length=None, *, limit=None, is_kept=True):
    return Intake(Framing(length), limit=limit, is_kept=is_kept)


@given(st.lists(st.binary(min_size=1, max_size=400_000), max_size=8))
def test_what_is_kept_is_what_came(pieces):
    body = intake(is_kept=True)
    for piece in pieces:
        body.accept(piece)
    assert b"".join(body.kept()) == b"".join(pieces)
    assert b"".join(body.kept()) == b"".join(pieces)
    body.close()


def test_more_can_come_after_what_was_kept_was_read():
    body = intake()
    body.accept(b"first ")
    assert b"".join(body.kept()) == b"first "
    body.accept(b"second")
    assert b"".join(body.kept()) == b"first second"
    body.close()


def test_a_declared_length_is_never_read_beyond():
    body = intake(10)
    body.accept(b"123456")
    assert body.wanted == 4
    assert not body.is_complete
    body.accept(b"7890")
    assert body.is_complete
    body.close()


def test_a_body_that_ends_early_means_that_the_client_is_gone():
    body = intake(10, is_kept=False)
    body.accept(b"123")
    with pytest.raises(ClientGoneError):
        body.end()


def test_the_limit_is_the_last_byte_that_is_taken():
    body = intake(limit=5, is_kept=False)
    body.accept(b"12345")
    with pytest.raises(BodyTooLargeError):
        body.accept(b"6")


def test_a_body_can_be_repeated_if_it_was_kept_or_not_begun():
    assert intake(is_kept=False).can_repeat
    begun = intake(is_kept=False)
    begun.accept(b"x")
    assert not begun.can_repeat


def test_no_body_is_complete_from_the_beginning():
    assert intake(0).is_complete
