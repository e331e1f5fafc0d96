"""The email service under faults: every committed message arrives, and twice only from the window after DATA.

The mail server keeps a ledger of what it took; it is compared with what the service's database says.
"""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest

from tests.faults.email_stack import EmailStack, Row, end_in_order
from tests.servers.signals import sigcont, sigkill
from tests.servers.smtp import Behaviour, FakeSMTP, Phase


@pytest.fixture
def smtp():
    with FakeSMTP() as server:
        yield server


@pytest.fixture
def stack(mariadb_url, valkey_url, smtp, tmp_path):
    made = EmailStack(tmp_path, database=mariadb_url, broker=valkey_url, smtp=smtp)
    yield made
    made.stop()


def check_ledger(smtp: FakeSMTP, rows: dict[str, Row]) -> Counter[str]:
    """Check the promise for every message and return how many copies of each there are."""
    copies = Counter(taken.message_id for taken in smtp.taken)
    acknowledged = Counter(taken.message_id for taken in smtp.taken if taken.acknowledged)
    for row in rows.values():
        number = copies[row.message_id]
        in_window = row.outcomes.count("unknown")
        if row.state == "failed":
            assert number == 0, row
            continue
        assert row.state == "sent", row
        assert number >= 1, f"lost: {row}"
        assert acknowledged[row.message_id] <= 1, f"sent again after the server had said yes: {row}"
        assert number <= 1 + in_window, f"doubled outside of the window: {row}"
    assert set(copies) <= {row.message_id for row in rows.values()}
    return copies


def test_two_hosts_and_a_server_that_does_everything_wrong(stack, smtp):
    addresses = [f"p{number}@example.org" for number in range(60)]
    refused = set(addresses[::10])
    unknown_users = dict.fromkeys(refused, "550 5.1.1 no such user")
    friendly = Behaviour(recipients=unknown_users)
    smtp.default = friendly
    faults = [
        Behaviour(recipients=unknown_users, drop_at=Phase.CONNECT),
        Behaviour(recipients=unknown_users, drop_at=Phase.DATA),
        Behaviour(recipients=unknown_users, drop_at=Phase.REPLY, takes=True),
        Behaviour(recipients=unknown_users, drop_at=Phase.REPLY, takes=False),
        Behaviour(recipients=unknown_users, replies={Phase.DATA: "451 4.3.0 busy"}),
        Behaviour(recipients=unknown_users, replies={Phase.REPLY: "451 4.3.0 busy"}),
        Behaviour(recipients=unknown_users, wait_at=Phase.RCPT, seconds=0.5),
        friendly,
    ]
    script = faults * 5
    random.Random(42).shuffle(script)
    smtp.next(*script)
    stack.worker("one", address="127.0.0.1")
    stack.worker("two", address="127.0.0.2")
    stack.beat()
    ids = stack.submit(*addresses)
    rows = stack.wait_for_end()
    copies = check_ledger(smtp, rows)
    assert {address: row.message_id for address, row in rows.items()} == ids
    assert {address for address, row in rows.items() if row.state == "failed"} == refused
    assert all("550 5.1.1 no such user" in rows[address].reason for address in refused)
    assert {taken.peer for taken in smtp.taken} == {"127.0.0.1", "127.0.0.2"}
    assert max(copies.values()) > 1, "the window after DATA was never hit, so nothing was shown"


def test_a_mail_server_that_is_away_costs_time_and_no_mail(stack, smtp):
    smtp.stop()
    stack.worker("one")
    stack.beat()
    stack.submit(*[f"p{number}@example.org" for number in range(20)])
    stack.wait_until(lambda: all(row.attempts > 1 for row in stack.rows().values()), "a second attempt")
    smtp.start()
    rows = stack.wait_for_end()
    assert set(check_ledger(smtp, rows).values()) == {1}
    assert all(row.doubts == 0 for row in rows.values())


@pytest.mark.parametrize(
    ("phase", "copies", "outcomes"),
    [(Phase.RCPT, 1, ["lost", "sent"]), (Phase.REPLY, 2, ["unknown", "sent"])],
    ids=["before DATA", "in the window"],
)
def test_a_worker_killed_while_it_sends_is_found_by_its_lease(stack, smtp, phase, copies, outcomes):
    smtp.next(Behaviour(wait_at=phase, seconds=60))
    victim = stack.worker("victim", concurrency=1)
    stack.submit("ann@example.org")
    stack.wait_until(lambda: smtp.connections == 1 and is_waiting(smtp, phase), "the conversation")
    sigkill(victim.pid)
    stack.worker("heir", address="127.0.0.2", concurrency=1)
    stack.beat()
    (row,) = stack.wait_for_end().values()
    assert row.outcomes == outcomes
    assert check_ledger(smtp, {row.to: row}) == {row.message_id: copies}


def test_a_worker_that_was_stopped_beyond_its_lease_does_not_send(stack, smtp):
    smtp.next(Behaviour(wait_at=Phase.RCPT, seconds=2))
    stopped = stack.worker("stopped", concurrency=1)
    stack.submit("ann@example.org")
    stack.wait_until(lambda: smtp.connections == 1, "the conversation")
    stack.freeze(stopped)
    stack.worker("heir", address="127.0.0.2", concurrency=1)
    stack.beat()
    (row,) = stack.wait_for_end().values()
    sigcont(stopped.pid)
    time.sleep(2)  # long enough for a worker that is not fenced off to send
    assert row.outcomes == ["lost", "sent"]
    assert [taken.peer for taken in smtp.taken] == ["127.0.0.2"]
    end_in_order(stopped)


def is_waiting(smtp: FakeSMTP, phase: Phase) -> bool:
    """Tell whether the conversation has come to *phase*: in the window the mail is in the ledger already."""
    return phase is not Phase.REPLY or len(smtp.taken) == 1
