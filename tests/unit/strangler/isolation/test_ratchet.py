"""The list of what is allowed for now."""

import pytest

from strangler.errors import RatchetError
from strangler.isolation.ratchet import Ratchet

ENTRY = '[[allowed]]\nplace = "shop.orders:receipt"\ntable = "photos_photo"\nreason = "prints the title"\n'


@pytest.fixture
def path(tmp_path):
    return tmp_path / "strangler-ratchet.toml"


def test_an_entry_allows_one_place_one_table(path):
    path.write_text(ENTRY)
    ratchet = Ratchet.load(path)
    assert ratchet.allows("shop.orders:receipt", "photos_photo")
    assert not ratchet.allows("shop.orders:receipt", "photos_album")
    assert not ratchet.allows("shop.orders:invoice", "photos_photo")


def test_an_entry_that_nothing_needed_is_stale(path):
    path.write_text(ENTRY + ENTRY.replace("receipt", "invoice"))
    ratchet = Ratchet.load(path)
    assert ratchet.stale([("shop.orders:receipt", "photos_photo")]) == [
        ("shop.orders:invoice", "photos_photo")
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTRY.replace('reason = "prints the title"', ""), "entry 1 has no reason"),
        (ENTRY.replace("prints the title", "  "), "entry 1 has no reason"),
        (ENTRY.replace("reason", "resaon"), "no key 'resaon'. Did you mean 'reason'?"),
        (ENTRY + ENTRY, "twice"),
        ("[[allowed", "can't be read"),
    ],
)
def test_a_wrong_file_says_where(path, text, message):
    path.write_text(text)
    with pytest.raises(RatchetError, match=message.replace("?", r"\?")):
        Ratchet.load(path)


def test_a_missing_file_is_named(path):
    with pytest.raises(RatchetError, match=r"strangler-ratchet\.toml: can't be read"):
        Ratchet.load(path)
