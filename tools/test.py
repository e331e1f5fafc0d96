"""Run the whole test-suite step by step and end with a plain verdict.

Each step runs even if another one failed, so that one run shows everything that is wrong. All wait now and then, so
two run beside each other; what each printed comes when it has ended. At last comes the journey, which likes a quiet machine. The steps that no
clock watches take only what these leave of the processors: one from the beginning, another when a lane has nothing else to do.
pytest's JUnit files are added up for the last line, `tests: N passed, N failed, N skipped`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.servers.catalogue import missing
from tests.servers.memory import temporary_folder
from tools.check import services

REPORTS = ROOT / "var" / "test"
LANES = 2  # steps beside each other on the two cores that CI has
IDLE_LANES = 1  # besides, for those that take what the others leave
IDLE = ("nice", "-n", "10")  # at 19 they would starve beside more than two processes that compute
WHOLE = ("-p", "strangler.isolation.testing", "--strangler-isolation")  # finds stale entries of the ratchet
PARALLEL = ("--dist", "loadgroup", "-n")
WITHOUT_DATABASE = (
    "--ignore=tests/integration/strangler/test_decision_nginx.py",
)  # the same on every engine
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
    seconds: list[float] = field(default_factory=list)  # of processor time

    @property
    def report(self) -> Path:
        """Return where pytest writes what it counted."""
        return REPORTS / f"{self.name.replace(' ', '-')}.xml"

    def run(self) -> bool:
        """Run it, its temporary files in memory if they can be, and return whether it succeeded."""
        print(f"== {self.name} …", flush=True)
        started = time.monotonic()
        command = list(self.command)
        if "pytest" in command:
            command += [f"--junitxml={self.report}", "-o", f"junit_suite_name={self.name}"]
        with temporary() as folder:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "TMPDIR": folder},
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            with process.stdout:
                printed = process.stdout.read()
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.reruns.extend(RERUN.findall(printed))
        self.seconds.append(used.ru_utime + used.ru_stime)
        verdict = "ok" if process.returncode == 0 else "FAILED"
        print(
            f"{printed}== {self.name}: {verdict} in {time.monotonic() - started:.0f} s, "
            f"{self.seconds[-1]:.0f} s of processor time\n",
            flush=True,
        )
        return process.returncode == 0


@contextmanager
def temporary() -> Iterator[str]:
    """Make a folder for temporary files that every user may enter, as `/tmp` is; PostgreSQL is one."""
    with tempfile.TemporaryDirectory(
        prefix="test-", dir=temporary_folder(), ignore_cleanup_errors=True
    ) as folder:
        Path(folder).chmod(0o755)
        yield folder


def steps() -> Iterator[Step]:
    """Yield the steps that may run beside each other, the longest first."""
    yield pytest("integration", *PARALLEL, "3", *PATIENT, *WHOLE, "tests/integration")
    yield pytest("faults", *PARALLEL, "2", *PATIENT, "tests/faults")
    yield pytest("functional", *PATIENT, "tests/functional")


def journey() -> Step:
    """Return the step that likes a quiet machine; it runs with what a newcomer installs, and nothing of ours."""
    return Step(name="journey", command=("make", "--no-print-directory", "run", "ONCE=1", "VENV=.venv-run"))


def patient_steps() -> Iterator[Step]:
    """Yield what takes the time that the others leave, the longest first."""
    for engine in ("mariadb", "postgres"):
        folders = ("tests/integration/monolith", "tests/integration/strangler")
        yield pytest(f"on {engine}", *folders, *WITHOUT_DATABASE, servers=(engine,), before=IDLE)
    yield Step(name="check", command=(*IDLE, sys.executable, "tools/check.py"))
    yield pytest("unit", "tests/unit", before=IDLE)
    for name, settings in services():
        yield pytest(f"service {name}", f"--ds={settings}", f"tests/services/{name}", before=IDLE)


def pytest(name: str, *arguments: str, servers: tuple[str, ...] = (), before: tuple[str, ...] = ()) -> Step:
    """Return a step that runs pytest by the command *before*, with the environment pointing to new private *servers*."""
    wrapper = (*before, *((sys.executable, "-m", "tests.servers", *servers, "--") if servers else ()))
    return Step(name=name, command=(*wrapper, sys.executable, "-m", "pytest", "-q", *arguments))


class Plan:
    """What is still to be run; each lane asks for its next step.

    Args:
        first: steps that may run beside each other.
        alone: the one that runs when none of those does.
        patient: those for idle lanes, and for the others when they have nothing else to do.
    """

    def __init__(self, first: Iterable[Step], alone: Step, patient: Iterable[Step]) -> None:
        self._first, self._alone, self._patient = deque(first), deque([alone]), deque(patient)
        self.steps = (*self._first, alone, *self._patient)
        self._left = {step.name for step in self._first}  # of the first ones, those that have not ended
        self._changed = threading.Condition()
        self.results: dict[str, bool] = {}

    def run(self) -> dict[str, bool]:
        """Run everything and return which steps succeeded."""
        kinds = [False] * LANES + [True] * IDLE_LANES
        with ThreadPoolExecutor(len(kinds)) as lanes:
            for lane in [lanes.submit(self._work, is_idle=is_idle) for is_idle in kinds]:
                lane.result()
        return self.results

    def _work(self, *, is_idle: bool) -> None:
        while (step := self._take(is_idle=is_idle)) is not None:
            try:
                self.results[step.name] = step.run()
            finally:
                with self._changed:
                    self._left.discard(step.name)
                    self._changed.notify_all()

    def _take(self, *, is_idle: bool) -> Step | None:
        """Return the next step of a lane, None when there is none left for it; waits for the time of the one that runs alone."""
        with self._changed:
            while True:
                if not is_idle and self._first:
                    return self._first.popleft()
                if not is_idle and not self._left and self._alone:
                    return self._alone.popleft()
                if self._patient:
                    return self._patient.popleft()
                if is_idle or not self._alone:
                    return None
                self._changed.wait()


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
    plan = Plan(steps(), journey(), patient_steps())
    results = plan.run()
    total = count(REPORTS.glob("*.xml"))
    failed = total["failures"] + total["errors"]
    passed = total["tests"] - failed - total["skipped"]
    used = sum(sum(step.seconds) for step in plan.steps)
    print(
        f"\n{time.monotonic() - started:.0f} s for {len(results)} steps, which computed for {used:.0f} s "
        f"on {os.cpu_count()} processors"
    )
    for server in missing():
        print(f"left out: tests that need {server.name}, which is not installed")
    say_troubles(plan.steps)
    for name in (name for name, succeeded in results.items() if not succeeded):
        print(f"FAILED: {name}")
    print("verdict: everything passed" if all(results.values()) else "verdict: something failed, see above")
    print(f"tests: {passed} passed, {failed} failed, {total['skipped']} skipped")
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
