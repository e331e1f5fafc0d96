"""Whose the tables are now: the shop knows, and is asked before anything is written.

Edits are rare, so each of them may cost a question. The fence of the move stands behind it: an edit that comes in between the answer and
a switch or reverse is refused by the database.
"""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import urllib3

from extracted.catalog.conf import config
from extracted.catalog.errors import NotOwnerError, ShopSilentError
from strangler.service import PRINCIPAL_HEADER, Principal, sign_principal

_TIMEOUT = urllib3.Timeout(connect=2, read=5)
_OK = 200


def require_ownership() -> None:
    """Return if this service owns the catalogue.

    Raises: NotOwnerError: the shop does. ShopSilentError: it does not say.
    """
    if _ask("GET", "/catalog-door/owner/").get("owner") != "catalog":
        raise NotOwnerError


def tell_changed(products: Iterable[int]) -> None:
    """Tell the shop that *products* were edited here, since others hear of that from the shop: reports have names.

    Raises: ShopSilentError: it did not hear it.
    """
    _ask("POST", "/catalog-door/changed/", body={"products": list(products)})


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(maxsize=2, timeout=_TIMEOUT, retries=False)


def _ask(method: str, path: str, *, body: Any = None) -> Any:
    headers = {PRINCIPAL_HEADER: sign_principal(Principal.for_service("catalog"), audience="monolith")}
    try:
        answer = _pool().request(
            method, config().monolith_url + path, headers=headers, json=body, redirect=False
        )
        content = json.loads(answer.data)
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise ShopSilentError(type(error).__name__) from error
    if answer.status != _OK:
        raise ShopSilentError(f"status {answer.status}")
    return content
