"""Tell when everything that was started answers."""

from __future__ import annotations

import http.client
import socket
import time
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATIENCE = timedelta(seconds=60)
ANSWER_SECONDS = 2.0
PROBE = "/health/live"  # of strangler.service.urls; a site without it answers 404, which is an answer too


def wait_for(urls: Mapping[str, str], *, patience: timedelta = PATIENCE) -> list[str]:
    """Wait until everybody at *urls* answers, at most *patience*.

    Returns: names that do not; empty when all is ready.
    """
    waiting = dict(urls)
    deadline = time.monotonic() + patience.total_seconds()
    while waiting and time.monotonic() < deadline:
        waiting = {name: url for name, url in waiting.items() if not answers(url)}
        if waiting:
            time.sleep(0.1)
    return sorted(waiting)


def answers(url: str) -> bool:
    """Whether somebody answers an HTTP request to *url*, whatever it says, or accepts a connection to any other URL.

    An accepted connection proves nothing of a web server: gunicorn listens before its workers have the site loaded.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 0
    try:
        if parts.scheme != "http":
            with socket.create_connection((host, port), timeout=ANSWER_SECONDS):
                return True
        connection = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", PROBE)
            connection.getresponse().read()
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        return False
    return True


def announce(say: Callable[[str], None], *, urls: Mapping[str, str], patience: timedelta = PATIENCE) -> None:
    """Wait for everybody, then say who is where; "ready" comes last, and only if all of them answer."""
    started = time.monotonic()
    late = wait_for(urls, patience=patience)
    width = max(map(len, urls))
    for name, url in urls.items():
        say(f"  {name.ljust(width)}  {url}{'  does not answer' if name in late else ''}")
    if late:
        say(f"not ready after {patience.total_seconds():.0f} s: {', '.join(late)}; the log above may say why")
    else:
        say(f"ready after {time.monotonic() - started:.1f} s; Ctrl-C stops everything")
