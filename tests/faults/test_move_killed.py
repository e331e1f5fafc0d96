"""Whoever switches or reverses is killed at each step by name; the site goes on, and the next run finishes the work."""

from __future__ import annotations

import pytest

from strangler.move.reversing import REVERSE_STEPS
from strangler.move.switching import SWITCH_STEPS
from tests.faults.move_stack import lay_out_stack, run_other_mariadb  # noqa: F401 - fixtures

BEHIND = 5  # writes that a storm must get acknowledged after each kill


def go_on(stack, storm, *, owner):
    """Let writers write, and see that no more than the owner takes their writes."""
    storm.write(BEHIND)
    other = {"source": "target", "target": "source"}[owner]
    assert not stack.is_raised(owner)
    assert stack.is_raised(other)


@pytest.mark.timeout(600)
def test_a_switch_and_a_reverse_killed_at_any_step_leave_the_site_writing_and_are_finished_by_the_next_run(
    move_stack,
):
    stack = move_stack
    stack.serve()
    with stack.storm(clients=3, rate=20) as storm:
        storm.write(30)
        stack.follow()
        stack.wait_for_stage("following")
        stack.move("verify")
        for step in ("announce", "arm"):
            stack.killed("switch", f"before {step}")
            storm.write(BEHIND)
        for step in SWITCH_STEPS[2 : SWITCH_STEPS.index("open")]:
            stack.killed("switch", f"before {step}")
            assert stack.stage() == "verified", step
            go_on(stack, storm, owner="source")
        stack.killed(
            "switch", "before open"
        )  # committed: the service is the owner, and its fence is still up
        assert stack.stage() == "switched"
        go_on(stack, storm, owner="target")
        stack.turn("switch")  # finds nothing left to do
        for step in REVERSE_STEPS[: REVERSE_STEPS.index("flip")]:
            stack.killed("reverse", f"before {step}")
            assert stack.stage() == "switched", step
            go_on(stack, storm, owner="target")
        stack.killed("reverse", "before flip")  # both are up: the first writer lowers the owner's
        assert stack.stage() == "switched"
        go_on(stack, storm, owner="target")
        stack.killed("reverse", "after flip")
        assert stack.stage() == "switched", "what was flipped was not committed yet"
        go_on(stack, storm, owner="target")
        stack.turn("reverse")
        assert stack.stage() == "reversed"
        go_on(stack, storm, owner="source")
    assert storm.failures == [], stack.said()
    storm.check(stack, "source")


@pytest.mark.timeout(300)
def test_a_long_transaction_ends_the_switch_within_the_budget_and_the_site_goes_on(move_stack):
    stack = move_stack
    stack.serve()
    with stack.storm(clients=3, rate=40) as storm:
        storm.write(30)
        stack.follow()
        stack.wait_for_stage("following")
        stack.move("verify")
        stack.killed("switch", "before catch-up")  # the triggers are there
        long = stack.ends["source"]
        with long.transaction():
            stack.execute("source", "UPDATE shelf_tag SET number = number WHERE name = %s", "nobody's")
            stack.execute("source", "INSERT INTO shelf_album (owner) VALUES ('long')")
            said = stack.move("switch", code=1)
            assert "lock was not done within 1 s" in said
            storm.write(20)
        stack.execute("source", "DELETE FROM shelf_album WHERE owner = 'long'")
        assert (stack.stage(), stack.is_raised("source"), stack.is_raised("target")) == (
            "verified",
            False,
            True,
        )
        stack.turn("switch")
        storm.write(20)
    assert storm.failures == [], stack.said()
    storm.check(stack, "target")
