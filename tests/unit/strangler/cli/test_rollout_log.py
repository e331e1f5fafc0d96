"""What a followed plan says: lines for programs and logs, one living line on a terminal."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
import time_machine
from rich.console import Console

from strangler.cli.rollout_log import PlanLog
from strangler.core.ladder import LIVE, Step
from strangler.core.plan import Plan, PlanStatus
from strangler.core.stages import RolloutStage

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLAN = Plan(
    seam="images.upload",
    to=LIVE,
    at=Step(stage=RolloutStage.CANARY, percent=Decimal(5)),
    actor="ann",
    started_at=NOON,
    step_since=NOON,
    evidence_since=NOON,
    reason="On the way to live.",
)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def held(number):
    return replace(PLAN, status=PlanStatus.HELD, reason=f"{number} more are needed [of 100].")


def plain(*plans, clock, seconds):
    out = StringIO()
    with PlanLog(PLAN, out=Console(file=out, width=130)) as log:
        for plan in plans:
            log.show(plan)
            clock.shift(timedelta(seconds=seconds))
    return out.getvalue().splitlines()


def test_each_change_of_step_or_status_is_a_line(clock):
    assert plain(PLAN, PLAN, held(9), replace(held(9), status=PlanStatus.DONE), clock=clock, seconds=1) == [
        "12:00:00 images.upload canary 5, running: On the way to live.",
        "12:00:02 images.upload canary 5, held: 9 more are needed [of 100].",
        "12:00:03 images.upload canary 5, done: 9 more are needed [of 100].",
    ]


def test_another_reason_is_a_line_now_and_then(clock):
    said = plain(*map(held, range(100)), clock=clock, seconds=1)
    assert [line.split()[0] for line in said] == ["12:00:00", "12:00:30", "12:01:00", "12:01:30"]


def test_trouble_is_told_once_until_something_changes(clock):
    out = StringIO()
    with PlanLog(PLAN, out=Console(file=out, width=130)) as log:
        for _ in range(5):
            log.trouble("the database is away")
        log.show(PLAN)
        log.trouble("the database is away")
    assert out.getvalue().count("the database is away") == 2


def test_a_terminal_shows_the_newest_reason_without_a_line_for_it(clock):
    out = StringIO()
    console = Console(file=out, width=130, force_terminal=True)
    with PlanLog(PLAN, out=console) as log:
        for number in (2, 1):
            log.show(held(number))
            clock.shift(timedelta(minutes=1))
        assert "1 more are needed [of 100]" in log._spinner.renderable.text.plain
    assert out.getvalue().count("12:00:00") == 1
    assert "12:01:00" not in out.getvalue()
