"""A task that is shadowed is captured in the monolith's worker, once, when its work is done."""

from __future__ import annotations

import json

import pytest

from strangler.core.capture import Capture
from strangler.core.decision import Side
from tests.integration.calls.running import SITE, Site
from tests.integration.shadow.receiving import receiving

SETTINGS = f"{SITE}.shop.settings"
SEND = """
from tests.integration.calls.site.shop.tasks import flaky, nightly
nightly.delay("monday")
flaky.delay("tuesday")
"""
READ = """
import json
from strangler.shadow import captures
from strangler.shadow.models import CaptureRecord
found = [captures.load(pk) for pk in CaptureRecord.objects.values_list("pk", flat=True)]
print(json.dumps([each.to_json() for each in found]))
"""


@pytest.fixture
def site(redis_url):
    with (
        Site(broker=redis_url, results=redis_url.replace("/0", "/1")) as running,
        receiving({**running.environment, "DJANGO_SETTINGS_MODULE": SETTINGS}),
    ):
        yield running


def captured(site: Site) -> list[Capture]:
    said = site.run("shell", "--no-imports", "-c", READ)
    return [Capture.from_json(each) for each in json.loads(said.splitlines()[-1])]


@pytest.mark.timeout(180)
def test_a_task_is_captured_where_it_runs_and_a_retried_one_once(site):
    for seam in ("reports.nightly", "reports.flaky"):
        site.run("strangler", "rollout", seam, "shadow", "100", "--wait-seconds", "0")
    site.work("legacy")
    site.run("shell", "--no-imports", "-c", SEND)
    site.wait_until(lambda: len(captured(site)) >= 2)
    assert site.sides() == {"legacy": 2}
    found = {each.seam: each for each in captured(site)}
    assert sorted(found) == ["reports.flaky", "reports.nightly"]
    nightly = found["reports.nightly"]
    assert nightly.asked.task == "reports.nightly"
    assert nightly.asked.body == {"args": ["monday"], "kwargs": {}}
    assert (nightly.control.side, nightly.control.error) == (Side.LEGACY, "")
    assert found["reports.flaky"].asked.body["args"] == ["tuesday"]
