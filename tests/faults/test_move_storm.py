"""A storm of writes through a whole move: copy, switch, reverse, switch again, complete. Nobody notices."""

from __future__ import annotations

import os

import pytest

from tests.faults.move_stack import (  # noqa: F401 - fixtures
    crossing_stack,
    lay_out_stack,
    postgres_stack,
    run_other_mariadb,
    sqlite_stack,
)

IS_LONG = bool(os.environ.get("LONG"))  # as the issue has it, for a machine with nothing else to do
WRITES = 10_000 if IS_LONG else 250  # between two steps
LONGEST = 1 if IS_LONG else 8  # seconds that a write may take


def there_and_back(stack, storm, *, writes):
    """Move, switch and reverse, with writes all the time."""
    storm.write(writes // 2)
    stack.follow()
    stack.wait_for_stage("following")
    stack.move("verify")
    stack.turn("switch")
    storm.write(writes)
    stack.turn("reverse")
    storm.write(writes)


@pytest.mark.timeout(1_200)
def test_no_write_is_lost_or_doubled_and_no_request_fails_through_a_move_and_back(move_stack):
    move_stack.serve()
    with move_stack.storm(rate=200) as storm:
        there_and_back(move_stack, storm, writes=WRITES)
        move_stack.move("verify")
        move_stack.turn("switch")
        storm.write(WRITES)
        move_stack.move("complete", "--apply")
        storm.write(WRITES // 2)
    assert storm.failures == [], move_stack.said()
    storm.check(move_stack, "target")
    print(f"{storm.done} writes, {storm.speed:.0f} a second, the slowest took {storm.slowest:.2f} s")  # noqa: T201 - figures of the issue
    assert storm.slowest < LONGEST, f"{storm.done} writes"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "kind",
    [
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.long),
        pytest.param("crossing", marks=pytest.mark.long),
    ],
)
def test_the_same_holds_on_other_engines(request, kind):
    stack = request.getfixturevalue(f"{kind}_stack")
    stack.serve()
    with stack.storm(rate=60) as storm:
        there_and_back(stack, storm, writes=60)
    assert storm.failures == [], stack.said()
    storm.check(stack, "source")
