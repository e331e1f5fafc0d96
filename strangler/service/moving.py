"""Answer a request that met the raised fence of a move so that the facade has the monolith do it.

For a moment after a reverse, some processes of the monolith still send requests to the service. What such a request writes, the
fence refuses. If nothing of it was committed, the answer says so, and the facade does the request on the other side, whatever its method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse

from strangler.conf import config
from strangler.core.handed import MOVED
from strangler.core.origin import plain, read_decision
from strangler.core.seams import SAFE_METHODS
from strangler.errors import FenceRaised
from strangler.service import fence

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

FIRST_FAULT = 400


class FenceMiddleware:
    """Answer 503 with `Strangler-Moved` where a request met the raised fence and committed nothing.

    So is a write, and any answer of 400 and above, that asked for a moving table and whose fence is up in the end: what it did not
    find may be at the other side. Only requests of routes that the monolith can answer as well are looked after. Put it first behind
    the sandbox's middleware, so that it sees what all others do.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer *request*."""
        if not _has_legacy(request):
            return self.get_response(request)
        with fence.watching("default") as seen:
            request.strangler_seen = seen  # type: ignore[attr-defined]
            answer = self.get_response(request)
            if request.method not in SAFE_METHODS or answer.status_code >= FIRST_FAULT:
                try:
                    seen.look_behind()
                except FenceRaised:
                    return _moved()
        return answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a view that raised; None for an error of its own."""
        seen: fence.Seen | None = getattr(request, "strangler_seen", None)
        is_void = seen is not None and not seen.has_committed
        return _moved() if is_void and isinstance(exception, FenceRaised) else None


def _has_legacy(request: HttpRequest) -> bool:
    """Whether the facade or a gateway sent *request* by a route that the monolith can answer, too."""
    decision = read_decision(plain(request.headers.get("Strangler-Decision")))
    seam = config().topology.seams.get(decision.seam) if decision else None
    return seam is not None and seam.has_legacy


def _moved() -> HttpResponse:
    answer = HttpResponse("This has just moved to another place.", status=503, content_type="text/plain")
    answer[MOVED], answer["Retry-After"] = "monolith", "1"
    return answer
