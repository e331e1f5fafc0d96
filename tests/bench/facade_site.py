"""WSGI applications that the facade's benchmarks run under gunicorn, and the URLs of the peer.

Note [Turns]: a machine that others use is a third faster now than a second later, and requests per second vary more than the facade
costs. So the shop with the facade and without it take turns in one process, a request each, while wrk asks all the time, and what
counts is the processor time of a request. A process of Python computes in one thread at a time: what it answers in a second of
processor time is what it can answer in a second. The facade's thread works beside all sides; what it computes is told
apart, for the benchmark to charge it to the facade.

Note [Every depth]: Python 3.11 keeps the frames of a thread in pieces of 16 KiB, which it asks the system for and gives back whenever a
call crosses the end of one. The shop's page costs 8 to 30 such pairs of `mmap` and `munmap`, depending on nothing but how many
frames lie below it: two functions that do nothing but call the next one made a page 13 % slower, or faster at another depth.
So each three requests, one of each side, are answered at another depth, over a whole piece.
"""

import itertools
import json
import os
import threading
import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.core.wsgi import get_wsgi_application
from django.urls import re_path

from strangler.facade.wsgi import Facade
from tests.bench.facade import SIDES, TIMES

bare = get_wsgi_application()
wrapped = Facade(bare)
applications = {side: wrapped if side == "ours" else bare for side in SIDES}
numbers = itertools.count()
times: dict[str, list[float]] = {side: [] for side in SIDES}  # seconds of processor time of each request
DEPTHS = 97  # frames of `_deeper` in one piece of memory
STRIDE = 37  # has no divisor in common with it, so that neighbours are far from each other


def either(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as the side whose turn it is; at `TIMES` tell how long all of them took."""
    if environ["PATH_INFO"] == TIMES:
        return _tell(start_response)
    three, turn = divmod(next(numbers), len(SIDES))
    side = SIDES[(three + turn) % len(SIDES)]
    began = time.thread_time()
    answer = _deeper(three * STRIDE % DEPTHS, applications[side], environ, start_response)
    times[side].append(time.thread_time() - began)
    return answer


def _deeper(
    levels: int, application: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Let the side answer, *levels* frames further up; see Note [Every depth]."""
    if levels:
        return _deeper(levels - 1, application, environ, start_response)
    answer = application(environ, start_response)
    try:
        return list(answer)
    finally:
        answer.close()


def _tell(start_response: StartResponse) -> Iterable[bytes]:
    """Say how long the requests of each side took, and the facade's threads since they began, in seconds; begin anew."""
    threads = [each for each in threading.enumerate() if each.name.startswith("strangler")]
    computed = sum(time.clock_gettime(time.pthread_getcpuclockid(each.ident)) for each in threads)
    found = {"sides": {side: [*taken] for side, taken in times.items()}, "threads": computed}
    for taken in times.values():
        taken.clear()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]


def _peer_urls() -> list:
    from revproxy.views import ProxyView  # noqa: PLC0415 - only the peer's process has it

    return [re_path(r"^(?P<path>.*)$", ProxyView.as_view(upstream=os.environ["BENCH_UPSTREAM"]))]


urlpatterns = _peer_urls() if os.environ["BENCH_URLCONF"] == __name__ else []
