"""Rolling `email.welcome` back from live to legacy under 200 registrations a second loses and doubles nothing.

The ledger is what the mail server got from the shop, and what lies in the service's queue at the broker: what becomes
of a message from there is tested in `test_email_delivery`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter

import pytest
from kombu import Connection

from strangler.forking import popen
from tests.faults.shop_stack import ROOT, ShopStack
from tests.faults.test_calls_registration import received
from tests.servers.smtp import FakeSMTP

RATE = 200
PROCESSES = 2
PHASE_SECONDS = 4


class Crowd:
    """Customers who register in several processes of the shop."""

    def __init__(self, shop: ShopStack) -> None:
        self._stop = shop.folder / "stop"
        self._began = time.monotonic()
        self._processes = [
            popen(
                [
                    sys.executable,
                    "-m",
                    "tests.faults.registering",
                    f"p{number}-",
                    str(RATE / PROCESSES),
                    str(self._stop),
                ],
                cwd=ROOT,
                env=shop.environ,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(PROCESSES)
        ]

    def finish(self) -> list[str]:
        """Let nobody else in, and return the address of everybody who was registered."""
        self._stop.touch()
        self.seconds = time.monotonic() - self._began
        printed = [process.communicate(timeout=60)[0] for process in self._processes]
        assert all(process.returncode == 0 for process in self._processes)
        return [address for each in printed for address in each.splitlines()]


@pytest.fixture
def smtp():
    with FakeSMTP() as server:
        yield server


def queued(broker: str) -> Counter[str]:
    """Take every message out of the service's queue and return how often each address is in one."""
    with Connection(broker) as connection, connection.SimpleQueue("email") as queue:
        found: Counter[str] = Counter()
        while True:
            try:
                message = queue.get(timeout=2)
            except queue.Empty:
                return found
            _, arguments, _ = message.payload
            found.update(arguments["body"]["to"])
            message.ack()


@pytest.mark.timeout(240)
def test_every_customer_gets_one_welcome_from_one_side(
    mariadb_url, valkey_url, smtp, tmp_path, record_property
):
    shop = ShopStack(tmp_path, database=mariadb_url, broker=valkey_url, smtp=smtp)
    try:
        shop.manage("strangler", "rollout", "email.welcome", "live", "--force", "--reason", "a test")
        shop.relay()
        crowd = Crowd(shop)
        shop.wait_until(lambda: shop.flight("email.welcome")["service"], "the first message")
        time.sleep(PHASE_SECONDS)
        printed = shop.manage("strangler", "rollout", "email.welcome", "legacy", "--wait-seconds", "20")
        assert "2 of 2 processes follow" in printed
        assert "In flight to the service, which still does them:" in printed
        shop.wait_until(lambda: received(smtp), "the first mail of the shop itself")
        time.sleep(PHASE_SECONDS)
        registered = crowd.finish()
        sys.stdout.write(
            f"{len(registered) / crowd.seconds:.0f} registrations per second, start-up included\n"
        )
        shop.wait_until(lambda: not shop.flight("email.welcome")["outbox"], "the end of the outbox")
        by_shop, by_service = received(smtp), queued(valkey_url)
        assert by_shop + by_service == Counter(registered)
        assert min(by_shop.total(), by_service.total()) > RATE
    finally:
        shop.stop()
