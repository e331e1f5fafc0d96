"""What can happen to messages and between their senders, brokers and receivers. The whole tree is drawn in `strangler.errors`."""

from __future__ import annotations

from strangler.errors.base import StranglerError


class MessageError(StranglerError):
    """A message is wrong in itself; *type* says which task it was for."""

    def __init__(self, reason: str, *, type: str) -> None:  # noqa: A002
        super().__init__(f"Message {type!r}: {reason}")
        self.reason = reason
        self.type = type


class NotInTransactionError(StranglerError):
    """A message was sent outside of a transaction, so that it could be lost, or sent for work that is undone."""

    def __init__(self, type: str, *, database: str) -> None:  # noqa: A002
        super().__init__(
            f"Message {type!r} was sent outside of a transaction of database {database!r}. Put the send and the "
            f"work that it tells of into one block: with transaction.atomic(using={database!r}): ..."
        )
        self.type = type
        self.database = database


class BrokerUnavailable(StranglerError):
    """The broker refused the connection, did not answer in time, or takes nothing at the moment."""

    def __init__(self, reason: str, *, broker: str) -> None:
        super().__init__(f"{broker}: {reason}. Messages wait in the outbox until it is back.")
        self.reason = reason
        self.broker = broker


class MessageBusyError(StranglerError):
    """Another worker has been working on a copy of the message for as long as one may wait."""

    def __init__(self, message_id: object) -> None:
        super().__init__(
            f"Another worker is still at message {message_id}. It has to be delivered again later."
        )
        self.message_id = message_id


class ServiceNotReadableError(StranglerError):
    """A service was asked which tasks it has, and did not say."""

    def __init__(self, service: str, *, reason: str, command: str) -> None:
        super().__init__(
            f"Service {service!r} does not tell its tasks: {reason}. Try it yourself: python {command}"
        )
        self.service = service
        self.reason = reason
