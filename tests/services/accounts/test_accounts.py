"""Registration, login, logout, password reset and profile: the shop's own tests of these pages, at the service."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from strangler.bridge.models import Link
from strangler.outbox.models import OutboxMessage
from tests.services.accounts.conftest import PASSWORD, USERS

COOKIE = "halftone_account"
FORM = {"username": "grace", "email": "grace@example.org", "password1": PASSWORD, "password2": PASSWORD}
pytestmark = pytest.mark.django_db


def test_a_visitor_registers_is_logged_in_and_is_known_to_the_shop_before_the_next_page(client, shop):
    answer = client.post("/account/register/", FORM)
    assert (answer.status_code, answer["Location"]) == (302, "/photos/")
    assert client.get("/account/profile/").context["user"].username == "grace"
    assert User.objects.get().profile.country == "United Kingdom"
    ((_method, path, _headers, items),) = shop.asked
    assert (path, items[0]["sent"]["username"]) == (USERS, "grace")
    assert Link.objects.get().due_at is None


def test_an_account_is_made_although_the_shop_and_the_mail_server_are_down(client, shop):
    shop.stop()
    assert client.post("/account/register/", FORM).status_code == 302
    assert Link.objects.get().due_at is not None
    message = OutboxMessage.objects.get()
    assert (message.type, message.queue) == ("email.deliver", "email")
    body = json.loads(message.body)
    assert (body["template"], body["to"]) == ("welcome", ["grace@example.org"])
    assert body["context"] == {"shop_name": "Halftone", "user": {"first_name": "", "username": "grace"}}
    assert body["business_id"] == f"welcome:account:{Link.objects.get().uid}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"password2": "another"}, "The two password fields didn"),
        ({"password1": "12345678", "password2": "12345678"}, "This password is too common."),
        ({"username": "ada"}, "A user with that username already exists."),
        ({"email": "ADA@example.org"}, "An account with this address exists."),
        ({"email": "nowhere"}, "Enter a valid email address."),
    ],
)
def test_bad_registrations_are_refused_with_a_reason(client, ada, change, message):
    answer = client.post("/account/register/", FORM | change)
    assert answer.status_code == 400
    assert message in answer.text
    assert list(User.objects.all()) == [ada]


def test_who_is_logged_in_does_not_register(browser, visitor):
    assert browser.get("/account/register/")["Location"] == "/photos/"
    assert visitor.get("/account/register/")["Location"] == "/photos/"
    assert visitor.get("/account/login/")["Location"] == "/photos/"


@pytest.mark.parametrize(
    ("wanted", "target"), [("/orders/", "/orders/"), ("https://evil.example/", "/photos/")]
)
def test_login_leads_to_the_page_that_asked_for_it_and_to_no_other_site(client, ada, wanted, target):
    form = {"username": "ada", "password": PASSWORD, "next": wanted}
    assert client.post("/account/login/", form)["Location"] == target


def test_the_cookie_of_a_login_is_for_the_whole_site_and_for_no_script(client, ada):
    client.post("/account/login/", {"username": "ada", "password": PASSWORD})
    cookie = client.cookies[COOKIE]
    assert (cookie["path"], cookie["domain"], cookie["httponly"], cookie["samesite"]) == (
        "/",
        "",
        True,
        "Lax",
    )
    assert client.cookies["csrftoken"]["path"] == "/"
    assert "sessionid" not in client.cookies, "that is the monolith's"


def test_a_login_gets_a_new_key_so_that_nobody_can_plant_one(client, ada):
    client.cookies[COOKIE] = "planted" * 5
    client.post("/account/login/", {"username": "ada", "password": PASSWORD})
    assert client.cookies[COOKIE].value != "planted" * 5


def test_logout_needs_a_post(browser):
    assert browser.get("/account/logout/").status_code == 405
    answer = browser.post("/account/logout/")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert answer.cookies[COOKIE].value == ""
    assert browser.get("/account/profile/").status_code == 302


def test_a_login_that_lives_in_the_shop_ends_there_with_the_same_form(visitor):
    answer = visitor.post("/account/logout/")
    assert (answer.status_code, answer["Location"]) == (307, "/strangler/leave/?next=/")


def test_the_password_is_reset_by_the_link_in_the_mail(client, ada, shop):
    assert client.post("/account/password/reset/", {"email": ada.email}).status_code == 302
    link = re.search(r"http://testserver(/\S+)", mail.outbox[0].body)[1]
    form_page = client.get(link, follow=True)
    new = {"new_password1": "Sunday-afternoon-4", "new_password2": "Sunday-afternoon-4"}
    answer = client.post(form_page.redirect_chain[-1][0], new, follow=True)
    assert "Your password is changed" in answer.text
    assert client.login(username="ada", password="Sunday-afternoon-4")
    assert "This link is used up" in client.get(link, follow=True).text
    ada.refresh_from_db()
    assert shop.asked[-1][3][0]["sent"]["password"] == ada.password


def test_an_unknown_address_gets_no_mail_and_the_same_answer(client):
    answer = client.post("/account/password/reset/", {"email": "nobody@example.org"}, follow=True)
    assert "Look into your mail" in answer.text
    assert mail.outbox == []


def test_a_reset_says_when_its_mail_can_not_be_sent(client, ada, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    answer = client.post("/account/password/reset/", {"email": ada.email})
    assert answer.status_code == 503
    assert "We could not send the mail" in answer.text


@pytest.mark.parametrize("who", ["browser", "visitor"])
def test_the_profile_keeps_names_and_address_and_the_shop_learns_them(request, ada, shop, who):
    client = request.getfixturevalue(who)
    form = {
        "first_name": "Ada",
        "last_name": "L",
        "email": "ada@new.example",
        "city": "Ely",
        "newsletter": "on",
    }
    assert client.post("/account/profile/", form)["Location"] == "/account/profile/"
    ada.refresh_from_db()
    assert (ada.first_name, ada.email, ada.profile.city) == ("Ada", "ada@new.example", "Ely")
    page = client.get("/account/profile/").text
    assert 'value="Ely"' in page
    assert "Your profile is saved." in page
    sent = shop.asked[-1][3][0]["sent"]
    assert (sent["profile.city"], sent["profile.newsletter"], sent["email"]) == (
        "Ely",
        True,
        "ada@new.example",
    )


def test_the_address_of_somebody_else_is_refused(browser):
    User.objects.create_user("bob", "bob@example.org", PASSWORD)
    answer = browser.post("/account/profile/", {"email": "bob@example.org"})
    assert answer.status_code == 400
    assert "Another account has this address." in answer.text


def test_whose_password_is_changed_stays_logged_in_here_and_nowhere_else(browser, ada):
    elsewhere = Client()
    elsewhere.force_login(ada)
    new = {"old_password": PASSWORD, "new_password1": "Sunday-4-pm", "new_password2": "Sunday-4-pm"}
    assert browser.post("/account/password/", new)["Location"] == "/account/profile/"
    assert browser.get("/account/profile/").status_code == 200
    assert elsewhere.get("/account/profile/").status_code == 302


def test_pages_need_a_login(client):
    assert client.get("/account/profile/")["Location"] == "/account/login/?next=/account/profile/"


def test_a_form_of_another_site_is_refused_with_a_page(ada):
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/account/login/", {"username": "ada", "password": PASSWORD})
    assert answer.status_code == 403
    assert "That form was too old" in answer.text


def test_a_form_that_the_shop_gave_out_is_taken(ada):
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = token = "c" * 32
    form = {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert client.post("/account/login/", form).status_code == 302


def test_behind_https_the_origin_of_the_form_is_that_of_the_visitor(ada):
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = token = "c" * 32
    form = {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token}
    for origin, status in (
        ("https://localhost", 302),
        ("http://localhost", 403),
        ("https://evil.example", 403),
    ):
        headers = {"Host": "localhost", "X-Forwarded-Proto": "https", "Origin": origin}
        assert client.post("/account/login/", form, headers=headers).status_code == status


def test_a_host_that_is_not_the_shops_is_refused(client):
    assert client.get("/account/login/", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/account/login/", headers={"Host": "127.0.0.1:8003"}).status_code == 200


def test_the_mail_names_the_host_that_the_visitor_came_to(client, ada):
    headers = {"Host": "localhost", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    client.post("/account/password/reset/", {"email": ada.email}, headers=headers)
    assert "https://localhost/account/password/reset/" in mail.outbox[0].body
    assert "evil.example" not in mail.outbox[0].body


def test_the_service_is_well(client):
    assert client.get("/health/ready").json() == {"ready": True, "problems": {}}


def test_in_its_sandbox_nothing_stays_and_nobody_is_told(client, shop, settings):
    from strangler.tokens import SHADOW_HEADER, sign_shadow  # noqa: PLC0415

    headers = {SHADOW_HEADER: sign_shadow("a capture", audience="accounts")}
    client.cookies["csrftoken"] = token = "c" * 32
    form = {**FORM, "csrfmiddlewaretoken": token}
    answer = client.post("/account/register/", form, headers=headers)
    assert answer["Content-Type"].startswith("application/vnd.strangler.observation")
    assert not User.objects.exists()
    assert shop.asked == []
