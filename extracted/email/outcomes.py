"""How an attempt can end, and what follows from it. Plain values: no clock, no database, no randomness.

Note [The window]: over SMTP, exactly once is impossible. When the client has sent the last byte after DATA and the
connection breaks before the reply, the server may have taken the mail or not, and nobody can ask it. Such an
attempt is `unknown`. Trying again may make a second copy; not trying again may lose the mail. The policy chooses
(`EMAIL_UNKNOWN_POLICY`), and the `Message-ID` stays the same, so that receivers can drop the copy.
Outside of the window every end is known: before it nothing was delivered, after it the server has said so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from extracted.email.conf import Config, DoubtPolicy
from extracted.email.states import RecipientState, State

PERMANENT = 500


class Result(StrEnum):
    """What is known after an attempt."""

    SENT = "sent"
    REFUSED = "refused"
    POSTPONED = "postponed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said, or what went wrong instead (then without a code)."""

    code: int | None
    text: str

    @property
    def is_permanent(self) -> bool:
        """Tell whether trying again would give the same: 5xx."""
        return self.code is not None and self.code >= PERMANENT

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip() if self.code else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one attempt.

    Args:
        result: for the recipients that *refusals* does not name.
        reply: the server's last word.
        refusals: address → reply, for those that the server refused one by one.
        is_outage: the server did not answer, so the mail is not to blame.
    """

    result: Result
    reply: Reply
    refusals: Mapping[str, Reply] = field(default_factory=dict)
    is_outage: bool = False

    def fate_of(self, address: str) -> tuple[RecipientState, Reply]:
        """Return what became of a recipient who was in the envelope."""
        refusal = self.refusals.get(address)
        if refusal:
            state = RecipientState.REFUSED if refusal.is_permanent else RecipientState.PENDING
            return state, refusal
        return _FATES.get(self.result, RecipientState.PENDING), self.reply


_FATES = {Result.SENT: RecipientState.ACCEPTED, Result.REFUSED: RecipientState.REFUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where a message goes now; *wait* until the next attempt, None for no further one."""

    state: State
    wait: timedelta | None
    reason: str


def next_step(
    outcome: Outcome,
    *,
    fates: Iterable[RecipientState],
    attempts: int,
    doubts: int,
    age: timedelta,
    spread: float,
    config: Config,
) -> Step:
    """Decide what follows from *outcome*.

    Args:
        fates: of all recipients of the message, after this attempt.
        attempts: how many there were, with this one.
        doubts: how many of them ended in doubt, with this one.
        age: since the message was taken.
        spread: from 0.75 to 1.25, so that what failed together does not come back together.
    """
    states = set(fates)
    reason = "" if outcome.result is Result.SENT and not outcome.refusals else _reason(outcome)
    if RecipientState.PENDING not in states:
        return Step(state=final_state(states), wait=None, reason=reason)
    if outcome.result is Result.UNKNOWN and is_to_be_held(doubts, config=config):
        return Step(state=State.UNKNOWN, wait=None, reason=f"{reason}; held until somebody decides")
    if age >= config.give_up_after:
        is_doubtful = outcome.result is Result.UNKNOWN
        state = State.UNKNOWN if is_doubtful else final_state(states - {RecipientState.PENDING})
        return Step(state=state, wait=None, reason=f"given up after {attempts} attempts: {reason}")
    state = State.UNKNOWN if outcome.result is Result.UNKNOWN else State.QUEUED
    limit = config.longest_outage_wait if outcome.is_outage else config.longest_wait
    wait = min(config.first_wait * 2 ** min(attempts - 1, 20), limit) * spread
    return Step(state=state, wait=wait, reason=reason)


def is_to_be_held(doubts: int, *, config: Config) -> bool:
    """Tell whether a person must decide about a message that was *doubts* times in doubt."""
    return config.doubt_policy is DoubtPolicy.HOLD or doubts >= config.max_doubts


def final_state(fates: Iterable[RecipientState]) -> State:
    """Return the state of a message whose recipients are all decided."""
    states = set(fates)
    if RecipientState.ACCEPTED in states:
        return State.SENT
    return State.SUPPRESSED if states == {RecipientState.SUPPRESSED} else State.FAILED


def _reason(outcome: Outcome) -> str:
    refusals = "; ".join(f"{address}: {reply}" for address, reply in outcome.refusals.items())
    if not refusals:
        return str(outcome.reply)
    return refusals if outcome.result is Result.SENT else f"{outcome.reply} ({refusals})"
