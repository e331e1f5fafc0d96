"""What can't be compared, recorded or taken back. The whole tree is drawn in `strangler.errors`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.errors.base import StranglerError

if TYPE_CHECKING:
    from collections.abc import Iterable


class RuleError(StranglerError):
    """A rule of the comparison can't be read; *rule* is its text."""

    def __init__(self, message: str, *, rule: str, hint: str = "") -> None:
        super().__init__(f"Rule {rule!r}: {message}{hint}")
        self.rule = rule


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
