"""What the topology says about the servers in front: names, limits, addresses, and the databases behind."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from strangler.core.toml_table import Table
from strangler.errors import TopologyError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GATEWAY_KEYS = (
    *("server_names", "port", "certificate", "certificate_key", "trusted_proxies"),
    *("requests_per_second", "connections_per_client", "max_body_bytes", "status_port"),
    *("servers", "replicas", "database", "broker", "requirements", "build", "settings"),
)
BROKERS = ("redis", "rabbitmq")
DATABASE_KEYS = ("primary", "readers", "memory_mb", "check_user")
HTTP_PORT, HTTPS_PORT, DATABASE_PORT = 80, 443, 3306
HIGHEST_PORT = 65535
_NAME = re.compile(r"(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_ADDRESS = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_NETWORK = re.compile(r"[0-9A-Fa-f:.]+(/[0-9]{1,3})?")
_PATH = re.compile(r"/[\w./@+-]+")
_FILE = re.compile(r"[\w.-]+(/[\w.-]+)*")
_LINE = re.compile(r"[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\\]")  # a backslash at its end would go on
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_USER = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Databases:
    """One primary and its replicas, of MariaDB or MySQL.

    Args:
        primary: `host:port` that takes the writes; empty where HAProxy stands before no database.
        readers: `host:port` of all that answer reads, the primary too if it shall.
        memory_mb: memory of the machine that a database server has to itself.
        check_user: user without password and without rights, with which HAProxy looks whether a server is well.
    """

    primary: str = ""
    readers: tuple[str, ...] = ()
    memory_mb: int = 4096
    check_user: str = "haproxy_check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """What the rendered configuration of nginx, HAProxy and containers needs besides services and seams.

    Args:
        server_names: hosts that the site answers to; any other is refused.
        port: where it listens; 80, or 443 with a certificate.
        certificate: path of the certificate chain; empty for plain HTTP.
        certificate_key: path of its key.
        trusted_proxies: networks of load balancers in front, whose `X-Forwarded-For` is believed.
        requests_per_second: that one address may ask for on average; 0 for no limit.
        connections_per_client: that one address may hold; 0 for no limit.
        max_body_bytes: of requests without a route, and of routes that set no limit.
        status_port: on the loopback only: the version that a server runs with.
        servers: `monolith` or a service → its `host:port` addresses, where they are not the usual ones.
        replicas: `images.worker` → how many of this process; one by default.
        databases: the database servers.
        broker: `redis` (Valkey too) or `rabbitmq`, for scaling by the length of queues.
        requirements: files that an image installs, from the root of the repository.
        build: a line for the shell that an image needs once, when it is built.
        settings: module of the monolith's settings where it is deployed; those of `[monolith]` if empty.
    """

    server_names: tuple[str, ...] = ("localhost",)
    port: int = HTTP_PORT
    certificate: str = ""
    certificate_key: str = ""
    trusted_proxies: tuple[str, ...] = ()
    requests_per_second: int = 50
    connections_per_client: int = 50
    max_body_bytes: int = 10_000_000
    status_port: int = 8089
    servers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    replicas: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    databases: Databases = field(default_factory=Databases)
    broker: str = "redis"
    requirements: tuple[str, ...] = ("requirements.txt",)
    build: str = ""
    settings: str = ""

    @property
    def has_tls(self) -> bool:
        """Whether it speaks HTTPS itself."""
        return bool(self.certificate)


def parse_gateway(content: object, *, where: str) -> Gateway:
    """Return the gateway that the table *content* describes.

    What is written goes into configuration files, so nothing passes that could end a directive there.
    Raises:
        TopologyError: names the key that is wrong.
    """
    table = Table(content, where=where, known=GATEWAY_KEYS)
    certificate = _matching(table.text("certificate", default=""), _PATH, "certificate", table)
    key = _matching(table.text("certificate_key", default=""), _PATH, "certificate_key", table)
    if bool(certificate) != bool(key):
        raise TopologyError("certificate and certificate_key belong together.", where=where)
    usual = Gateway()
    return Gateway(
        server_names=_all_matching(
            table.texts("server_names", default=[*usual.server_names]), _NAME, "server_names", table
        ),
        port=_port("port", HTTPS_PORT if certificate else HTTP_PORT, table),
        certificate=certificate,
        certificate_key=key,
        trusted_proxies=_all_matching(
            table.texts("trusted_proxies", default=[]), _NETWORK, "trusted_proxies", table
        ),
        requests_per_second=_whole("requests_per_second", usual.requests_per_second, table),
        connections_per_client=_whole("connections_per_client", usual.connections_per_client, table),
        max_body_bytes=int(table.positive("max_body_bytes", default=usual.max_body_bytes, kinds=(int,))),
        status_port=_port("status_port", usual.status_port, table),
        servers=_servers(table),
        replicas=table.counts("replicas", default={}),
        databases=_databases(table.get("database", dict, default={}), where=f"{where} database"),
        broker=_broker(table),
        requirements=_all_matching(
            table.texts("requirements", default=[*usual.requirements]), _FILE, "requirements", table
        ),
        build=_matching(table.text("build", default=""), _LINE, "build", table),
        settings=_matching(table.text("settings", default=""), _MODULE, "settings", table),
    )


def _broker(table: Table) -> str:
    broker = table.text("broker", default=BROKERS[0])
    if broker not in BROKERS:
        raise TopologyError(f"broker can't be {broker!r}.{did_you_mean(broker, BROKERS)}", where=table.where)
    return broker


def _servers(table: Table) -> Mapping[str, tuple[str, ...]]:
    content = table.get("servers", dict, default={})
    servers = Table(content, where=f"{table.where} servers", known=tuple(content))
    found = {
        name: _all_matching(servers.texts(name, default=[]), _ADDRESS, name, servers) for name in content
    }
    return MappingProxyType(found)


def _databases(content: object, *, where: str) -> Databases:
    table = Table(content, where=where, known=DATABASE_KEYS)
    usual = Databases()
    return Databases(
        primary=_matching(table.text("primary", default=""), _ADDRESS, "primary", table),
        readers=_all_matching(table.texts("readers", default=[]), _ADDRESS, "readers", table),
        memory_mb=int(table.positive("memory_mb", default=usual.memory_mb, kinds=(int,))),
        check_user=_matching(table.text("check_user", default=usual.check_user), _USER, "check_user", table),
    )


def _whole(key: str, default: int, table: Table) -> int:
    return int(table.not_negative(key, default=default, kinds=(int,)))


def _port(key: str, default: int, table: Table) -> int:
    port = int(table.positive(key, default=default, kinds=(int,)))
    if port > HIGHEST_PORT:
        raise TopologyError(f"{key} must be a port, 1 to {HIGHEST_PORT}, not {port}.", where=table.where)
    return port


def _all_matching(values: Iterable[str], pattern: re.Pattern[str], key: str, table: Table) -> tuple[str, ...]:
    return tuple(_matching(value, pattern, key, table, may_be_empty=False) for value in values)


def _matching(
    value: str, pattern: re.Pattern[str], key: str, table: Table, *, may_be_empty: bool = True
) -> str:
    if pattern.fullmatch(value) or (may_be_empty and not value):
        return value
    raise TopologyError(f"{key} can't be {value!r}.", where=table.where)
