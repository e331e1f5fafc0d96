"""The monolith need not ask about a login with each request, and an end of it counts at once all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from strangler.bridge import known, logins
from tests.integration.bridge.conftest import COOKIE
from tests.integration.bridge.test_doors import LOGIN as PATH
from tests.integration.bridge.test_doors import signed

LOGIN = "service-session-key"
PROFILE = "/account/profile/"
PASSWORD = "a long password"


@pytest.fixture
def browser(monolith, item, settings):
    """A browser with a login at the service, of which the monolith has heard; the service no longer knows it."""
    settings.STRANGLER = {**settings.STRANGLER, "LOGIN_CACHE": timedelta(seconds=5)}
    monolith.say_login(LOGIN, item)
    browser = Client()
    browser.cookies[COOKIE] = LOGIN
    assert browser.get(PROFILE).status_code == 200
    monolith.end_logins()
    return browser


def questions(side):
    return [path for method, path, _, _ in side.asked if method == "GET"]


def test_the_service_is_asked_once_in_a_while(browser, monolith, monkeypatch):
    assert [browser.get(PROFILE).status_code for _ in range(3)] == [200, 200, 200]
    assert questions(monolith) == [PATH]
    later = known.time.monotonic() + 5
    monkeypatch.setattr("strangler.bridge.known.time.monotonic", lambda: later)
    assert browser.get(PROFILE).status_code == 302
    assert questions(monolith) == [PATH, PATH]


def test_the_moment_is_for_one_cookie_alone(browser, monolith):
    other = Client()
    other.cookies[COOKIE] = "another key"
    assert other.get(PROFILE).status_code == 302
    assert questions(monolith) == [PATH, PATH]


def test_an_end_that_the_service_tells_counts_at_once(browser, monolith):
    for _ in range(2):  # told twice is told
        answer = Client().delete(PATH, headers={**signed(), "Strangler-Login": LOGIN})
        assert answer.status_code == 204
    assert browser.get(PROFILE).status_code == 302
    assert questions(monolith) == [PATH], "nobody had to be asked"


@pytest.mark.parametrize("headers", [{}, {"Strangler-Principal": "forged"}])
def test_nobody_else_ends_a_login(browser, headers):
    assert Client().delete(PATH, headers={**headers, "Strangler-Login": LOGIN}).status_code == 401
    assert browser.get(PROFILE).status_code == 200


def test_a_logout_here_counts_for_copies_of_the_cookie_too(browser):
    thief = Client()
    thief.cookies[COOKIE] = LOGIN
    assert thief.get(PROFILE).status_code == 200
    browser.post("/account/logout/")
    assert thief.get(PROFILE).status_code == 302
    assert logins.end_again() == 0, "the service has been told"


@pytest.mark.parametrize(
    "change",
    [
        lambda user: user.set_password("a new one"),
        lambda user: setattr(user, "is_active", False),
    ],
)
def test_what_changes_a_user_counts_at_once(browser, change):
    user = get_user_model().objects.get()
    change(user)
    user.save()
    assert browser.get(PROFILE).status_code == 302


def test_a_process_remembers_so_many_and_no_more(browser, monkeypatch):
    ann = get_user_model().objects.get()
    monkeypatch.setattr("strangler.bridge.known.LIMIT", 3)
    for number in range(5):
        known.remember(f"digest {number}", ann)
    assert [known.user_known(f"digest {number}") for number in range(5)] == [None, None, ann, ann, ann]


def test_ends_are_forgotten_once_no_process_can_remember_the_login(browser):
    logins.ended(LOGIN)
    assert logins.forget_ended() == 0
    with time_machine.travel(timedelta(minutes=11)):
        assert logins.forget_ended() == 1


class TestTheServiceTells:
    @pytest.fixture
    def browser(self, service):
        service.answers["DELETE", PATH] = 204
        service.answers["POST", "/_strangler/users"] = 500
        User.objects.create_user("ann", "ann@example.com", PASSWORD)
        browser = Client()
        assert browser.login(username="ann", password=PASSWORD)
        return browser

    def told(self, side):
        return [headers["Strangler-Login"] for method, _, headers, _ in side.asked if method == "DELETE"]

    def test_of_a_logout(self, browser, service):
        key = browser.cookies[COOKIE].value
        browser.post("/account/logout/")
        assert self.told(service) == [key]

    def test_of_a_key_that_was_renewed_with_the_password(self, browser, service):
        key = browser.cookies[COOKIE].value
        form = {"old_password": PASSWORD, "new_password1": "my 2nd one", "new_password2": "my 2nd one"}
        assert browser.post("/account/password/", form).status_code == 302
        assert browser.cookies[COOKIE].value != key
        assert self.told(service) == [key]

    def test_of_nothing_else(self, browser, service):
        browser.get(PROFILE)
        stranger = Client()
        stranger.cookies[COOKIE] = "guessed"
        stranger.get(PROFILE)
        stranger.post("/account/login/", {"username": "ann", "password": PASSWORD})
        assert self.told(service) == []

    def test_and_logs_out_although_the_monolith_is_down(self, browser, service):
        service.stop()
        assert browser.post("/account/logout/").status_code == 302
        assert not Session.objects.exists()
