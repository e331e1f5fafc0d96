"""Which code is about to run a statement, and whose it is."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import apps

from strangler.conf import config
from strangler.tokens import MONOLITH

if TYPE_CHECKING:
    from types import FrameType

_NOBODYS = {"migrations", "tests"}  # folders of an app whose code may touch what it likes
_LIBRARIES = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Code of one side.

    Args:
        side: the service whose code it is, or `monolith`.
        name: `module:function`, which a ratchet file can name: it survives other lines above. What is defined within a
            function, such as a comprehension, counts as the function.
        line: `file:line`, for people.
    """

    side: str
    name: str
    line: str

    def __str__(self) -> str:
        """Return where to look."""
        return f"{self.line} ({self.name})"


def find_place() -> Place | None:
    """Return the innermost code of an app of this project that is running; None for tests, libraries and commands.

    An app is a service's if the topology gives one of its models to the service; the others are the monolith's.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads source files
    while frame is not None:
        side = _side_of(frame.f_code.co_filename)
        if side:
            module = frame.f_globals.get("__name__", "")
            return Place(
                side=side,
                name=f"{module}:{frame.f_code.co_qualname.partition('.<locals>')[0]}",
                line=f"{frame.f_code.co_filename}:{frame.f_lineno}",
            )
        frame = frame.f_back
    return None


def forget() -> None:
    """Forget which file belongs to whom, after the topology has changed."""
    _side_of.cache_clear()
    _folders.cache_clear()
    project_labels.cache_clear()


@cache
def _side_of(path: str) -> str:
    """Return whose a source file is; empty for everybody's."""
    for folder, side in _folders():
        if path.startswith(folder):
            return "" if _NOBODYS & set(Path(path.removeprefix(folder)).parts) else side
    return ""


@cache
def _folders() -> tuple[tuple[str, str], ...]:
    """Return the folder of every app of this project with its side, inner folders first."""
    found = [
        (f"{Path(apps.get_app_config(label).path).resolve()}/", _side_of_app(label))
        for label in project_labels()
    ]
    return tuple(sorted(found, key=lambda each: -len(each[0])))


@cache
def project_labels() -> frozenset[str]:
    """Return the labels of the apps that are this project's own: neither installed packages nor the toolkit."""
    toolkit = Path(__file__).resolve().parents[1]
    folders = {app.label: Path(app.path).resolve() for app in apps.get_app_configs()}
    return frozenset(
        label
        for label, folder in folders.items()
        if not folder.is_relative_to(toolkit) and not set(_LIBRARIES) & set(folder.parts)
    )


def _side_of_app(label: str) -> str:
    if config().service:
        return config().service
    for name, service in config().topology.services.items():
        if any(owned.lower().startswith(f"{label.lower()}.") for owned in service.owns):
            return name
    return MONOLITH
