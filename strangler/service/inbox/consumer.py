"""A worker's consumer that parks what Celery throws away.

Celery acknowledges a message that it can't decode, and rejects one whose task or headers it does not know: on Redis both are
gone, with a line in the log. Here they become parked messages of the inbox, and then they are acknowledged. If the
database does not answer, they stay with the broker, unacknowledged, until it does.

    app.conf.worker_consumer = "strangler.service.inbox.consumer:ParkingConsumer"
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any
from uuid import uuid5

from celery.worker.consumer import Consumer
from django.db import Error as DatabaseError
from django.db import close_old_connections

from strangler.core.messages import is_version
from strangler.service.inbox.delivery import Delivery
from strangler.service.inbox.parking import park_text
from strangler.service.inbox.tasks import FOREIGN_IDS, message_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from kombu import Message

logger = logging.getLogger(__name__)

MAX_KEPT_CHARACTERS = 1024 * 1024
_SHAPE = (list, dict, dict | None)


class ParkingConsumer(Consumer):
    """Celery's consumer, but for four kinds of messages that nobody can work on."""

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Message], Any]:
        """Return Celery's handler behind a look at the shape of the body, which it takes for granted."""
        handle: Callable[[Message], Any] = super().create_task_handler(*args, **kwargs)

        def check_and_handle(message: Message) -> Any:
            if "task" in (message.headers or {}) and (fault := _find_fault(message)):
                return self._park(message, fault)
            return handle(message)

        return check_and_handle

    def on_decode_error(self, message: Message, exc: Exception) -> None:
        """Park a body that is not what its content type says."""
        self._park(message, f"its body can't be decoded: {exc}")

    def on_unknown_message(self, body: Any, message: Message) -> None:  # noqa: ARG002 - Celery's signature
        """Park what is no task message."""
        self._park(message, "it is no message of Celery's protocol: it names no task")

    def on_unknown_task(self, body: Any, message: Message, exc: Exception) -> None:  # noqa: ARG002
        """Park a message for a task that this worker does not have."""
        self._park(message, f"no worker here knows the task {exc}")

    def on_invalid_task(self, body: Any, message: Message, exc: Exception) -> None:  # noqa: ARG002
        """Park a message whose arguments or content type are refused."""
        self._park(message, f"it is refused: {exc}")

    def _park(self, message: Message, reason: str) -> None:
        text, version = _readable(message)
        if len(text) > MAX_KEPT_CHARACTERS:
            reason += f"; only the first {MAX_KEPT_CHARACTERS:,} of {len(text):,} characters are kept"
        headers = message.headers or {}
        delivery = Delivery(
            id=message_id(str(headers["id"])) if headers.get("id") else uuid5(FOREIGN_IDS, text),
            type=str(headers.get("task") or "unknown"),
            body={},
            version=version,
            headers=headers,
            queue=str((message.delivery_info or {}).get("routing_key") or ""),
        )
        close_old_connections()
        try:
            park_text(delivery, text[:MAX_KEPT_CHARACTERS], reason=reason, using="default")
        except DatabaseError:
            logger.exception("Message %s can't be parked and stays with the broker", delivery.id)
            return
        message.ack()


def _find_fault(message: Message) -> str:
    try:
        payload = message.payload
    except Exception as error:  # noqa: BLE001 - whatever a decoder raises
        return f"its body can't be decoded: {error}"
    if isinstance(payload, list) and len(payload) == len(_SHAPE):
        is_right = all(isinstance(part, kind) for part, kind in zip(payload, _SHAPE, strict=True))
        return "" if is_right else "its body is not [arguments, keyword arguments, embedded]"
    # The older protocol: a dictionary with the arguments in it.
    return "" if isinstance(payload, dict) else "its body is not what Celery's protocol says"


def _readable(message: Message) -> tuple[str, int]:
    """Return the body and version of a message of ours, which can be replayed; of any other, what came."""
    if not _find_fault(message) and isinstance(message.payload, list):
        args, keywords, _embed = message.payload
        version = keywords.get("version")
        if not args and keywords.keys() == {"body", "version"} and is_version(version):
            return json.dumps(keywords["body"]), version
    return _text(message.body), 0


def _text(body: Any) -> str:
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body).decode(errors="backslashreplace").replace("\x00", "\\x00")
    return str(body)
