"""The pytest plugin on a small project: it raises, it watches over the ratchet, it splits the database."""

from __future__ import annotations

import os

import pytest

from tests.architecture.source import ROOT
from tests.servers import pytests

SITE = "tests.integration.isolation.site"
ENTRY = (
    '[[allowed]]\nplace = "{site}.shop.models:{place}"\ntable = "photos_photo"\nreason = "until the move"\n'
)


@pytest.fixture
def run(tmp_path):
    """Return a function that runs the cases with options and returns their outcomes and what was printed."""

    def start(*options, allowed=()):
        environment = {**os.environ, "SITE_FOLDER": str(tmp_path)}
        if allowed:
            ratchet = tmp_path / "strangler-ratchet.toml"
            ratchet.write_text("".join(ENTRY.format(site=SITE, place=place) for place in allowed))
            environment["SITE_RATCHET"] = str(ratchet)
        command = ["-p", "strangler.isolation.testing", "-p", "no:cacheprovider"]
        unused = {*pytests.UNUSED} - {"asyncio"}  # which the project's own options name
        command += [word for name in unused for word in ("-p", f"no:{name}")]
        command += [
            f"--ds={SITE}.settings",
            "-rA",
            "-q",
            *options,
            "tests/integration/isolation/site/cases.py",
        ]
        done = pytests.run(*command, cwd=ROOT, env=environment)
        words = (line.split() for line in done.stdout.splitlines() if "cases.py::" in line)
        outcomes = {word[1].rpartition("::test_")[2]: word[0] for word in words if len(word) > 1}
        return done.returncode, outcomes, done.stdout + done.stderr

    return start


PASSED = {"join": "PASSED", "key": "PASSED", "where": "PASSED"}


def test_without_an_option_nothing_changes(run):
    status, outcomes, output = run()
    assert (status, outcomes) == (0, PASSED), output


def test_with_the_guard_code_across_the_border_fails(run):
    status, outcomes, output = run("--strangler-isolation")
    assert (status, outcomes) == (1, {"join": "FAILED", "key": "FAILED", "where": "PASSED"}), output
    assert "touches table photos_photo, which belongs to images" in output


def test_the_ratchet_lets_what_it_names_pass(run):
    status, outcomes, output = run("--strangler-isolation", allowed=["titles", "title_by_key"])
    assert (status, outcomes) == (0, PASSED), output


def test_an_entry_of_the_ratchet_that_nothing_needs_fails_the_run(run):
    status, outcomes, output = run("--strangler-isolation", allowed=["titles", "title_by_key", "gone"])
    assert (status, outcomes) == (1, PASSED), output
    assert f"{SITE}.shop.models:gone does not touch photos_photo any more" in output


def test_workers_of_xdist_tell_what_they_have_seen(run):
    status, _, output = run("--strangler-isolation", "-n", "2", allowed=["titles", "title_by_key"])
    assert status == 0, output


def test_with_two_databases_a_join_across_the_border_fails_and_a_query_of_its_own_does_not(run):
    status, outcomes, output = run("--strangler-two-databases")
    assert (status, outcomes) == (1, {"join": "FAILED", "key": "PASSED", "where": "PASSED"}), output
    assert "no such table: photos_photo" in output
