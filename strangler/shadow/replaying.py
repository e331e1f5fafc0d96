"""Ask a side what a capture asked, where it can do no harm, and return what it did."""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from strangler.conf import config
from strangler.core.capture import RecordedCall, RecordedRequest
from strangler.core.observation import Observation
from strangler.core.principal import Principal
from strangler.errors import NotObservedError
from strangler.facade.headers import METHODS_WITH_LENGTH
from strangler.shadow.asking import Question
from strangler.shadow.reasons import Reason
from strangler.shadow.sides import SANDBOX_PATH, Peers
from strangler.tokens import PRINCIPAL_HEADER, SANDBOX_HEADER, SHADOW_HEADER, sign_principal, sign_shadow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from typing import Any

    from strangler.core.capture import Capture
    from strangler.core.decision import Side
    from strangler.core.observation import Headers
    from strangler.shadow.asking import WholeAnswer
    from strangler.shadow.sides import Peer

REQUEST_ID_HEADER = "Strangler-Request-Id"
_NOT_REPEATED = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_SERVERS_OWN = frozenset({"date", "server"})


class Replayer:
    """Replays captures, over connections that it keeps. Thread-safe.

    Args:
        timeout: from the connection to the last byte; the configured one if None.
        peers: where the sides are; where the configuration says so if None. Closed with this.
    """

    def __init__(self, *, timeout: timedelta | None = None, peers: Peers | None = None) -> None:
        self._timeout = timeout or config().shadow_timeout
        self._peers = peers or Peers()

    def replay(self, capture: Capture, *, side: Side) -> Observation:
        """Ask *side* what *capture* asked and return what it did.

        A write and a call reach only a side that acknowledged its sandbox. A read goes through the sandbox where there
        is one, so that its effects are seen, and plainly where not. Takes no longer than the timeout, and twice that
        with a probe.
        Raises:
            NotObservedError: with the reason; nothing was changed on that side, unless it broke its word.
            ConfigurationError: the side has no URL.
        """
        peer = self._peers.find(capture.seam, side=side)
        has_sandbox = peer.has_sandbox()
        if not has_sandbox and not _is_read(capture):
            raise NotObservedError(side, reason=Reason.NO_SANDBOX)
        answer = peer.ask(question_of(capture, audience=peer.audience), timeout=self._timeout)
        if has_sandbox or answer.get(SANDBOX_HEADER):
            return _unwrap(answer, capture, side=side, peer=peer)
        return _plain(answer, side=side)

    def close(self) -> None:
        """Close the kept connections."""
        self._peers.close()


@cache
def _replayer() -> Replayer:
    return Replayer()


def replay(capture: Capture, *, side: Side) -> Observation:
    """Ask *side* what *capture* asked, as `Replayer.replay` does, over connections that this process keeps."""
    return _replayer().replay(capture, side=side)


def question_of(capture: Capture, *, audience: str) -> Question:
    """Return what *audience* is sent to repeat *capture*; signed anew, since what was signed then has expired."""
    signed = (SHADOW_HEADER, sign_shadow(str(capture.id), audience=audience))
    if isinstance(capture.asked, RecordedCall):
        call = capture.asked
        body = json.dumps({"task": call.task, "body": call.body, "version": call.version}).encode()
        headers = (signed, ("Content-Type", "application/json"), ("Content-Length", str(len(body))))
        return Question(method="POST", target=SANDBOX_PATH, headers=headers, body=body)
    asked = capture.asked
    return Question(
        method=asked.method,
        target=asked.target,
        headers=(*_repeated(asked), signed, *_about(capture.id.hex, asked.principal, audience=audience)),
        body=asked.body,
    )


def _repeated(asked: RecordedRequest) -> Headers:
    """Return the recorded fields, without those that belong to a connection, and with the length of the body."""
    kept = [
        (name, value)
        for name, value in asked.headers
        if name.lower() not in _NOT_REPEATED and not name.lower().startswith("strangler-")
    ]
    if asked.body or asked.method in METHODS_WITH_LENGTH:
        kept.append(("Content-Length", str(len(asked.body))))
    return (*kept, ("Accept-Encoding", "identity"))


def _about(request_id: str, claims: Mapping[str, Any] | None, *, audience: str) -> Headers:
    said = ((REQUEST_ID_HEADER, request_id),)
    if claims is None:
        return said
    return (*said, (PRINCIPAL_HEADER, sign_principal(Principal.from_claims(claims), audience=audience)))


def _is_read(capture: Capture) -> bool:
    return isinstance(capture.asked, RecordedRequest) and capture.asked.is_safe


def _unwrap(answer: WholeAnswer, capture: Capture, *, side: Side, peer: Peer) -> Observation:
    if not peer.is_signed(answer, capture=str(capture.id)):
        peer.distrust(capture=str(capture.id))
        raise NotObservedError(side, reason=Reason.UNSIGNED, detail=f"status {answer.status}")
    peer.trust()
    if answer.status != HTTPStatus.OK:
        raise NotObservedError(side, reason=Reason.UNREADABLE, detail=f"status {answer.status}")
    try:
        # The side may not know which of the two it is: a service's code can stand in for legacy in tests.
        return Observation.from_json({**json.loads(answer.body), "side": side.value})
    except (KeyError, TypeError, ValueError) as error:
        raise NotObservedError(side, reason=Reason.UNREADABLE, detail=repr(error)) from error


def _plain(answer: WholeAnswer, *, side: Side) -> Observation:
    headers = tuple(
        (name, value)
        for name, value in answer.headers
        if name.lower() not in _SERVERS_OWN and not name.lower().startswith("strangler-")
    )
    return Observation(
        side=side, status=answer.status, headers=headers, body=answer.body, duration=answer.duration
    )
