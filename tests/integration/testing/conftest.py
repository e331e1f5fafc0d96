"""A project that is not the reference project, and runs of pytest in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.servers.pytests import UNUSED, fork_from_here

SAMPLE = Path(__file__).parent / "sample"
ROOT = Path(__file__).parents[3]


class Sample:
    """The sample project in a folder of its own; `run` runs pytest there, in a process of its own."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        shutil.copytree(SAMPLE, self.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))

    def run(self, source: str, *arguments: str, bug: str = "") -> pytest.RunResult:
        """Run a module of tests; *bug* is seeded into the service."""
        self.pytester.makepyfile(test_sample=source)
        options = [
            "-p",
            "no:cacheprovider",
            *(word for name in UNUSED for word in ("-p", f"no:{name}")),
            f"--override-ini=strangler_service_environment=BUG={bug or 'none'}",
        ]
        return self.pytester.runpytest_subprocess(*options, *arguments)


@pytest.fixture
def sample(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    monkeypatch.delenv("DESK_DATABASE_URL", raising=False)
    fork_from_here(pytester, monkeypatch)
    return Sample(pytester)
