"""The sides that captures are replayed to: where each is, whether it answers, and whether it has a sandbox.

Note [No write without a word]: a replayed write may only reach a side that has said, signed, that it would do it in its
sandbox, and that says so again with every answer. A side that once answered a replay without its word is sent no
write until it has given it again to a probe, and is asked for it later each time that happens.
"""

from __future__ import annotations

import logging
import secrets
import time
from datetime import timedelta
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING

from strangler.breaker import Breaker
from strangler.conf import config
from strangler.core.decision import Side
from strangler.errors import ConfigurationError, NotObservedError, TokenError
from strangler.shadow.asking import Line, Question
from strangler.shadow.reasons import Reason
from strangler.tokens import MONOLITH, SANDBOX_HEADER, SHADOW_HEADER, read_sandbox, sign_shadow

if TYPE_CHECKING:
    from collections.abc import Callable

    from strangler.shadow.asking import WholeAnswer

logger = logging.getLogger(__name__)

SANDBOX_PATH = "/health/sandbox"
PROBE_LIFETIME = timedelta(seconds=30)
PROBE_TIMEOUT = timedelta(seconds=3)
MAX_DISTRUST = timedelta(hours=1)


class Peer:
    """One deployment that captures are replayed to. Thread-safe.

    Args:
        audience: name of the service, or `tokens.MONOLITH`; what is signed is signed for it.
        url: its base URL.
        clock: seconds that only go forward.
    """

    def __init__(self, audience: str, *, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.audience = audience
        self._line = Line(url, name=audience)
        self._clock = clock
        self._breaker = Breaker(audience, failures=config().breaker_failures, reset=config().breaker_reset)
        self._lock = Lock()
        self._has_sandbox = False
        self._probe_again_at = float("-inf")
        self._lies = 0

    def ask(self, question: Question, *, timeout: timedelta) -> WholeAnswer:
        """Send *question* unless this side is left alone, and remember whether it answered.

        Raises:
            NotObservedError: unreachable, timeout, too large, or left alone.
        """
        if not self._breaker.admit():
            raise NotObservedError(self.audience, reason=Reason.LEFT_ALONE)
        try:
            answer = self._line.ask(question, timeout=timeout)
        except NotObservedError:
            self._breaker.failed()
            raise
        except BaseException:
            self._breaker.release()
            raise
        self._breaker.succeeded()
        return answer

    def has_sandbox(self) -> bool:
        """Whether it acknowledged a sandbox within the last 30 seconds; asks it when nobody did.

        Raises:
            NotObservedError: it does not answer.
        """
        with self._lock:
            if self._clock() < self._probe_again_at:
                return self._has_sandbox
        nonce = secrets.token_hex(16)
        headers = ((SHADOW_HEADER, sign_shadow(nonce, audience=self.audience)),)
        answer = self.ask(Question(method="GET", target=SANDBOX_PATH, headers=headers), timeout=PROBE_TIMEOUT)
        has_sandbox = answer.status == HTTPStatus.OK and self.is_signed(answer, capture=nonce)
        with self._lock:
            self._has_sandbox = has_sandbox
            self._probe_again_at = self._clock() + PROBE_LIFETIME.total_seconds()
        return has_sandbox

    def is_signed(self, answer: WholeAnswer, *, capture: str) -> bool:
        """Whether *answer* has this side's word that it did *capture* in its sandbox."""
        try:
            return read_sandbox(answer.get(SANDBOX_HEADER), audience=self.audience) == capture
        except TokenError:
            return False

    def trust(self) -> None:
        """Forget that it once answered without its word, since it has kept it now."""
        if self._lies:
            with self._lock:
                self._lies = 0

    def distrust(self, *, capture: str) -> None:
        """Send it no write until it acknowledged its sandbox again. See Note [No write without a word]."""
        with self._lock:
            rest = min(PROBE_LIFETIME * 2 ** min(self._lies, 10), MAX_DISTRUST)
            self._lies += 1
            self._has_sandbox = False
            self._probe_again_at = self._clock() + rest.total_seconds()
        logger.error(
            "%s answered replay %s without its signed word that it was in its sandbox. It is sent no writes for %s.",
            self.audience,
            capture,
            rest,
        )

    def close(self) -> None:
        """Close its connections."""
        self._line.close()


class Peers:
    """The sides of all seams, found by the topology. Thread-safe."""

    def __init__(self) -> None:
        self._known: dict[str, Peer] = {}
        self._lock = Lock()

    def find(self, seam: str, *, side: Side) -> Peer:
        """Return where *side* of *seam* is.

        Raises:
            NotObservedError: the topology does not have the seam.
            ConfigurationError: the side has no URL.
        """
        audience, url = _locate(seam, side)
        with self._lock:
            if audience not in self._known:
                self._known[audience] = Peer(audience, url=url)
            return self._known[audience]

    def close(self) -> None:
        """Close all connections."""
        for peer in self._known.values():
            peer.close()


def _locate(seam: str, side: Side) -> tuple[str, str]:
    if not config().signing_keys:
        raise ConfigurationError("There are no signing keys.", hint='Set STRANGLER["SIGNING_KEYS"].')
    if seam not in config().topology.seams:
        raise NotObservedError(side, reason=Reason.UNKNOWN_SEAM, detail=seam)
    if side is Side.LEGACY:
        return MONOLITH, config().legacy_url()
    name = config().topology.seams[seam].service
    return name, config().service_url(name)
