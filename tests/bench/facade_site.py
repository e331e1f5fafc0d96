"""WSGI applications that the facade's benchmarks run under gunicorn, and the URLs of the peer.

Note [Every depth]: Python 3.11 keeps the frames of a thread in pieces of 16 KiB, which it asks the system for and gives back whenever a
call crosses the end of one. The shop's page costs 8 to 30 such pairs of `mmap` and `munmap`, depending on nothing but how many
frames lie below it: two functions that do nothing but call the next one made a page 13 % slower, or faster at another depth.
So each request, of either side, is answered at another depth, over a whole piece.
"""

import itertools
import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.wsgi import get_wsgi_application
from django.urls import re_path

from strangler.facade.wsgi import Facade
from tests.bench.facade import SWITCH

bare = get_wsgi_application()
wrapped = Facade(bare)
sides = {"bare": bare, "wrapped": wrapped}
current = bare
numbers = itertools.count()
DEPTHS = 108  # frames of `_deeper` in one piece of memory
STRIDE = 37  # has no divisor in common with it, so that neighbours are far from each other


def either(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as the shop with the facade or without it, whichever was switched to last."""
    if environ["PATH_INFO"].startswith(SWITCH):
        return _switch(environ["PATH_INFO"].removeprefix(SWITCH), start_response)
    return _deeper(next(numbers) * STRIDE % DEPTHS, environ, start_response)


def _deeper(levels: int, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Let the side answer, *levels* frames further up; see Note [Every depth]."""
    if levels:
        return _deeper(levels - 1, environ, start_response)
    return current(environ, start_response)


def _switch(side: str, start_response: StartResponse) -> Iterable[bytes]:
    """Become *side*; the thread that the facade needs ends with it, and begins with its first request."""
    from strangler.rollout import snapshot  # noqa: PLC0415 - its models want a site that is set up

    global current  # noqa: PLW0603 - one side at a time is the point
    current = sides[side]
    snapshot.stop()
    start_response("200 OK", [("Content-Length", "0")])
    return []


def _peer_urls() -> list:
    from revproxy.views import ProxyView  # noqa: PLC0415 - only the peer's process has it

    return [re_path(r"^(?P<path>.*)$", ProxyView.as_view(upstream=os.environ["BENCH_UPSTREAM"]))]


urlpatterns = _peer_urls() if os.environ["BENCH_URLCONF"] == __name__ else []
