"""Answer a question for products: filters, words and a place to go on, all checked before the database is asked."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from extracted.catalog.attributes import (
    PREFIX,
    Bound,
    bound_wanted,
    declared,
    documents_wanted,
    refuse_crossing,
)
from extracted.catalog.conf import config
from extracted.catalog.documents import current_types
from extracted.catalog.errors import BadCursorError, BadValueError, UnknownParameterError, UnknownTypeError
from extracted.catalog.models import Product
from extracted.catalog.searching import means
from extracted.catalog.values import LARGEST_ID, boolean, refuse_nul, whole_number

PARAMETERS = ("slug", "category", "kind", "q", "active", "featured", "takes_photo", "id", "limit", "after")
_TEXTS = {"slug": "slug", "category": "category__slug"}
_FLAGS = {"active": "is_active", "featured": "is_featured", "takes_photo": "takes_photo"}
MOST_IDS = 500
LONGEST_WORDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Products in their order, and the cursor of the next page; empty on the last one."""

    products: list[Product]
    cursor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked for, checked.

    Args:
        condition: which products.
        words: for the full-text search; empty for none. Then the best come first, else those of the lowest position.
        limit: most products of the page.
        after: the sort key of the last product of the page before; None for the first page.
        fingerprint: of everything but the page.
    """

    condition: Q
    words: str
    limit: int
    after: tuple[float, int] | None
    fingerprint: str

    @classmethod
    def parse(cls, values: Mapping[str, list[str]]) -> "Question":
        """Read the parameters of a URL.

        Raises: UnknownParameterError, UnknownTypeError, BadValueError, BadCursorError: names what is wrong.
        """
        for name, given in values.items():
            refuse_nul("parameters", [name, *given])
            if name not in PARAMETERS and not name.startswith(PREFIX):
                raise UnknownParameterError(name, known=[*PARAMETERS, f"{PREFIX}…"])
            if len(given) > 1 and name != "id":
                raise BadValueError(name, given[1], wanted="given once")
        rest = sorted((name, given) for name, given in values.items() if name not in {"after", "limit"})
        fingerprint = hashlib.sha256(json.dumps(rest).encode()).hexdigest()[:12]
        one = {name: given[0] for name, given in values.items()}
        limit = whole_number("limit", one.get("limit", str(config().page_rows)), most=config().page_rows)
        return cls(
            condition=_condition(one, ids=values.get("id", [])),
            words=_words(one.get("q", "")),
            limit=limit,
            after=_read_cursor(one["after"], fingerprint) if "after" in one else None,
            fingerprint=fingerprint,
        )

    def answer(self) -> Page:
        """Return the products of this page."""
        found = Product.objects.filter(self.condition).select_related("category")
        first, key = ("-rank", "rank") if self.words else ("position", "position")
        if self.words:
            found = means().matching(found, self.words)
        found = self._behind(found, key).order_by(first, "pk")
        products = list(found[: self.limit + 1])
        cursor = ""
        if len(products) > self.limit:
            products.pop()
            cursor = _cursor(self.fingerprint, getattr(products[-1], key), products[-1].pk)
        return Page(products=products, cursor=cursor)

    def _behind(self, found: QuerySet[Product], key: str) -> QuerySet[Product]:
        if self.after is None:
            return found
        value, pk = self.after
        beyond = {f"{key}__lt": value} if self.words else {f"{key}__gt": value}
        return found.filter(Q(**beyond) | Q(**{key: value}, pk__gt=pk))


def _condition(one: Mapping[str, str], *, ids: list[str]) -> Q:
    condition = _documents(one)
    for name, column in _TEXTS.items():
        if name in one:
            condition &= Q(**{column: one[name]})
    for name, column in _FLAGS.items():
        if name in one:
            condition &= Q(**{column: boolean(name, one[name])})
    if ids:
        if len(ids) > MOST_IDS:
            raise BadValueError("id", f"{len(ids)} of them", wanted=f"given at most {MOST_IDS} times")
        condition &= Q(pk__in=[whole_number("id", each, most=LARGEST_ID) for each in ids])
    return condition


def _documents(one: Mapping[str, str]) -> Q:
    """Return the condition on kind and attributes, which the types know."""
    types, condition = current_types(), Q()
    if "kind" in one:
        if one["kind"] not in types:
            raise UnknownTypeError(one["kind"], known=sorted(types))
        types = {one["kind"]: types[one["kind"]]}
        condition &= Q(kind=one["kind"])
    known, bounds = declared(types.values()), list[Bound]()
    asked = {name.removeprefix(PREFIX): text for name, text in one.items() if name.startswith(PREFIX)}
    for name, text in asked.items():
        if bound := bound_wanted(name, text, known=known):
            bounds.append(bound)
            condition &= means().comparing(bound)
        else:
            documents = documents_wanted(name, text, known=known)
            condition &= reduce(or_, (means().containing(each) for each in documents))
    refuse_crossing(bounds)
    return condition


def _words(text: str) -> str:
    if len(text) > LONGEST_WORDS:
        raise BadValueError("q", text, wanted=f"at most {LONGEST_WORDS} characters long")
    return text.strip()


def _cursor(fingerprint: str, value: float, pk: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([fingerprint, value, pk]).encode()).decode().rstrip("=")


def _read_cursor(text: str, fingerprint: str) -> tuple[float, int]:
    try:
        content: Any = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        whose, value, pk = content
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise BadCursorError from None
    is_sound = (
        type(value) in (int, float) and abs(value) <= LARGEST_ID and type(pk) is int and 0 < pk <= LARGEST_ID
    )
    if whose != fingerprint or not is_sound:
        raise BadCursorError
    return value, pk
