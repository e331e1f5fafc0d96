"""What the comparison finds: `python -m tests.bench.compare` prints `compare.regressions` and `compare.variations`.

The corpus has pairs of answers: seeded regressions, which must be reported, and harmless variations, which must not. Ours
has its presets and nothing else. The peer is a plain threshold rule over flattened fields, as Diffy has it (see
`compare_corpus.plain`).

- `compare.regressions`: the share of the regressions that is found; ratio: ours / peer.
- `compare.variations`: how many variations are reported, false alarms; ratio: (peer + 1) / (ours + 1), so that no false
  alarm at all gives a number, too.
"""

import sys
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from strangler.core.comparison import compare, describe
from tests.bench._harness import Figure, report
from tests.bench.compare_corpus import ALL_REGRESSIONS, ALL_VARIATIONS
from tests.bench.compare_corpus.held_out import HELD_OUT_REGRESSIONS, HELD_OUT_VARIATIONS
from tests.bench.compare_corpus.plain import reported

FOUND_AT_LEAST = 0.95
ALARMS_AT_MOST = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What both sides say to one case."""

    name: str
    ours: tuple[str, ...]
    plain: int


def results(cases) -> list[Result]:
    """Compare every case of a corpus."""
    return [
        Result(name=name, ours=tuple(map(describe, compare(*pair))), plain=len(reported(*pair)))
        for name, pair in cases.items()
    ]


def main() -> int:
    """Compare, print the table and the figures; returns 1 if a goal is missed."""
    regressions, variations = results(ALL_REGRESSIONS), results(ALL_VARIATIONS)
    console = Console(width=140)
    console.print(
        _table("Regressions: to be reported", regressions, held_out=HELD_OUT_REGRESSIONS, is_good=True)
    )
    console.print(
        _table("Variations: not to be reported", variations, held_out=HELD_OUT_VARIATIONS, is_good=False)
    )
    found, alarms = _count(regressions), _count(variations)
    missed = report(_regressions(*found, of=len(regressions)), _variations(*alarms, of=len(variations)))
    return int(bool(missed) or found[0] < FOUND_AT_LEAST * len(regressions))


def _count(several: list[Result]) -> tuple[int, int]:
    return sum(bool(each.ours) for each in several), sum(bool(each.plain) for each in several)


def _regressions(ours: int, peer: int, *, of: int) -> Figure:
    return Figure(
        bench="compare.regressions",
        ours=ours / of,
        peer=peer / of,
        unit="share found",
        ratio=ours / peer,
        rounds=of,
        goal=1.0,
        details={"found_at_least": FOUND_AT_LEAST, "cases": of},
    )


def _variations(ours: int, peer: int, *, of: int) -> Figure:
    return Figure(
        bench="compare.variations",
        ours=ours,
        peer=peer,
        unit="false alarms",
        ratio=(peer + 1) / (ours + 1),
        rounds=of,
        limit=ALARMS_AT_MOST * of,
        details={"cases": of},
    )


def _table(title: str, several: list[Result], *, held_out, is_good: bool) -> Table:
    table = Table("case", "ours", "plain rule", "first difference of ours", title=title, title_justify="left")
    for each in several:
        marks = [
            f"[{'green' if bool(said) is is_good else 'red'}]{'reported' if said else 'silent'}[/]"
            for said in (each.ours, each.plain)
        ]
        first = each.ours[0] if each.ours else ""
        table.add_row(
            f"{each.name}{' (held out)' * (each.name in held_out)}", *marks, first.replace("[", r"\[")
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
