"""Execute wrappers of Django, on every connection of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.backends.signals import connection_created

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.backends.base.base import BaseDatabaseWrapper

    Wrapper = Callable[[Callable[..., Any], str, Any, bool, dict[str, Any]], Any]
    """Takes what runs a statement, the statement, its parameters, whether these are many, and Django's context of it."""


def wrap_connections(choose: Callable[[BaseDatabaseWrapper], Wrapper | None], *, name: str) -> None:
    """Let every statement pass the wrapper that *choose* names for its connection: None for a connection that nobody watches.

    Concerns the connections that this thread has and all that will be made. Idempotent by *name*.
    """

    def wrap(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
        wrapper = choose(connection)
        if wrapper is not None and wrapper not in connection.execute_wrappers:
            connection.execute_wrappers.append(wrapper)

    connection_created.connect(wrap, weak=False, dispatch_uid=name)
    for connection in connections.all(initialized_only=True):
        wrap(connection=connection)
