"""Why a side was not observed; such a capture is counted and shown, and says nothing about parity."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why there is no observation."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    LEFT_ALONE = "left alone"
    NO_SANDBOX = "no sandbox"
    UNSIGNED = "unsigned"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too large"
    UNKNOWN_SEAM = "unknown seam"


MEANINGS = {
    Reason.UNREACHABLE: "the connection was refused or broke",
    Reason.TIMEOUT: "it did not answer in time",
    Reason.LEFT_ALONE: "it had failed several times in a row, and was left alone for a while",
    Reason.NO_SANDBOX: "it has acknowledged no sandbox, so no write may be sent to it",
    Reason.UNSIGNED: "it answered a write without its signed word that it was in its sandbox: an alarm",
    Reason.UNREADABLE: "what it answered is no observation",
    Reason.TOO_LARGE: "its answer is larger than is read",
    Reason.UNKNOWN_SEAM: "the topology has the seam no more",
}
"""Reason → what it means, for people."""

OF_ITS_OWN_MAKING = frozenset(
    {
        Reason.UNREACHABLE,
        Reason.TIMEOUT,
        Reason.LEFT_ALONE,
        Reason.UNSIGNED,
        Reason.UNREADABLE,
        Reason.TOO_LARGE,
    }
)
"""Reasons for which the side that should have answered is to blame."""
