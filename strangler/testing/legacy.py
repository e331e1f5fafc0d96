"""The monolith's side: Django's test client in this process, in a sandbox."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.test import Client

from strangler import effects, observing
from strangler.core.observation import Observation
from strangler.service.sandbox import answers, room
from strangler.testing.clients import SeamClient
from strangler.testing.questions import make_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from django.contrib.auth.models import User

    from strangler.calls.declarations import Declaration
    from strangler.core.capture import RecordedCall, RecordedRequest
    from strangler.service.sandbox.room import Sandbox

_TOLD_OTHERWISE = frozenset({"content-type", "content-length", "cookie", "host"})


class LegacyClient(SeamClient[Observation]):
    """Asks the monolith, whatever the rollout says. An exception in a view is an answer: status 500, and a traceback in the log."""

    def request(self, method: str, path: str, data: Any = None, **options: Any) -> Observation:
        """Ask a request; where the client is not of one seam any path will do."""
        if self.seam:
            return super().request(method, path, data, **options)
        return self.ask("", make_request(method, path, data, **options))

    def ask(self, seam: str, asked: RecordedRequest) -> Observation:  # noqa: ARG002 - one application has all
        """See `SeamClient`."""
        return ask_request(asked, user=lambda: self.user)

    def ask_call(
        self,
        declaration: Declaration,  # noqa: ARG002 - of the service
        asked: RecordedCall,  # noqa: ARG002 - of the service
        work: Callable[[], object],
    ) -> Observation:
        """See `SeamClient`."""
        return do_call(work)


def ask_request(asked: RecordedRequest, *, user: Callable[[], User | None]) -> Observation:
    """Return what the monolith does with a request of which nothing stays; *user* is found in the sandbox."""
    with _sandbox() as sandbox:
        client = Client(raise_request_exception=False)
        with effects.record():  # how somebody came to be logged in is none of the request's effects
            who = user()
            if who is not None:
                client.force_login(who)
        headers = {name.lower(): value for name, value in asked.headers}
        client.cookies.load(headers.get("cookie", ""))
        began = time.monotonic()
        response: Any = client.generic(
            asked.method,
            asked.target,
            asked.body,
            content_type=headers.get("content-type", "application/octet-stream"),
            headers=_sent(headers),
        )
        return answers.observe(sandbox, response, began=began, raised=sandbox.settle())


def do_call(work: Callable[[], object]) -> Observation:
    """Return what *work* does, of which nothing stays."""
    began = time.monotonic()
    with _sandbox() as sandbox:
        return answers.observe_call(sandbox, _run(work), began=began)


def _run(work: Callable[[], object]) -> str:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what this side does
        return type(error).__name__
    return ""


def _sent(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in _TOLD_OTHERWISE}


@contextmanager
def _sandbox() -> Iterator[Sandbox]:
    """Enter a sandbox in which what the test has prepared counts as done."""
    with _waiting_hooks_aside(), observing.suspended(), room.opened() as sandbox:
        yield sandbox


@contextmanager
def _waiting_hooks_aside() -> Iterator[None]:
    """Keep away what waits for the commit of the test's own transaction: the sandbox would do it as the request's."""
    kept = {connection: connection.run_on_commit for connection in connections.all(initialized_only=True)}
    try:
        for connection in kept:
            connection.run_on_commit = []
        yield
    finally:
        for connection, waiting in kept.items():
            connection.run_on_commit = waiting
