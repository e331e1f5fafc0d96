"""Where the work at hand comes from, as far as decisions hang on it.

Whoever lets work in sets the origin: the facade for a request, a worker for a message. Whoever sends work on asks
for `travelling()`, so that what happens in the background follows the side of the request that caused it.
"""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from strangler.core.carried import CORRELATION, DECISION, TRACE, Carry, carried
from strangler.core.decision import Decision, Reason, Side
from strangler.core.messages import HEADER_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

DECISION_KEY = "decision-key"
"""Header of a message: the key on which the decisions of the request hung."""

_PLAIN = re.compile(r"[\x21-\x7e]{1,200}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")  # W3C Trace Context


class Origin(Protocol):
    """The request or message that is being worked on."""

    @property
    def key(self) -> str:
        """Key of its decisions; empty if it has none."""

    def wish(self, seam: str) -> Side | None:
        """Return the side that a verified override asks for at *seam*, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOrigin:
    """A message that somebody sent."""

    key: str = ""
    decision: Decision | None = None

    def wish(self, seam: str) -> Side | None:
        """Return the side of an overridden decision: a retry of what a tester caused stays with that side."""
        decision = self.decision
        if decision is None or decision.seam != seam or decision.reason is not Reason.OVERRIDE:
            return None
        return decision.side


_origin: ContextVar[Origin | None] = ContextVar("strangler_origin", default=None)


def current_origin() -> Origin | None:
    """Return the origin of the work at hand, or None where nobody set one."""
    return _origin.get()


class _Within(Carry):
    """The block of `within`."""

    __slots__ = ("_before", "_current")

    def __init__(self, origin: Origin | None, facts: Mapping[str, str]) -> None:
        super().__init__(facts)
        self._current = origin

    def __enter__(self) -> None:
        self._before = _origin.set(self._current)
        super().__enter__()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        _origin.reset(self._before)


def within(origin: Origin | None, *, facts: Mapping[str, str]) -> AbstractContextManager[None]:
    """Let *origin* be the current one in this block, in this thread or task, and carry *facts* along."""
    return _Within(origin, facts)


def travelling(decision: Decision | None = None) -> dict[str, str]:
    """Return the headers that a message takes along, without prefix: what is carried, the key, *decision*."""
    origin = current_origin()
    key = plain(origin.key) if origin else ""
    headers = {name: value for name, value in carried().items() if name != DECISION}
    if key:
        headers[DECISION_KEY] = key
    if decision:
        headers[DECISION] = str(decision)
    return headers


def read_headers(headers: Mapping[str, object]) -> tuple[MessageOrigin, dict[str, str]]:
    """Return the origin and the facts that the *headers* of a message tell; what is malformed counts as missing."""
    read = {name: plain(headers.get(HEADER_PREFIX + name)) for name in (CORRELATION, DECISION, DECISION_KEY)}
    trace = read_traceparent(headers.get(HEADER_PREFIX + TRACE))
    facts = {CORRELATION: read[CORRELATION], DECISION: read[DECISION], TRACE: trace}
    origin = MessageOrigin(key=read[DECISION_KEY], decision=read_decision(read[DECISION]))
    return origin, {name: value for name, value in facts.items() if value}


def read_traceparent(value: object) -> str:
    """Return *value* if it is a place in a distributed trace, else an empty text."""
    text = plain(value)
    return text if _TRACEPARENT.fullmatch(text) else ""


def read_decision(text: str) -> Decision | None:
    """Return the decision that `str(decision)` wrote, or None for any other text."""
    seam, _, rest = text.partition("=")
    side, _, reason = rest.partition(";")
    try:
        return Decision(seam=seam, side=Side(side), reason=Reason(reason)) if seam else None
    except ValueError:
        return None


def plain(value: object) -> str:
    """Return *value* if it is a short text of visible ASCII, harmless in logs and headers, else an empty text."""
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else ""


class LoggingContext(logging.Filter):
    """Give every log record `request_id`, `decision` and `traceparent` of the work at hand, `-` where there is none.

    Put it on a handler: `"filters": {"context": {"()": "strangler.core.origin.LoggingContext"}}`, and
    `%(request_id)s` into its formatter.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the attributes; lets every record pass."""
        facts = carried()
        record.request_id = facts.get(CORRELATION) or "-"
        record.decision = facts.get(DECISION) or "-"
        record.traceparent = facts.get(TRACE) or "-"
        return True
