"""Which calls to services a piece of work makes, counted in a test.

What is seen: the facade's forwards, `http.client` and so urllib3 and requests, and httpx; in all threads of the process.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any

from strangler.calls import wire
from strangler.calls.counted import ServiceCall, ServiceCalls, everywhere, in_milliseconds, note
from strangler.facade.asgi_exchange import AsgiExchanger
from strangler.facade.exchange import Exchanger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from strangler.facade.conversation import Outgoing

__all__ = ["ServiceCall", "ServiceCalls", "assert_service_calls"]
__tracebackhide__ = True  # a failure shows the line of the test, not ours


@contextmanager
def assert_service_calls(
    *,
    max: int | None = None,  # noqa: A002 - as it reads in a test
    within: timedelta | float | None = None,
    urls: Mapping[str, str] | None = None,
) -> Iterator[ServiceCalls]:
    """Fail if the block calls services more often, or waits for them longer, than it may.

    Args:
        max: most calls; None for any number.
        within: most time that at least one call may be under way, a duration or seconds; None for any.
        urls: name → base URL of services, beside those that the settings name.
    Raises: AssertionError: names each call, and where in the code it was made.
    """
    wire.install(note)
    wire.replace(Exchanger, "exchange", _forwarding)
    wire.replace(AsgiExchanger, "exchange", _forwarding_async)
    counted = ServiceCalls(urls or {})
    everywhere.append(counted)
    try:
        yield counted
    finally:
        everywhere.remove(counted)
    budget = within if isinstance(within, timedelta | None) else timedelta(seconds=within)
    complaints = []
    if max is not None and counted.count > max:
        complaints.append(f"{counted.count} calls to services, at most {max} may be made")
    if budget is not None and counted.waited > budget:
        took, limit = in_milliseconds(counted.waited), in_milliseconds(budget)
        complaints.append(f"calls to services took {took}, {limit} is the budget")
    if complaints:
        raise AssertionError("\n".join(["; ".join(complaints), *(f"  {call}" for call in counted.calls)]))


def _forwarding(original: Any) -> Any:
    @wraps(original)
    def exchange(self: Any, outgoing: Any, *args: Any, **kwargs: Any) -> Any:
        with _noting_forward(outgoing):
            return original(self, outgoing, *args, **kwargs)

    return exchange


def _forwarding_async(original: Any) -> Any:
    @wraps(original)
    async def exchange(self: Any, outgoing: Any, *args: Any, **kwargs: Any) -> Any:
        with _noting_forward(outgoing):
            return await original(self, outgoing, *args, **kwargs)

    return exchange


def _noting_forward(outgoing: Outgoing) -> AbstractContextManager[None]:
    return _noting(f"{outgoing.service_url}{outgoing.target}", outgoing.method)


@contextmanager
def _noting(url: str, method: str) -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    finally:
        note(url, f"{method} {url}", began=began, place="the facade")
