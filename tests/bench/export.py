"""Measure exports of the reporting service against django-import-export: the same 10 columns of the same MariaDB.

``python -m tests.bench.export [--rows N] [--large N] [--peer-rows N] [--rounds N] [--only csv xlsx]``; needs MariaDB.
Each prints one JSON line.

- ``export.csv``: rows/s from the database to a published file; goal 100,000 rows/s (`reaches`), the peer for comparison.
- ``export.xlsx``: the same; goal 5 times the peer.

Ours is a run as a worker makes it: pages by key, a statement timeout, checkpoints with fsync once a second, the watch
thread, fsync and rename at the end. In both `mib` is the peak of the process above what it has when it is idle, and
`large_mib` the same for 2,000,000 rows; the goal is 64 for both. The peer holds all rows in memory, so it gets fewer of
them, which is in its favour; its queryset joins in one query (`select_related`), in chunks of 5,000.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from tests.bench._harness import Figure, compare, keep_on_disk, measure_alternating, report, run_child
from tests.servers.processes import MariaDB

GOAL_ROWS_PER_SECOND = 100_000
GOAL_RATIO = 5
GOAL_MIB = 64
CHILD = ("-m", "tests.bench.export_child")


def main() -> int:
    """Fill a database, and run the chosen measurements on it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--large", type=int, default=2_000_000)
    parser.add_argument("--peer-rows", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=["csv", "xlsx"], default=["csv", "xlsx"])
    options = parser.parse_args()
    keep_on_disk()
    with MariaDB() as server:
        environ = {
            "DJANGO_SETTINGS_MODULE": "tests.bench.export_settings",
            "REPORTING_DATABASE_URL": server.create_database("bench_export"),
            "LOG_LEVEL": "WARNING",
        }
        # One after the other: a run counts what there is to export, be it more than it takes.
        run_child([*CHILD, "fill", str(options.rows)], env=environ)
        measured = {name: measure(name, options, environ) for name in options.only}
        run_child([*CHILD, "fill", str(options.large)], env=environ)
        figures = [with_large(figure, name, options, environ) for name, figure in measured.items()]
        return max(report(*figures), *(_missed(figure) for figure in figures))


def measure(name: str, options: argparse.Namespace, environ: Mapping[str, str]) -> Figure:
    """Compare exports in format *name*."""
    memory: list[float] = []

    def rate(side: str, rows: int) -> float:
        got = run_child([*CHILD, side, name, str(rows)], env={**os.environ, **environ})
        if side == "ours":
            memory.append(got["mib"])
        return got["rows"] / got["seconds"]

    sides = {"ours": partial(rate, "ours", options.rows), "peer": partial(rate, "peer", options.peer_rows)}
    values = measure_alternating(sides, rounds=options.rounds, warmups=0)
    return compare(
        f"export.{name}",
        ours=values["ours"],
        peer=values["peer"],
        unit="rows/s",
        higher_is_better=True,
        goal=GOAL_RATIO if name == "xlsx" else None,
        details={
            "rows": options.rows,
            "peer_rows": options.peer_rows,
            "mib": round(max(memory), 1),
        },
    )


def with_large(figure: Figure, name: str, options: argparse.Namespace, environ: Mapping[str, str]) -> Figure:
    """Return *figure* with what the large export took."""
    large = run_child([*CHILD, "ours", name, str(options.large)], env={**os.environ, **environ})
    details = {
        "large_rows": options.large,
        "large_mib": round(large["mib"], 1),
        "large_rows_per_second": round(large["rows"] / large["seconds"]),
    }
    return replace(figure, details={**figure.details, **details})


def _missed(figure: Figure) -> int:
    """Say which goals that are no ratios are missed; returns 1 if one is."""
    missed = []
    if figure.bench == "export.csv" and figure.ours < GOAL_ROWS_PER_SECOND:
        missed.append(f"{figure.ours:,.0f} rows/s are fewer than {GOAL_ROWS_PER_SECOND:,}")
    missed += [
        f"{figure.details[key]} MiB above idle are more than {GOAL_MIB}"
        for key in ("mib", "large_mib")
        if float(str(figure.details[key])) > GOAL_MIB
    ]
    for each in missed:
        sys.stderr.write(f"{figure.bench}: {each}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
