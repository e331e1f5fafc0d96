"""The commands around a switch, as an operator meets them; between two files of SQLite."""

from __future__ import annotations

import pytest

from tests.faults.move_stack import (
    TABLES,
    sqlite_stack,  # noqa: F401 - a fixture
)

OURS = "SELECT name FROM sqlite_master WHERE name LIKE 'strangler@_%' ESCAPE '@' AND type = 'trigger'"


@pytest.fixture
def stack(request):
    made = request.getfixturevalue("sqlite_stack")
    made.execute("source", "INSERT INTO shelf_photo (owner, title, number) VALUES ('ada', 'dawn', 0)")
    made.move("start", "--until-following")
    return made


def test_nothing_is_switched_that_was_not_verified_and_nothing_reversed_or_completed_that_was_not_switched(
    stack,
):
    assert "not verified" in stack.move("switch", code=1)
    assert "nothing to reverse" in stack.move("reverse", code=1)
    assert "Only a move that is switched" in stack.move("complete", "--apply", code=1)


def test_a_difference_is_named_and_takes_back_the_leave_to_switch(stack):
    stack.move("verify")
    stack.execute("target", "UPDATE shelf_photo SET title = 'dusk'")
    assert "'dawn' → 'dusk'" in stack.move("verify", code=1)
    assert stack.stage() == "following"
    assert "not verified" in stack.move("switch", code=1)


def test_cancelling_after_a_switch_that_was_killed_leaves_no_trigger_on_either_side(stack):
    stack.move("verify")
    stack.killed("switch", "before flip")
    assert stack.fetch("source", OURS)
    stack.move("cancel", "--apply")
    assert (stack.fetch("source", OURS), stack.fetch("target", OURS)) == ([], [])
    stack.execute("source", "UPDATE shelf_photo SET title = 'noon'")


def test_switching_and_reversing_twice_is_harmless_and_status_says_what_only_the_service_has(stack):
    stack.move("verify")
    stack.move("switch")
    assert "The move is switched" in stack.move("switch")
    stack.execute("target", "INSERT INTO shelf_photo (owner, title, number) VALUES ('ada', 'new', 0)")
    assert "only images has" in stack.move("status")
    assert "Changes that only images has: 1" in stack.move("complete")
    assert stack.stage() == "switched"
    stack.move("reverse")
    assert "The move is reversed" in stack.move("reverse")
    assert len(stack.photos("source")) == 2


def test_completing_drops_the_old_tables_only_when_asked_and_takes_every_trigger_with_them(stack):
    stack.move("verify")
    stack.move("switch")
    stack.move("complete", "--apply", "--drop")
    assert stack.stage() == "completed"
    left = {name for (name,) in stack.fetch("source", "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert not left & set(TABLES)
    assert (stack.fetch("source", OURS), stack.fetch("target", OURS)) == ([], [])
    stack.execute("target", "UPDATE shelf_photo SET title = 'noon'")
