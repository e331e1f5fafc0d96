"""The topology says which tables move."""

from __future__ import annotations

import pytest

from strangler.core.topology_file import parse
from strangler.errors import TopologyError


def moved(content):
    _, services, _ = parse(
        {"services": {"images": {"settings": "s", "move": content}}}, where="strangler.toml"
    )
    return dict(services["images"].move_tables)


def test_a_list_names_tables_that_keep_their_names():
    assert moved({"tables": ["photo", "tag"]}) == {"photo": "photo", "tag": "tag"}


def test_a_table_names_tables_that_change_theirs():
    assert moved({"tables": {"photo": "image"}}) == {"photo": "image"}


def test_nothing_said_is_nothing():
    assert moved({}) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"table": []}, "Did you mean 'tables'"),
        ({"tables": "photo"}, "must be a list or a table of names"),
        ({"tables": [["photo"]]}, "must be a list or a table of names"),
        ({"tables": {"photo": ""}}, "must be a list or a table of names"),
        ({"tables": {"a": "c", "b": "c"}}, "can't move into one"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(content, message):
    with pytest.raises(TopologyError, match=message) as caught:
        moved(content)
    assert "[services.images.move]" in str(caught.value)
