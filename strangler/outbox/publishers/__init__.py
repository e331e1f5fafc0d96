"""Brokers by URL: Redis and Valkey, and AMQP (RabbitMQ)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from strangler.errors import ConfigurationError, MissingExtraError
from strangler.outbox.publishers.base import Publisher, Receipt

if TYPE_CHECKING:
    from datetime import timedelta

__all__ = ["Publisher", "Receipt", "open_publisher"]

_REDIS = ("strangler.outbox.publishers.redis", "RedisPublisher", "redis")
_AMQP = ("strangler.outbox.publishers.amqp", "AmqpPublisher", "amqp")
_HOMES = {
    "redis": _REDIS,
    "rediss": _REDIS,
    "valkey": _REDIS,
    "valkeys": _REDIS,
    "amqp": _AMQP,
    "amqps": _AMQP,
    "pyamqp": _AMQP,
}


def open_publisher(url: str, *, timeout: timedelta) -> Publisher:
    """Return the publisher for the broker at *url*; it connects at its first use.

    Args:
        timeout: how long to wait for any single answer.
    Raises:
        ConfigurationError: no publisher knows this kind of URL.
        MissingExtraError: the library for this kind of broker is not installed.
    """
    scheme = urlsplit(url).scheme
    if scheme not in _HOMES:
        known = ", ".join(f"{name}://" for name in _HOMES)
        raise ConfigurationError(
            f"No messages can be published to a broker of kind {scheme!r}.",
            hint=f'Set BROKER_URL, or STRANGLER["BROKER_URL"], to one of: {known}',
        )
    module, name, extra = _HOMES[scheme]
    try:
        factory = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            error.name or extra, extra=extra, needed_for=f"a broker at {scheme}://"
        ) from error
    publisher: Publisher = factory(url, timeout=timeout)
    return publisher
