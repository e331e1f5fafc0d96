"""What was recorded of one request or call, so that the other side can be asked the same."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from strangler.core.observation import Headers, Observation
from strangler.core.seams import SAFE_METHODS

if TYPE_CHECKING:
    from strangler.core.messages import JSON

CALL = "CALL"
"""Stands for the method in the shape of a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """A request as it came to a route seam.

    Args:
        method: upper case.
        target: origin-form, with the query.
        headers: those that matter to the answer; no cookies but the CSRF one, no authorisation.
        body: of the request.
        principal: claims of who was logged in; None for nobody.
        fields: names of the form's or document's fields, sorted; part of the shape.
    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""
    principal: Mapping[str, Any] | None = None
    fields: tuple[str, ...] = ()

    @property
    def is_safe(self) -> bool:
        """Whether asking again writes nothing, by what HTTP promises."""
        return self.method in SAFE_METHODS


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """Arguments of a call seam, as the message that the service's task would get.

    Args:
        task: name of the service's task.
        body: of the message.
        version: which shape of body it is.
    """

    task: str
    body: JSON = field(default_factory=dict)
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One request or call, and what the control did with it.

    Args:
        id: of the capture; for a request its request id.
        seam: name of the seam.
        asked: what the side was asked.
        control: what the side whose answer was used did.
        captured_at: when.
    """

    id: UUID
    seam: str
    asked: RecordedRequest | RecordedCall
    control: Observation
    captured_at: datetime

    @property
    def shape(self) -> str:
        """What kind of input it is: seam, method, status and the names of parameters; for coverage."""
        if isinstance(self.asked, RecordedCall):
            body = self.asked.body
            names = sorted(body) if isinstance(body, Mapping) else []
            return f"{self.seam} {CALL} {self.control.error or 'ok'} {','.join(names)}".rstrip()
        query = {name for name, _ in parse_qsl(urlsplit(self.asked.target).query, keep_blank_values=True)}
        names = sorted(query | set(self.asked.fields))
        return f"{self.seam} {self.asked.method} {self.control.status} {','.join(names)}".rstrip()

    def to_json(self) -> dict[str, Any]:
        """Return the capture as JSON values; `from_json` reads them."""
        return {
            "id": str(self.id),
            "seam": self.seam,
            "captured_at": self.captured_at.isoformat(),
            "control": self.control.to_json(),
            **_asked_to_json(self.asked),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Capture:
        """Return the capture that `to_json` wrote.

        Raises: KeyError, TypeError, ValueError: it did not.
        """
        return cls(
            id=UUID(document["id"]),
            seam=document["seam"],
            asked=_asked_from_json(document),
            control=Observation.from_json(document["control"]),
            captured_at=datetime.fromisoformat(document["captured_at"]),
        )


def _asked_to_json(asked: RecordedRequest | RecordedCall) -> dict[str, Any]:
    if isinstance(asked, RecordedCall):
        return {"call": {"task": asked.task, "body": asked.body, "version": asked.version}}
    return {
        "request": {
            "method": asked.method,
            "target": asked.target,
            "headers": [list(pair) for pair in asked.headers],
            "body": base64.b64encode(asked.body).decode("ascii"),
            "principal": dict(asked.principal) if asked.principal is not None else None,
            "fields": list(asked.fields),
        }
    }


def _asked_from_json(document: Mapping[str, Any]) -> RecordedRequest | RecordedCall:
    if "call" in document:
        return RecordedCall(**document["call"])
    request = document["request"]
    return RecordedRequest(
        method=request["method"],
        target=request["target"],
        headers=tuple((name, value) for name, value in request["headers"]),
        body=base64.b64decode(request["body"]),
        principal=request["principal"],
        fields=tuple(request["fields"]),
    )
