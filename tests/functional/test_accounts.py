"""Login itself leaves the monolith and comes back, while everybody stays logged in: real processes, through the facade."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import requests

from tests.integration.images.stack import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monolith.journey.site import Site

PASSWORD, NEW_PASSWORD = "Saturday-morning-3", "Sunday-afternoon-4"
SEAMS = ("register", "login", "logout", "profile", "password")
COOKIE = "halftone_account"
MOVE = """
from strangler import rollout
from strangler.core.stages import RolloutStage
for seam in {seams}:
    rollout.change(f"accounts.{{seam}}", stage=RolloutStage("{stage}"), actor="a test", is_forced=True)
"""


class Browser:
    """A visitor: keeps cookies, sends forms as the pages have them."""

    def __init__(self, shop: Site) -> None:
        self.shop = shop
        self.session = requests.Session()

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.shop.url + path, timeout=30)

    def sides(self, path: str) -> set[str]:
        """Ask a page a few times, since each process learns of a change for itself."""
        answers = [self.get(path).headers for _ in range(4)]
        return {each.get("Strangler-Fallback", each["Strangler-Side"]) for each in answers}

    def post(self, path: str, *, page: str = "", **form: str) -> requests.Response:
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(page or path).text)
        assert found, f"{page or path} has no form"
        return self.session.post(
            self.shop.url + path, data={"csrfmiddlewaretoken": found[1], **form}, timeout=30
        )

    def register(self, name: str) -> requests.Response:
        passwords = {"password1": PASSWORD, "password2": PASSWORD}
        return self.post("/account/register/", username=name, email=f"{name}@example.org", **passwords)

    def log_in(self, name: str, password: str = PASSWORD) -> requests.Response:
        return self.post("/account/login/", username=name, password=password)

    def log_out(self) -> requests.Response:
        return self.post("/account/logout/", page="/shop/")

    def change_password(self) -> requests.Response:
        new = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
        return self.post("/account/password/", old_password=PASSWORD, **new)

    def is_logged_in(self, name: str) -> bool:
        """Look at a page of the shop, which is legacy, and at the account, which is on either side."""
        pages = self.get("/orders/"), self.get("/account/profile/")
        seen = {
            page.url.endswith(path)
            for page, path in zip(pages, ("/orders/", "/account/profile/"), strict=True)
        }
        assert len(seen) == 1, "the two sides do not agree"
        return seen == {True} and all(name in page.text for page in pages)

    def copy(self) -> Browser:
        """Return a browser with the same cookies, as a thief has it."""
        thief = Browser(self.shop)
        thief.session.cookies.update(self.session.cookies)
        return thief


@pytest.fixture
def side(shop: Site) -> Iterator[Side]:
    side = Side(shop)
    yield side
    if side.stage != "legacy":
        side.move("legacy")


class Side:
    """Moves login to either side."""

    def __init__(self, shop: Site) -> None:
        self.shop = shop
        self.stage = "legacy"

    def move(self, stage: str) -> None:
        """Move all its seams in one process, and wait until every process of the shop follows."""
        self.shop.manage("shell", "--no-imports", "-c", MOVE.format(seams=SEAMS, stage=stage))
        self.stage = stage
        wanted = "legacy" if stage == "legacy" else "service"
        probe = Browser(self.shop)
        for path in ("/account/login/", "/account/register/", "/account/password/reset/"):
            wait_until(lambda path=path: probe.sides(path) == {wanted}, what=f"{path} at {stage}", seconds=20)


def shown(page: str) -> list[str]:
    """Return a page in lines without what differs each time (tokens), and what only DEBUG has (scripts)."""
    text = re.sub(r'csrfmiddlewaretoken" value="\w+|<script\b.*?</script>', "", page)
    return [line.strip() for line in text.replace(">", ">\n").splitlines() if line.strip()]


class Visitors:
    """Those who come before, during and after the switch."""

    def __init__(self, shop: Site) -> None:
        self.shop = shop
        self.stranger, self.early, self.late, self.stays = (Browser(shop) for _ in range(4))
        self.ann, self.elsewhere = Browser(shop), Browser(shop)  # two browsers of one customer
        self.early.register("early")
        self.stays.register("stays")
        self.ann.register("ann")
        self.elsewhere.log_in("ann")
        self.profile = shown(self.early.get("/account/profile/").text)
        self.pages = self.open_pages()

    def open_pages(self) -> list[list[str]]:
        paths = ("/account/login/?next=/orders/", "/account/register/", "/account/password/reset/")
        return [shown(self.stranger.get(path).text) for path in paths]

    def come_to_the_service(self) -> None:
        assert self.open_pages() == self.pages, "the pages look otherwise"
        assert shown(self.early.get("/account/profile/").text) == self.profile
        assert self.early.is_logged_in("early")
        assert self.elsewhere.is_logged_in("ann")
        assert self.stays.is_logged_in("stays")
        assert COOKIE not in self.stays.session.cookies, "a login lives where it was made"
        answer = self.late.register("late")
        assert (answer.url.endswith("/photos/"), "Welcome, late" in answer.text) == (True, True)
        assert self.late.is_logged_in("late")
        assert self.shop.mailbox.wait_for(to="late@example.org", patience=timedelta(seconds=60))

    def log_out_where_the_login_does_not_live(self) -> None:
        """Early logged in at the monolith; the page is the service's."""
        thief = self.early.copy()
        assert self.early.log_out().status_code == 200
        assert not self.early.is_logged_in("early")
        assert not thief.is_logged_in("early")
        assert self.early.log_in("early").url.endswith("/photos/")
        assert COOKIE in self.early.session.cookies
        assert self.early.is_logged_in("early")

    def change_a_password(self) -> None:
        assert self.ann.change_password().url.endswith("/account/profile/")
        assert self.ann.is_logged_in("ann"), "who changed it stays logged in"
        assert not self.elsewhere.is_logged_in("ann")
        assert "correct username and password" in self.elsewhere.log_in("ann").text

    def go_on_without_the_service(self) -> None:
        """Its pages are legacy's now; who is logged in stays so, and a logout holds."""
        page = self.late.get("/account/profile/")
        assert (page.headers["Strangler-Side"], page.status_code) == ("legacy", 200)
        assert self.late.is_logged_in("late")
        assert self.early.log_out().status_code == 200
        assert not self.early.is_logged_in("early")
        assert self.early.log_in("early").url.endswith("/photos/")

    def come_back_to_the_monolith(self) -> None:
        assert self.open_pages() == self.pages
        for visitor, name in (
            (self.early, "early"),
            (self.late, "late"),
            (self.stays, "stays"),
            (self.ann, "ann"),
        ):
            assert visitor.is_logged_in(name), name
        assert not self.elsewhere.is_logged_in("ann")
        assert "correct username and password" in self.elsewhere.log_in("ann").text
        assert self.elsewhere.log_in("ann", NEW_PASSWORD).url.endswith("/photos/")
        # Late logged in at the service, and logs out at the monolith.
        thief, key = self.late.copy(), self.late.session.cookies[COOKIE]
        self.late.log_out()
        assert not self.late.is_logged_in("late")
        assert not thief.is_logged_in("late")
        assert self.ask_the_service_itself(key) == 302

    def ask_the_service_itself(self, key: str) -> int:
        url = f"http://127.0.0.1:{self.shop.ports.accounts}/account/profile/"
        return requests.get(url, cookies={COOKIE: key}, allow_redirects=False, timeout=30).status_code


def test_login_leaves_the_monolith_and_comes_back_while_everybody_stays_logged_in(
    shop: Site, side: Side
) -> None:
    visitors = Visitors(shop)
    side.move("live")
    visitors.come_to_the_service()
    visitors.log_out_where_the_login_does_not_live()
    visitors.change_a_password()
    key = visitors.early.session.cookies[COOKIE]
    shop.kill("accounts")
    try:
        visitors.go_on_without_the_service()
    finally:
        shop.start("accounts")
    wait_until(
        lambda: visitors.ask_the_service_itself(key) == 302,
        what="the service is told who logged out meanwhile",
    )
    side.move("legacy")
    visitors.come_back_to_the_monolith()


def test_nobody_from_outside_asks_what_is_between_the_sides(shop: Site) -> None:
    forged = {"Strangler-Principal": "forged", "Strangler-Gateway": "guessed", "Strangler-Audience": "images"}
    for path, status in (("principal", 404), ("login", 401), ("users", 401), ("users/1", 401)):
        assert requests.get(f"{shop.url}/_strangler/{path}", headers=forged, timeout=30).status_code == status
