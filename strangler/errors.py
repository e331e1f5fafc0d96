"""The one tree of errors of the toolkit.

    StranglerError
    ├── ConfigurationError      settings.STRANGLER or the environment are wrong
    │   └── TopologyError       strangler.toml is wrong
    ├── UnknownSeamError        a seam that the topology does not have
    ├── UnknownStageError       a word that is no stage
    ├── TransitionError         a stage that can't be reached from here
    ├── EvidenceError           going forward without proof that both sides do the same
    ├── SupersededError         somebody else moved the seam meanwhile
    ├── PlanError               a plan that is not there, or not in the state that it is asked for in
    ├── RuleError               a rule of the comparison that can't be read
    ├── TokenError              a signed value that is forged, expired or for somebody else
    ├── MessageError            a message that nobody could receive
    ├── NotInTransactionError   a message without a transaction that it belongs to
    ├── BrokerUnavailable       a broker that is dead, frozen or full; nothing is lost
    ├── MessageBusyError        a message that another worker is working on
    ├── ServiceNotReadableError a service that does not tell which tasks it has
    ├── NotObservedError        a side that was asked about a capture, and gave no observation
    ├── UnknownCaptureError     a capture that is neither waiting nor kept
    ├── UnknownRuleError        a noise rule that a seam does not have
    ├── CorpusError             a file of captures that can't be read
    ├── SandboxError            something that a sandbox could not take back, and so refused
    │   └── SandboxRefusedError a connection out of a sandbox
    ├── SandboxBrokenError      something was committed inside of a sandbox
    ├── GatewayError            something that can't be rendered, or a server that refuses what was rendered
    ├── MissingExtraError       an optional dependency is not installed
    └── ProcessError            `strangler up` could not start or keep a process

Each carries its data as attributes; its message says what is wrong, with which object, and what to do next.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class StranglerError(Exception):
    """The root of all errors that the toolkit raises on purpose."""


class ConfigurationError(StranglerError):
    """`settings.STRANGLER` or the environment is wrong.

    Args:
        message: what is wrong, and where.
        hint: what to do next.
        check_id: the system check that reports it.
    """

    def __init__(self, message: str, *, hint: str = "", check_id: str = "strangler.E001") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
        self.check_id = check_id


class TopologyError(ConfigurationError):
    """The topology file is wrong; *where* names the key."""

    def __init__(self, message: str, *, where: str, hint: str = "") -> None:
        super().__init__(f"{where}: {message}", hint=hint, check_id="strangler.E002")
        self.where = where


class UnknownSeamError(StranglerError):
    """The topology has no seam of this name."""

    def __init__(self, seam: str, *, known: Iterable[str]) -> None:
        names = sorted(known)
        super().__init__(f"There is no seam {seam!r} in the topology.{did_you_mean(seam, names)}")
        self.seam = seam
        self.known = names


class UnknownStageError(StranglerError):
    """No stage has this name."""

    def __init__(self, stage: str, *, known: Iterable[str]) -> None:
        names = list(known)
        super().__init__(f"There is no stage {stage!r}.{did_you_mean(stage, names)}")
        self.stage = stage
        self.known = names


class TransitionError(StranglerError):
    """A rollout can't be changed like this."""

    def __init__(self, message: str, *, seam: str) -> None:
        super().__init__(f"{seam}: {message}")
        self.seam = seam


class EvidenceError(StranglerError):
    """A seam can't go forward: too little is known about its two sides, or what is known speaks against it."""

    def __init__(self, seam: str, *, wanted: str, reasons: Iterable[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(
            f"{seam} can't go to {wanted} yet: {' '.join(self.reasons)} Let it go there by itself (rollout {seam} "
            f'auto --to {wanted}), or insist: rollout {seam} {wanted} --force --reason "why"'
        )
        self.seam = seam
        self.wanted = wanted


class SupersededError(StranglerError):
    """A seam does not stand where the caller believed, because somebody else moved it meanwhile."""

    def __init__(self, seam: str, *, expected: str, found: str) -> None:
        super().__init__(f"{seam} is not at {expected} any more but at {found}. Look again: rollout {seam}")
        self.seam = seam
        self.expected = expected
        self.found = found


class PlanError(StranglerError):
    """The plan of a seam is not there, or not in the state that it is asked for in."""

    def __init__(self, message: str, *, seam: str) -> None:
        super().__init__(f"{seam}: {message}")
        self.seam = seam


class RuleError(StranglerError):
    """A rule of the comparison can't be read; *rule* is its text."""

    def __init__(self, message: str, *, rule: str, hint: str = "") -> None:
        super().__init__(f"Rule {rule!r}: {message}{hint}")
        self.rule = rule


class TokenError(StranglerError):
    """A signed value is forged, expired, or meant for somebody else."""

    def __init__(self, reason: str, *, purpose: str, is_expired: bool = False) -> None:
        super().__init__(f"{purpose} {reason}")
        self.reason = reason
        self.purpose = purpose
        self.is_expired = is_expired


class MessageError(StranglerError):
    """A message is wrong in itself; *type* says which task it was for."""

    def __init__(self, reason: str, *, type: str) -> None:  # noqa: A002
        super().__init__(f"Message {type!r}: {reason}")
        self.reason = reason
        self.type = type


class NotInTransactionError(StranglerError):
    """A message was sent outside of a transaction, so that it could be lost, or sent for work that is undone."""

    def __init__(self, type: str, *, database: str) -> None:  # noqa: A002
        super().__init__(
            f"Message {type!r} was sent outside of a transaction of database {database!r}. Put the send and the "
            f"work that it tells of into one block: with transaction.atomic(using={database!r}): ..."
        )
        self.type = type
        self.database = database


class BrokerUnavailable(StranglerError):
    """The broker refused the connection, did not answer in time, or takes nothing at the moment."""

    def __init__(self, reason: str, *, broker: str) -> None:
        super().__init__(f"{broker}: {reason}. Messages wait in the outbox until it is back.")
        self.reason = reason
        self.broker = broker


class MessageBusyError(StranglerError):
    """Another worker has been working on a copy of the message for as long as one may wait."""

    def __init__(self, message_id: object) -> None:
        super().__init__(
            f"Another worker is still at message {message_id}. It has to be delivered again later."
        )
        self.message_id = message_id


class ServiceNotReadableError(StranglerError):
    """A service was asked which tasks it has, and did not say."""

    def __init__(self, service: str, *, reason: str, command: str) -> None:
        super().__init__(
            f"Service {service!r} does not tell its tasks: {reason}. Try it yourself: python {command}"
        )
        self.service = service
        self.reason = reason


class NotObservedError(StranglerError):
    """A side was asked to repeat a capture, and there is nothing that could be compared."""

    def __init__(self, side: str, *, reason: str, detail: str = "") -> None:
        super().__init__(f"{side} was not observed: {reason}{f' ({detail})' if detail else ''}")
        self.side = side
        self.reason = reason
        self.detail = detail


class UnknownCaptureError(StranglerError):
    """No capture of this id is there."""

    def __init__(self, capture_id: object) -> None:
        super().__init__(
            f"There is no capture {capture_id}. It was compared and not kept, or it is older than SHADOW_RETENTION."
        )
        self.capture_id = capture_id


class UnknownRuleError(StranglerError):
    """The seam has no noise rule like this."""

    def __init__(self, rule: str, *, seam: str) -> None:
        super().__init__(f"{seam} has no rule {rule!r}. Show its rules: manage.py strangler rules {seam}")
        self.rule = rule
        self.seam = seam


class CorpusError(StranglerError):
    """A file of captures can't be read; nothing of it was taken."""

    def __init__(self, reason: str, *, path: object, line: int = 0) -> None:
        where = f"{path}, line {line}" if line else str(path)
        super().__init__(f"{where}: {reason}")
        self.reason = reason
        self.path = path
        self.line = line


class SandboxError(StranglerError):
    """Something in a sandbox could not have been taken back; it was not done."""

    def __init__(self, what: str) -> None:
        super().__init__(f"In a sandbox nothing may stay: {what}.")
        self.what = what


class SandboxRefusedError(SandboxError, ConnectionRefusedError):
    """A way out of a sandbox; to a library it is a connection that was refused, so that it does what it does then."""


class SandboxBrokenError(StranglerError):
    """A transaction was committed inside of a sandbox, past everything that watches: something may have stayed."""

    def __init__(self, databases: Iterable[str]) -> None:
        self.databases = tuple(databases)
        names = ", ".join(self.databases)
        super().__init__(
            f"Database {names}: somebody committed inside of the sandbox, by the driver's own connection or a procedure. "
            "Look for rows that stayed, and have that code ask sandbox.is_active() first."
        )


class GatewayError(StranglerError):
    """Something can't be rendered, or a server refused what was rendered; *output* is what it said."""

    def __init__(self, message: str, *, output: str = "") -> None:
        super().__init__(f"{message}\n{output}".strip())
        self.message = message
        self.output = output


class MissingExtraError(StranglerError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, *, extra: str, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs {package}, which is not installed. "
            f"Install it with: pip install 'django-strangler[{extra}]'"
        )
        self.package = package
        self.extra = extra


class ProcessError(StranglerError):
    """`strangler up` could not start a process, or one ended on its own."""

    def __init__(self, message: str, *, process: str) -> None:
        super().__init__(message)
        self.process = process


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a sentence that names the nearest of *known*, else all of them; begins with a space."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1)
    if near:
        return f" Did you mean {near[0]!r}?"
    return f" Known: {', '.join(names)}." if names else " None is known."
