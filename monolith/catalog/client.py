"""The catalogue as the catalog service's API has it: `/catalog/openapi.json` says what is asked here.

Every page asks, with the ETag of the last answer to the same question, so what it shows is never older than the page;
an answer that is still good comes as 304, without a body. The last answers are kept beyond that for the case that
nobody answers, see `last_answer`.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

import urllib3

from monolith.catalog.errors import CatalogSilentError
from monolith.catalog.values import Category, Found, Product, Wanted
from strangler.calls import together
from strangler.conf import config
from strangler.errors import ConfigurationError
from strangler.service import PRINCIPAL_HEADER, Principal, sign_principal

SERVICE = "catalog"
ROOT = "/catalog/"
CONNECT_TIMEOUT, READ_TIMEOUT = timedelta(seconds=0.5), timedelta(seconds=2)
KEPT_ANSWERS = 500
LONGEST_LATE = timedelta(minutes=10)
"""How old an answer may be that a page shows while nobody answers; it says so."""
MOST_IDS = 200
"""In one request: 200 of them fit into any URL."""

Item = TypeVar("Item", Category, Product)
_kinds: dict[type, tuple[str, ...]] = {
    int: ("id", "position"),
    str: ("slug", "name", "kind", "summary", "description", "blurb"),
    bool: ("takes_photo", "is_active", "is_featured"),
    dict: ("attributes",),
}
_CATEGORY = ("id", "slug", "name", "blurb", "position")
_PRODUCT = (
    *("id", "slug", "name", "kind", "summary", "description", "attributes"),
    *("takes_photo", "is_active", "is_featured", "position"),
)


@dataclass(frozen=True, slots=True)
class _Answer:
    etag: str
    content: Any
    came_at: datetime


_answers: OrderedDict[str, _Answer] = OrderedDict()
_lock = threading.Lock()


def find(wanted: Wanted) -> Found:
    """Answer *wanted* with one request, two at the same time with categories.

    Raises: CatalogSilentError: no answer within the deadline, or not one as described.
    """
    return _find(wanted, _ask)


def last_answer(wanted: Wanted, *, now: datetime | None = None) -> Found | None:
    """Return what this process heard last as the answer to *wanted*, if it is not too old; asks nobody."""
    since = (now or datetime.now(UTC)) - LONGEST_LATE
    heard: list[_Answer] = []

    def remember(path: str) -> Any:
        answer = _answers.get(path)
        if answer is None or answer.came_at < since:
            raise CatalogSilentError(path)
        heard.append(answer)
        return answer.content

    try:
        found = _find(wanted, remember, is_alone=True)
    except CatalogSilentError:
        return None
    oldest = min((answer.came_at for answer in heard), default=None)
    return Found(products=found.products, categories=found.categories, late_since=oldest)


def forget() -> None:
    """Forget all answers."""
    with _lock:
        _answers.clear()


def _find(wanted: Wanted, ask: Callable[[str], Any], *, is_alone: bool = False) -> Found:
    wishes: list[Callable[[], tuple[Any, ...]]] = [partial(_products, wanted, ask)]
    if wanted.with_categories:
        wishes.append(partial(_categories, ask))
    products, *others = [wish() for wish in wishes] if is_alone else together(*wishes)
    return Found(products=products, categories=others[0] if others else ())


def _categories(ask: Callable[[str], Any]) -> tuple[Category, ...]:
    return tuple(_read(each, _category) for each in _member(ask(f"{ROOT}categories"), "categories"))


def _products(wanted: Wanted, ask: Callable[[str], Any]) -> tuple[Product, ...]:
    if wanted.ids is None:
        return _pages(_path(wanted), ask)
    chunks = [wanted.ids[begin : begin + MOST_IDS] for begin in range(0, len(wanted.ids), MOST_IDS)]
    return tuple(product for chunk in chunks for product in _pages(_path(wanted, ids=chunk), ask))


def _pages(path: str, ask: Callable[[str], Any]) -> tuple[Product, ...]:
    found: list[Product] = []
    while path:
        content = ask(path)
        found += (_read(each, _product) for each in _member(content, "products"))
        path = content.get("next", "")
        if path and not str(path).startswith(ROOT):
            raise CatalogSilentError(f"the next page is at {path!r}")
    return tuple(found)


def _path(wanted: Wanted, ids: tuple[int, ...] = ()) -> str:
    flags = {"active": wanted.is_active, "featured": wanted.is_featured, "takes_photo": wanted.takes_photo}
    query = [(name, str(value).lower()) for name, value in flags.items() if value is not None]
    query += [(name, text) for name, text in (("category", wanted.category), ("slug", wanted.slug)) if text]
    query += [("id", str(each)) for each in sorted(ids)]
    return f"{ROOT}products?{urlencode(query)}"


@cache
def _pool() -> urllib3.PoolManager:
    timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT.total_seconds(), read=READ_TIMEOUT.total_seconds())
    return urllib3.PoolManager(maxsize=8, timeout=timeout, retries=False)


def _ask(path: str) -> Any:
    """Return the content of *path*, from the service or, if that says so, as it was."""
    before = _answers.get(path)
    headers = {PRINCIPAL_HEADER: sign_principal(Principal.for_service("monolith"), audience=SERVICE)}
    if before:
        headers["If-None-Match"] = before.etag
    try:
        answer = _pool().request("GET", config().service_url(SERVICE) + path, headers=headers, redirect=False)
    except (urllib3.exceptions.HTTPError, ConfigurationError) as error:
        raise CatalogSilentError(f"{path}: {error}") from error
    if before and answer.status == HTTPStatus.NOT_MODIFIED:
        content, etag = before.content, before.etag
    elif answer.status == HTTPStatus.OK:
        content, etag = _decoded(answer.data), answer.headers.get("ETag", "")
    else:
        raise CatalogSilentError(f"{path}: status {answer.status}")
    _keep(path, _Answer(etag, content, datetime.now(UTC)))
    return content


def _keep(path: str, answer: _Answer) -> None:
    with _lock:
        _answers[path] = answer
        _answers.move_to_end(path)
        while len(_answers) > KEPT_ANSWERS:
            _answers.popitem(last=False)


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise CatalogSilentError(f"no JSON: {error}") from error


def _member(content: Any, name: str) -> list[Any]:
    found = content.get(name) if isinstance(content, dict) else None
    if not isinstance(found, list):
        raise CatalogSilentError(f"an answer has no list {name!r}")
    return found


def _read(raw: Any, make: Callable[[dict[str, Any]], Item]) -> Item:
    if not isinstance(raw, dict):
        raise CatalogSilentError("an answer is no object")
    return make(raw)


def _category(raw: dict[str, Any]) -> Category:
    return Category(**_values(raw, _CATEGORY))


def _product(raw: dict[str, Any]) -> Product:
    return Product(category=_read(raw.get("category"), _category), **_values(raw, _PRODUCT))


def _values(raw: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return the values of *names*, each of its type; further ones are ignored, as a service may learn to say more."""
    for kind, those in _kinds.items():
        for name in those:
            if name in names and type(raw.get(name)) is not kind:
                raise CatalogSilentError(
                    f"{name!r} is {raw.get(name)!r} in an answer, which is no {kind.__name__}"
                )
    return {name: raw[name] for name in names}
