"""Everything that is rendered from: the topology, the rollouts, and the few settings that both sides share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from django.conf import settings

from strangler.conf import config
from strangler.gateway.stamp import Stamp
from strangler.replicas.carrying import cookie_name as position_cookie
from strangler.rollout.snapshot import Snapshot, load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strangler.core.gateway import Gateway
    from strangler.core.stages import Rollout
    from strangler.core.topology import Topology

MONOLITH = "monolith"
FIRST_PORT = 8000  # of the monolith; services follow in the order of the file, as with `strangler up`


class Place(StrEnum):
    """Where the processes run, which says under which address they are found."""

    CONTAINERS = "containers"  # every one is a host of its own name
    MACHINE = "machine"  # all on one, beside the gateway


@dataclass(frozen=True)
class Site:
    """What a renderer needs to know; two equal sites render equal texts.

    Args:
        topology: services and seams.
        snapshot: where the seams stand.
        place: where the processes run.
        key_cookie: cookie that carries the key of decisions.
        key_cookie_age: how long a client keeps it.
        session_cookie: the monolith's.
        csrf_cookie: that every service gets.
        login_cookies: of sessions at a service where people log in, beside the monolith's.
        service_cookies: service → names of further cookies that it may see.
        connect_timeout: to open a connection to a side.
        idle_timeout: longest silence in the middle of a body.
    """

    topology: Topology
    snapshot: Snapshot = field(default_factory=Snapshot)
    place: Place = Place.CONTAINERS
    key_cookie: str = "strangler_id"
    key_cookie_age: timedelta = timedelta(days=365)
    session_cookie: str = "sessionid"
    csrf_cookie: str = "csrftoken"
    login_cookies: tuple[str, ...] = ()
    service_cookies: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    connect_timeout: timedelta = timedelta(seconds=1)
    idle_timeout: timedelta = timedelta(seconds=30)

    @classmethod
    def now(cls, *, place: Place = Place.CONTAINERS, is_fresh: bool = False) -> Site:
        """Return this project's site, with the rollouts of its database.

        Args:
            place: where the processes run.
            is_fresh: leave the database alone: every seam where it stands before anybody moved it.
        """
        topology = config().topology
        login = topology.login
        return cls(
            topology=topology,
            snapshot=Snapshot() if is_fresh else load(),
            place=place,
            key_cookie=config().cookie_name,
            key_cookie_age=config().cookie_age,
            session_cookie=settings.SESSION_COOKIE_NAME,
            csrf_cookie=settings.CSRF_COOKIE_NAME,
            connect_timeout=config().connect_timeout,
            idle_timeout=config().idle_timeout,
            login_cookies=(login.session_cookie,) if login else (),
            service_cookies={
                name: (*sorted(each.kept_cookies), position_cookie(name))
                for name, each in topology.services.items()
            },
        )

    @property
    def gateway(self) -> Gateway:
        """What the topology says about the servers in front."""
        return self.topology.gateway

    @cached_property
    def stamp(self) -> Stamp:
        """The version that a rendering carries."""
        return Stamp.of(self.topology, revision=self.snapshot.revision)

    @cached_property
    def members(self) -> tuple[str, ...]:
        """The monolith and the services, in the order of the file."""
        return (MONOLITH, *self.topology.services)

    @property
    def session_cookies(self) -> tuple[str, ...]:
        """Cookies of which one may say who is logged in."""
        return (self.session_cookie, *self.login_cookies)

    def kept_cookies(self, service: str) -> tuple[str, ...]:
        """Return the names of the client's cookies that reach *service*."""
        return tuple(dict.fromkeys((self.csrf_cookie, *self.service_cookies.get(service, ()))))

    def rollout(self, seam: str) -> Rollout:
        """Return where *seam* stands."""
        return self.snapshot.get(seam)

    def servers(self, member: str) -> tuple[str, ...]:
        """Return the `host:port` addresses of the monolith or a service."""
        named = self.gateway.servers.get(member)
        if named:
            return tuple(address if has_port(address) else f"{address}:{FIRST_PORT}" for address in named)
        return (f"{self.host(member)}:{self.port(member)}",)

    def host(self, member: str) -> str:
        """Return the name under which a member is found."""
        return host_name(member) if self.place is Place.CONTAINERS else "127.0.0.1"

    def port(self, member: str) -> int:
        """Return the port on which a member's web process listens."""
        offset = self.members.index(member) if self.place is Place.MACHINE else 0
        return FIRST_PORT + offset

    def replicas(self, process: str) -> int:
        """Return how many of a process, `images.worker`, there are."""
        return self.gateway.replicas.get(process, 1)


def host_name(member: str) -> str:
    """Return *member* as a name for hosts and containers, which have no underscores."""
    return member.replace("_", "-").replace(".", "-")


def has_port(address: str) -> bool:
    """Whether `host:port` or `[v6]:port` has its port."""
    return ":" in address.rpartition("]")[2]
