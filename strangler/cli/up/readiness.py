"""Tell when everything that was started accepts connections."""

from __future__ import annotations

import socket
import time
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATIENCE = timedelta(seconds=60)


def wait_for_ports(ports: Mapping[str, int], *, patience: timedelta = PATIENCE) -> list[str]:
    """Wait until all *ports* of this machine accept connections, at most *patience*.

    Returns: names whose port does not; empty when all is ready.
    """
    waiting = dict(ports)
    deadline = time.monotonic() + patience.total_seconds()
    while waiting and time.monotonic() < deadline:
        waiting = {name: port for name, port in waiting.items() if not accepts(port)}
        if waiting:
            time.sleep(0.1)
    return sorted(waiting)


def accepts(port: int) -> bool:
    """Whether somebody accepts a connection to *port* of this machine."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def announce(
    say: Callable[[str], None],
    *,
    ports: Mapping[str, int],
    urls: Mapping[str, str],
    patience: timedelta = PATIENCE,
) -> None:
    """Wait for *ports*, then say who is where; "ready" comes last, and only if all of them answer."""
    started = time.monotonic()
    late = wait_for_ports(ports, patience=patience)
    width = max(map(len, urls))
    for name, url in urls.items():
        say(f"  {name.ljust(width)}  {url}{'  accepts no connection' if name in late else ''}")
    if late:
        say(f"not ready after {patience.total_seconds():.0f} s: {', '.join(late)}; the log above may say why")
    else:
        say(f"ready after {time.monotonic() - started:.1f} s; Ctrl-C stops everything")
