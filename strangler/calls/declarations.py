"""Which callables and tasks of this process are seams: what the decorators said, to be read when it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strangler.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from strangler.core.messages import JSON

    Arguments = tuple[Sequence[Any], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One use of `@seam`.

    Args:
        name: name of the seam.
        target: the undecorated callable, or the Celery task.
        is_task: whether it is a Celery task.
        message: makes the body of the message from the arguments.
        arguments: makes the arguments from such a body; None where nothing does.
        key: makes the key of the decision from the arguments; None for one derived from all of them.
        version: which shape of body `message` makes.
        using: alias of the database whose transaction the message belongs to; None for what the routers say.
    """

    name: str
    target: Callable[..., Any]
    is_task: bool
    message: Callable[..., Mapping[str, JSON]]
    arguments: Callable[[Mapping[str, Any]], Arguments] | None = None
    key: Callable[..., str] | None = None
    version: int = 1
    using: str | None = None

    @property
    def place(self) -> str:
        """Where the callable is defined; for a task it is not known before Celery is set up."""
        return "" if self.is_task else f"{self.target.__module__}.{self.target.__qualname__}"


_declared: dict[str, Declaration] = {}


def declare(declaration: Declaration) -> None:
    """Remember *declaration*; importing a module again replaces its own.

    Raises:
        ConfigurationError: another callable has this seam, so that no two could be told apart by a check.
    """
    other = _declared.get(declaration.name)
    if other is not None and other.place != declaration.place:
        raise ConfigurationError(
            f"Seam {declaration.name!r} is on {other.place or 'a task'} and on {declaration.place or 'a task'}.",
            hint="Give each its own seam; several seams may lead to one task of the service.",
        )
    _declared[declaration.name] = declaration


def declared() -> tuple[Declaration, ...]:
    """Return all seams that the modules imported so far declare, in the order of their names."""
    return tuple(_declared[name] for name in sorted(_declared))


def forget(name: str) -> None:
    """Forget the declaration of seam *name*; for tests that declare their own."""
    _declared.pop(name, None)
