"""Lines are joined and parsed as the servers write them."""

from __future__ import annotations

import pytest

from strangler.move.dialects import lines


def test_each_line_ends_with_a_line_feed():
    assert lines.join([b"a", b"b"]) == b"a\nb\n"
    assert lines.join([]) == b""


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (rb"1	two	\N", ["1", "two", None]),
        (rb"\\N	\\\\	", [r"\N", r"\\", ""]),
        (rb"tab\there	line\nfeed	\r", ["tab\there", "line\nfeed", "\r"]),
        ("é 🎉".encode(), ["é 🎉"]),
    ],
)
def test_a_line_is_parsed_into_its_fields(line, fields):
    assert lines.parse(line) == fields
