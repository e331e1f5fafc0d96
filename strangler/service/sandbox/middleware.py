"""The door of the sandbox: the first middleware of a service, and of the monolith where legacy is asked too."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpResponse

from strangler import observing, tokens
from strangler.conf import config
from strangler.errors import SandboxBrokenError, SandboxError, StranglerError, TokenError
from strangler.service.sandbox import answers
from strangler.service.sandbox.login import log_in
from strangler.service.sandbox.room import opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

logger = logging.getLogger(__name__)

PATH = "/health/sandbox"
LONGEST_CALL = 1024 * 1024
"""Bytes of the body with which a call is asked for; a message has at most 256 KiB."""


class SandboxMiddleware:
    """Answer requests with a valid `Strangler-Shadow` header in a sandbox; all others pass untouched.

    A header that is not valid is refused with 403: whoever sent it meant that nothing should stay, so the request must
    not be done for good. Must be first in MIDDLEWARE (strangler.E007).
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Answer *request*."""
        if tokens.SHADOW_HEADER not in request.headers:
            return self.get_response(request)
        if self.is_async:
            return sync_to_async(self._answer, thread_sensitive=True)(request)
        return self._answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            capture = tokens.read_shadow(request.headers[tokens.SHADOW_HEADER], audience=answers.audience())
        except (TokenError, IndexError) as error:
            return answers.refused(403, "shadow", str(error))
        if request.path_info == PATH and request.method == "GET":
            return answers.sign(HttpResponse(status=200), capture)
        try:
            return self._answer_in_sandbox(request, capture)
        except StranglerError as error:
            return _unsigned(error)
        except Exception:
            logger.exception("The sandbox failed; nothing was done.")
            return answers.refused(500, "sandbox", "the sandbox failed, see the log")

    def _answer_in_sandbox(self, request: HttpRequest, capture: str) -> HttpResponse:
        began = time.monotonic()
        with observing.suspended(), opened() as sandbox:
            if request.path_info == PATH:
                seen = answers.observe_call(sandbox, _do_call(request, capture), began=began)
            else:
                response = self._respond(request)
                raised = sandbox.settle()
                seen = answers.observe(sandbox, response, began=began, raised=raised)
        return answers.acknowledged(capture, seen)

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # noqa: SLF001 - it is signed
        if not config().service:
            log_in(request)
        get_response: Any = async_to_sync(self.get_response) if self.is_async else self.get_response
        response: HttpResponseBase = get_response(request)
        return response


def _unsigned(error: StranglerError) -> HttpResponse:
    """Return the answer for what was not done, or may have been done for good."""
    if isinstance(error, TokenError):
        return answers.refused(401, "principal", str(error))
    if isinstance(error, SandboxBrokenError):
        logger.critical("%s", error)
        return answers.refused(500, "sandbox", str(error))
    return answers.refused(422, "sandbox", str(error))


def _do_call(request: HttpRequest, capture: str) -> str:
    """Run the task that *request* asks for; returns the type of the exception that ended it."""
    from strangler.service.sandbox.work import run_call  # noqa: PLC0415 - of the extra "celery"

    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_CALL:
        raise SandboxError(f"a call of more than {LONGEST_CALL:,} bytes")
    try:
        asked = json.loads(request.body)
        task, body, version = str(asked["task"]), asked["body"], int(asked["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise SandboxError("a call must be JSON with task, body and version") from error
    return run_call(task, body, version=version, id_=capture)
