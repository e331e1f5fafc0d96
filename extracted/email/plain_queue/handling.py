"""What to do with one message of the plain queue; knows nothing of RabbitMQ."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from extracted.email.conf import config
from extracted.email.delivering import deliver
from extracted.email.errors import RefusedError, UnknownTypeError
from extracted.email.models import Source
from extracted.email.plain_queue import deliveries
from extracted.email.submission import TYPE, VERSION, Submission, parse_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message as it came.

    Args:
        message_id: property of that name; empty if the producer set none.
        type: property of that name; empty means a mail.
        headers: `version` may say the version of the body.
        is_repeated: the broker has delivered it before, to somebody who did not acknowledge it.
    """

    body: bytes
    message_id: str = ""
    type: str = ""
    headers: Mapping[str, Any] = field(default_factory=dict)
    is_repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that can't be used: *reason* for programs, *detail* for people."""

    reason: str
    detail: str


class NoIdError(RefusedError):
    """Nothing tells the message from a repetition of it."""

    code = "no-id"

    def __init__(self) -> None:
        super().__init__("a message needs a business_id in its body, or the property message_id")


def handle(incoming: Incoming) -> DeadLetter | None:
    """Take the mail that *incoming* asks for; it is committed on return.

    Returns: why it can't be used, or None if all is well: then it can be acknowledged.
    Raises: whatever the database does. The message is not to blame and must stay in the queue.
    """
    key = deliveries.fingerprint(incoming.body, message_id=incoming.message_id)
    if incoming.is_repeated:
        count = deliveries.count_again(key)
        if count > config().max_deliveries:
            return _given_up(key, count)
    try:
        deliver(_submission(incoming), source=Source.QUEUE, is_parked_on_failure=False)
    except RefusedError as error:
        return DeadLetter(reason=error.code, detail=str(error))
    if incoming.is_repeated:
        deliveries.forget(key)
    return None


def _given_up(key: str, count: int) -> DeadLetter:
    deliveries.forget(key)
    detail = f"it was delivered {count + 1} times, and its consumer was lost or failed each time"
    return DeadLetter(reason="too-many-deliveries", detail=detail)


def _submission(incoming: Incoming) -> Submission:
    if incoming.type not in ("", TYPE):
        raise UnknownTypeError(incoming.type)
    submission = parse_json(incoming.body, version=incoming.headers.get("version", VERSION))
    if submission.business_id:
        return submission
    if not incoming.message_id:
        raise NoIdError
    return replace(submission, business_id=f"{config().tasks_queue}:{incoming.message_id}")
