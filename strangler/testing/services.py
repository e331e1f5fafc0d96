"""The services of one session: found or started when a test first asks one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.conf import config
from strangler.core.decision import Side
from strangler.errors import ProcessError
from strangler.shadow.replaying import Replayer
from strangler.shadow.sides import Peer, Peers
from strangler.testing.processes import RunningService, await_sandbox, start

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from pathlib import Path

    from strangler.core.capture import Capture
    from strangler.core.observation import Observation

__tracebackhide__ = True  # a failure shows the line of the test, not ours


class Services:
    """Starts services once, asks them, and stops them.

    Args:
        urls: name → base URL of those that run already.
        root: folder in which they are started.
        folder: for databases and logs.
        environment: variables for the ones that are started.
        is_web: start them by the command `web` of the topology.
    """

    def __init__(
        self,
        urls: Mapping[str, str],
        *,
        root: Path,
        folder: Path,
        environment: Mapping[str, str],
        is_web: bool = False,
    ) -> None:
        self._urls = urls
        self._root = root
        self._folder = folder
        self._environment = environment
        self._is_web = is_web
        self._failed: dict[str, ProcessError] = {}
        self._running: dict[str, RunningService] = {}
        self._replayers: dict[str, Replayer] = {}
        self._sizes: dict[str, int] = {}

    def find(self, name: str) -> RunningService:
        """Return service *name*, started if need be.

        Raises: ProcessError: it can't be started, or has no sandbox; with the end of its log.
        """
        if name in self._failed:  # it is tried once, not by every test
            raise self._failed[name]
        if name not in self._running:
            try:
                self._running[name] = self._make(name)
            except ProcessError as error:
                self._failed[name] = error
                raise
        return self._running[name]

    def ask(self, capture: Capture, *, timeout: timedelta) -> Observation:
        """Return what the service of the capture's seam does with it, in its sandbox.

        Raises: NotObservedError: with the end of the service's log as a note.
        """
        running = self.find(config().topology.seams[capture.seam].service)
        if running.name not in self._replayers:
            peer = Peer(running.name, url=running.url)
            self._replayers[running.name] = Replayer(timeout=timeout, peers=_OnePeer(peer))
        try:
            return self._replayers[running.name].replay(capture, side=Side.SERVICE)
        except Exception as error:
            error.add_note(f"The end of the log of service {running.name!r}:\n{running.tail()}")
            raise

    def mark(self) -> None:
        """Remember how far the logs are."""
        self._sizes = {name: len(each.read_log()) for name, each in self._running.items()}

    def logs(self) -> dict[str, str]:
        """Return what each service wrote since the mark, where there is something."""
        found = {name: each.read_log(since=self._sizes.get(name, 0)) for name, each in self._running.items()}
        return {name: text for name, text in found.items() if text}

    def urls(self) -> dict[str, str]:
        """Return the base URLs of those that were asked."""
        return {name: each.url for name, each in self._running.items()}

    def close(self) -> None:
        """Stop all that were started."""
        for replayer in self._replayers.values():
            replayer.close()
        for running in self._running.values():
            running.stop()

    def _make(self, name: str) -> RunningService:
        if name in self._urls:
            running = RunningService(name=name, url=self._urls[name].rstrip("/"))
            await_sandbox(running)
            return running
        service = config().topology.services[name]
        return start(
            service,
            root=self._root,
            folder=self._folder,
            environment=self._environment,
            is_web=self._is_web,
        )


class _OnePeer(Peers):
    """Finds the one peer, wherever the settings say that it is."""

    def __init__(self, peer: Peer) -> None:
        super().__init__()
        self._peer = peer

    def find(self, seam: str, *, side: Side) -> Peer:  # noqa: ARG002 - as Peers has it
        return self._peer

    def close(self) -> None:
        self._peer.close()
