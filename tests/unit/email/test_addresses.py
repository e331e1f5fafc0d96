"""What an address may look like, for any text whatever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extracted.email.addresses import check_address, has_control_character, normalise
from extracted.email.errors import AddressError, HeaderInjectionError


@given(st.text())
def test_whatever_is_let_in_fits_into_a_header(text):
    try:
        address = check_address(text)
    except (AddressError, HeaderInjectionError):
        return
    assert address == text
    assert len(address.splitlines()) == 1
    assert address.count("@") >= 1
    assert not set(address) & set(", <>()")


@pytest.mark.parametrize("address", ["ann@example.org", "a.b+c@sub.example.org", "ann@bücher.example"])
def test_real_addresses_are_let_in(address):
    assert check_address(address) == address


@pytest.mark.parametrize("character", ["\n", "\r", "\0", "\t", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"])
def test_whatever_could_end_a_header_is_a_control_character(character):
    assert has_control_character(f"a{character}b")


def test_a_quoted_address_is_not_taken():
    with pytest.raises(AddressError, match="quoted"):
        check_address('"a,b"@example.org')


def test_two_spellings_of_a_mailbox_are_one():
    assert normalise(" Ann@Example.ORG ") == normalise("ann@example.org")
