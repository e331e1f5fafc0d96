"""What a table as a whole must have, and must not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.move.dialects.base import Kind
from strangler.move.preflight.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strangler.move.databases import Pair
    from strangler.move.tables import TablePair

_KEY_KINDS = {
    Kind.INTEGER,
    Kind.BOOLEAN,
    Kind.DECIMAL,
    Kind.TEXT,
    Kind.BINARY,
    Kind.DATE,
    Kind.DATETIME,
    Kind.UUID,
}
_SILENT = ("CASCADE", "SET NULL", "SET DEFAULT")


def refuse_table(each: TablePair, *, pair: Pair) -> Iterator[Refusal]:
    """Refuse keys that can't be paged through, triggers that would act twice, and what triggers do not see."""
    yield from _keys(each)
    yield from _triggers(each)
    if pair.source.name == "mysql":
        yield from _silent_cascades(each)
        yield from _engine(each)
        if not each.source.generation:
            yield Refusal(
                name="truncate-unseen",
                table=each.source.name,
                reason="TRUNCATE fires no trigger, and the role may not see InnoDB's tables, which would tell.",
                action="GRANT PROCESS ON *.* TO it, or see to it that nobody truncates the table.",
                is_warning=True,
            )


def _keys(each: TablePair) -> Iterator[Refusal]:
    name, source, target = each.source.name, each.source, each.target
    if not source.primary_key:
        yield Refusal(
            name="no-primary-key",
            table=name,
            reason="it has no primary key, so its rows can't be told apart.",
            action="Give it one in a migration.",
        )
        return
    if source.primary_key != target.primary_key:
        yield Refusal(
            name="other-primary-key",
            table=name,
            reason=f"its key is {source.primary_key} on the source and {target.primary_key} on the target.",
            action="Give both the same.",
        )
    for column in source.key_columns:
        if column.kind not in _KEY_KINDS or column.type in ("enum", "set"):
            yield Refusal(
                name="key-kind",
                table=name,
                reason=f"its key column {column.name} is of type {column.definition}, which has no stable order.",
                action="Give it a key of integers, text, moments or UUIDs.",
            )


def _triggers(each: TablePair) -> Iterator[Refusal]:
    foreign = [trigger for trigger in each.target.triggers if not trigger.is_ours]
    for trigger in foreign:
        yield Refusal(
            name="target-trigger",
            table=each.target.name,
            reason=f"trigger {trigger.name} ({trigger.timing} {trigger.event}) on the target would act on rows that "
            "the source's side has acted on already.",
            action="Drop it, and make it again after the move is completed.",
        )
    for trigger in each.source.triggers:
        if not trigger.is_ours and trigger.timing == "BEFORE":
            yield Refusal(
                name="source-trigger",
                table=each.source.name,
                reason=f"trigger {trigger.name} (BEFORE {trigger.event}) stays behind: after the switch nobody does "
                "its work, and after going back it would do it twice.",
                action="Make sure that the service does without it.",
                is_warning=True,
            )


def _silent_cascades(each: TablePair) -> Iterator[Refusal]:
    """InnoDB's cascades fire no triggers, so nobody could follow them."""
    for key in each.source.foreign_keys:
        actions = [action for action in (key.on_delete, key.on_update) if action in _SILENT]
        if actions:
            yield Refusal(
                name="silent-cascade",
                table=each.source.name,
                reason=f"foreign key {key.name} changes rows by {' and '.join(actions)}, which fires no trigger "
                "on MariaDB and MySQL.",
                action="Make it NO ACTION, and let the application delete what belongs to a row (Django does).",
            )


def _engine(each: TablePair) -> Iterator[Refusal]:
    if each.source.engine.lower() not in ("", "innodb"):
        yield Refusal(
            name="storage-engine",
            table=each.source.name,
            reason=f"it is kept by {each.source.engine}, which has no transactions.",
            action=f"ALTER TABLE {each.source.name} ENGINE=InnoDB.",
        )
