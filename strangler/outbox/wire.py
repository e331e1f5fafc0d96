"""A waiting row as a Celery task message, so that any Celery worker of the service can receive it.

Source: docs.celeryq.dev, Message Protocol, version 2. `body` and `version` are keyword arguments of the task; what
else there is to know goes into headers that begin with `strangler-`.

The body is JSON text already and stays text: it is only checked, never turned into objects and back.
"""

from __future__ import annotations

import json
import os
import socket
from json.encoder import encode_basestring_ascii as quote
from typing import TYPE_CHECKING, Any, NamedTuple

from strangler.core.messages import HEADER_PREFIX
from strangler.errors import MessageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

KEY = f"{HEADER_PREFIX}key"
VERSION = f"{HEADER_PREFIX}version"
_EMBED = '{"callbacks":null,"errbacks":null,"chain":null,"chord":null}'


class Row(NamedTuple):
    """A waiting message as it is read from the table; a tuple, since thousands are made in a second."""

    pk: int
    message_id: UUID
    type: str
    version: int
    body: str
    headers: str
    queue: str
    key: str
    rank: int


def task_body(row: Row) -> str:
    """Return the body of the task message: no arguments, the two keyword arguments, no callbacks.

    Raises:
        MessageError: somebody wrote a row that is not JSON; it would only fail at the receiver.
    """
    try:
        value = json.loads(row.body)
    except ValueError as error:
        raise MessageError(f"its body in the table is not JSON: {error}.", type=row.type) from error
    if not isinstance(value, dict):
        raise MessageError("its body in the table is no JSON object.", type=row.type)
    return f'[[],{{"body":{row.body},"version":{row.version}}},{_EMBED}]'


def task_headers(row: Row) -> dict[str, Any]:
    """Return the headers of the task message.

    Raises:
        MessageError: the headers in the table are no JSON object.
    """
    headers = {
        "lang": "py",
        "task": row.type,
        "id": str(row.message_id),
        "root_id": str(row.message_id),
        "parent_id": None,
        "group": None,
        "retries": 0,
        "eta": None,
        "expires": None,
        "argsrepr": "()",
        "kwargsrepr": _shown(row),
        "origin": _origin(),
        VERSION: str(row.version),
    }
    if row.key:
        headers[KEY] = row.key
    return headers | own_headers(row)


def task_headers_text(row: Row) -> str:
    """Return `task_headers` as JSON text, put together by hand: a third of the time."""
    own = own_headers(row) and f",{row.headers[1:-1]}"
    key = row.key and f',"{KEY}":{quote(row.key)}'
    id = row.message_id  # noqa: A001
    return (
        f'{{"lang":"py","task":{quote(row.type)},"id":"{id}","root_id":"{id}","parent_id":null,"group":null,'
        f'"retries":0,"eta":null,"expires":null,"argsrepr":"()","kwargsrepr":{quote(_shown(row))},'
        f'"origin":{quote(_origin())},"{VERSION}":"{row.version}"{key or ""}{own or ""}}}'
    )


def own_headers(row: Row) -> dict[str, Any]:
    """Return the headers that the sender gave.

    Raises:
        MessageError: they are no JSON object.
    """
    if not row.headers:
        return {}
    try:
        value = json.loads(row.headers)
    except ValueError as error:
        raise MessageError(f"its headers in the table are not JSON: {error}.", type=row.type) from error
    if not isinstance(value, dict):
        raise MessageError("its headers in the table are no JSON object.", type=row.type)
    return value


def with_headers(row: Row, headers: Mapping[str, Any]) -> Row:
    """Return *row* with *headers* in place of those that the sender gave."""
    return row._replace(headers=json.dumps(headers, separators=(",", ":")))


def _shown(row: Row) -> str:
    """Return what workers may write to their logs: bodies hold addresses and names, so not the body."""
    return f"{{'version': {row.version}, 'body': <{len(row.body)} bytes>}}"


def _origin() -> str:
    return f"relay{os.getpid()}@{_HOST}"


_HOST = socket.gethostname()
