"""Send task messages without ever making a person wait for the broker.

At most once, by intention: a message that is not sent is logged and nothing else, because the photo's row has a
moment (`due_at`) at which `images.requeue` sends it again.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pybreaker
from kombu.exceptions import OperationalError

from extracted.images.celery import app, transport_options
from extracted.images.conf import config

RENDER = "images.render"
PUBLISH = "images.publish"

logger = logging.getLogger(__name__)

# After a failure nobody tries for so long: one person in five seconds waits for a frozen broker, not everybody.
_breaker = pybreaker.CircuitBreaker(fail_max=1, reset_timeout=5, throw_new_error_on_trip=False)


def send(task: str, ids: Sequence[UUID]) -> bool:
    """Send one message per photo over a connection of its own, each of its waits limited to `broker_timeout`.

    Args: task: `RENDER` or `PUBLISH`. ids: of photos whose rows are committed.
    Returns: whether the broker took all of them; if not, some may have been sent.
    """
    if not ids:
        return True
    try:
        with _breaker.calling():
            _send(task, ids)
    except pybreaker.CircuitBreakerError:
        logger.warning("broker is left alone for a moment, %d × %s will be sent later", len(ids), task)
    except (OperationalError, OSError) as error:
        logger.warning("broker failed (%s), %d × %s will be sent later", error, len(ids), task)
    else:
        return True
    return False


def prepare() -> None:
    """Load what the first `send` would load, so that not the first person waits for it."""
    with app.connection_for_write() as connection:
        connection.transport  # noqa: B018 - loads the broker's driver, connects to nothing


def _send(task: str, ids: Sequence[UUID]) -> None:
    timeout = config().broker_timeout
    # A connection per upload: a kept one may be half-open, and would be noticed only by somebody's answer.
    with app.connection_for_write(
        connect_timeout=timeout.total_seconds(),
        transport_options=_publisher_options(timeout),
    ) as connection:
        for id_ in ids:
            app.send_task(task, args=[str(id_)], connection=connection, retry=False, **_confirm(timeout))


def _publisher_options(timeout: timedelta) -> dict[str, object]:
    return transport_options(str(app.conf.broker_url), timeout=timeout)


def _confirm(timeout: timedelta) -> dict[str, object]:
    is_amqp = str(app.conf.broker_url).startswith("amqp")
    return {"confirm_timeout": timeout.total_seconds()} if is_amqp else {}
