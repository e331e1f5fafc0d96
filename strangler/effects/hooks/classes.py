"""Every class of a kind, those that are there and those that are made later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def watch_classes(base: type[Any], watch: Callable[[type[Any]], None]) -> None:
    """Call *watch* with *base* and every class below it, and with each that is made from now on."""
    watch(base)
    for kind in _below(base):
        watch(kind)

    def watch_new(cls: type, /, **kwargs: Any) -> None:
        super(base, cls).__init_subclass__(**kwargs)
        watch(cls)

    base.__init_subclass__ = classmethod(watch_new)  # type: ignore[assignment]


def _below(kind: type[Any]) -> list[type[Any]]:
    return [each for child in kind.__subclasses__() for each in (child, *_below(child))]
