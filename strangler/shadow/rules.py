"""The rules that a seam is compared with, and those that noise proposed.

A rule counts when it is a preset, stands in the topology, or was proposed and accepted. One that is only proposed
hides nothing from `compare`: its differences are shown, as noise, until somebody says what they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.utils import timezone

from strangler.conf import config
from strangler.core.comparison import PRESETS, Rule
from strangler.errors import ConfigurationError, StranglerError, UnknownRuleError, UnknownSeamError
from strangler.shadow.findings import causes, fingerprint
from strangler.shadow.models import RuleRecord, RuleState

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReport:
    """A rule of a seam, and how much it is about.

    Args:
        id: its number.
        seen: samples in which legacy showed against itself what it covers.
        covers: comparisons of both sides that show it.
        state: proposed, accepted or rejected.
        actor, decided_at: who said so, and when.
    """

    id: int
    text: str
    seen: int
    covers: int
    state: str
    actor: str
    decided_at: datetime | None


def rules_of(seam: str) -> tuple[Rule, ...]:
    """Return what does not count as a difference of *seam*: presets, the topology's rules, accepted ones.

    Raises:
        ConfigurationError: the topology has a text that is no rule.
    """
    known = config().topology.seams.get(seam)
    written = [_parse_written(text, seam=seam) for text in (known.rules if known is not None else ())]
    accepted = (
        records(seam).filter(state=RuleState.ACCEPTED.value).order_by("pk").values_list("text", flat=True)
    )
    return (*PRESETS, *written, *map(Rule.parse, accepted))


def propose(seam: str, text: str, *, silenced: Collection[str]) -> None:
    """Write down that noise proposed a rule; what somebody said to it before stays said.

    Args:
        text: of the rule.
        silenced: texts of the causes that it makes disappear.
    """
    key = fingerprint(text)
    if not records(seam).filter(fingerprint=key).exists():
        record = RuleRecord(seam=seam, fingerprint=key, text=text, proposed_at=timezone.now())
        records(seam).bulk_create([record], ignore_conflicts=True)
    rule = records(seam).get(fingerprint=key)
    prints = [fingerprint(each) for each in silenced]
    causes().filter(seam=seam, fingerprint__in=prints, rule=None).update(rule=rule)


def accept(seam: str, rule: str, *, actor: str) -> RuleRecord:
    """Let *rule* count from now on: what it covers is no difference any more, nor was it one.

    Args:
        rule: number or text of a proposed rule, or the text of a new one.
    Raises:
        UnknownRuleError: there is no such number, or the text is no rule.
    """
    found = _find(seam, rule)
    if found is None:
        found = _write_anew(seam, rule)
    return _decide(found, RuleState.ACCEPTED, actor=actor)


def reject(seam: str, rule: str, *, actor: str) -> RuleRecord:
    """Say that what *rule* covers is no noise: it counts as a difference, also in what was compared already.

    Raises:
        UnknownRuleError: the seam has no such rule.
    """
    found = _find(seam, rule)
    if found is None:
        raise UnknownRuleError(rule, seam=seam)
    return _decide(found, RuleState.REJECTED, actor=actor)


def records(seam: str) -> QuerySet[RuleRecord]:
    """Return the rules of *seam* that noise proposed or somebody wrote."""
    return RuleRecord.objects.using(config().database).filter(seam=seam)


def list_rules(seam: str) -> list[RuleReport]:
    """Return the rules of *seam*, those that nobody has looked at first, the most seen before the others.

    Raises:
        UnknownSeamError: the topology does not have it.
    """
    if seam not in config().topology.seams:
        raise UnknownSeamError(seam, known=config().topology.seams)
    found = "causes__found__comparison"
    counted = records(seam).annotate(
        seen=Count(found, distinct=True, filter=Q(**{f"{found}__is_noise": True})),
        covers=Count(found, distinct=True, filter=Q(**{f"{found}__is_noise": False})),
    )
    reports = [
        RuleReport(**{name: getattr(each, name) for name in RuleReport.__dataclass_fields__})
        for each in counted
    ]
    return sorted(reports, key=lambda each: (each.state != RuleState.PROPOSED.value, -each.seen, each.id))


def _parse_written(text: str, *, seam: str) -> Rule:
    try:
        return Rule.parse(text)
    except (ValueError, StranglerError) as error:
        raise ConfigurationError(
            f"{seam}: {text!r} is no rule for comparing: {error}.", check_id="strangler.E002"
        ) from error


def _find(seam: str, rule: str) -> RuleRecord | None:
    if rule.isascii() and rule.isdigit():
        return records(seam).filter(pk=int(rule)).first()
    return records(seam).filter(fingerprint=fingerprint(rule)).first()


def _write_anew(seam: str, rule: str) -> RuleRecord:
    try:
        text = str(Rule.parse(rule))
    except (ValueError, StranglerError) as error:
        raise UnknownRuleError(rule, seam=seam) from error
    propose(seam, text, silenced=())
    return records(seam).get(fingerprint=fingerprint(text))


def _decide(record: RuleRecord, state: RuleState, *, actor: str) -> RuleRecord:
    record.state, record.actor, record.decided_at = state.value, actor, timezone.now()
    record.save(update_fields=["state", "actor", "decided_at"])
    return record
