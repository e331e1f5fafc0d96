"""Clients of both sides at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.core.capture import RecordedRequest
from strangler.core.decision import Side
from strangler.core.observation import Observation
from strangler.testing.clients import SeamClient
from strangler.testing.differing import Exchange, exchange, parse_rules
from strangler.testing.questions import find_seam

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.contrib.auth.models import User

    from strangler.calls.declarations import Declaration
    from strangler.core.capture import RecordedCall
    from strangler.core.comparison import Rule
    from strangler.testing.legacy import LegacyClient
    from strangler.testing.service import ServiceClient


__tracebackhide__ = True  # a failure shows the line of the test, not ours


class BothSides(SeamClient[Exchange]):
    """Asks both sides the same and compares; the test says what of it must hold: `assert_same()`, or `differences`.

    Args:
        rules: beside the presets and those of the topology, as texts or values.
    """

    def __init__(
        self,
        legacy: LegacyClient,
        service: ServiceClient,
        *,
        seam: str = "",
        rules: Sequence[str | Rule] = (),
    ) -> None:
        super().__init__()
        self.seam = seam
        self._legacy = legacy
        self._service = service
        self._rules = parse_rules(rules)

    def login(self, user: User) -> None:
        """Let *user* be logged in at both sides."""
        super().login(user)
        self._legacy.login(user)
        self._service.login(user)

    def logout(self) -> None:
        """Let nobody be logged in, at either side."""
        super().logout()
        self._legacy.logout()
        self._service.logout()

    def ask(self, seam: str, asked: RecordedRequest) -> Exchange:
        """See `SeamClient`."""
        legacy, service = self._legacy.ask(seam, asked), self._service.ask(seam, asked)
        return exchange(seam, told(asked), legacy=legacy, service=service, rules=self._rules)

    def ask_call(self, declaration: Declaration, asked: RecordedCall, work: Callable[[], object]) -> Exchange:
        """See `SeamClient`."""
        legacy = self._legacy.ask_call(declaration, asked, work)
        service = self._service.ask_call(declaration, asked, work)
        return exchange(declaration.name, told(asked), legacy=legacy, service=service, rules=self._rules)


class SideClient(SeamClient[Observation]):
    """The client of a test that is marked `side_by_side`, in its run for one side.

    In legacy's run it asks legacy. In the service's run it asks both, fails where they differ, and gives what the service did.
    """

    def __init__(self, side: Side, *, both: BothSides, legacy: LegacyClient) -> None:
        super().__init__()
        self.seam = both.seam
        self.side = side
        self._both = both
        self._legacy = legacy
        find_seam(self.seam)

    def login(self, user: User) -> None:
        """Let *user* be logged in at both sides."""
        super().login(user)
        self._both.login(user)

    def logout(self) -> None:
        """Let nobody be logged in, at either side."""
        super().logout()
        self._both.logout()

    def ask(self, seam: str, asked: RecordedRequest) -> Observation:
        """See `SeamClient`."""
        if self.side is Side.LEGACY:
            return self._legacy.ask(seam, asked)
        return _same(self._both.ask(seam, asked))

    def ask_call(
        self, declaration: Declaration, asked: RecordedCall, work: Callable[[], object]
    ) -> Observation:
        """See `SeamClient`."""
        if self.side is Side.LEGACY:
            return self._legacy.ask_call(declaration, asked, work)
        return _same(self._both.ask_call(declaration, asked, work))


def told(asked: RecordedRequest | RecordedCall) -> str:
    """Return what was asked, for people."""
    if isinstance(asked, RecordedRequest):
        body = f", {len(asked.body)} bytes" if asked.body else ""
        return f"{asked.method} {asked.target}{body}"
    return f"{asked.task} version {asked.version}: {asked.body}"


def _same(found: Exchange) -> Observation:
    found.assert_same()
    return found.service
