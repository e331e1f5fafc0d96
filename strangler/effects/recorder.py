"""The recording at hand, and what it has noted."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strangler.core.observation import Effects
from strangler.effects import hooks
from strangler.effects.at_hand import recorder as at_hand
from strangler.effects.statements import Statement, read_statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strangler.core.observation import FileWritten, MailSent, MessageSent, RowWrite


@dataclass(slots=True)
class _Noted:
    """Something that happened; *is_final* once it can't be rolled back any more."""

    what: Any
    is_final: bool = True


class Recorder:
    """What happened in one recording, in order. One piece of work at a time writes to it."""

    def __init__(self) -> None:
        self._statements: list[_Noted] = []
        self._mails: list[MailSent] = []
        self._messages: list[MessageSent] = []
        self._files: list[Callable[[], FileWritten]] = []
        self._refused: list[str] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing was noted at all."""
        return not (self._statements or self._mails or self._messages or self._files or self._refused)

    def statement(self, statement: Statement) -> _Noted:
        """Note a statement that wrote rows; it counts once the caller finds it committed (`is_final`)."""
        noted = _Noted(statement, is_final=False)
        self._statements.append(noted)
        return noted

    def mail(self, mail: MailSent) -> None:
        """Note a mail."""
        self._mails.append(mail)

    def message(self, message: MessageSent) -> None:
        """Note a message of Celery."""
        self._messages.append(message)

    def file(self, read: Callable[[], FileWritten]) -> None:
        """Note a file that was written or deleted; *read* looks at it when the effects are asked for."""
        self._files.append(read)

    def refuse(self, what: str) -> None:
        """Note what a sandbox did not let out; once, however often somebody tries."""
        if what not in self._refused:
            self._refused.append(what)

    def effects(self) -> Effects:
        """Return all that counts; takes milliseconds for statements that were never seen before."""
        rows: list[RowWrite] = []
        sent: list[MessageSent] = []
        for noted in self._statements:
            if noted.is_final:
                written, messages = read_statement(noted.what)
                rows += written
                sent += messages
        return Effects(
            rows=tuple(rows),
            mails=tuple(self._mails),
            messages=(*sent, *self._messages),
            files=tuple(read() for read in self._files),
            refused=tuple(self._refused),
        )


@contextmanager
def record() -> Iterator[Recorder]:
    """Note what is done in the block, by this thread or task and those that it hands its context to.

    A recording inside of another one takes what happens there; the outer one does not see it.
    """
    hooks.install()
    recorder = Recorder()
    token = at_hand.set(recorder)
    try:
        yield recorder
    finally:
        at_hand.reset(token)
