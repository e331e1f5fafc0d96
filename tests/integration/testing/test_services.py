"""Services are started for the tests, or found, and one that can't be is told with the end of its log."""

from __future__ import annotations

import pytest

from strangler.errors import ConfigurationError
from strangler.testing.serve import check_database
from tests.integration.testing.conftest import ROOT

ASKING = """
    def test_price(service):
        assert b"14" in service.get("/price/?count=2").body
"""


@pytest.mark.parametrize(
    ("bug", "wanted"),
    [
        ("start", ["*Service 'desk' ended with exit code 1.*", "*RuntimeError: no tea, no work*"]),
        ("sandbox", ["*without the word of its sandbox: SandboxMiddleware has to be first*"]),
        ("database", ["*do not take the database from DESK_DATABASE_URL*nobody-s*"]),
    ],
)
def test_a_service_that_can_not_be_used_is_told_with_the_end_of_its_log(sample, bug, wanted):
    result = sample.run(ASKING, bug=bug)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(wanted)


def test_the_command_of_the_topology_serves_as_well(sample):
    result = sample.run(ASKING, "--strangler-serve", "web")
    result.assert_outcomes(passed=1)


def test_a_service_that_runs_already_is_asked_where_it_is(sample):
    result = sample.run(ASKING, "--strangler-service", "desk=http://127.0.0.1:9", "--override-ini=timeout=0")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Service 'desk' did not answer at http://127.0.0.1:9 within*"])


@pytest.mark.parametrize("option", ["--strangler-service=desk", "--override-ini=strangler_serve=fast"])
def test_options_that_say_nothing_are_refused(sample, option):
    result = sample.run(ASKING, option)
    assert "is not NAME=URL" in result.stdout.str() or "it can be own or web" in result.stdout.str()
    assert result.ret != 0


def test_a_database_of_somebody_is_not_migrated(settings):
    with pytest.raises(ConfigurationError, match="which is no test's"):
        check_database("/tmp/of-the-tests.sqlite3", variable="DESK_DATABASE_URL")
    check_database(str(settings.DATABASES["default"]["NAME"]), variable="DESK_DATABASE_URL")
    check_database("", variable="DESK_DATABASE_URL")


def test_the_plugin_does_nothing_in_a_project_without_django(pytester, monkeypatch):
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile("def test_nothing(): import sys; assert 'strangler.conf' not in sys.modules")
    result = pytester.runpytest_subprocess(
        "-p", "strangler.testing.plugin", "-p", "no:django", "-p", "no:asyncio"
    )
    result.assert_outcomes(passed=1)
