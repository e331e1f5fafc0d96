"""The service's side: the same request by the wire protocol of the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from strangler.bridge.principals import principal_of
from strangler.core.capture import Capture, RecordedRequest
from strangler.core.decision import Side
from strangler.core.observation import Observation
from strangler.testing.clients import SeamClient
from strangler.testing.questions import find_seam
from strangler.testing.serve import TEST_HOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from strangler.calls.declarations import Declaration
    from strangler.core.capture import RecordedCall
    from strangler.testing.services import Services

__tracebackhide__ = True  # a failure shows the line of the test, not ours

ANSWERING = timedelta(seconds=60)
"""Longest wait for one answer, work that the service does later included."""


class ServiceClient(SeamClient[Observation]):
    """Asks the service of a seam, whatever the rollout says; started when it is first asked."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services

    def ask(self, seam: str, asked: RecordedRequest) -> Observation:
        """See `SeamClient`."""
        principal = principal_of(self.user) if self.user is not None else None
        headers = asked.headers
        if self._services.find(find_seam(seam).service).is_ours:
            headers = (("Host", TEST_HOST), *headers)
        signed = RecordedRequest(
            method=asked.method,
            target=asked.target,
            headers=headers,
            body=asked.body,
            principal=principal.claims() if principal is not None else None,
        )
        return self._services.ask(new_capture(seam, signed), timeout=ANSWERING)

    def ask_call(
        self,
        declaration: Declaration,
        asked: RecordedCall,
        work: Callable[[], object],  # noqa: ARG002 - of legacy
    ) -> Observation:
        """See `SeamClient`."""
        return self._services.ask(new_capture(declaration.name, asked), timeout=ANSWERING)


def new_capture(seam: str, asked: RecordedRequest | RecordedCall) -> Capture:
    """Return a capture of something that nobody has done yet, to be replayed."""
    nothing = Observation(side=Side.LEGACY)
    return Capture(id=uuid4(), seam=seam, asked=asked, control=nothing, captured_at=datetime.now(UTC))
