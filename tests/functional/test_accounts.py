"""Login itself leaves the monolith and comes back, while everybody stays logged in: real processes, through the facade."""

from __future__ import annotations

import re
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
def browser(shop: Site) -> Browser:
    return Browser(shop)


@pytest.fixture(scope="module")
def side(shop: Site) -> Iterator[Side]:
    side = Side(shop)
    yield side
    side.move("legacy")


class Side:
    """Moves login to either side."""

    def __init__(self, shop: Site) -> None:
        self.shop = shop

    def move(self, stage: str) -> None:
        """Move all its seams in one process, and wait until every process of the shop follows."""
        self.shop.manage("shell", "--no-imports", "-c", MOVE.format(seams=SEAMS, stage=stage))
        wanted = "legacy" if stage == "legacy" else "service"
        probe = Browser(self.shop)
        for path in ("/account/login/", "/account/register/", "/account/password/reset/"):
            wait_until(lambda path=path: probe.sides(path) == {wanted}, what=f"{path} at {stage}", seconds=20)


def shown(page: str) -> list[str]:
    """Return a page in lines without what differs each time (tokens), and what only DEBUG has (scripts)."""
    text = re.sub(r'csrfmiddlewaretoken" value="\w+|<script\b.*?</script>|<[^<>]*><script\b.*', "", page)
    return [line.strip() for line in text.replace(">", ">\n").splitlines() if line.strip()]


def test_login_leaves_the_monolith_and_comes_back_while_everybody_stays_logged_in(
    shop: Site, side: Side
) -> None:
    paths = ("/account/login/?next=/orders/", "/account/register/", "/account/password/reset/")
    early, late, stays = Browser(shop), Browser(shop), Browser(shop)
    stranger = Browser(shop)
    before = [shown(stranger.get(path).text) for path in paths]
    assert early.register("early").url.endswith("/photos/")
    assert stays.register("stays").url.endswith("/photos/")
    profile = shown(early.get("/account/profile/").text)

    side.move("live")
    assert [shown(stranger.get(path).text) for path in paths] == before, "the pages look otherwise"
    assert shown(early.get("/account/profile/").text) == profile
    assert early.is_logged_in("early")
    assert stays.is_logged_in("stays")
    assert COOKIE not in early.session.cookies, "the login lives where it was made"
    # A new customer of the service is one of the shop with the very next page.
    answer = late.register("late")
    assert "Welcome, late" in answer.text
    assert answer.url.endswith("/photos/")
    assert late.is_logged_in("late")
    # Who logged in at the monolith logs out at the service, and in again.
    thief = early.copy()
    assert early.log_out().status_code == 200
    assert not early.is_logged_in("early")
    assert not thief.is_logged_in("early")
    assert early.log_in("early").url.endswith("/photos/")
    assert COOKIE in early.session.cookies
    assert early.is_logged_in("early")

    side.move("legacy")
    assert all(each.is_logged_in(name) for each, name in ((early, "early"), (late, "late"), (stays, "stays")))
    assert [shown(stranger.get(path).text) for path in paths] == before
    # Who logged in at the service logs out at the monolith.
    thief = early.copy()
    early.log_out()
    assert not early.is_logged_in("early")
    assert not thief.is_logged_in("early")
    side.move("live")
    assert not thief.is_logged_in("early"), "the login at the service was not ended"
    assert late.is_logged_in("late")
    side.move("legacy")


def test_a_password_that_is_changed_on_one_side_is_changed_on_both(shop: Site, side: Side) -> None:
    ann, elsewhere = Browser(shop), Browser(shop)
    ann.register("ann")
    elsewhere.log_in("ann")
    side.move("live")
    assert elsewhere.is_logged_in("ann")
    assert ann.change_password().url.endswith("/account/profile/")
    assert ann.is_logged_in("ann"), "who changed it stays logged in"
    assert not elsewhere.is_logged_in("ann")
    assert "correct username and password" in elsewhere.log_in("ann").text
    side.move("legacy")
    assert ann.is_logged_in("ann")
    assert not elsewhere.is_logged_in("ann")
    assert "correct username and password" in elsewhere.log_in("ann").text
    assert elsewhere.log_in("ann", NEW_PASSWORD).url.endswith("/photos/")


def test_without_the_service_its_customers_stay_logged_in_and_new_ones_log_in_at_the_monolith(
    shop: Site, side: Side
) -> None:
    side.move("live")
    bea, cem = Browser(shop), Browser(shop)
    bea.register("bea")
    cem.register("cem")
    cem.log_out()
    assert bea.is_logged_in("bea")
    shop.kill("accounts")
    try:
        assert bea.get("/orders/").url.endswith("/orders/")
        page = bea.get("/account/profile/")
        assert (page.headers["Strangler-Side"], page.status_code) == ("legacy", 200)
        answer = cem.log_in("cem")
        assert answer.url.endswith("/photos/")
        assert bea.log_out().status_code == 200
        assert not bea.is_logged_in("bea")
    finally:
        shop.start("accounts")
    assert wait_until(lambda: cem.is_logged_in("cem"), what="cem is known on both sides")
    assert not bea.is_logged_in("bea")


def test_nobody_from_outside_asks_what_is_between_the_sides(shop: Site) -> None:
    forged = {"Strangler-Principal": "forged", "Strangler-Gateway": "guessed", "Strangler-Audience": "images"}
    for path, status in (("principal", 404), ("login", 401), ("users", 401), ("users/1", 401)):
        assert requests.get(f"{shop.url}/_strangler/{path}", headers=forged, timeout=30).status_code == status
