"""The middleware that tells apart what each visitor has written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async

from strangler.conf import config
from strangler.replicas.carrying import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest


class PositionMiddleware:
    """Let a visitor's pages show what the visitor wrote, and keep how far that went in a signed cookie.

    Only answers to requests that wrote set it. Before all middleware that asks the database, such as Django's sessions
    (strangler.E081). Without `REPLICAS` it does nothing.
    What is written while an answer is streamed comes too late for the cookie.
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
        if not config().replicas:
            return self.get_response(request)
        if self.is_async:
            return self._answer(request)
        visitor = Visitor(request.COOKIES)
        return visitor.end(self.get_response(request))

    async def _answer(self, request: HttpRequest) -> Any:
        visitor = Visitor(request.COOKIES)
        answer = await self.get_response(request)
        if not visitor.work.is_settled:
            await sync_to_async(visitor.work.end)()  # in the thread that has the connections of this request
        return visitor.tell(answer)
