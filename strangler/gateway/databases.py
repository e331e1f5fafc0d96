"""MariaDB or MySQL: what the server is told, and HAProxy before the primary and its replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.core.gateway import DATABASE_PORT
from strangler.gateway.budget import budget_of
from strangler.gateway.site import Site, has_port
from strangler.gateway.text import fill

if TYPE_CHECKING:
    from collections.abc import Iterable

WRITE_PORT, READ_PORT = 3306, 3307
LARGEST_LOG_MB = 2048


def render(site: Site) -> dict[str, str]:
    """Return `strangler.cnf`, and HAProxy's part if the topology names database servers."""
    databases = site.gateway.databases
    budget = budget_of(site)
    pool = budget.pool_mb(databases.memory_mb)
    files = {
        "mysql/strangler.cnf": fill(
            "strangler.cnf",
            stamp=site.stamp,
            budget=budget,
            databases=databases,
            pool_mb=pool,
            pool_percent=round(100 * pool / databases.memory_mb),
            log_mb=min(LARGEST_LOG_MB, pool // 4),
        )
    }
    if databases.primary:
        files["haproxy/databases.cfg"] = _balancer(site)
    return files


def _balancer(site: Site) -> str:
    databases = site.gateway.databases
    return fill(
        "databases.cfg",
        stamp=site.stamp,
        databases=databases,
        write_port=WRITE_PORT,
        read_port=READ_PORT,
        primary=_servers([databases.primary])[0],
        readers=_servers(databases.readers),
    )


def _servers(addresses: Iterable[str]) -> list[dict[str, str]]:
    """Return name and address of each server; the name is its host."""
    found = []
    for address in addresses:
        full = address if has_port(address) else f"{address}:{DATABASE_PORT}"
        found.append({"name": full.replace(":", "_").strip("[]"), "address": full})
    return found
