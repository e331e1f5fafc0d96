"""WSGI applications that the facade's benchmarks run under gunicorn, and the URLs of the peer.

Note [Turns]: a machine that others use is a third faster now than a few seconds later. So the shop with the facade and without
it take turns of less than half a second in one process, while wrk goes on asking. What a turn has answered after its first part
counts: by then all requests of the turn before are done. The facade's thread works in everybody's turns; what it computes
is told apart, for the benchmark to charge it to the facade.

Note [Every depth]: Python 3.11 keeps the frames of a thread in pieces of 16 KiB, which it asks the system for and gives back whenever a
call crosses the end of one. The shop's page costs 8 to 30 such pairs of `mmap` and `munmap`, depending on nothing but how many
frames lie below it: two functions that do nothing but call the next one made a page 13 % slower, or faster at another depth.
So each request of a turn is answered at another depth, over a whole piece, and the turns of three sides go by the same depths.
"""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.wsgi import get_wsgi_application
from django.urls import re_path

from strangler.facade.wsgi import Facade
from tests.bench.facade import COUNTED_SECONDS, COUNTS, SIDES, TURN_SECONDS

bare = get_wsgi_application()
wrapped = Facade(bare)
begun: Counter[int] = Counter()  # turn → requests
answered: Counter[int] = Counter()  # turn → requests
DEPTHS = 97  # frames of `_deeper` in one piece of memory
STRIDE = 37  # has no divisor in common with it, so that neighbours are far from each other


def either(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as the side whose turn it is; at `COUNTS` tell what each turn has answered."""
    if environ["PATH_INFO"] == COUNTS:
        return _tell(start_response)
    turn = int(time.perf_counter() / TURN_SECONDS)
    application = wrapped if side_of(turn) == "ours" else bare
    begun[turn] += 1
    depth = (begun[turn] + turn // len(SIDES)) * STRIDE % DEPTHS
    answer = _deeper(depth, application, environ, start_response)
    ended, into = divmod(time.perf_counter(), TURN_SECONDS)
    if ended == turn and into > TURN_SECONDS - COUNTED_SECONDS:
        answered[turn] += 1
    return answer


def side_of(turn: int) -> str:
    """Return whose turn it is: in each three another one is first."""
    return SIDES[(turn + turn // len(SIDES)) % len(SIDES)]


def _deeper(
    levels: int, application, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Let the side answer, *levels* frames further up; see Note [Every depth]."""
    if levels:
        return _deeper(levels - 1, application, environ, start_response)
    return application(environ, start_response)


def _tell(start_response: StartResponse) -> Iterable[bytes]:
    """Say what each three turns have answered, and how long the facade's threads have computed until now, in seconds."""
    threes: dict[int, dict[str, int]] = {}
    for turn, count in sorted(answered.items()):
        threes.setdefault(turn // len(SIDES), {})[side_of(turn)] = count
    answered.clear()
    threads = [each for each in threading.enumerate() if each.name.startswith("strangler")]
    seconds = sum(time.clock_gettime(time.pthread_getcpuclockid(each.ident)) for each in threads)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"threes": list(threes.values()), "seconds": seconds}).encode()]


def _peer_urls() -> list:
    from revproxy.views import ProxyView  # noqa: PLC0415 - only the peer's process has it

    return [re_path(r"^(?P<path>.*)$", ProxyView.as_view(upstream=os.environ["BENCH_UPSTREAM"]))]


urlpatterns = _peer_urls() if os.environ["BENCH_URLCONF"] == __name__ else []
