"""What is wrong between the tables of two sides. The whole tree is drawn in `strangler.errors`."""

from __future__ import annotations

from strangler.errors.base import StranglerError


class VerificationError(StranglerError):
    """Two tables can't be compared: one is missing, or lacks a column or a primary key."""

    def __init__(self, reason: str, *, table: str) -> None:
        super().__init__(f"{table}: {reason}")
        self.reason = reason
        self.table = table


class IsolationViolation(StranglerError):
    """Code of one side read or wrote a table that the other side owns.

    Args:
        table, owner: what was touched, and whose it is.
        place: `file:line function` of the code.
        statement: its SQL.
    """

    def __init__(self, *, table: str, owner: str, place: str, statement: str) -> None:
        super().__init__(
            f"{place} touches table {table}, which belongs to {owner}: {statement}\n"
            f"Ask {owner} for it, or list the place in strangler-ratchet.toml with a reason."
        )
        self.table = table
        self.owner = owner
        self.place = place
        self.statement = statement


class LooseKeyError(StranglerError):
    """A deletion was refused, because what it would have to do to rows of another owner can't be done.

    Args:
        key: the foreign key, as `app.Model.field`.
        reason: why not.
        action: what to do instead.
    """

    def __init__(self, *, key: str, reason: str, action: str) -> None:
        super().__init__(f"Nothing was deleted: {key} refers to it, and {reason}. {action}")
        self.key = key
        self.reason = reason
        self.action = action


class RatchetError(StranglerError):
    """The ratchet file is wrong, or lists what does not happen any more."""

    def __init__(self, reason: str, *, path: object) -> None:
        super().__init__(f"{path}: {reason}")
        self.reason = reason
        self.path = path
