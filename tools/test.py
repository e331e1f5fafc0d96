"""Run the whole test-suite step by step and end with a plain verdict.

Each step runs even if another one failed, so that one run shows everything that is wrong. Most of them wait more than
they compute, so a few run beside each other; what each printed comes when it has ended. pytest's JUnit files are
added up for the last line, `tests: N passed, N failed, N skipped`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.servers.catalogue import missing
from tools.check import services

REPORTS = ROOT / "var" / "test"
LANES = 2  # steps beside each other on the two cores that CI has
WHOLE = ("-p", "strangler.isolation.testing", "--strangler-isolation")  # finds stale entries of the ratchet
PARALLEL = ("-n", "2", "--dist", "loadgroup")
# Tests that freeze and kill real servers depend on a busy machine's moods: one more attempt, and the verdict names it.
PATIENT = ("--reruns", "1", "-rfExXsR")
RERUN = re.compile(r"^RERUN (\S+)", re.MULTILINE)
DEATHS = REPORTS / "deaths.log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command of the suite; a step that runs pytest adds its counts to the verdict."""

    name: str
    command: tuple[str, ...]
    reruns: list[str] = field(default_factory=list)

    @property
    def report(self) -> Path:
        """Return where pytest writes what it counted."""
        return REPORTS / f"{self.name.replace(' ', '-')}.xml"

    def run(self, *, is_alone: bool = False) -> bool:
        """Run it and return whether it succeeded; *is_alone* shows its output while it comes."""
        print(f"== {self.name} …", flush=True)
        started = time.monotonic()
        command = list(self.command)
        if "pytest" in command:
            command += [f"--junitxml={self.report}", "-o", f"junit_suite_name={self.name}"]
        output = None if is_alone else subprocess.PIPE
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ, check=False, text=True, stdout=output, stderr=subprocess.STDOUT
        )
        self.reruns.extend(RERUN.findall(done.stdout or ""))
        verdict = "ok" if done.returncode == 0 else "FAILED"
        print(
            f"{done.stdout or ''}== {self.name}: {verdict} in {time.monotonic() - started:.0f} s\n",
            flush=True,
        )
        return done.returncode == 0


def steps() -> Iterator[Step]:
    """Yield the steps that may run beside each other, the longest first."""
    yield pytest("faults", *PARALLEL, *PATIENT, "tests/faults")
    yield pytest("integration", *PARALLEL, *PATIENT, *WHOLE, "tests/integration")
    yield pytest("functional", *PATIENT, "tests/functional")
    for engine in ("mariadb", "postgres"):
        folders = ("tests/integration/monolith", "tests/integration/strangler")
        yield pytest(f"on {engine}", *folders, servers=(engine,))
    for name, settings in services():
        yield pytest(f"service {name}", *PARALLEL, f"--ds={settings}", f"tests/services/{name}")
    yield pytest("unit", "tests/unit")
    yield Step(name="check", command=(sys.executable, "tools/check.py"))


JOURNEY = Step(name="journey", command=("make", "--no-print-directory", "run", "ONCE=1"))


def pytest(name: str, *arguments: str, servers: tuple[str, ...] = ()) -> Step:
    """Return a step that runs pytest, with the environment pointing to new private *servers*."""
    wrapper = (sys.executable, "-m", "tests.servers", *servers, "--") if servers else ()
    return Step(name=name, command=(*wrapper, sys.executable, "-m", "pytest", "-q", *arguments))


def count(reports: Iterator[Path]) -> Counter[str]:
    """Add up what the JUnit reports counted."""
    total: Counter[str] = Counter()
    for report in reports:
        for suite in ET.parse(report).getroot().iter("testsuite"):
            for key in ("tests", "failures", "errors", "skipped"):
                total[key] += int(suite.get(key, 0))
    return total


def say_troubles(steps: Iterable[Step]) -> None:
    """Print what went wrong and did not stay wrong."""
    for name in (name for step in steps for name in step.reruns):
        print(f"needed a second attempt: {name}")
    if DEATHS.exists():
        print(f"servers that ended by themselves and were started again:\n{DEATHS.read_text()}")


def main() -> int:
    """Run all steps; return 1 if one failed."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    for stale in REPORTS.glob("*.xml"):
        stale.unlink()
    started = time.monotonic()
    DEATHS.unlink(missing_ok=True)
    todo = list(steps())
    with ThreadPoolExecutor(LANES) as lanes:
        running = {step.name: lanes.submit(step.run) for step in todo}
    results = {name: step.result() for name, step in running.items()}
    results[JOURNEY.name] = JOURNEY.run(is_alone=True)
    total = count(REPORTS.glob("*.xml"))
    failed = total["failures"] + total["errors"]
    passed = total["tests"] - failed - total["skipped"]
    print(f"\n{time.monotonic() - started:.0f} s for {len(results)} steps")
    for server in missing():
        print(f"left out: tests that need {server.name}, which is not installed")
    say_troubles(todo)
    for name in (name for name, succeeded in results.items() if not succeeded):
        print(f"FAILED: {name}")
    print("verdict: everything passed" if all(results.values()) else "verdict: something failed, see above")
    print(f"tests: {passed} passed, {failed} failed, {total['skipped']} skipped")
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
