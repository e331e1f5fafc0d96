"""A relay's right to publish: its registration, its lease, and the lanes it has. See Note [Lanes].

Note [Fencing]: the id of a relay's registration is its token. Whoever takes over the lanes of a relay whose lease ran
out deletes its registration first. A relay that was stopped for too long and goes on finds no row to renew, in the same
transaction in which it would have deleted messages; it deletes nothing, and begins again with a new token.
"""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, TypeVar

from django.db import connections, transaction
from django.db.models import Model

from strangler.outbox.clock import DatabaseNow, read_now
from strangler.outbox.models import LANES, Lane, RelayRecord

if TYPE_CHECKING:
    from datetime import timedelta

    from django.db.models import QuerySet

    from strangler.outbox.wake import Bell

_T = TypeVar("_T", bound=Model)

RENEW_PER_LEASE = 3  # so that one slow renewal does not cost the lease


class Tenure:
    """The registration of one relay in one database.

    Args:
        alias: the database.
        lease: how long it stays valid without being renewed.
        bell: where the relay is woken.
    """

    def __init__(self, alias: str, *, lease: timedelta, bell: Bell) -> None:
        self.lanes: frozenset[int] = frozenset()
        self.trouble = ""
        self._alias = alias
        self._lease = lease
        self._bell = bell
        self._token = 0
        self._renewed_at = float("-inf")

    @property
    def token(self) -> int:
        """The id of the registration; 0 before the first."""
        return self._token

    @property
    def is_due(self) -> bool:
        """Whether it is time to renew."""
        return self._age() >= self._lease.total_seconds() / RENEW_PER_LEASE

    @property
    def is_certain(self) -> bool:
        """Whether nobody can have taken over yet; False after having been stopped for too long."""
        return self._age() < self._lease.total_seconds()

    def keep(self) -> None:
        """Register or renew, end what is left of dead relays, and take or give back lanes for a fair share.

        Raises:
            DatabaseError: nothing has changed.
        """
        began = time.monotonic()
        _limit_idle_transactions(self._alias, self._lease)
        with transaction.atomic(using=self._alias):
            now = read_now(self._alias)
            if (
                not self._records()
                .filter(pk=self._token)
                .update(leased_until=now + self._lease, trouble=self.trouble[:500])
            ):
                self._register()
            self._bury_the_dead()
            lanes = self._share()
        self.lanes = lanes
        self._renewed_at = began

    def prove(self, token: int) -> bool:
        """Renew within the caller's transaction and return whether *token* still counts. See Note [Fencing]."""
        began = time.monotonic()
        if token != self._token:
            return False
        is_valid = bool(self._records().filter(pk=token).update(leased_until=DatabaseNow() + self._lease))
        if is_valid:
            self._renewed_at = began
        else:
            self.forget()
        return is_valid

    def forget(self) -> None:
        """Take the token for lost: the next `keep` registers anew."""
        self._token, self.lanes, self._renewed_at = 0, frozenset(), float("-inf")

    def end(self) -> None:
        """Give everything back at once, so that others need not wait for the lease to run out."""
        with transaction.atomic(using=self._alias):
            self._lanes().filter(owner=self._token).update(owner=None)
            self._records().filter(pk=self._token).delete()
        self.forget()

    def _age(self) -> float:
        return time.monotonic() - self._renewed_at

    def _records(self) -> QuerySet[RelayRecord]:
        return RelayRecord.objects.using(self._alias)

    def _lanes(self) -> QuerySet[Lane]:
        return Lane.objects.using(self._alias)

    def _register(self) -> None:
        if self._lanes().count() < LANES:
            self._lanes().bulk_create([Lane(id=number) for number in range(LANES)], ignore_conflicts=True)
        now = read_now(self._alias)
        record = self._records().create(
            process=f"{socket.gethostname()}:{os.getpid()}",
            wake_host=self._bell.host,
            wake_port=self._bell.port,
            started_at=now,
            leased_until=now + self._lease,
        )
        self._token = record.pk

    def _bury_the_dead(self) -> None:
        """Delete registrations whose lease ran out; waits for a relay that is just settling a batch."""
        expired = self._records().filter(leased_until__lt=read_now(self._alias)).exclude(pk=self._token)
        dead = list(_skip_locked(expired, self._alias).values_list("pk", flat=True))
        if dead:
            self._records().filter(pk__in=dead).delete()
        self._free_lanes_of_nobody()

    def _free_lanes_of_nobody(self) -> None:
        """Owners are read before registrations: one that comes in between commits both at once."""
        taken = self._lanes().filter(owner__isnull=False)
        owners = {owner for owner in taken.values_list("owner", flat=True) if owner is not None}
        known = set(self._records().filter(pk__in=owners).values_list("pk", flat=True))
        if gone := owners - known:
            self._lanes().filter(owner__in=gone).update(owner=None)

    def _share(self) -> frozenset[int]:
        fair = -(-LANES // self._records().count())
        mine = list(self._lanes().filter(owner=self._token).order_by("pk").values_list("pk", flat=True))
        if len(mine) > fair:
            self._lanes().filter(pk__in=mine[fair:]).update(owner=None)
            mine = mine[:fair]
        elif len(mine) < fair:
            free = _skip_locked(self._lanes().filter(owner=None).order_by("pk"), self._alias)
            taken = list(free.values_list("pk", flat=True)[: fair - len(mine)])
            self._lanes().filter(pk__in=taken).update(owner=self._token)
            mine += taken
        return frozenset(mine)


def _milliseconds(duration: timedelta) -> str:
    return str(int(duration.total_seconds() * 1000))


def _limit_idle_transactions(alias: str, limit: timedelta) -> None:
    """Have the database end a transaction of ours in which nothing happens for so long.

    A relay that is stopped in the middle of one would otherwise keep its locks, and with them its lanes, for ever.
    MySQL knows no such limit; there the server's `wait_timeout` has to do.
    """
    connection = connections[alias]
    value: str | int
    if connection.vendor == "postgresql":
        statement, value = (
            "SELECT set_config('idle_in_transaction_session_timeout', %s, false)",
            _milliseconds(limit),
        )
    elif connection.vendor == "mysql" and getattr(connection, "mysql_is_mariadb", False):
        statement, value = "SET SESSION idle_transaction_timeout = %s", max(1, round(limit.total_seconds()))
    else:
        return
    with connection.cursor() as cursor:
        cursor.execute(statement, [value])


def _skip_locked(rows: QuerySet[_T], alias: str) -> QuerySet[_T]:
    """Lock *rows*, passing over what another relay is just taking, where the database can."""
    can_skip = connections[alias].features.has_select_for_update_skip_locked
    return rows.select_for_update(skip_locked=can_skip)
