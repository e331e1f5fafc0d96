"""Tell the service's workers that a row has work for them, without ever making a person wait for the broker.

At most once, by intention: a message that is not sent is logged and nothing else. The row is the truth; it has a
moment at which a task of beat announces it again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pybreaker
from kombu.exceptions import OperationalError

from strangler.service.celery import transport_options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from uuid import UUID

    from celery import Celery

logger = logging.getLogger(__name__)


class Announcer:
    """Sends one message per row over a connection of its own.

    After a failure nobody tries for five seconds: one person waits for a frozen broker, not everybody.

    Args:
        app: the service's Celery app.
        timeout: the longest that each wait for the broker may take.
    """

    def __init__(self, app: Celery, *, timeout: timedelta) -> None:
        self.app = app
        self.timeout = timeout
        self.breaker = pybreaker.CircuitBreaker(fail_max=1, reset_timeout=5, throw_new_error_on_trip=False)

    def send(self, task: str, ids: Sequence[UUID]) -> bool:
        """Send *task* for each of the rows *ids*, which are committed.

        Returns: whether the broker took all of them; if not, some may have been sent.
        """
        if not ids:
            return True
        try:
            with self.breaker.calling():
                self._send(task, ids)
        except pybreaker.CircuitBreakerError:
            logger.warning("broker is left alone for a moment, %d × %s will be sent later", len(ids), task)
        except (OperationalError, OSError) as error:
            logger.warning("broker failed (%s), %d × %s will be sent later", error, len(ids), task)
        else:
            return True
        return False

    def prepare(self) -> None:
        """Load what the first `send` would load, so that not the first person waits for it."""
        with self.app.connection_for_write() as connection:
            connection.transport  # noqa: B018 - loads the broker's driver, connects to nothing

    def _send(self, task: str, ids: Sequence[UUID]) -> None:
        url = str(self.app.conf.broker_url)
        seconds = self.timeout.total_seconds()
        # A connection per call: a kept one may be half-open, and would be noticed only by somebody's answer.
        with self.app.connection_for_write(
            connect_timeout=seconds,
            transport_options=transport_options(url, timeout=self.timeout),
        ) as connection:
            confirm: dict[str, Any] = {"confirm_timeout": seconds} if url.startswith("amqp") else {}
            for id_ in ids:
                self.app.send_task(task, args=[str(id_)], connection=connection, retry=False, **confirm)
