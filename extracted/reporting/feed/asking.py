"""Ask the shop, in the service's own name."""

import json
from functools import cache
from typing import Any

import urllib3

from extracted.reporting.conf import config
from extracted.reporting.errors import FeedError
from strangler.service import PRINCIPAL_HEADER, Principal, sign_principal

_TIMEOUT = urllib3.Timeout(connect=2, read=30)


def chunk(table: str, *, after: int) -> Any:
    """Return the shop's next rows of *table* above the key *after*.

    Raises: FeedError: the shop does not answer, or refuses.
    """
    return _ask("GET", f"/reports/feed/{table}/?after={after}", expected=200)


def mark() -> None:
    """Have the shop send a mark behind all its changes.

    Raises: FeedError: the shop does not answer, or its feed is off.
    """
    _ask("POST", "/reports/feed/mark/", expected=202)


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(maxsize=2, timeout=_TIMEOUT, retries=False)


def _ask(method: str, path: str, *, expected: int) -> Any:
    headers = {PRINCIPAL_HEADER: sign_principal(Principal.for_service("reporting"), audience="monolith")}
    url = config().monolith_url + path
    try:
        answer = _pool().request(method, url, headers=headers)
        content = json.loads(answer.data)
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise FeedError(f"the shop did not answer at {url}: {error}") from error
    if answer.status != expected:
        raise FeedError(f"the shop answered {url} with {answer.status}: {content}")
    return content
