"""Two observations compared by the rules of a seam, and what a person reads when they differ."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strangler.core.comparison import PRESETS, Rule, compare, describe
from strangler.testing.questions import find_seam

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from strangler.core.comparison import Difference
    from strangler.core.observation import Observation

__tracebackhide__ = True  # a failure shows the line of the test, not ours

_SHOWN_OF_A_CAUSE = 5
_SHOWN_OF_A_BODY = 400
_SHOWN_OF_A_VALUE = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What both sides did with the same request or call.

    Args:
        seam: its name.
        asked: what was asked, for people.
        legacy, service: what each side did; for a capture the control and who was asked now.
        differences: between them, under the rules.
    """

    seam: str
    asked: str
    legacy: Observation
    service: Observation
    differences: tuple[Difference, ...]

    def assert_same(self) -> None:
        """Fail the test if there is a difference, with all of them and both answers.

        Raises: AssertionError: the text is for people.
        """
        if self.differences:
            raise AssertionError(self.report())

    def report(self, *, names: tuple[str, str] = ("legacy", "service")) -> str:
        """Return the differences by cause, most frequent first, and both answers, shortened."""
        causes: dict[str, list[Difference]] = defaultdict(list)
        for each in self.differences:
            causes[each.cause].append(each)
        found = sorted(causes.items(), key=lambda item: (-len(item[1]), item[0]))
        count = len(self.differences)
        head = f"{self.seam}: {names[0]} and {names[1]} differ at {count} place{'s' if count > 1 else ''}."
        lines = [head, self.asked]
        for cause, differences in found:
            lines += ["", f"{cause} ({len(differences)}×)", *_lines_of(differences)]
        for name, seen in zip(names, (self.legacy, self.service), strict=True):
            lines += ["", f"{name} answered: {_answer(seen)}", f"{name} did:      {_effects(seen)}"]
        return "\n".join(lines)


def exchange(
    seam: str, asked: str, *, legacy: Observation, service: Observation, rules: Sequence[Rule] = ()
) -> Exchange:
    """Return both observations compared by the presets, the topology's rules of the seam, and *rules*."""
    known = (*PRESETS, *parse_rules(find_seam(seam).rules), *rules)
    differences = tuple(compare(legacy, service, rules=known))
    return Exchange(seam=seam, asked=asked, legacy=legacy, service=service, differences=differences)


def parse_rules(texts: Iterable[str | Rule]) -> tuple[Rule, ...]:
    """Return rules from texts, or as they are; raises RuleError for one that can't be read."""
    return tuple(each if isinstance(each, Rule) else Rule.parse(each) for each in texts)


def _lines_of(differences: Sequence[Difference]) -> list[str]:
    lines = [f"  {describe(each)}" for each in differences[:_SHOWN_OF_A_CAUSE]]
    more = len(differences) - len(lines)
    return [*lines, f"  … and {more} more of this cause"] if more > 0 else lines


def _answer(seen: Observation) -> str:
    if not seen.status:
        return f"raised {seen.error}" if seen.error else "nothing, as a call does"
    said = dict(seen.headers)
    kind = next((said[name] for name in ("Content-Type", "content-type") if name in said), "")
    where = f" to {said['Location']}" if "Location" in said else ""
    body = _short(seen.body.decode(errors="replace"), longest=_SHOWN_OF_A_BODY)
    return f"{seen.status}{where} {kind}, {len(seen.body)} bytes: {body}".rstrip(": ")


def _effects(seen: Observation) -> str:
    if seen.effects is None:
        return "what it did besides was not seen"
    done = seen.effects
    tables: dict[str, int] = defaultdict(int)
    for row in done.rows:
        tables[f"{row.operation} {row.table}"] += row.count
    rows = ", ".join(f"{what} {count}×" for what, count in tables.items())
    mails = ", ".join(f"{_short(mail.subject)!r} to {', '.join(mail.recipients)}" for mail in done.mails)
    messages = ", ".join(message.task for message in done.messages)
    files = ", ".join(_short(file.name) for file in done.files)
    parts = {
        "rows": rows,
        "mails": mails,
        "messages": messages,
        "files": files,
        "refused": ", ".join(done.refused),
    }
    return "; ".join(f"{name} {text}" for name, text in parts.items() if text) or "nothing else"


def _short(text: str, *, longest: int = _SHOWN_OF_A_VALUE) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else f"{flat[: longest - 1]}…"
