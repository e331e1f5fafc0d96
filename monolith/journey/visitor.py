"""A visitor: a person with a browser, who registers, uploads photos and looks at them."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

import requests

from monolith.journey import pages
from monolith.journey.pages import Shown
from monolith.journey.pictures import Photograph

PATIENCE = timedelta(seconds=60)
PASSWORD = "a-long-walk-with-a-camera"  # noqa: S105 - of accounts that only this machine has
CSRF_FIELD = "csrfmiddlewaretoken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, and how long it took from the first byte sent to the last received."""

    status: int
    seconds: float
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def side(self) -> str:
        """Who did the work: `legacy`, `service`, or nothing if no seam was involved."""
        return self.headers.get("strangler-side", "")

    @property
    def fallback(self) -> str:
        """Why legacy did it although the service should have; empty if it did not."""
        return self.headers.get("strangler-fallback", "")

    @property
    def location(self) -> str:
        """Where the answer sends the visitor."""
        return self.headers.get("location", "")

    @property
    def is_done(self) -> bool:
        """Whether the work was done before the answer (302, on to the next page)."""
        return self.status == HTTPStatus.FOUND

    @property
    def is_accepted(self) -> bool:
        """Whether the work was accepted, to be done soon (202)."""
        return self.status == HTTPStatus.ACCEPTED

    @property
    def is_acknowledged(self) -> bool:
        """Whether the site took the upload, one way or the other."""
        return self.is_done or self.is_accepted

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)

    def __str__(self) -> str:
        return f"{self.status} from {self.side or 'nobody'}{f' (fallback: {self.fallback})' if self.fallback else ''}"


class Visitor:
    """One browser. Not for several threads: each takes a `new_browser()` of the same person.

    Args:
        site: address of the shop.
        name: of the account.
        patience: how long it waits for an answer.
    """

    def __init__(self, site: str, *, name: str, patience: timedelta = PATIENCE) -> None:
        self.site = site
        self.name = name
        self.email = f"{name}@example.com"
        self._patience = patience
        self._session = requests.Session()
        self._token = ""

    @property
    def client_key(self) -> str:
        """The cookie by which the site keeps this browser on one side."""
        return str(self._session.cookies.get("strangler_id", ""))

    def new_browser(self) -> "Visitor":
        """Return the same logged-in person with another browser: a new client for the site's decisions."""
        other = Visitor(self.site, name=self.name, patience=self._patience)
        for cookie in self._session.cookies:
            if cookie.name != "strangler_id":
                other._session.cookies.set_cookie(cookie)
        other._token = self._token
        return other

    def get(self, address: str, *, accept: str = "text/html") -> Answer:
        """Fetch a page of the site."""
        return self._send("GET", address, headers={"Accept": accept})

    def fetch(self, address: str) -> bytes:
        """Fetch a file; raises requests.HTTPError if it is not there."""
        response = self._session.get(urljoin(self.site, address), timeout=self._patience.total_seconds())
        response.raise_for_status()
        return response.content

    def register(self) -> Answer:
        """Fill in and send the registration form."""
        values = {
            "username": self.name,
            "email": self.email,
            "first_name": self.name.split("-")[0].title(),
            "last_name": "Example",
            "password1": PASSWORD,
            "password2": PASSWORD,
        }
        return self.fill_in("/account/register/", values)

    def log_in(self, *, password: str = PASSWORD) -> Answer:
        """Fill in and send the login form; a login is done when the answer leads on."""
        return self.fill_in("/account/login/", {"username": self.name, "password": password})

    def fill_in(self, address: str, values: Mapping[str, str], *, action: str = "") -> Answer:
        """Load the form at *address* and send it with *values*, to *action* if the form goes elsewhere."""
        form = pages.read(self.get(address).text)
        return self._send("POST", action or address, data={CSRF_FIELD: form.token, **values})

    def open_upload_form(self) -> None:
        """Load the form, as a person does before choosing files."""
        self._token = pages.read(self.get("/photos/upload/").text).token

    def upload(
        self, photos: Sequence[Photograph], *, accept: str = "text/html", token: str | None = None
    ) -> Answer:
        """Send the upload form; *token* stands in for the form's own."""
        if not self._token:
            self.open_upload_form()
        files = [("photos", (each.filename, each.content, each.mime_type)) for each in photos]
        values = {CSRF_FIELD: self._token if token is None else token}
        self._session.close()  # choosing files takes longer than a server keeps a connection
        return self._send("POST", "/photos/upload/", data=values, files=files, headers={"Accept": accept})

    def upload_status(self, address: str) -> dict[str, Any]:
        """Return how an accepted upload is doing; asks again, as told, where the service can't say yet."""
        deadline = time.monotonic() + self._patience.total_seconds()
        answer = self.get(address, accept="application/json")
        while answer.status == HTTPStatus.SERVICE_UNAVAILABLE and time.monotonic() < deadline:
            time.sleep(float(answer.headers.get("retry-after", "1")))
            answer = self.get(address, accept="application/json")
        if answer.status != HTTPStatus.OK:
            raise requests.HTTPError(f"The status of the upload at {address} answered {answer}.")
        status: dict[str, Any] = answer.json
        return status

    def gallery(self) -> list[Shown]:
        """Return all photos that the gallery shows, page after page."""
        photos: list[Shown] = []
        for number in range(1, 1000):
            page = pages.read(self.get(pages.page_address("/photos/", number)).text)
            photos.extend(page.photos)
            if not page.has_next:
                break
        return photos

    def _send(self, method: str, address: str, **options: Any) -> Answer:
        started = time.perf_counter()
        response = self._session.request(
            method,
            urljoin(self.site, address),
            timeout=self._patience.total_seconds(),
            allow_redirects=False,
            **options,
        )
        return Answer(
            status=response.status_code,
            seconds=time.perf_counter() - started,
            text=response.text,
            headers={name.lower(): value for name, value in response.headers.items()},
        )
