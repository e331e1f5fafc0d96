"""Move a seam from stage to stage, audited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from strangler.conf import config
from strangler.core.ladder import Step
from strangler.core.stages import Rollout, RolloutStage, advance
from strangler.errors import SupersededError, TransitionError, UnknownSeamError
from strangler.rollout.models import Revision, RolloutEvent, RolloutRecord

if TYPE_CHECKING:
    from decimal import Decimal


def change(
    seam: str,
    *,
    stage: RolloutStage,
    percent: Decimal | None = None,
    actor: str,
    reason: str = "",
    verdict: str = "",
    is_forced: bool = False,
    expected: Step | None = None,
) -> RolloutEvent:
    """Move *seam* to *stage* and write down who did it and why, in one transaction.

    Every process follows within the snapshot interval. Asking for where it stands already is no change of
    traffic but is written down all the same. Nothing is asked for evidence here; see `strangler.rollout.forward`.

    Args:
        seam: name of the seam.
        stage: where it is to stand.
        percent: for canary, and for shadow where not everything is compared.
        actor: who.
        reason: why.
        verdict: what was known of both sides.
        is_forced: whether it goes forward although that was not enough.
        expected: where the caller believes that it stands; None for anywhere.
    Raises:
        UnknownSeamError, TransitionError: nothing was changed.
        SupersededError: somebody else moved it meanwhile; nothing was changed.
    """
    ensure_revision()
    with transaction.atomic(using=config().database):
        revision = _next_revision()
        before = position(seam)
        if expected is not None and Step.of(before) != expected:
            raise SupersededError(seam, expected=str(expected), found=str(before))
        after = advance(before, stage=stage, percent=percent)
        now = timezone.now()
        RolloutRecord.objects.using(config().database).update_or_create(
            seam=seam, defaults={"stage": after.stage.value, "percent": after.percent, "changed_at": now}
        )
        return RolloutEvent.objects.using(config().database).create(
            seam=seam,
            from_stage=before.stage.value,
            from_percent=before.percent,
            to_stage=after.stage.value,
            to_percent=after.percent,
            actor=actor,
            reason=reason,
            verdict=verdict,
            is_forced=is_forced,
            revision=revision,
            changed_at=now,
        )


def note(seam: str, *, actor: str, reason: str) -> RolloutEvent:
    """Write down something about *seam* that does not move it, such as an approval.

    Raises:
        UnknownSeamError, TransitionError: no such seam, or nothing to roll out.
    """
    ensure_revision()
    with transaction.atomic(using=config().database):
        revision = _next_revision()
        now = position(seam)
        return RolloutEvent.objects.using(config().database).create(
            seam=seam,
            from_stage=now.stage.value,
            from_percent=now.percent,
            to_stage=now.stage.value,
            to_percent=now.percent,
            actor=actor,
            reason=reason,
            revision=revision,
            changed_at=timezone.now(),
        )


def position(seam: str) -> Rollout:
    """Return where *seam* stands in the database.

    Raises:
        UnknownSeamError: the topology does not have it.
        TransitionError: the seam was born in the service.
    """
    seams = config().topology.seams
    if seam not in seams:
        raise UnknownSeamError(seam, known=[each.name for each in seams.values() if each.has_legacy])
    if not seams[seam].has_legacy:
        raise TransitionError(
            "has no legacy side (legacy = false), so there is nothing to roll out.", seam=seam
        )
    record = RolloutRecord.objects.using(config().database).filter(pk=seam).first()
    return record.value() if record else Rollout(seam=seam)


def ensure_revision() -> None:
    """Make the one row of Revision, before and not inside the transaction that raises it.

    Two first changes at once would both insert it, wait for each other and deadlock on MariaDB.
    """
    revisions = Revision.objects.using(config().database)
    if not revisions.filter(pk=1).exists():
        revisions.bulk_create([Revision(pk=1)], ignore_conflicts=True)


def _next_revision() -> int:
    """Raise the revision; its row lock puts all changes in one order."""
    revisions = Revision.objects.using(config().database)
    revisions.filter(pk=1).update(number=F("number") + 1)
    return revisions.get(pk=1).number
