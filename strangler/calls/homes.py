"""Where work of a seam is at home: the queue of the monolith's own workers that it comes back to.

A message that goes to a service says so in a header, so that the service, which knows neither the monolith's Celery app nor its
routes, can hand it back after a reverse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.conf import config
from strangler.core.handed import HOME
from strangler.core.messages import HEADER_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from strangler.core.seams import Call

_NAME = HOME.removeprefix(HEADER_PREFIX)

_find: Callable[[Call], str | None] | None = None
_known: dict[Call, str] = {}


def learn(find: Callable[[Call], str | None]) -> None:
    """Have *find* say which queue a call is at home in, None for none; whoever installs a Celery app knows."""
    global _find  # noqa: PLW0603 - one Celery app per process is the rule of Celery itself
    _find = find
    _known.clear()


def home_of(call: Call) -> str:
    """Return the queue that work of *call* comes back to; empty where none of the monolith's workers could do it."""
    if _find is None:
        return ""
    if call not in _known and (home := _find(call)):
        _known[call] = home
    return _known.get(call, "")  # asked again: what declares the seam may not be imported yet


def home_header(call: Call) -> dict[str, str]:
    """Return the header that tells the home of *call*, without prefix; none where its service has no tables that could move."""
    service = config().topology.services[call.service]
    home = home_of(call) if service.can_move else ""
    return {_NAME: home} if home else {}
