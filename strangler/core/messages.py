"""The envelope of a message: what one side asks another one to do, later and exactly once.

A message is plain data, so that it outlives a deployment: `type` names the task of the receiver, `body` is a JSON
object, `version` says which shape of body it is. There are no Python objects in it and no code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from strangler.errors import MessageError

if TYPE_CHECKING:
    from typing import Any
    from uuid import UUID

JSON = Mapping[str, "JSON"] | list["JSON"] | str | int | float | bool | None

MAX_BODY_BYTES = 256 * 1024
"""Larger things belong into storage, with their name in the message."""

MAX_KEY_LENGTH = 200
MAX_VERSION = 32_767
MAX_DELAY = timedelta(days=366)
MAX_HEADERS = 20
MAX_HEADER_LENGTH = 1_000
HEADER_PREFIX = "strangler-"
"""What every header of ours begins with on the wire, beside those of Celery."""

_TYPE = re.compile(r"[A-Za-z_][\w.-]{0,199}", re.ASCII)
_QUEUE = re.compile(r"[A-Za-z_][\w.-]{0,99}", re.ASCII)
_HEADER = re.compile(r"[a-z][a-z0-9-]{0,49}")


class Priority(IntEnum):
    """What overtakes what: HIGH overtakes NORMAL and LOW, NORMAL overtakes LOW, on every broker."""

    LOW = 0
    NORMAL = 1
    HIGH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, checked when it is made.

    Args:
        id: what makes a repeat recognisable: the id of the Celery task, of the inbox row, of the mail.
        type: name of the receiving task, `email.deliver`.
        body: a JSON object of at most `MAX_BODY_BYTES`.
        queue: queue of the service that receives it.
        version: which shape of body this is; raised when a receiver that knows only the last one would fail.
        key: messages of one key, queue and priority arrive in the order in which they were sent; empty: in any.
        priority: see `Priority`.
        headers: facts about the message, such as decision, correlation id and trace; names without prefix.
        delay: how long after it was sent it becomes available; order per key counts from then.
    Raises:
        MessageError: says which part is wrong; a body is only checked by `encode_body`.
    """

    id: UUID
    type: str
    body: Mapping[str, JSON]
    queue: str
    version: int = 1
    key: str = ""
    priority: Priority = Priority.NORMAL
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    delay: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        """Check everything but the body, which is checked once, where it is encoded."""
        _check(
            _TYPE.fullmatch(self.type), "type", self.type, "a task's name, such as email.deliver", self.type
        )
        _check(_QUEUE.fullmatch(self.queue), "queue", self.queue, "a queue's name, such as email", self.type)
        _check(
            is_version(self.version), "version", self.version, f"a number from 1 to {MAX_VERSION}", self.type
        )
        _check(
            len(self.key) <= MAX_KEY_LENGTH and self.key.isprintable(),
            "key",
            self.key[:50],
            f"printable, at most {MAX_KEY_LENGTH} characters",
            self.type,
        )
        within = timedelta(0) <= self.delay <= MAX_DELAY
        _check(within, "delay", self.delay, f"between zero and {MAX_DELAY.days} days", self.type)
        _check_headers(self.headers, self.type)


def is_version(value: object) -> bool:
    """Whether *value* can be the version of a body."""
    return type(value) is int and 1 <= value <= MAX_VERSION


def encode_body(message: Message) -> str:
    """Return the body as JSON text in ASCII, which every database and broker carries unchanged.

    Raises:
        MessageError: it is no JSON object, holds something that JSON has no word for, or is too large.
    """
    if not isinstance(message.body, Mapping):
        raise MessageError(f"body must be an object (a dict), not {message.body!r:.80}.", type=message.type)
    try:
        text = json.dumps(message.body, separators=(",", ":"), allow_nan=False, default=_refuse)
    except (TypeError, ValueError, RecursionError) as error:
        hint = "Turn it into text or a number first."
        raise MessageError(f"body is not JSON: {error}. {hint}", type=message.type) from error
    if len(text) > MAX_BODY_BYTES:
        reason = f"body has {len(text):,} bytes, more than {MAX_BODY_BYTES:,}. Store it, and send its name."
        raise MessageError(reason, type=message.type)
    return text


def encode_headers(headers: Mapping[str, str]) -> str:
    """Return *headers* as a JSON object with the names that they have on the wire; empty text for none."""
    if not headers:
        return ""
    return json.dumps({HEADER_PREFIX + name: value for name, value in headers.items()}, separators=(",", ":"))


def _refuse(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} {value!r:.80}")


def _check(is_right: object, part: str, value: object, wanted: str, type: str) -> None:  # noqa: A002
    if not is_right:
        raise MessageError(f"{part} {value!r} must be {wanted}.", type=type)


def _check_headers(headers: Mapping[str, str], type: str) -> None:  # noqa: A002
    if len(headers) > MAX_HEADERS:
        raise MessageError(f"{len(headers)} headers are more than {MAX_HEADERS}.", type=type)
    for name, value in headers.items():
        _check(_HEADER.fullmatch(name), "header", name, "lower-case words joined by -, without prefix", type)
        is_short = isinstance(value, str) and len(value) <= MAX_HEADER_LENGTH and value.isprintable()
        wanted = f"printable text of at most {MAX_HEADER_LENGTH} characters"
        _check(is_short, f"header {name}:", str(value)[:50], wanted, type)
