"""What every benchmark shares: paired rounds, robust figures, one JSON line per figure.

A figure is a ratio of ours to a peer's, taken in the same round on the same machine: absolute times on a
shared machine wander by a third, ratios within a round far less. Both sides take turns at going first, so
that neither always meets the warmer cache.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured comparison; *ratio* above 1 means that ours is better, whatever the unit."""

    bench: str
    ours: float
    peer: float
    unit: str
    ratio: float
    rounds: int
    goal: float | None = None
    limit: float | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    """What else was promised and did not hold, in sentences."""

    @property
    def is_met(self) -> bool:
        """Tell whether the ratio reaches its goal and ours stays within its limit, where there are such, and nothing is broken."""
        reaches_goal = self.goal is None or self.ratio >= self.goal
        return not self.broken and reaches_goal and (self.limit is None or self.ours <= self.limit)

    def as_json(self) -> str:
        """Render the figure as one line of JSON, rounded to what the measurement can carry."""
        values: dict[str, object] = {
            "bench": self.bench,
            "ours": _rounded(self.ours),
            "peer": _rounded(self.peer),
            "ratio": _rounded(self.ratio),
            "unit": self.unit,
            "rounds": self.rounds,
        }
        targets = {"goal": self.goal, "limit": self.limit}
        values |= {name: target for name, target in targets.items() if target is not None}
        if self.goal is not None or self.limit is not None:
            values["met"] = self.is_met
        if self.broken:
            values["broken"] = self.broken
        return json.dumps(values | dict(self.details))


def measure_alternating(
    sides: Mapping[str, Callable[[], float]],
    *,
    rounds: int,
    warmups: int = 1,
) -> dict[str, list[float]]:
    """Call every side once per round, rotating who goes first, and return each side's values per round.

    Args:
        sides: name → a callable that does the work once and returns what it measured.
        rounds: how many values each side gets.
        warmups: unrecorded calls per side before the first round.
    Returns: name → one value per round; index *i* of every side was measured in the same round.
    """
    names = list(sides)
    for _ in range(warmups):
        for name in names:
            sides[name]()
    values: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            values[name].append(sides[name]())
    return values


def compare(
    bench: str,
    *,
    ours: Sequence[float],
    peer: Sequence[float],
    unit: str,
    higher_is_better: bool = False,
    goal: float | None = None,
    limit: float | None = None,
    details: Mapping[str, object] | None = None,
) -> Figure:
    """Make a figure from paired rounds: medians of both sides and the median of the rounds' ratios.

    Args: goal: smallest ratio that is good enough. limit: largest value of ours that is.
    """
    pairs = zip(ours, peer, strict=True)
    ratios = [(mine / theirs if higher_is_better else theirs / mine) for mine, theirs in pairs]
    return Figure(
        bench=bench,
        ours=statistics.median(ours),
        peer=statistics.median(peer),
        unit=unit,
        ratio=statistics.median(ratios),
        rounds=len(ratios),
        goal=goal,
        limit=limit,
        details=details or {},
    )


def report(*figures: Figure) -> int:
    """Print one JSON line per figure.

    Returns: an exit status: 0, or 1 if a figure misses its goal.
    """
    for figure in figures:
        sys.stdout.write(figure.as_json() + "\n")
    sys.stdout.flush()
    return 0 if all(figure.is_met for figure in figures) else 1


def cpu_milliseconds(work: Callable[[], object]) -> float:
    """Run *work* and return the CPU time of all threads of this process that it took, in milliseconds."""
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1000


def wall_milliseconds(work: Callable[[], object]) -> float:
    """Run *work* and return the wall-clock time that it took, in milliseconds."""
    before = time.perf_counter()
    work()
    return (time.perf_counter() - before) * 1000


def percentile(values: Sequence[float], *, percent: float) -> float:
    """Return the nearest-rank percentile of *values*: a value that was really measured.

    Raises: ValueError: there is no value, or *percent* is outside 0 to 100.
    """
    if not values or not 0 <= percent <= 100:
        raise ValueError(f"no percentile {percent} of {len(values)} values")
    rank = max(1, -(-len(values) * percent // 100))
    return sorted(values)[int(rank) - 1]


def peak_rss_mib() -> float:
    """Return the largest resident size this process has had so far, in MiB; Linux only.

    Not getrusage's figure: that one survives exec, so a child would begin with its parent's peak.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak) / 1024


def resident_mib() -> float:
    """Return the resident size this process has now, in MiB; Linux only."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / (1024 * 1024)


def keep_on_disk() -> None:
    """Have servers that are started from now on write to a disk, as they do where they are deployed, and not to memory."""
    os.environ.setdefault("TMPDIR", tempfile.gettempdir())


def run_child(arguments: Sequence[str], *, env: Mapping[str, str] | None = None) -> dict[str, float]:
    """Run a fresh interpreter on *arguments* and return the JSON object on the last line that it prints.

    A fresh process is the only way to measure a peak: a process never gives its high-water mark back.

    Raises: subprocess.CalledProcessError: the child failed; its error output was passed through.
    """
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
