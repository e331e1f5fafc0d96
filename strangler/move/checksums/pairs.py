"""Which canonical text the values of two columns are compared in, and what their types alone tell.

Note [Canonical texts]: equal values have equal texts whatever the engine and the exact type; different values have
different ones. A text of a closed alphabet (digits, dates, hexadecimals) ends with a comma in a record; any
other is preceded by its length in bytes, so that no value can pass for two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from strangler.errors import VerificationError
from strangler.move.checksums.columns import Column, Family

if TYPE_CHECKING:
    from strangler.move.checksums.columns import Table


class Form(Enum):
    """The canonical text of a value."""

    INTEGER = auto()  # decimal digits; true is 1
    DECIMAL = (
        auto()
    )  # as many digits after the point as the finer side has; none at the end if one has no limit
    DOUBLE = auto()  # shortest digits that give the same double, in the engine's spelling
    DIGITS = (
        auto()
    )  # the same, spelled `15e3` for 0.15e3, where the engines spell differently; see `are_equal`
    TEXT = auto()
    HEXADECIMAL = auto()
    DATE = auto()
    TIME = auto()  # always six digits after the point
    DATETIME = auto()  # the same, in UTC
    MICROSECONDS = auto()
    UUID = auto()  # 32 lower-case hexadecimals
    JSON = auto()  # read by `json_form`, not by the engine
    ADDRESS = auto()
    RAW = auto()  # the engine's own text


CLOSED = frozenset(
    {
        *(Form.INTEGER, Form.DECIMAL, Form.DOUBLE, Form.DIGITS, Form.HEXADECIMAL),
        *(Form.DATE, Form.TIME, Form.DATETIME, Form.MICROSECONDS),
    }
)
"""Forms whose texts hold no comma."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A column of the source, its namesake on the target, and the form both are compared in."""

    source: Column
    target: Column
    form: Form
    scale: int | None = None

    @property
    def name(self) -> str:
        """The name of the column."""
        return self.source.name

    @property
    def is_nullable(self) -> bool:
        """Whether either side may hold NULL."""
        return self.source.is_nullable or self.target.is_nullable


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What the types of a pair tell before a row is read: a loss, or a form that is accepted by name."""

    column: str
    what: str

    def __str__(self) -> str:
        return f"{self.column}: {self.what}"


JSON_KEY_ORDER = "JSON key order"
_TEXTS = {Family.TEXT, Family.UUID, Family.ADDRESS, Family.OTHER}
_SAME = {
    Family.INTEGER: Form.INTEGER,
    Family.BOOLEAN: Form.INTEGER,
    Family.BITS: Form.INTEGER,
    Family.DECIMAL: Form.DECIMAL,
    Family.SINGLE: Form.DOUBLE,
    Family.DOUBLE: Form.DOUBLE,
    Family.TEXT: Form.TEXT,
    Family.BINARY: Form.HEXADECIMAL,
    Family.DATE: Form.DATE,
    Family.TIME: Form.TIME,
    Family.DATETIME: Form.DATETIME,
    Family.INTERVAL: Form.MICROSECONDS,
    Family.UUID: Form.UUID,
    Family.JSON: Form.JSON,
    Family.ADDRESS: Form.ADDRESS,
    Family.OTHER: Form.RAW,
}
_MIXED = {
    frozenset({Family.INTEGER, Family.BOOLEAN}): Form.INTEGER,
    frozenset({Family.INTEGER, Family.BITS}): Form.INTEGER,
    frozenset({Family.BOOLEAN, Family.BITS}): Form.INTEGER,
    frozenset({Family.INTEGER, Family.DECIMAL}): Form.DECIMAL,
    frozenset({Family.INTEGER, Family.INTERVAL}): Form.MICROSECONDS,
    frozenset({Family.SINGLE, Family.DOUBLE}): Form.DOUBLE,
    frozenset({Family.DATE, Family.DATETIME}): Form.DATETIME,
    frozenset({Family.UUID, Family.TEXT}): Form.UUID,
    frozenset({Family.UUID, Family.BINARY}): Form.UUID,
    frozenset({Family.TEXT, Family.BINARY}): Form.HEXADECIMAL,
    frozenset({Family.TEXT, Family.ADDRESS}): Form.ADDRESS,
    frozenset({Family.TEXT, Family.JSON}): Form.JSON,
}


def pair_columns(source: Table, target: Table, *, is_one_engine: bool) -> tuple[Pair, ...]:
    """Pair the columns of *source* with those of the same name on *target*, which may have more.

    Raises:
        VerificationError: the target lacks a column.
    """
    known = {column.name.lower(): column for column in target.columns}
    missing = [column.name for column in source.columns if column.name.lower() not in known]
    if missing:
        raise VerificationError(
            f"{target.name} on the target has no column {', '.join(missing)}.", table=source.name
        )
    return tuple(
        _pair(column, known[column.name.lower()], is_one_engine=is_one_engine) for column in source.columns
    )


def are_equal(pair: Pair, source: str | None, target: str | None) -> bool:
    """Return whether two canonical texts are the same value.

    Texts are enough, but for doubles of two engines: where two spellings are equally short and lead to the same double, one
    engine chooses the other one than the other engine.
    """
    if source == target:
        return True
    if pair.form is not Form.DIGITS or source is None or target is None:
        return False
    return _double(source) == _double(target)


def _double(text: str) -> str:
    """Return the double that `-15e3` stands for, -0.15e3, in Python's spelling, which keeps the sign of zero."""
    sign = "-" if text.startswith("-") else ""
    digits, _, exponent = text.removeprefix("-").partition("e")
    try:
        return repr(float(f"{sign}0.{digits}e{exponent or 0}"))
    except ValueError:
        return text


def find_losses(pair: Pair) -> tuple[Remark, ...]:
    """Return what the target's type can't hold of the source's: digits, fractions of a second, characters."""
    losses: list[Remark] = []
    source, target = pair.source, pair.target
    if _is_coarser(source, target):
        losses.append(_remark(pair, f"{source.declared} → {target.declared} loses digits"))
    if (source.family, target.family) == (Family.DATETIME, Family.DATE):
        losses.append(_remark(pair, f"{source.declared} → {target.declared} loses the time of day"))
    if (source.family, target.family) == (Family.DOUBLE, Family.SINGLE):
        losses.append(_remark(pair, f"{source.declared} → {target.declared} loses digits"))
    if target.charset and target.charset not in {"utf8mb4", source.charset}:
        losses.append(_remark(pair, f"{target.charset} holds fewer characters than the source"))
    return tuple(losses)


def find_accepted(pair: Pair) -> tuple[Remark, ...]:
    """Return what differs by the nature of the types and is accepted: a `jsonb` keeps no order of keys."""
    keeps_order = {"json", "longtext", "text"}
    is_text = pair.source.declared != pair.target.declared and pair.source.declared in keeps_order
    if pair.form is Form.JSON and is_text and pair.target.declared not in {"longtext", "text"}:
        return (_remark(pair, JSON_KEY_ORDER),)
    return ()


def _pair(source: Column, target: Column, *, is_one_engine: bool) -> Pair:
    if source.family is target.family:
        form = _SAME[source.family]
    else:
        form = _MIXED.get(frozenset({source.family, target.family}), Form.RAW)
    if form is Form.DOUBLE and not is_one_engine:
        form = Form.DIGITS
    if form is Form.JSON and is_one_engine and source.declared == target.declared:
        form = Form.TEXT  # the same text, unless somebody wrote it anew; rows that differ are looked into
    return Pair(source=source, target=target, form=form, scale=_scale(source, target))


def _scale(source: Column, target: Column) -> int | None:
    scales = [0 if column.family is Family.INTEGER else column.scale for column in (source, target)]
    known = [scale for scale in scales if scale is not None]
    return max(known) if len(known) == len(scales) else None


def _is_coarser(source: Column, target: Column) -> bool:
    if target.family not in {Family.DECIMAL, Family.TIME, Family.DATETIME} or target.scale is None:
        return source.family is Family.DECIMAL and target.family is Family.INTEGER and source.scale != 0
    return source.family is target.family and (source.scale is None or source.scale > target.scale)


def _remark(pair: Pair, what: str) -> Remark:
    return Remark(column=pair.name, what=what)
