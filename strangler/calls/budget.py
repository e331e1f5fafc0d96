"""What a page's calls to services cost it: in a header for staff, and in the log when it is more than the budget."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.utils.cache import patch_vary_headers

from strangler.calls.counted import counting, in_milliseconds
from strangler.conf import config

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from strangler.calls.counted import ServiceCalls

HEADER = "Strangler-Calls"

logger = logging.getLogger(__name__)


class BudgetMiddleware:
    """Count the calls to services that a view makes, see `strangler.calls.wire`; behind Django's authentication.

    Staff finds in `Strangler-Calls` how many there were and how long the page waited for them; a page that waits longer than
    `CALL_BUDGET` is logged as a warning, with each call and the line that made it. Calls while an answer is streamed are not counted.
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
        if self.is_async:
            return self._answer(request)
        with counting() as counted:
            answer = self.get_response(request)
        return _tell(answer, request, counted) if counted.calls else answer

    async def _answer(self, request: HttpRequest) -> Any:
        with counting() as counted:
            answer = await self.get_response(request)
        return await sync_to_async(_tell)(answer, request, counted) if counted.calls else answer


def describe(counted: ServiceCalls) -> str:
    """Return what was counted in one line: `3 calls, 92 ms; email 1, images 2`."""
    services = Counter(call.service for call in counted.calls)
    each = ", ".join(f"{name} {count}" for name, count in sorted(services.items()))
    noun = "call" if counted.count == 1 else "calls"
    return f"{counted.count} {noun}, {in_milliseconds(counted.waited)}; {each}"


def _tell(answer: Any, request: HttpRequest, counted: ServiceCalls) -> Any:
    budget = config().call_budget
    if budget and counted.waited > budget:
        lines = "".join(f"\n  {call}" for call in counted.calls)
        logger.warning(
            "%s %s waited for services longer than its budget of %s: %s%s",
            *(request.method, request.path, in_milliseconds(budget), describe(counted), lines),
        )
    user = getattr(request, "user", None)
    if user is not None and user.is_active and user.is_staff:
        answer[HEADER] = describe(counted)
        patch_vary_headers(answer, ["Cookie"])
    return answer
