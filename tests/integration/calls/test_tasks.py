"""A task moves to a service and back, under load and in every kind of canvas: no job is lost, none is done twice."""

import sqlite3
from collections import Counter
from contextlib import closing

import pytest

from tests.integration.calls.running import Site

SEAMS = ("reports.nightly", "reports.flaky")


@pytest.fixture
def site(request, redis_url):
    broker = redis_url if request.param == "redis" else request.getfixturevalue("rabbitmq_url")
    with Site(broker=broker, results=redis_url.replace("/0", "/1")) as running:
        yield running


def move(site: Site, stage: str) -> None:
    for seam in SEAMS:
        site.run("strangler", "rollout", seam, stage, "--force", "--reason", "a test")


@pytest.mark.parametrize("site", [pytest.param("redis", marks=pytest.mark.long), "rabbitmq"], indirect=True)
@pytest.mark.timeout(300)
def test_no_job_is_lost_or_doubled_from_legacy_to_live_and_back(site):
    site.work("legacy")
    site.work("service")
    sending = site.publish("j", rate=12)
    site.wait_until(lambda: site.sides()["legacy"] > 50)
    move(site, "live")
    site.wait_until(lambda: site.sides()["service"] > 50)
    move(site, "legacy")
    before = site.sides()["legacy"]
    site.wait_until(lambda: site.sides()["legacy"] > before + 50)
    expected = sending.finish()
    assert expected.total() > 200
    done = site.wait_for(expected, seconds=180)
    assert done - expected == Counter()
    assert expected - done == Counter()


@pytest.mark.parametrize("site", ["redis", pytest.param("rabbitmq", marks=pytest.mark.long)], indirect=True)
@pytest.mark.timeout(180)
def test_what_was_sent_before_a_change_is_done_by_who_has_it_and_shown_until_then(site):
    sending = site.publish("a", rate=20)
    site.wait_until(lambda: site.flight("reports.nightly")["legacy"] > 20)
    move(site, "live")
    site.wait_until(lambda: site.flight("reports.nightly")["service"] > 20)
    expected = sending.finish()
    printed = site.run("strangler", "rollout", "reports.nightly", "legacy", "--wait-seconds", "0")
    waiting = site.flight("reports.nightly")
    assert f"In flight to the service, which still does them: 0 + {waiting['service']}" in printed
    assert waiting["legacy_queue"] == site.shop_queue
    site.work("legacy")
    site.work("service")
    assert site.wait_for(expected, seconds=180) == expected
    assert site.sides()["service"] > 20
    assert site.flight("reports.nightly") == {**waiting, "service": 0, "legacy": 0}


@pytest.mark.parametrize("site", ["rabbitmq"], indirect=True)
@pytest.mark.timeout(120)
def test_a_task_that_meets_the_fence_goes_to_the_service_with_the_rest_of_its_chain(site):
    with closing(sqlite3.connect(site.state / "shop.sqlite3")) as database:
        database.execute("CREATE TABLE stock (job TEXT)")
        site.work("legacy")
        site.work("service")
        site.send("chain(stock.s('before'), note.s('a'))")
        site.wait_until(lambda: site.done().total() == 2)
        database.execute(
            "CREATE TRIGGER fence BEFORE INSERT ON stock BEGIN "
            "SELECT RAISE(ABORT, 'strangler fence: reports: stock'); END"
        )
        site.send("chain(stock.s('behind'), note.s('b'))")
        expected = Counter(["stock before", "note a:before", "stock behind", "note b:behind"])
        assert site.wait_for(expected, seconds=60) == expected, site.log("legacy")
        assert site.sides() == {"legacy": 3, "service": 1}
        assert database.execute("SELECT job FROM stock").fetchall() == [("before",)]
