"""Which verbs there are: those whose tables this project has. A service relays, but it has no rollouts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import apps

if TYPE_CHECKING:
    from types import ModuleType

_NEEDED_APP = {
    "status": "strangler.rollout",
    "rollout": "strangler.rollout",
    "override": "strangler.rollout",
    "calls": "strangler.rollout",
    "up": "strangler.rollout",
    "gateway": "strangler.rollout",
    "shadow": "strangler.shadow",
    "compare": "strangler.shadow",
    "rules": "strangler.shadow",
    "corpus": "strangler.shadow",
    "move": "strangler.move",
    "relay": "strangler.outbox",
    "outbox": "strangler.outbox",
    "inbox": "strangler.service",
    "signatures": "strangler.service",
    "users": "strangler.bridge",
}
"""Verb → the app without which it can do nothing, and whose models it imports."""


class Verbs(Mapping[str, Any]):
    """Verb → its module, imported when it is asked for."""

    def __getitem__(self, name: str) -> ModuleType:
        if name not in _NEEDED_APP or not apps.is_installed(_NEEDED_APP[name]):
            raise KeyError(name)
        return import_module(f"strangler.cli.{name}")

    def __iter__(self) -> Iterator[str]:
        return (name for name, app in _NEEDED_APP.items() if apps.is_installed(app))

    def __len__(self) -> int:
        return sum(1 for _ in self)


VERBS = Verbs()
