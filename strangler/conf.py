"""Typed, frozen configuration; the only reader of `settings.STRANGLER`.

`config()` is read once and kept until a test changes the setting.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import environ
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver

from strangler.core.setting_values import (
    of_type,
    read_count,
    read_duration,
    read_names,
    read_number,
    read_path,
    read_percent,
    read_replicas,
)
from strangler.core.topology import Topology
from strangler.errors import ConfigurationError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MIN_KEY_LENGTH = 32
LOCAL_BROKER = "redis://127.0.0.1:6379/0"
MIB = 1024 * 1024
SECRET_FIELDS = (
    "*password*",
    "*passwd*",
    "*passphrase*",
    "*secret*",
    "token",
    "*access_token*",
    "*refresh_token*",
    "*api_key*",
    "*card_number*",
    "*cardnumber*",
    "cvc",
    "cvv",
)
"""Fields whose values are nobody's business but the addressee's; `csrfmiddlewaretoken` is none of them."""
USER_FIELDS = (
    *("username", "password", "email", "first_name", "last_name"),
    *("is_active", "is_staff", "is_superuser", "date_joined"),
)
"""What both sides know of a user of `django.contrib.auth`; groups and permissions stay in the monolith."""


class Isolation(StrEnum):
    """What the guard does about code of one side that touches a table of the other."""

    OFF = "off"
    COUNT = "count"
    RAISE = "raise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `settings.STRANGLER` says, every key of it in lower case.

    Args:
        topology: services and seams; empty where no file is named.
        service: name of this service; empty in the monolith.
        signing_keys: the first signs, all verify; at least one of 32 characters.
        service_urls: name → base URL; what is missing comes from `<NAME>_URL`.
        principal_lifetime: how long an assertion of who the user is stays valid.
        cookie_name: cookie that carries the key of decisions.
        cookie_age: how long a client keeps it.
        is_behind_proxy: trust `X-Forwarded-*` of whoever connects (nginx in front).
        connect_timeout: to open a connection to a service.
        idle_timeout: longest silence in the middle of a body.
        pool_size: connections kept per service and process.
        breaker_failures: failures in a row after which a service is left alone.
        breaker_reset: how long it is left alone.
        snapshot_interval: how often a process looks for changed rollouts; zero reads at each decision (tests).
        database: alias of the database that holds the rollouts.
        broker_url: where the relay publishes; from `BROKER_URL` by default.
        broker_timeout: longest wait for an answer of the broker.
        outbox_lease: after how long without a sign of life a relay's share is taken over.
        outbox_batch: most messages that a relay publishes at a time.
        outbox_retention: how long published messages are kept, in case the broker is wiped; zero keeps none.
        relay_host: address of this machine at which senders wake a relay on it.
        inbox_max_deliveries: how often a message may fail or kill its worker before it is parked.
        inbox_retention: how long a message is remembered, so that a repeat is recognised.
        inbox_wait: how long a copy of a message waits for the one that is worked on.
        shadow_folder: where shadow workers have their sockets; from `SHADOW_FOLDER`, else one in the temporary folder.
        shadow_max_per_second: captures of one seam that a process makes in a second at most.
        shadow_queue_size: captures of a process that the worker has not taken yet.
        shadow_queue_bytes: bytes that they may have together.
        shadow_max_body_bytes: larger requests and answers are not captured.
        shadow_max_pending: captures that wait for the worker; at this number no more are made.
        shadow_retention: how long captures, and what comparing them found, are kept.
        shadow_headers: further request headers that are recorded, lower case.
        shadow_cookies: cookies that are recorded, such as the language's; never the session's.
        shadow_secret_fields: patterns of form and document fields; a request that has one is not captured.
        monolith_url: base URL at which the shadow worker reaches the monolith; from `MONOLITH_URL` by default.
        shadow_timeout: from the connection to the last byte of a replayed answer.
        shadow_threads: captures that one worker replays at the same time.
        shadow_noise_percent: share of captures that legacy is asked twice, to learn what differs by itself.
        shadow_noise_interval: between two of them of one seam, after the first few.
        shadow_keep: captures kept of each input shape, beside the example of each cause; for a corpus.
        isolation: what the guard does about a violation.
        isolation_ratchet: file of the violations that are allowed for now; None for none.
        service_databases: in the monolith: service → alias of its database, where the router finds moved tables.
        verify_lifetime: how long a verification lets a switch happen.
        login_grace: how long the monolith goes on with whom the service named last, while it does not answer.
        login_cache: how long it goes on with what the service said of a login, without asking again; zero asks each time.
        user_fields: of the user, kept in step where login is extracted; `profile.phone` is one of a related row.
        call_budget: longest time that a page may wait for services before that is logged; zero never logs.
        replicas: alias of a primary → aliases of what it may be read from, replicas or a balancer before them.
        replica_wait: how long a read waits for a replica to get what its reader wrote, before it goes to the primary.
    """

    topology: Topology = field(default_factory=Topology)
    service: str = ""
    signing_keys: tuple[str, ...] = ()
    service_urls: Mapping[str, str] = field(default_factory=dict)
    principal_lifetime: timedelta = timedelta(seconds=30)
    cookie_name: str = "strangler_id"
    cookie_age: timedelta = timedelta(days=365)
    is_behind_proxy: bool = False
    connect_timeout: timedelta = timedelta(seconds=1)
    idle_timeout: timedelta = timedelta(seconds=30)
    pool_size: int = 32
    breaker_failures: int = 5
    breaker_reset: timedelta = timedelta(seconds=5)
    snapshot_interval: timedelta = timedelta(seconds=1)
    database: str = "default"
    broker_url: str = field(default_factory=lambda: os.environ.get("BROKER_URL", LOCAL_BROKER))
    broker_timeout: timedelta = timedelta(seconds=3)
    outbox_lease: timedelta = timedelta(seconds=10)
    outbox_batch: int = 1_000
    outbox_retention: timedelta = timedelta(0)
    relay_host: str = "127.0.0.1"
    inbox_max_deliveries: int = 5
    inbox_retention: timedelta = timedelta(days=30)
    inbox_wait: timedelta = timedelta(seconds=60)
    shadow_folder: Path | None = field(default_factory=lambda: _path_of(os.environ.get("SHADOW_FOLDER", "")))
    shadow_max_per_second: int = 5
    shadow_queue_size: int = 200
    shadow_queue_bytes: int = 64 * MIB
    shadow_max_body_bytes: int = 8 * MIB
    shadow_max_pending: int = 1_000
    shadow_retention: timedelta = timedelta(days=7)
    shadow_headers: tuple[str, ...] = ()
    shadow_cookies: tuple[str, ...] = ()
    shadow_secret_fields: tuple[str, ...] = SECRET_FIELDS
    monolith_url: str = field(default_factory=lambda: os.environ.get("MONOLITH_URL", ""))
    shadow_timeout: timedelta = timedelta(seconds=10)
    shadow_threads: int = 8
    shadow_noise_percent: float = 5.0
    shadow_noise_interval: timedelta = timedelta(seconds=30)
    shadow_keep: int = 3
    isolation: Isolation = Isolation.OFF
    isolation_ratchet: Path | None = None
    service_databases: Mapping[str, str] = field(default_factory=dict)
    verify_lifetime: timedelta = timedelta(hours=1)
    login_grace: timedelta = timedelta(minutes=10)
    login_cache: timedelta = timedelta(seconds=5)
    user_fields: tuple[str, ...] = USER_FIELDS
    call_budget: timedelta = timedelta(milliseconds=300)
    replicas: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    replica_wait: timedelta = timedelta(milliseconds=50)

    def service_url(self, name: str) -> str:
        """Return the base URL of service *name*, without a trailing slash.

        Raises:
            ConfigurationError: neither SERVICE_URLS nor the environment has one, or it is no http(s) URL.
        """
        variable = self.topology.services[name].url_variable
        url = self.service_urls.get(name) or os.environ.get(variable, "")
        return _usable(url, of=f"Service {name!r}", variable=variable)

    def legacy_url(self) -> str:
        """Return the base URL of the monolith, without a trailing slash; raises as `service_url` does."""
        return _usable(self.monolith_url, of="The monolith", variable="MONOLITH_URL")


def _path_of(text: str) -> Path | None:
    return Path(text) if text else None


def _usable(url: str, *, of: str, variable: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(
            f"{of} has no usable URL ({url!r}).",
            hint=f"Set {variable}=http://host:port in the environment.",
            check_id="strangler.E003",
        )
    return url.rstrip("/")


@cache
def config() -> Config:
    """Return the configuration of this process.

    Raises:
        ConfigurationError: names the key of settings.STRANGLER, or the place in the topology file.
    """
    raw = getattr(settings, "STRANGLER", {})
    return read_config(raw)


def override_config(**keys: Any) -> None:
    """Change keys of settings.STRANGLER for the rest of this process; for test plugins."""
    settings.STRANGLER = {**getattr(settings, "STRANGLER", {}), **keys}
    setting_changed.send(sender=None, setting="STRANGLER", value=settings.STRANGLER, enter=True)


def read_config(raw: Mapping[str, Any]) -> Config:
    """Turn a STRANGLER setting into a Config; raises ConfigurationError as `config` does."""
    for key in raw:
        if key not in _READERS:
            raise ConfigurationError(
                f'STRANGLER has no key "{key}".', hint=did_you_mean(key, _READERS).strip()
            )
    return Config(**{_FIELDS.get(key, key.lower()): _READERS[key](key, value) for key, value in raw.items()})


def database_from_url(url: str, *, variable: str = "DATABASE_URL") -> dict[str, Any]:
    """Return an entry for `DATABASES` with the defaults that keep a database safe under load.

    SQLite gets WAL and immediate transactions, MariaDB and MySQL utf8mb4, strict mode and READ COMMITTED.
    Args:
        url: such as `sqlite:///shop.sqlite3`, `mysql://user:password@host/name`, `postgres://…`.
        variable: where the URL came from, for the message.
    Raises:
        ImproperlyConfigured: the URL does not parse; the password is not repeated.
    """
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in _ENGINES:
        known = ", ".join(sorted(_ENGINES))
        message = f"{variable} must begin with one of {known}, and ://, such as sqlite:///shop.sqlite3."
        raise ImproperlyConfigured(message)
    try:
        entry: dict[str, Any] = dict(environ.Env.db_url_config(url))
        entry["PORT"] = int(entry["PORT"]) if entry.get("PORT") else ""
    except (ValueError, AttributeError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(
            f"{variable} is not a database URL. Write it as {_ENGINES[scheme]}."
        ) from error
    if not entry.get("NAME"):
        raise ImproperlyConfigured(f"{variable} names no database. Write it as {_ENGINES[scheme]}.")
    entry["OPTIONS"] = {**_options(entry["ENGINE"]), **entry.get("OPTIONS", {})}
    entry.setdefault("CONN_HEALTH_CHECKS", True)
    entry.setdefault("CONN_MAX_AGE", 60)
    return entry


_ENGINES = {
    "sqlite": "sqlite:///path/to/file.sqlite3",
    "mysql": "mysql://user:password@host:3306/name",
    "postgres": "postgres://user:password@host:5432/name",
    "postgresql": "postgresql://user:password@host:5432/name",
}


def _options(engine: str) -> dict[str, Any]:
    if engine.endswith("sqlite3"):
        return {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,  # seconds a writer waits for another
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    if engine.endswith("mysql"):
        return {
            "charset": "utf8mb4",
            "isolation_level": "read committed",
            "init_command": "SET sql_mode='STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
            "connect_timeout": 5,
        }
    return {"connect_timeout": 5}


def _read_keys(key: str, value: Any) -> tuple[str, ...]:
    keys = tuple(value) if isinstance(value, list | tuple) else ()
    if not keys or any(not isinstance(each, str) or len(each) < MIN_KEY_LENGTH for each in keys):
        raise ConfigurationError(
            f'STRANGLER["{key}"] must be a list of texts, each of {MIN_KEY_LENGTH} characters or more.',
            hint="Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'",
            check_id="strangler.E004",
        )
    return keys


def _read_topology(key: str, value: Any) -> Topology:
    if isinstance(value, Topology):
        return value
    if not isinstance(value, str | Path):
        raise ConfigurationError(f'STRANGLER["{key}"] must be the path of a topology file, not {value!r}.')
    return Topology.load(Path(value))


def _read_isolation(key: str, value: Any) -> Isolation:
    try:
        return Isolation(value)
    except ValueError:
        hint = did_you_mean(str(value), [each.value for each in Isolation]).strip()
        raise ConfigurationError(f'STRANGLER["{key}"] can\'t be {value!r}.', hint=hint) from None


_FIELDS = {"BEHIND_PROXY": "is_behind_proxy"}  # all others are the key in lower case
_READERS: dict[str, Callable[[str, Any], Any]] = {
    "TOPOLOGY": _read_topology,
    "SERVICE": of_type(str, "a text"),
    "SIGNING_KEYS": _read_keys,
    "SERVICE_URLS": of_type(dict, "a dict"),
    "PRINCIPAL_LIFETIME": read_duration,
    "COOKIE_NAME": of_type(str, "a text"),
    "COOKIE_AGE": read_duration,
    "BEHIND_PROXY": of_type(bool, "True or False"),
    "CONNECT_TIMEOUT": read_duration,
    "IDLE_TIMEOUT": read_duration,
    "POOL_SIZE": read_count,
    "BREAKER_FAILURES": read_count,
    "BREAKER_RESET": read_duration,
    "SNAPSHOT_INTERVAL": read_duration,
    "DATABASE": of_type(str, "a text"),
    "BROKER_URL": of_type(str, "a text"),
    "BROKER_TIMEOUT": read_duration,
    "OUTBOX_LEASE": read_duration,
    "OUTBOX_BATCH": read_count,
    "OUTBOX_RETENTION": read_duration,
    "RELAY_HOST": of_type(str, "a text"),
    "INBOX_MAX_DELIVERIES": read_count,
    "INBOX_RETENTION": read_duration,
    "INBOX_WAIT": read_duration,
    "SHADOW_FOLDER": read_path,
    "SHADOW_MAX_PER_SECOND": read_count,
    "SHADOW_QUEUE_SIZE": read_count,
    "SHADOW_QUEUE_BYTES": read_count,
    "SHADOW_MAX_BODY_BYTES": read_count,
    "SHADOW_MAX_PENDING": read_count,
    "SHADOW_RETENTION": read_duration,
    "SHADOW_HEADERS": read_names,
    "SHADOW_COOKIES": read_names,
    "SHADOW_SECRET_FIELDS": read_names,
    "MONOLITH_URL": of_type(str, "a text"),
    "SHADOW_TIMEOUT": read_duration,
    "SHADOW_THREADS": read_count,
    "SHADOW_NOISE_PERCENT": read_percent,
    "SHADOW_NOISE_INTERVAL": read_duration,
    "SHADOW_KEEP": read_number,
    "ISOLATION": _read_isolation,
    "ISOLATION_RATCHET": read_path,
    "SERVICE_DATABASES": of_type(dict, "a dict"),
    "VERIFY_LIFETIME": read_duration,
    "LOGIN_GRACE": read_duration,
    "LOGIN_CACHE": read_duration,
    "USER_FIELDS": read_names,
    "CALL_BUDGET": read_duration,
    "REPLICAS": read_replicas,
    "REPLICA_WAIT": read_duration,
}


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    if setting == "STRANGLER":
        config.cache_clear()
