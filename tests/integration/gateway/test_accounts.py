"""Login itself behind the real nginx: what was rendered for the shop, its monolith and its accounts service, as in production."""

from __future__ import annotations

from contextlib import ExitStack
from http.cookies import SimpleCookie

import pytest
import requests

from strangler import tokens
from strangler.core.principal import Principal
from tests.integration.gateway.shop.running import ADDRESS, HOST, KEY, Browser, Shop
from tests.servers.fixtures import require_server

PASSWORD = "Saturday-morning-3"
PEOPLE = {"annabel": PASSWORD, "bartholomew": PASSWORD}
SESSIONS = ("sessionid", "halftone_account")
FORM = {"email": "annabel@example.org", "country": "France"}
PROFILE, ORDERS = "/account/profile/", "/orders/"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    require_server("nginx")
    shop = Shop(tmp_path_factory.mktemp("shop"))
    with ExitStack() as stack:
        yield shop.run(stack, people=PEOPLE)


def side_of(answer: requests.Response) -> str:
    return answer.headers.get("Strangler-Side", "") + answer.headers.get("Strangler-Fallback", "")


def cookies_of(answer: requests.Response) -> SimpleCookie:
    """Return the cookies that an answer sets, each with what is said about it."""
    cookies = SimpleCookie()
    for line in answer.raw.headers.getlist("Set-Cookie"):
        cookies.load(line)
    return cookies


def is_safe(cookies: SimpleCookie, name: str) -> bool:
    """Whether a session's cookie is for the whole site, and neither scripts nor plain HTTP see it."""
    morsel = cookies[name]
    said = (
        morsel["path"],
        morsel["domain"],
        bool(morsel["secure"]),
        bool(morsel["httponly"]),
        morsel["samesite"],
    )
    return said == ("/", "", True, True, "Lax")


class Story:
    """One customer logged in at the monolith before the switch, one logs in at the service after it."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.early, self.late = Browser(shop), Browser(shop)

    def log_in_at_the_monolith(self) -> None:
        answer = self.early.log_in("annabel", PASSWORD)
        assert (answer.status_code, answer.headers["Location"], side_of(answer)) == (
            302,
            "/photos/",
            "legacy",
        )
        assert is_safe(cookies_of(answer), "sessionid")
        assert self.early.is_logged_in("annabel")

    def stay_logged_in_at_the_service(self) -> None:
        page = self.early.get(PROFILE)
        assert (page.status_code, side_of(page)) == (200, "service")
        assert "Cookie" in page.headers["Vary"]
        assert self.early.is_logged_in("annabel")
        assert "halftone_account" not in self.early.cookies, "a login lives where it was made"

    def send_forms(self) -> None:
        """A form is taken from the shop's own pages, of either side, and from nobody else's."""
        saved = self.early.post(PROFILE, name="Annabel Lee", **FORM)
        assert (saved.status_code, saved.headers["Location"]) == (302, PROFILE)
        assert "Your profile is saved." in self.early.get(ORDERS).text, "said by the service, shown by legacy"
        assert self.early.post(PROFILE, page="/shop/", name="Annabel Lee", **FORM).status_code == 302
        for origin in ("https://evil.example", f"http://{HOST}", f"https://{HOST}:8443"):
            assert self.early.post(PROFILE, origin=origin, name="Eve", **FORM).status_code == 403, origin
        assert "Annabel Lee" in self.early.get(PROFILE).text

    def log_in_at_the_service(self) -> None:
        answer = self.late.log_in("bartholomew", PASSWORD, to=ORDERS)
        assert (answer.status_code, answer.headers["Location"], side_of(answer)) == (302, ORDERS, "service")
        assert is_safe(cookies_of(answer), "halftone_account")
        # The next page is the service's too: the session that the monolith makes for this login comes through nginx.
        page = self.late.get(PROFILE)
        assert (page.status_code, side_of(page)) == (200, "service")
        assert is_safe(cookies_of(page), "sessionid")
        assert cookies_of(self.late.get(PROFILE)).keys().isdisjoint(SESSIONS), (
            "one session, not one per visit"
        )
        assert self.late.is_logged_in("bartholomew")

    def go_nowhere_else(self) -> None:
        """A redirect leads to the shop, as the browser knows it."""
        stranger = Browser(self.shop)
        assert stranger.get(PROFILE).headers["Location"] == f"/account/login/?next={PROFILE}"
        answer = stranger.log_in("annabel", PASSWORD, to="https://evil.example/")
        assert answer.headers["Location"] == "/photos/"
        assert stranger.log_out() == ["/"]

    def log_out_and_in(self) -> None:
        """First the login lives in the monolith, and then at the service; the page to log out is the service's."""
        for ways in (["/strangler/leave/?next=/", "/"], ["/"]):
            thief = self.early.copy(self.shop)
            assert thief.is_logged_in("annabel")
            assert self.early.log_out() == ways
            assert not self.early.is_logged_in("annabel")
            assert not thief.is_logged_in("annabel")
            assert side_of(self.early.log_in("annabel", PASSWORD)) == "service"
            assert self.early.is_logged_in("annabel")

    def believe_nobody_but_nginx(self) -> None:
        """Not even a principal that was signed with the right key, in the hands of somebody who should not have it."""
        stolen = tokens.sign_principal(Principal(id="1", username="annabel"), audience="accounts")
        forged = {
            "Strangler-Principal": stolen,
            "Strangler-Gateway": "guessed",
            "Strangler-Shadow": "x",
            "Forwarded": "host=x",
        }
        forged |= {"X-Forwarded-Host": "evil.example", "X-Real-IP": "192.0.2.66", "X-Forwarded-Server": "x"}
        stranger = Browser(self.shop)
        for path, side in ((PROFILE, self.shop.accounts), (ORDERS, self.shop.monolith)):
            assert (
                stranger.get(path, **forged, **{"X-Mark": path}).headers["Location"]
                == f"/account/login/?next={path}"
            )
            told = {
                "host": HOST,
                "x-forwarded-host": HOST,
                "x-forwarded-proto": "https",
                "strangler-principal": "-",
            }
            assert side.seen(path) == {**told, "x-forwarded-for": ADDRESS, "x-real-ip": ADDRESS}
        self.early.get(PROFILE, **forged, **{"X-Mark": "annabel"})
        assert self.shop.accounts.seen("annabel")["strangler-principal"] not in {stolen, "-"}
        assert stranger.get(PROFILE, Host="evil.example").status_code == 400
        for path in ("principal", "login", "users"):
            assert stranger.get(f"/_strangler/{path}", **forged).status_code == 404

    def go_on_without_the_service(self) -> None:
        for browser, name in ((self.early, "annabel"), (self.late, "bartholomew")):
            page = browser.get(PROFILE)
            assert (page.status_code, page.headers["Strangler-Side"]) == (200, "legacy")
            assert page.headers["Strangler-Fallback"] == "status-502"
            assert browser.is_logged_in(name)
        log = self.shop.monolith.log.read_text()
        assert "accounts.profile: status-502" in log
        assert "accounts.profile: connect" not in log, "nginx has asked the service already"
        saved = self.late.post(PROFILE, name="Barty", **FORM)
        assert saved.status_code == 502, "perhaps it was saved: nobody does it again"

    def come_back_to_the_monolith(self) -> None:
        for browser, name in ((self.early, "annabel"), (self.late, "bartholomew")):
            assert side_of(browser.get(PROFILE)) == "legacy"
            assert browser.is_logged_in(name)
        # This login lives at the service, and ends there.
        thief = self.late.copy(self.shop)
        assert self.late.log_out() == ["/"]
        assert not self.late.is_logged_in("bartholomew")
        assert not thief.is_logged_in("bartholomew")
        assert side_of(self.late.log_in("bartholomew", PASSWORD)) == "legacy"
        assert self.late.is_logged_in("bartholomew")


def test_everybody_stays_logged_in_while_login_leaves_the_monolith_and_comes_back(shop, settings):
    settings.STRANGLER = {"SIGNING_KEYS": [KEY]}  # the shop's own
    story = Story(shop)
    story.log_in_at_the_monolith()
    shop.move("live")
    story.stay_logged_in_at_the_service()
    story.send_forms()
    story.log_in_at_the_service()
    story.go_nowhere_else()
    story.log_out_and_in()
    story.believe_nobody_but_nginx()
    shop.accounts.kill()
    story.go_on_without_the_service()
    shop.accounts.restart()
    shop.move("legacy")
    story.come_back_to_the_monolith()
