"""Effects as multisets: what is lost or doubled is reported as such, the rest is compared in pairs."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from strangler.core.comparison._bodies import compare_html, compare_text
from strangler.core.comparison._identities import singular
from strangler.core.comparison._json import compare_json, key_of, matched_by
from strangler.core.comparison._lists import match
from strangler.core.comparison._noise import skeleton
from strangler.core.comparison._values import compare_value, transformed
from strangler.core.comparison.difference import Kind
from strangler.core.observation import Effects, FileWritten, MailSent, MessageSent, Operation, RowWrite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from strangler.core.comparison._context import Context
    from strangler.core.comparison._places import Path

_MAX_PAIRED = 100
_HALF = 0.5


def compare_effects(context: Context, control: Effects, candidate: Effects) -> None:
    """Compare what two sides did besides answering; what a sandbox refused is its business."""
    rows = [_by_table(context, effects.rows) for effects in (control, candidate)]
    context.identities.inserted = frozenset.intersection(*(_inserted(each) for each in rows))
    for table in {**rows[0], **rows[1]}:
        place = ("effects", "rows", table[0], table[1])
        _Rows(context, place).compare(rows[0].get(table, []), rows[1].get(table, []))
    _Mails(context, ("effects", "mails")).compare(control.mails, candidate.mails)
    _Messages(context, ("effects", "messages")).compare(control.messages, candidate.messages)
    _Files(context, ("effects", "files")).compare(control.files, candidate.files)


def _by_table(context: Context, rows: Sequence[RowWrite]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the rows by table and operation, one entry a row: how many one statement wrote says nothing."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        table = str(transformed(context, ("effects", "rows"), row.table))
        times = max(1, min(row.count, _MAX_PAIRED))
        found[table, row.operation.value] += [dict(row.values) for _ in range(times)]
        if row.count > _MAX_PAIRED:
            found[table, row.operation.value].append({"count": row.count})
    return found


def _inserted(rows: Mapping[tuple[str, str], object]) -> frozenset[str]:
    return frozenset(singular(table) for table, operation in rows if operation == Operation.INSERT)


class _Several:
    """How effects of one kind are matched and compared; subclasses know the kind."""

    def __init__(self, context: Context, path: Path) -> None:
        self.context = context
        self.path = path

    def compare(self, control: Sequence[Any], candidate: Sequence[Any]) -> None:
        """Match equal ones, then similar ones, and report those that are left alone."""
        rest: list[Any] = []
        keys = matched_by([*map(self.content, control)], [*map(self.content, candidate)])
        for number, (one, two) in enumerate(match(*keys)):
            if one is not None and two is not None:
                self.compare_pair(self.at(one), control[one], candidate[two])
            else:
                rest.append((number, one, two))
        alone = [one for _, one, two in rest if two is None]
        others = [two for _, one, two in rest if one is None]
        self._compare_rest(control, candidate, alone, others)

    def _compare_rest(
        self, control: Sequence[Any], candidate: Sequence[Any], alone: list[int], others: list[int]
    ) -> None:
        for one in alone:
            near = max(
                others[:_MAX_PAIRED],
                key=lambda two: self.likeness(control[one], candidate[two]),
                default=None,
            )
            if near is not None and self.likeness(control[one], candidate[near]) >= _HALF:
                others.remove(near)
                self.compare_pair(self.at(one), control[one], candidate[near])
            else:
                self.context.add(Kind.MISSING, self.at(one), self.summary(control[one]))
        for two in others:
            self.context.add(Kind.EXTRA, self.at(two), None, self.summary(candidate[two]))

    def at(self, index: int) -> Path:
        """Return the place of an effect."""
        return (*self.path, f"[{index}]")

    def content(self, effect: Any) -> Any:
        """Return what effects are matched by, as JSON."""
        raise NotImplementedError

    def likeness(self, control: Any, candidate: Any) -> float:
        """Return how much of two effects is the same, 0 to 1."""
        raise NotImplementedError

    def compare_pair(self, path: Path, control: Any, candidate: Any) -> None:
        """Compare two effects that belong together."""
        raise NotImplementedError

    def summary(self, effect: Any) -> Any:
        """Return what is shown of an effect."""
        raise NotImplementedError


class _Rows(_Several):
    def at(self, index: int) -> Path:
        return (*self.path, f"[{index}]")

    def content(self, effect: dict[str, Any]) -> Any:
        return effect

    def likeness(self, control: dict[str, Any], candidate: dict[str, Any]) -> float:
        names = {**control, **candidate}
        same = sum(key_of(control.get(name, "")) == key_of(candidate.get(name, "")) for name in names)
        return (1 + same) / (1 + len(names)) if len(names) > 1 else 1.0

    def compare_pair(self, path: Path, control: dict[str, Any], candidate: dict[str, Any]) -> None:
        compare_json(self.context, path, control, candidate)

    def summary(self, effect: dict[str, Any]) -> Any:
        return effect


class _Mails(_Several):
    def content(self, effect: MailSent) -> Any:
        return _people(effect), effect.subject, effect.text, effect.html

    def likeness(self, control: MailSent, candidate: MailSent) -> float:
        parts = [
            _people(control) == _people(candidate),
            skeleton(control.subject) == skeleton(candidate.subject),
            skeleton(control.text) == skeleton(candidate.text),
        ]
        return sum(parts) / 2

    def compare_pair(self, path: Path, control: MailSent, candidate: MailSent) -> None:
        context = self.context
        compare_value(context, (*path, "sender"), control.sender, candidate.sender)
        compare_json(context, (*path, "recipients"), _people(control), _people(candidate))
        compare_value(context, (*path, "subject"), control.subject, candidate.subject)
        compare_text(context, (*path, "text"), control.text, candidate.text)
        _compare_alternative(context, (*path, "html"), control.html, candidate.html)
        compare_json(context, (*path, "attachments"), control.attachments, candidate.attachments)

    def summary(self, effect: MailSent) -> str:
        return f"{effect.subject} → {', '.join(effect.recipients)}"


def _people(mail: MailSent) -> tuple[str, ...]:
    return tuple(sorted(mail.recipients))


def _compare_alternative(context: Context, path: Path, control: str, candidate: str) -> None:
    if bool(control) != bool(candidate):
        kind = Kind.MISSING if control else Kind.EXTRA
        context.add(kind, path, control or None, candidate or None)
    elif control != candidate:
        compare_html(context, control, candidate, path=path)


class _Messages(_Several):
    def content(self, effect: MessageSent) -> Any:
        return effect.task, effect.body

    def likeness(self, control: MessageSent, candidate: MessageSent) -> float:
        return (control.task == candidate.task) * _HALF + (
            key_of(control.body) == key_of(candidate.body)
        ) * _HALF

    def compare_pair(self, path: Path, control: MessageSent, candidate: MessageSent) -> None:
        compare_value(self.context, (*path, "task"), control.task, candidate.task)
        if control.queue and candidate.queue:
            compare_value(self.context, (*path, "queue"), control.queue, candidate.queue)
        compare_json(self.context, (*path, "body"), control.body, candidate.body)

    def summary(self, effect: MessageSent) -> str:
        return f"{effect.task} {effect.body}"


class _Files(_Several):
    """Names are made up by storages, contents are not: a file is its content, and the ending of its name."""

    def content(self, effect: FileWritten) -> Any:
        return effect.size, effect.digest, _ending(effect)

    def likeness(self, control: FileWritten, candidate: FileWritten) -> float:
        is_deletion = (control.size < 0) == (candidate.size < 0)
        return is_deletion * (_HALF + _HALF * (_ending(control) == _ending(candidate)))

    def compare_pair(self, path: Path, control: FileWritten, candidate: FileWritten) -> None:
        compare_value(self.context, (*path, "ending"), _ending(control), _ending(candidate))
        if control.digest != candidate.digest or control.size != candidate.size:
            shown = [f"{file.size} bytes, SHA-256 {file.digest[:12]}" for file in (control, candidate)]
            self.context.add(Kind.DIGEST, (*path, "content"), *shown)

    def summary(self, effect: FileWritten) -> str:
        return f"{effect.name} ({effect.size} bytes)"


def _ending(file: FileWritten) -> str:
    return PurePosixPath(file.name).suffix.lower()
