"""A registration succeeds while the broker is frozen and the mail server is down; the welcome comes later, once."""

from __future__ import annotations

import statistics
from collections import Counter

import pytest

from tests.faults.email_stack import EmailStack
from tests.faults.shop_stack import ShopStack, Visitor
from tests.servers.smtp import FakeSMTP

MEDIAN_SECONDS = 0.3
SLOWEST_SECONDS = 3


@pytest.fixture
def smtp():
    server = FakeSMTP()  # its port refuses connections until it is started
    yield server
    server.stop()


@pytest.fixture(params=["mariadb_url", "sqlite"])
def shop(request, valkey_url, smtp, tmp_path):
    is_sqlite = request.param == "sqlite"
    database = f"sqlite:///{tmp_path}/shop.sqlite3" if is_sqlite else request.getfixturevalue(request.param)
    made = ShopStack(tmp_path, database=database, broker=valkey_url, smtp=smtp)
    yield made
    made.stop()


def received(smtp: FakeSMTP) -> Counter[str]:
    """Return how often each address got a mail."""
    with smtp.lock:
        return Counter(address for mail in smtp.taken for address in mail.recipients)


@pytest.mark.timeout(300)
def test_visitors_register_at_once_and_the_welcome_comes_when_everything_is_back(
    shop, smtp, valkey, tmp_path, valkey_url
):
    shop.manage("strangler", "rollout", "email.welcome", "live", "--force", "--reason", "a test")
    shop.serve()
    shop.relay()
    visitor = Visitor(shop)
    visitor.register("warmup")
    valkey.freeze()
    try:
        answers = [visitor.register(f"ann{number}") for number in range(30)]
    finally:
        valkey.thaw()
    assert [answer.status_code for answer, _ in answers] == [302] * 30, answers[0][0].text
    seconds = [taken for _, taken in answers]
    assert statistics.median(seconds) < MEDIAN_SECONDS
    assert max(seconds) < SLOWEST_SECONDS

    database = f"sqlite:///{tmp_path}/email.sqlite3"
    email = EmailStack(tmp_path, database=database, broker=valkey_url, smtp=smtp)
    try:
        email.beat()
        email.worker("mail")
        smtp.start()
        expected = Counter(["warmup@example.org", *(f"ann{number}@example.org" for number in range(30))])
        email.wait_until(lambda: received(smtp).total() >= expected.total(), "every welcome", seconds=90)
        assert received(smtp) == expected
    finally:
        email.stop()


def test_while_legacy_the_mail_server_holds_the_door(shop, smtp):
    shop.serve()
    answer, _ = Visitor(shop).register("ann")
    assert answer.status_code == 503
    assert "no account was made" in answer.text
