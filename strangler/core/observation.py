"""What one side did with one request or call: its answer, and its effects.

An `Observation` is plain data. It crosses from a service's sandbox to whoever compares, and lies in captures, as JSON.

Observation
├── status, headers, body, error, duration     the answer
└── effects: Effects                           what else it did; None where nobody looked
    ├── rows: (RowWrite, …)                    by table
    ├── mails: (MailSent, …)
    ├── messages: (MessageSent, …)             outbox and Celery
    ├── files: (FileWritten, …)
    └── refused: (text, …)                     what a sandbox did not let out
"""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from strangler.core.decision import Side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strangler.core.messages import JSON

Headers = tuple[tuple[str, str], ...]
"""Names and values of header fields, in their order; a name may come several times."""


class Operation(StrEnum):
    """What a statement does to rows."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWrite:
    """Rows of one table that one statement wrote in the same way.

    Args:
        table: name of the table in the database.
        operation: what was done.
        values: column → value that was written, as JSON; empty for a deletion.
        count: how many rows.
    """

    table: str
    operation: Operation
    values: Mapping[str, JSON] = field(default_factory=dict)
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSent:
    """One mail as it was given to a mail server, or would have been.

    Args:
        sender: address in From.
        recipients: all addresses that get it: To, Cc and Bcc.
        subject: of the mail.
        text: its plain text.
        html: its HTML alternative; empty without one.
        attachments: name → SHA-256 of the content, in hexadecimal.
    """

    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str = ""
    html: str = ""
    attachments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent:
    """One message for a worker, by the outbox or by Celery.

    Args:
        task: name of the task that gets it.
        queue: where it goes; empty where the broker's routes say it.
        body: what the task gets, as JSON.
    """

    task: str
    queue: str = ""
    body: JSON = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWritten:
    """One file that was saved or deleted in a storage.

    Args:
        name: in its storage.
        size: in bytes; -1 for a deletion.
        digest: SHA-256 of the content in hexadecimal; empty for a deletion.
    """

    name: str
    size: int
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What a piece of work did besides answering, each kind in the order in which it happened."""

    rows: tuple[RowWrite, ...] = ()
    mails: tuple[MailSent, ...] = ()
    messages: tuple[MessageSent, ...] = ()
    files: tuple[FileWritten, ...] = ()
    refused: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the effects as JSON values; `from_json` reads them."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Effects:
        """Return the effects that `to_json` wrote."""
        return cls(
            rows=tuple(
                RowWrite(**{**row, "operation": Operation(row["operation"])}) for row in document["rows"]
            ),
            mails=tuple(
                MailSent(**{**mail, "recipients": tuple(mail["recipients"])}) for mail in document["mails"]
            ),
            messages=tuple(MessageSent(**message) for message in document["messages"]),
            files=tuple(FileWritten(**file) for file in document["files"]),
            refused=tuple(document["refused"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one side did with one request or call.

    Args:
        side: whose doing it was.
        status: of the HTTP answer; 0 for a call, and where there was no answer.
        headers: of the answer.
        body: of the answer, as it went over the wire, without a transfer or content coding.
        duration: from the request to the last byte of the answer.
        error: type of the exception that ended a call, or why there was no answer; empty if all went well.
        effects: what else was done; None where nobody looked.
    """

    side: Side
    status: int = 0
    headers: Headers = ()
    body: bytes = b""
    duration: timedelta = timedelta(0)
    error: str = ""
    effects: Effects | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the observation as JSON values; `from_json` reads them."""
        return {
            "side": self.side.value,
            "status": self.status,
            "headers": [list(pair) for pair in self.headers],
            "body": base64.b64encode(self.body).decode("ascii"),
            "duration_ms": self.duration / timedelta(milliseconds=1),
            "error": self.error,
            "effects": self.effects.to_json() if self.effects is not None else None,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Observation:
        """Return the observation that `to_json` wrote.

        Raises: KeyError, TypeError, ValueError: it did not.
        """
        effects = document["effects"]
        return cls(
            side=Side(document["side"]),
            status=document["status"],
            headers=tuple((name, value) for name, value in document["headers"]),
            body=base64.b64decode(document["body"]),
            duration=timedelta(milliseconds=document["duration_ms"]),
            error=document["error"],
            effects=Effects.from_json(effects) if effects is not None else None,
        )
