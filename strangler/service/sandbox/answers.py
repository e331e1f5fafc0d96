"""What the sandbox says: the observation of what was done."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, JsonResponse

from strangler import tokens
from strangler.conf import config
from strangler.core.decision import Side
from strangler.core.observation import Observation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http.response import HttpResponseBase

    from strangler.service.sandbox.room import Sandbox

CONTENT_TYPE = "application/vnd.strangler.observation+json"
LONGEST_BODY = 16 * 1024 * 1024
"""Bytes of a streamed answer; the rest is cut off, as the comparison will notice."""


def audience() -> str:
    """Return the name under which this process is spoken to."""
    return config().service or tokens.MONOLITH


def side() -> Side:
    """Return which side this process is."""
    return Side.SERVICE if config().service else Side.LEGACY


def observe(
    sandbox: Sandbox, response: HttpResponseBase, *, began: float, raised: Sequence[BaseException]
) -> Observation:
    """Return what was answered and done; *raised* after the answer, which its sender would have met."""
    cookies = [("Set-Cookie", each.OutputString()) for each in response.cookies.values()]
    return Observation(
        side=side(),
        status=response.status_code,
        headers=(*response.items(), *cookies),
        body=_content(response),
        duration=timedelta(seconds=time.monotonic() - began),
        error=_first(raised),
        effects=sandbox.effects(),
    )


def observe_call(sandbox: Sandbox, error: str, *, began: float) -> Observation:
    """Return what a call did and what comes after it; *error* is the type of the exception that ended it, or empty."""
    raised = sandbox.settle()
    return Observation(
        side=side(),
        duration=timedelta(seconds=time.monotonic() - began),
        error=error or _first(raised),
        effects=sandbox.effects(),
    )


def _first(raised: Sequence[BaseException]) -> str:
    return type(raised[0]).__name__ if raised else ""


def acknowledged(capture: str, observation: Observation) -> HttpResponse:
    """Return the answer to a replay: the observation, with our signed word that it left nothing behind."""
    answer = JsonResponse(observation.to_json(), content_type=CONTENT_TYPE)
    return sign(answer, capture)


def sign(answer: HttpResponse, capture: str) -> HttpResponse:
    """Add the signed word of the sandbox to *answer*."""
    answer[tokens.SANDBOX_HEADER] = tokens.sign_sandbox(capture, audience=audience())
    return answer


def refused(status: int, error: str, detail: str) -> HttpResponse:
    """Return an answer without that word: nothing was done."""
    return JsonResponse({"error": error, "detail": detail}, status=status)


def _content(response: Any) -> bytes:
    if not response.streaming:
        return bytes(response.content)
    found = bytearray()
    for piece in response.streaming_content:
        found += piece
        if len(found) >= LONGEST_BODY:
            break
    for close in response._resource_closers:  # noqa: SLF001 - `close()` would end the connections that we hold
        close()
    return bytes(found[:LONGEST_BODY])
