"""In the monolith: somebody who logged in at the service is logged in here, for exactly as long as there."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import AsyncClient, Client

from strangler import tokens
from strangler.bridge import users
from strangler.bridge.models import EndedLogin, Link
from tests.integration.bridge.conftest import COOKIE

LOGIN = "service-session-key"
PROFILE = "/account/profile/"


@pytest.fixture
def browser():
    return Client()


@pytest.fixture
def logged_in(monolith, item, browser):
    """A browser with the cookie of a login at the service, which the monolith has seen once."""
    monolith.say_login(LOGIN, item)
    browser.cookies[COOKIE] = LOGIN
    assert browser.get(PROFILE).status_code == 200
    return browser


def with_cookies_of(other, *names):
    """Return a browser that has copies of these cookies."""
    copy = Client()
    for name in names:
        copy.cookies[name] = other.cookies[name].value
    return copy


def test_a_login_at_the_service_is_one_here_and_brings_its_user(logged_in):
    user = get_user_model().objects.get(username="ann")
    assert (user.email, user.profile.phone) == ("ann@example.com", "0113 496 0000")
    assert logged_in.get(PROFILE).context["user"] == user


def test_the_session_here_gets_a_new_key_so_that_nobody_can_plant_one(monolith, item, browser):
    planted = Client()
    planted.get("/account/login/")
    session = planted.session
    session["cart"] = {"1": 2}
    session.save()
    key = session.session_key
    monolith.say_login(LOGIN, item)
    browser.cookies["sessionid"], browser.cookies[COOKIE] = key, LOGIN
    browser.get(PROFILE)
    assert browser.cookies["sessionid"].value != key
    assert browser.session["cart"] == {"1": 2}
    assert not Session.objects.filter(session_key=key).exists()


def test_the_session_here_is_nobodys_without_the_cookie_of_the_service(logged_in):
    copy = with_cookies_of(logged_in, "sessionid")
    assert copy.get(PROFILE).status_code == 302
    assert with_cookies_of(logged_in, "sessionid").get(PROFILE).status_code == 302, "it came back to life"


def test_a_logout_at_the_service_is_one_here_with_the_next_request(logged_in, monolith):
    copy = with_cookies_of(logged_in, "sessionid", COOKIE)
    monolith.end_logins()
    assert copy.get(PROFILE).status_code == 302
    assert copy.cookies[COOKIE].value == ""


def test_a_logout_here_ends_the_login_at_the_service(logged_in, monolith):
    answer = logged_in.post("/account/logout/")
    assert answer.cookies[COOKIE]["max-age"] == 0
    method, path, headers, _ = monolith.asked[-1]
    assert (method, path, headers["Strangler-Login"]) == ("DELETE", "/_strangler/login", LOGIN)


def test_a_logout_here_holds_although_the_service_is_down_and_is_told_later(logged_in, monolith):
    copy = with_cookies_of(logged_in, "sessionid", COOKIE)
    answers = dict(monolith.answers)
    monolith.answers["DELETE", "/_strangler/login"] = 500
    logged_in.post("/account/logout/")
    monolith.answers.update(answers)
    assert copy.get(PROFILE).status_code == 302
    assert EndedLogin.objects.count() == 1


def test_a_changed_password_here_moves_the_login_here_and_ends_the_one_at_the_service(
    logged_in, monolith, settings
):
    user = get_user_model().objects.get(username="ann")
    monolith.answers["POST", "/_strangler/users"] = lambda _headers, items: [
        {"uid": each["uid"], "id": "4711", "record": each["sent"]} for each in items
    ]
    user.set_password("first password")
    user.save()
    users.push(users.due())
    assert logged_in.get(PROFILE).status_code == 200  # the service knows it too, and its login goes on
    form = {"old_password": "first password", "new_password1": "my 2nd one", "new_password2": "my 2nd one"}
    answer = logged_in.post("/account/password/", form)
    assert answer.status_code == 302
    assert answer.cookies[COOKIE]["max-age"] == 0
    assert [each[0] for each in monolith.asked[-2:]] == ["DELETE", "POST"]
    monolith.stop()
    assert logged_in.get(PROFILE).status_code == 200  # by the session here alone
    assert Link.objects.get().due_at is None


def test_another_user_at_the_service_finds_nothing_of_the_one_before(logged_in, monolith, item):
    session = logged_in.session
    session["cart"] = {"1": 2}
    session.save()
    ben = {**item, "uid": "00000000-0000-4000-8000-000000000002", "id": "4712"}
    ben["sent"] = {**item["sent"], "username": "ben"}
    monolith.say_login("another", ben)
    logged_in.cookies[COOKIE] = "another"
    assert logged_in.get(PROFILE).context["user"].username == "ben"
    assert "cart" not in logged_in.session


def test_an_answer_that_is_not_signed_for_this_cookie_does_not_convince(monolith, item, browser):
    def about_another_cookie(claims, *, cookie, audience):
        return tokens.sign_login(claims, cookie=f"not {cookie}", audience=audience)

    monolith.say_login(LOGIN, item, key=about_another_cookie)
    browser.cookies[COOKIE] = LOGIN
    assert browser.get(PROFILE).status_code == 503
    assert not get_user_model().objects.exists()


def test_an_answer_from_before_does_not_convince(monolith, item, browser):
    with time_machine.travel("2026-01-01 12:00:00+00:00", tick=False):
        old = tokens.sign_login(
            {"uid": item["uid"], "user": item, "is_news": False}, cookie=LOGIN, audience="monolith"
        )
    monolith.say_login(LOGIN, item, key=lambda *_, **__: old)
    browser.cookies[COOKIE] = LOGIN
    assert browser.get(PROFILE).status_code == 503


def test_while_the_service_is_down_its_logins_go_on_for_a_while(logged_in, monolith):
    monolith.stop()
    assert logged_in.get(PROFILE).status_code == 200
    with time_machine.travel(timedelta(minutes=11), tick=False):
        answer = logged_in.get(PROFILE)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")


def test_whom_only_the_service_knows_is_not_taken_for_nobody_while_it_is_down(monolith, browser):
    monolith.stop()
    browser.cookies[COOKIE] = LOGIN
    assert browser.get(PROFILE).status_code == 503
    assert browser.get("/health/live").status_code == 503


def test_a_login_that_was_made_here_costs_no_question(monolith, ann, browser):
    browser.force_login(ann)
    assert browser.get(PROFILE).status_code == 200
    assert [each for each in monolith.asked if each[1] == "/_strangler/login"] == []


def test_a_login_that_was_made_here_outlives_a_stale_cookie_of_the_service(monolith, ann, browser):
    monolith.end_logins()
    browser.force_login(ann)
    browser.cookies[COOKIE] = "long ended"
    answer = browser.get(PROFILE)
    assert answer.status_code == 200
    assert answer.cookies[COOKIE]["max-age"] == 0


def test_a_user_who_was_locked_is_nobody(monolith, item, browser):
    item["sent"]["is_active"] = False
    monolith.say_login(LOGIN, item)
    browser.cookies[COOKIE] = LOGIN
    assert browser.get(PROFILE).status_code == 302


def test_logging_in_here_as_somebody_else_ends_the_login_at_the_service(logged_in, monolith):
    get_user_model().objects.create_user("ben", "ben@example.com", "a long password")
    answer = logged_in.post("/admin/login/?next=/", {"username": "ben", "password": "a long password"})
    assert answer.status_code == 200  # ben is no staff, so nothing changes
    boss = get_user_model().objects.create_superuser("boss", "boss@example.com", "a long password")
    answer = logged_in.post("/admin/login/?next=/", {"username": "boss", "password": "a long password"})
    assert answer.cookies[COOKIE]["max-age"] == 0
    assert monolith.asked[-1][0] == "DELETE" or monolith.asked[-2][0] == "DELETE"
    assert logged_in.session["_auth_user_id"] == str(boss.pk)


def test_what_the_service_could_not_tell_before_comes_with_the_login(logged_in, monolith, item):
    item["sent"] = {**item["sent"], "password": "md5$new$hash"}
    monolith.say_login(LOGIN, item, is_news=True)
    assert logged_in.get(PROFILE).status_code == 200
    assert get_user_model().objects.get().password == "md5$new$hash"


def test_a_password_that_was_changed_here_ends_logins_there_before_the_service_knows(logged_in, monolith):
    user = get_user_model().objects.get()
    user.set_password("changed by the back office")
    user.save()
    assert logged_in.get(PROFILE).status_code == 302


def test_to_look_at_a_session_is_not_to_depend_on_it(monolith, ann, browser):
    browser.force_login(ann)
    assert "Vary" not in browser.get("/health/live")
    assert "Vary" not in Client().get("/health/live")


@pytest.mark.django_db(transaction=True)
async def test_on_asgi_it_is_the_same(monolith, item):
    monolith.say_login(LOGIN, item)
    client = AsyncClient()
    client.cookies[COOKIE] = LOGIN
    answer = await client.get(PROFILE)
    assert (answer.status_code, "Ann" in answer.text) == (200, True)
    monolith.end_logins()
    answer = await client.get(PROFILE)
    assert (answer.status_code, answer.cookies[COOKIE]["max-age"]) == (302, 0)
