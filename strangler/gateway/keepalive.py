"""How long unused connections to a web process may be kept.

Note [The side in front lets go first]: a server that closes an idle connection at the moment when a request is sent on
it leaves the sender without an answer, and what must not be repeated is then lost. So whoever is in front keeps connections
for half of the time that the server behind does.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from strangler.gateway.site import MONOLITH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strangler.gateway.site import Site

GUNICORNS = timedelta(seconds=2)  # its default, and shorter than that of other servers
_OPTION = re.compile(r"--(?:keep-alive|timeout-keep-alive)[= ](\d+)")


def keep_idle(member: str, site: Site) -> timedelta:
    """Return how long a connection to *member* may be kept unused; see Note [The side in front lets go first]."""
    found = _OPTION.search(web_command(member, site))
    theirs = timedelta(seconds=int(found[1])) if found and int(found[1]) else GUNICORNS
    return max(theirs / 2, timedelta(seconds=0.5))


def web_command(member: str, site: Site) -> str:
    """Return the command line of a member's web process; empty if it has none."""
    return processes(member, site).get("web", "")


def processes(member: str, site: Site) -> Mapping[str, str]:
    """Return the command lines of the monolith or a service."""
    if member == MONOLITH:
        return site.topology.monolith.processes
    return site.topology.services[member].processes
