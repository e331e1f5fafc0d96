"""Move messages from state to state. Each function is a conditional UPDATE, safe against a second worker.

See the diagram in `models`. A worker takes a message with `claim`, shows its ticket again with `enter` right
before it can no longer take the mail back, and reports with `conclude`. The ticket is the attempt's number: whoever
was stopped beyond its lease finds that another has taken over, before it sends anything.

Leases are compared by the clocks of the workers' machines. A clock that is wrong by more than ten seconds costs
attempts, which `enter` refuses; it doubles no mail outside of the window.
"""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from extracted.email.conf import config
from extracted.email.models import Attempt, Message, Recipient, Suppression
from extracted.email.outcomes import Outcome, Reply, Result, Step, final_state, next_step
from extracted.email.states import RecipientState, State
from extracted.email.suppression import is_hard_bounce, suppress, suppressed_among

LOST = "lost"
_WORKER_LOST = Reply(None, "the worker was lost after it began to hand the mail over")
_FREE = Q(state__in=[State.QUEUED, State.UNKNOWN], due_at__isnull=False)

logger = logging.getLogger(__name__)


class FencedOffError(Exception):
    """Another worker has taken over; nothing was sent, and nothing may be."""

    def __init__(self, claim: "Claim") -> None:
        super().__init__(f"attempt {claim.attempt} of message {claim.message.pk} is no longer ours")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A message that belongs to this worker, for one attempt.

    Args:
        message: the row, with its content.
        attempt: the number that fences off whoever had it before.
        recipients: who is still to get it; never empty.
    """

    message: Message
    attempt: int
    recipients: Sequence[Recipient]


def claim(message_id: UUID | str, *, worker: str) -> Claim | None:
    """Take a message in order to send it.

    Args: worker: host and process, for people who look for it.
    Returns: None if there is nothing to do: finished, held, too early, somebody else's, or suppressed.
    """
    now = timezone.now()
    if _doubted(message_id, now=now):
        return None
    is_lost = Q(state=State.SENDING, leased_until__lte=now, entered_at__isnull=True)
    with transaction.atomic():
        free = Message.objects.filter(_FREE & Q(not_before__lte=now) | is_lost, pk=message_id)
        if not free.update(attempts=F("attempts") + 1, worker=worker, **_leased(now)):
            return None
        message = Message.objects.get(pk=message_id)
        recipients = _still_pending(message)
        if not recipients:
            Message.objects.filter(pk=message.pk).update(attempts=F("attempts") - 1)  # it was none
            return None
        _begin_attempt(message, worker=worker, now=now)
    return Claim(message=message, attempt=message.attempts, recipients=recipients)


def enter(claim: Claim) -> None:
    """Enter the window: from here on nobody can tell what happened if this worker is lost.

    Raises: FencedOffError: the lease has run out or another worker has the message; do not send.
    """
    now = timezone.now()
    held = Message.objects.filter(
        pk=claim.message.pk, state=State.SENDING, attempts=claim.attempt, leased_until__gt=now
    )
    if not held.update(entered_at=now):
        raise FencedOffError(claim)


def conclude(claim: Claim, outcome: Outcome) -> bool:
    """Record how an attempt ended, and move the message on.

    A late report of a worker that had been taken for lost still counts, as long as nobody has tried again.

    Returns: False if another worker has tried again meanwhile; then only the attempt's own row is changed.
    """
    with transaction.atomic():
        row = Message.objects.select_for_update().get(pk=claim.message.pk)
        _end_attempt(row.pk, claim.attempt, outcome)
        if row.attempts != claim.attempt or row.state not in (State.SENDING, State.UNKNOWN):
            logger.warning("message %s: attempt %d reported too late", claim.message.pk, claim.attempt)
            return False
        _record_fates(claim, outcome)
        was_doubted = row.state == State.UNKNOWN
        is_doubtful = outcome.result is Result.UNKNOWN
        doubts = row.doubts + (is_doubtful and not was_doubted) - (was_doubted and not is_doubtful)
        _apply(row, _step(row, outcome, doubts=doubts), doubts=doubts, is_outage=outcome.is_outage)
    return True


def hasten() -> int:
    """Have everything that waited for the mail server sent now, because it is back; return how much that is."""
    now = timezone.now()
    waiting = Message.objects.filter(state=State.QUEUED, waits_for_server=True, not_before__gt=now)
    return waiting.update(not_before=now, due_at=now, sends=0)


def wait_before_announcing(sends: int) -> timedelta:
    """Return how long to wait after the *sends*-th task: doubling from `resend_after`, up to 5 minutes."""
    return min(config().resend_after * 2 ** min(sends, 20), timedelta(minutes=5)) * _spread()


def _doubted(message_id: UUID | str, *, now: datetime) -> bool:
    """Turn a message whose worker was lost in the window to unknown; return whether it was such a one."""
    with transaction.atomic():
        row = (
            Message.objects.select_for_update()
            .filter(pk=message_id, state=State.SENDING, leased_until__lte=now, entered_at__isnull=False)
            .first()
        )
        if row is None:
            return False
        outcome = Outcome(result=Result.UNKNOWN, reply=_WORKER_LOST)
        _end_attempt(row.pk, row.attempts, outcome)
        _apply(row, _step(row, outcome, doubts=row.doubts + 1), doubts=row.doubts + 1)
    return True


def _leased(now: datetime) -> dict[str, object]:
    until = now + config().lease
    return {
        "state": State.SENDING,
        "leased_until": until,
        "entered_at": None,
        "due_at": until,
        "sends": 0,
    }


def _still_pending(message: Message) -> list[Recipient]:
    """Return who is still to get it; whoever is on the list is not, and a message without others is finished."""
    pending = list(message.recipients.filter(state=RecipientState.PENDING))
    unwanted = suppressed_among(pending)
    if unwanted:
        message.recipients.filter(state=RecipientState.PENDING, normalised__in=unwanted).update(
            state=RecipientState.SUPPRESSED, reply="the address is on the suppression list"
        )
    left = [each for each in pending if each.normalised not in unwanted]
    if not left:
        states = message.recipients.values_list("state", flat=True)
        state = final_state(RecipientState(each) for each in states)
        step = Step(state=state, wait=None, reason="nobody is left who may get it")
        _apply(message, step, doubts=message.doubts)
    return left


def _begin_attempt(message: Message, *, worker: str, now: datetime) -> None:
    unfinished = Attempt.objects.filter(message=message, ended_at__isnull=True)
    unfinished.update(ended_at=now, outcome=LOST, reply="the worker was lost before it handed the mail over")
    Attempt.objects.create(message=message, number=message.attempts, worker=worker, started_at=now)


def _end_attempt(message_id: UUID, number: int, outcome: Outcome) -> None:
    Attempt.objects.filter(message_id=message_id, number=number).update(
        ended_at=timezone.now(),
        outcome=outcome.result,
        code=outcome.reply.code,
        reply=outcome.reply.text,
    )


def _record_fates(claim: Claim, outcome: Outcome) -> None:
    for recipient in claim.recipients:
        state, reply = outcome.fate_of(recipient.address)
        Recipient.objects.filter(pk=recipient.pk, state=RecipientState.PENDING).update(
            state=state, code=reply.code, reply=reply.text
        )
        is_bounce = recipient.address in outcome.refusals and is_hard_bounce(reply)
        if is_bounce and config().suppress_hard_bounces:
            suppress(recipient.address, reason=Suppression.Reason.BOUNCE, note=str(reply))


def _step(row: Message, outcome: Outcome, *, doubts: int) -> Step:
    states = row.recipients.values_list("state", flat=True)
    return next_step(
        outcome,
        fates=[RecipientState(each) for each in states],
        attempts=row.attempts,
        doubts=doubts,
        age=timezone.now() - row.created_at,
        spread=_spread(),
        config=config(),
    )


def _apply(row: Message, step: Step, *, doubts: int, is_outage: bool = False) -> None:
    now = timezone.now()
    next_at = now + step.wait if step.wait is not None else None
    is_over = next_at is None and step.state != State.UNKNOWN
    Message.objects.filter(pk=row.pk).update(
        state=step.state,
        reason=step.reason,
        doubts=doubts,
        waits_for_server=is_outage and next_at is not None,
        leased_until=None,
        entered_at=None,
        not_before=next_at or now,
        due_at=next_at,
        sends=0,
        finished_at=now if is_over else None,
    )


def _spread() -> float:
    return random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, keeps no secret
