"""What a test asks, in the form in which both sides can be asked it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.test import RequestFactory

from strangler.calls.declarations import declared
from strangler.calls.watched import plain_json
from strangler.conf import config
from strangler.core.capture import RecordedCall, RecordedRequest
from strangler.core.seams import Call
from strangler.errors import ConfigurationError, UnknownSeamError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from strangler.calls.declarations import Declaration
    from strangler.core.seams import Route, Seam

_MADE_BY_CLIENTS = frozenset({"Cookie", "Content-Length"})


def make_request(method: str, path: str, data: Any = None, **options: Any) -> RecordedRequest:
    """Return the request that Django's test client would make of the same arguments; files are read to their end."""
    make = getattr(RequestFactory(), method.lower())
    request = make(path, **({} if data is None else {"data": data}), **options)
    headers = [(name, value) for name, value in request.headers.items() if name not in _MADE_BY_CLIENTS]
    if request.META.get("HTTP_COOKIE"):
        headers.append(("Cookie", request.META["HTTP_COOKIE"]))
    body = request.body
    return RecordedRequest(method=method, target=request.get_full_path(), headers=tuple(headers), body=body)


def make_call(declaration: Declaration, args: Sequence[Any], kwargs: Mapping[str, Any]) -> RecordedCall:
    """Return the message that the service would get for a call with these arguments."""
    found = find_call(declaration.name)
    body = plain_json(declaration.message(*args, **kwargs))
    return RecordedCall(task=found.task, body=body, version=declaration.version)


def find_seam(name: str) -> Seam:
    """Return the seam *name* of the topology.

    Raises: UnknownSeamError: names the nearest one.
    """
    seams = config().topology.seams
    if name not in seams:
        raise UnknownSeamError(name, known=seams)
    return seams[name]


def find_call(name: str) -> Call:
    """Return the call seam *name*; raises as `find_seam`, and ConfigurationError for a route."""
    found = find_seam(name)
    if not isinstance(found, Call):
        raise ConfigurationError(
            f"Seam {name!r} is a route.",
            hint=f"Ask it with a request: side.post({found.place.split()[-1]!r}).",
        )
    return found


def find_route(asked: RecordedRequest, *, seam: str = "") -> Route:
    """Return the route that *asked* comes to.

    Args:
        seam: which one it has to be; empty for any.
    Raises: ConfigurationError: none, or another one, so that another thing would be compared than the test says.
    """
    path = asked.target.partition("?")[0]
    found = config().topology.match(asked.method, path)
    if found is not None and seam in {"", found.name}:
        return found
    what = f"{asked.method} {path} is {f'seam {found.name!r}' if found else 'no seam of the topology'}"
    hint = f"Seam {seam!r} is {find_seam(seam).place}." if seam else "Ask for the path of a route."
    raise ConfigurationError(f"{what}.", hint=hint)


def find_declaration(name: str) -> Declaration:
    """Return where `@seam(name)` stands; raises ConfigurationError if no module says so that was imported so far."""
    find_call(name)
    for each in declared():
        if each.name == name:
            return each
    raise ConfigurationError(
        f"No module that was imported has @seam({name!r}).", hint="Import the one that does in the test."
    )
