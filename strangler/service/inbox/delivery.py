"""One delivery of a message, as the receiver sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from strangler.core.handed import read_hops
from strangler.core.messages import MAX_BODY_BYTES, is_version

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message that was delivered, whichever time it is.

    Args:
        id: of the message; all its copies and repeats have the same.
        type: name of the task.
        body: what the sender said: a JSON object, unless it is parked for not being one.
        version: which shape of body it is.
        headers: the wire's headers, those of the sender with their prefix.
        queue: where it came from.
    """

    id: UUID
    type: str
    body: Any
    version: int = 1
    headers: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    queue: str = ""

    @property
    def hops(self) -> int:
        """How often it was handed from side to side."""
        return read_hops(self.headers)

    def body_text(self) -> str:
        """Return the body as JSON; what JSON has no word for as Python writes it."""
        return json.dumps(self.body, default=repr)


def find_fault(delivery: Delivery, *, versions: Collection[int]) -> str:
    """Return why nobody here can work on *delivery*, however often it comes; empty if somebody can."""
    if not isinstance(delivery.body, Mapping):
        return f"its body is no JSON object but {type(delivery.body).__name__}"
    if not is_version(delivery.version):
        return f"its version is {delivery.version!r:.50}, which is no version"
    if delivery.version not in versions:
        return _strange(delivery.version, versions)
    if (size := len(delivery.body_text())) > MAX_BODY_BYTES:
        return f"its body has {size:,} bytes, more than {MAX_BODY_BYTES:,}"
    return ""


def _strange(version: int, versions: Collection[int]) -> str:
    known = ", ".join(map(str, sorted(versions)))
    if version > max(versions):
        return f"its version {version} is newer than this consumer, which knows {known}: deploy the newer one, then replay"
    return f"its version {version} is not known here any more, only {known}"
