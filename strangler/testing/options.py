"""Options of the plugin, on the command line and in the ini file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

SIDES = ("legacy", "service")
WAYS = ("own", "web")


def add(parser: pytest.Parser) -> None:
    """Declare all options."""
    group = parser.getgroup("strangler", "both sides of a seam (django-strangler)")
    group.addoption(
        "--strangler-service",
        action="append",
        default=[],
        metavar="NAME=URL",
        help="a service that runs already, with a sandbox; all others are started",
    )
    group.addoption(
        "--strangler-serve",
        choices=WAYS,
        help="start services by a small server of this plugin, or by the topology's command `web`",
    )
    group.addoption(
        "--strangler-corpus",
        action="append",
        default=[],
        metavar="PATH",
        help="a file that `strangler corpus export` wrote, or a folder of them, for the fixture strangler_corpus",
    )
    group.addoption(
        "--strangler-side",
        choices=SIDES,
        default="legacy",
        help="which side replays the corpus; legacy by default",
    )
    parser.addini("strangler_services", "services that run already, NAME=URL a line", type="linelist")
    parser.addini("strangler_serve", "how services are started: own or web", default="own")
    parser.addini(
        "strangler_service_environment",
        "variables for services that are started, NAME=VALUE a line",
        type="linelist",
    )
    parser.addini("strangler_corpus", "files or folders of captures, one a line", type="linelist")


def services(config: pytest.Config) -> dict[str, str]:
    """Return name → URL of services that run already; raises UsageError."""
    return _pairs([*config.getini("strangler_services"), *config.getoption("strangler_service")], "NAME=URL")


def environment(config: pytest.Config) -> dict[str, str]:
    """Return the variables for services that are started; raises UsageError."""
    return _pairs(config.getini("strangler_service_environment"), "NAME=VALUE")


def is_web(config: pytest.Config) -> bool:
    """Whether services are started by the topology's command; raises UsageError."""
    found = config.getoption("strangler_serve") or config.getini("strangler_serve")
    if found not in WAYS:
        message = f"strangler_serve is {found!r}; it can be {' or '.join(WAYS)}."
        raise pytest.UsageError(message)
    return bool(found == "web")


def corpora(config: pytest.Config) -> list[Path]:
    """Return the files and folders of captures; those of the ini file are relative to the root folder."""
    written = [config.rootpath / line for line in config.getini("strangler_corpus")]
    return [Path(path) for path in config.getoption("strangler_corpus")] or written


def _pairs(texts: Iterable[str], form: str) -> dict[str, str]:
    found = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name.strip() or not value.strip():
            message = f"{text!r} is not {form}."
            raise pytest.UsageError(message)
        found[name.strip()] = value.strip()
    return found
