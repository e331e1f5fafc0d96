"""What the clients of a side have in common: requests as Django's test client makes them, and calls by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from strangler.testing.questions import find_declaration, find_route, make_call, make_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User

    from strangler.calls.declarations import Declaration
    from strangler.core.capture import RecordedCall, RecordedRequest

__tracebackhide__ = True  # a failure shows the line of the test, not ours

Seen = TypeVar("Seen")


class SeamClient(ABC, Generic[Seen]):
    """Asks one side, or both, in a sandbox: nothing that is done stays, so each request begins where the test is.

    The methods take what those of `django.test.Client` take: `path`, `data`, `content_type`, `headers`, ….
    """

    seam = ""
    """The only seam that may be asked; empty for any."""

    def __init__(self) -> None:
        self.user: User | None = None

    def login(self, user: User) -> None:
        """Let *user* be logged in from now on: by a session in the monolith, by a signed principal in a service."""
        self.user = user

    def logout(self) -> None:
        """Let nobody be logged in."""
        self.user = None

    def get(self, path: str, data: Any = None, **options: Any) -> Seen:
        """Ask with GET; *data* is the query."""
        return self.request("GET", path, data, **options)

    def head(self, path: str, data: Any = None, **options: Any) -> Seen:
        """Ask with HEAD; *data* is the query."""
        return self.request("HEAD", path, data, **options)

    def options(self, path: str, data: Any = None, **options: Any) -> Seen:
        """Ask with OPTIONS."""
        return self.request("OPTIONS", path, data, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> Seen:
        """Ask with POST; *data* is a form unless `content_type` says otherwise."""
        return self.request("POST", path, data, **options)

    def put(self, path: str, data: Any = None, **options: Any) -> Seen:
        """Ask with PUT."""
        return self.request("PUT", path, data, **options)

    def patch(self, path: str, data: Any = None, **options: Any) -> Seen:
        """Ask with PATCH."""
        return self.request("PATCH", path, data, **options)

    def delete(self, path: str, data: Any = None, **options: Any) -> Seen:
        """Ask with DELETE."""
        return self.request("DELETE", path, data, **options)

    def request(self, method: str, path: str, data: Any = None, **options: Any) -> Seen:
        """Ask a request.

        Raises: ConfigurationError: it does not come to the seam, nor to any other one that a service has.
        """
        asked = make_request(method, path, data, **options)
        return self.ask(find_route(asked, seam=self.seam).name, asked)

    def call(self, *args: Any, **kwargs: Any) -> Seen:
        """Ask a call seam: its name and the arguments of the callable; where the seam is given, the arguments alone.

        Raises: ConfigurationError: it is a route, or no module was imported that has `@seam(name)`.
        """
        name, *rest = (self.seam, *args) if self.seam else args
        declaration = find_declaration(name)
        asked = make_call(declaration, rest, kwargs)
        return self.ask_call(declaration, asked, lambda: declaration.target(*rest, **kwargs))

    @abstractmethod
    def ask(self, seam: str, asked: RecordedRequest) -> Seen:
        """Ask *asked*, which comes to *seam*."""

    @abstractmethod
    def ask_call(self, declaration: Declaration, asked: RecordedCall, work: Callable[[], object]) -> Seen:
        """Ask a call: *work* is legacy's, *asked* the service's."""
