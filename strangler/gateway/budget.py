"""How many database connections the processes of the topology may hold at once, and what a server needs for that.

Django keeps one connection per thread and database. So a gunicorn of 2 workers with 8 threads holds 16, and the monolith's
one more in each worker, for the thread that follows the rollouts; a Celery worker one per child and one itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strangler.gateway.processes import Kind, Process, all_processes
from strangler.gateway.site import MONOLITH

if TYPE_CHECKING:
    from strangler.gateway.site import Site

FOR_PEOPLE = 10  # operators, backups, monitoring
USUAL_CHILDREN = 4  # Celery takes one per processor, which the topology does not know
ASGI_THREADS = 40  # of asyncio's thread pool, where Django's ORM runs
POOL_LEAST, POOL_MOST = 70, 80  # percent of the memory
PER_CONNECTION_MB = 2  # stack, and buffers for sorts and joins


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one process may hold: *each* of its replicas so many connections."""

    process: str
    each: int
    replicas: int

    @property
    def total(self) -> int:
        """Connections of all replicas."""
        return self.each * self.replicas


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The connections of all processes."""

    shares: tuple[Share, ...]

    @property
    def held(self) -> int:
        """Connections at full load."""
        return sum(share.total for share in self.shares)

    @property
    def while_deploying(self) -> int:
        """Connections of the largest process once more: the new one starts before the old one ends."""
        return max((share.each for share in self.shares), default=0)

    @property
    def max_connections(self) -> int:
        """What the server has to allow."""
        return self.held + self.while_deploying + FOR_PEOPLE

    def pool_mb(self, memory_mb: int) -> int:
        """Return the size of the buffer pool: what connections leave of the memory, 70 to 80 % of it."""
        rest = memory_mb - self.max_connections * PER_CONNECTION_MB
        least, most = (memory_mb * percent // 100 for percent in (POOL_LEAST, POOL_MOST))
        return min(most, max(least, rest))


def budget_of(site: Site) -> Budget:
    """Return the budget of *site*'s processes; what runs to completion is not among them."""
    shares = (
        Share(
            process=f"{process.member}.{process.name}",
            each=connections(process),
            replicas=process.replicas,
        )
        for process in all_processes(site)
        if process.kind is not Kind.RELEASE
    )
    return Budget(shares=tuple(shares))


def connections(process: Process) -> int:
    """Return how many connections one replica may hold."""
    if process.kind is Kind.WORKER:
        return process.option("--concurrency", "-c", default=USUAL_CHILDREN) + 1
    if process.kind is not Kind.WEB:
        return 2 if re.search(r"\bstrangler (relay|shadow)\b", process.line) else 1
    workers = process.option("--workers", "-w", default=1)
    is_asgi = "uvicorn" in process.line or "UvicornWorker" in process.line
    threads = ASGI_THREADS if is_asgi else process.option("--threads", default=1)
    followers = workers if process.member == MONOLITH else 0
    return workers * threads + followers
