"""Errors between the sides: who is logged in, and the servers in front."""

from __future__ import annotations

from strangler.errors.base import StranglerError


class PeerUnavailableError(StranglerError):
    """The side that was asked about a login or a user does not answer, or not as agreed."""

    def __init__(self, peer: str, *, reason: str) -> None:
        super().__init__(f"{peer} was asked about a login or a user and {reason}. It is asked again.")
        self.peer = peer
        self.reason = reason


class UserConflictError(StranglerError):
    """A user of the other side can't be stored here; *uid* is what both sides know it by."""

    def __init__(self, uid: object, *, reason: str) -> None:
        super().__init__(f"User {uid} can't be kept in step: {reason}")
        self.uid = uid
        self.reason = reason


class GatewayError(StranglerError):
    """Something can't be rendered, or a server refused what was rendered; *output* is what it said."""

    def __init__(self, message: str, *, output: str = "") -> None:
        super().__init__(f"{message}\n{output}".strip())
        self.message = message
        self.output = output
