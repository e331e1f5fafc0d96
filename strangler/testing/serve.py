"""A service for tests, in a process of its own: `python -m strangler.testing.serve`, with DJANGO_SETTINGS_MODULE set.

Migrates its database and serves its WSGI application on a socket that it was handed. Whoever started it holds its
standard input: when that is closed, by the death of the test run too, this process ends.
"""

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

import django
from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler, get_internal_wsgi_application

from strangler.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

TEST_HOST = "testserver"
"""The host that Django's test client asks for; this server answers to it, too."""


def main(arguments: Sequence[str]) -> None:
    """Serve until standard input is closed.

    Raises: ConfigurationError: the service would use another database than the one made for the tests.
    """
    options = _parse(arguments)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    django.setup()
    logging.basicConfig(level=logging.WARNING)  # if the project has none: tracebacks are shown with a failure
    check_database(options.database, variable=options.variable)
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, TEST_HOST]
    call_command("migrate", verbosity=0, interactive=False)
    with socket.socket(fileno=options.fd) as listening:
        server = ThreadedWSGIServer(listening.getsockname()[:2], _Handler, bind_and_activate=False)
        server.socket = listening
        server.server_name, server.server_port = listening.getsockname()[:2]
        server.setup_environ()
        server.daemon_threads = True
        server.set_app(get_internal_wsgi_application())
        server.serve_forever()


def check_database(path: str, *, variable: str) -> None:
    """Refuse to migrate another database than the one made for the tests; an empty *path* is anyone."""
    found = str(settings.DATABASES["default"]["NAME"])
    if path and found != path:
        raise ConfigurationError(
            f"The settings do not take the database from {variable}: it would be {found!r}, which is no test's.",
            hint=f"Read {variable} in them, or say in strangler_service_environment where it is.",
        )


class _Handler(WSGIRequestHandler):
    """Sends an answer's body at once, not when its headers were acknowledged."""

    disable_nagle_algorithm = True


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--database", default="")
    parser.add_argument("--variable", default="")
    return parser.parse_args(arguments)


def _end_with_parent() -> None:
    # Not by `sys.stdin`, whose lock would be held when an error ends the process.
    while os.read(0, 1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
