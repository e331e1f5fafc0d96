"""Why a request is not fulfilled; nothing of it was stored.

RefusedError                400
├── UnknownParameterError   a parameter or an attribute that there is not
├── BadValueError           a value that can't be one of its kind
├── BadCursorError          no cursor of ours, or one of another question
├── UnknownTypeError        404: no such product type
├── NotFoundError           404
├── BadSchemaError          422: no JSON Schema, or one that we do not take
├── DocumentError           422: attributes that do not fit their type
├── TakenError              409: a name or slug that another one has
├── NotOwnerError           409: the shop owns the tables now
├── NoConditionError        428: an edit without If-Match
├── StaleError              412: somebody else edited it meanwhile
└── ShopSilentError         503: the shop does not say who owns the tables
"""

from collections.abc import Sequence
from difflib import get_close_matches
from http import HTTPStatus


class RefusedError(Exception):
    """The root; the text says what is wrong, for the caller. `code` says it for programs."""

    code = "refused"
    status = HTTPStatus.BAD_REQUEST


class UnknownParameterError(RefusedError):
    """There is no such parameter."""

    code = "unknown-parameter"

    def __init__(self, name: str, *, known: Sequence[str]) -> None:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
        super().__init__(f"there is no parameter {name[:100]!r}; {hint}")


class BadValueError(RefusedError):
    """A value can't be one of its kind."""

    code = "bad-value"

    def __init__(self, name: str, value: str, *, wanted: str) -> None:
        super().__init__(f"{name} must be {wanted}, not {value[:100]!r}")


class BadCursorError(RefusedError):
    """A cursor that was not made for this question."""

    code = "bad-cursor"

    def __init__(self) -> None:
        super().__init__("after is no cursor of this question; begin without it, and follow `next`")


class NotFoundError(RefusedError):
    """There is no such thing."""

    code, status = "not-found", HTTPStatus.NOT_FOUND

    def __init__(self, what: str, name: object) -> None:
        super().__init__(f"there is no {what} {name!r}")


class UnknownTypeError(RefusedError):
    """There is no such product type."""

    code, status = "unknown-type", HTTPStatus.NOT_FOUND

    def __init__(self, kind: str, *, known: Sequence[str]) -> None:
        super().__init__(f"there is no product type {kind[:50]!r}; known: {', '.join(known) or 'none'}")


class BadSchemaError(RefusedError):
    """No schema that documents could be checked against."""

    code, status = "bad-schema", HTTPStatus.UNPROCESSABLE_ENTITY


class DocumentError(RefusedError):
    """Attributes do not fit their type."""

    code, status = "bad-document", HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, kind: str, *, version: int, problems: Sequence[str]) -> None:
        said = "; ".join(problems)
        super().__init__(f"the attributes do not fit product type {kind!r}, version {version}: {said}")
        self.problems = tuple(problems)


class TakenError(RefusedError):
    """Another one has this name or slug."""

    code, status = "taken", HTTPStatus.CONFLICT


class NotOwnerError(RefusedError):
    """The tables have not been switched to this service, or were taken back."""

    code, status = "not-owner", HTTPStatus.CONFLICT

    def __init__(self) -> None:
        super().__init__(
            "the shop owns the catalogue, so edit it in the shop's back office; "
            "`strangler move catalog switch` makes this service the owner"
        )


class NoConditionError(RefusedError):
    """An edit has to say what it was made of."""

    code, status = "no-condition", HTTPStatus.PRECONDITION_REQUIRED

    def __init__(self) -> None:
        super().__init__("send If-Match with the ETag of what you read, so that nobody's edit is lost")


class StaleError(RefusedError):
    """Somebody else edited it since it was read."""

    code, status = "stale", HTTPStatus.PRECONDITION_FAILED

    def __init__(self, etag: str) -> None:
        super().__init__(f"somebody else edited it since you read it; its ETag is {etag} now: read it again")


class ShopSilentError(RefusedError):
    """Nobody says whose the tables are, so nothing is written."""

    code, status = "shop-silent", HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, reason: str) -> None:
        super().__init__(f"the shop does not say who owns the catalogue ({reason}); try again")
