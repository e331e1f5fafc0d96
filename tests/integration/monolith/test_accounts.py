"""Registration, login, logout, password reset and profile."""

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail

from monolith.mail.models import MailLog
from tests.integration.monolith.conftest import PASSWORD

FORM = {"username": "grace", "email": "grace@example.org", "password1": PASSWORD, "password2": PASSWORD}


def test_a_visitor_registers_and_is_logged_in(client):
    answer = client.post("/account/register/", FORM)
    assert (answer.status_code, answer["Location"]) == (302, "/photos/")
    assert "Welcome, grace" in client.get("/photos/").text
    assert User.objects.get(username="grace").profile.country == "United Kingdom"


def test_the_welcome_mail_goes_out_as_text_and_html_and_is_logged(client):
    client.post("/account/register/", FORM)
    (message,) = mail.outbox
    assert message.to == ["grace@example.org"]
    assert "Your user name is grace" in message.body
    assert "<strong>grace</strong>" in message.alternatives[0].content
    assert MailLog.objects.get().status == "sent"


def test_a_user_name_is_escaped_in_the_html_of_a_mail_and_not_in_its_text(client):
    client.post("/account/register/", {**FORM, "first_name": "<b>O'Hara"})
    (message,) = mail.outbox
    assert "Hello <b>O'Hara" in message.body
    assert "&lt;b&gt;O&#x27;Hara" in message.alternatives[0].content


@pytest.mark.usefixtures("no_mail_server")
def test_without_a_mail_server_nobody_is_registered_and_the_visitor_is_told(client):
    answer = client.post("/account/register/", FORM)
    assert answer.status_code == 503
    assert "no account was made" in answer.text
    assert not User.objects.exists()
    log = MailLog.objects.get()
    assert (log.status, log.kind) == ("failed", "welcome")
    assert "ConnectionRefusedError" in log.error


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
def test_bad_registrations_are_refused_with_a_reason(client, customer, change, message):
    answer = client.post("/account/register/", FORM | change)
    assert answer.status_code == 400
    assert message in answer.text
    assert list(User.objects.all()) == [customer]


def test_login_leads_to_the_page_that_asked_for_it(client, customer):
    assert client.get("/orders/")["Location"] == "/account/login/?next=/orders/"
    form = {"username": customer.username, "password": PASSWORD, "next": "/orders/"}
    assert client.post("/account/login/", form)["Location"] == "/orders/"


def test_login_leads_to_no_other_site(client, customer):
    form = {"username": customer.username, "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/account/login/", form)["Location"] == "/photos/"


def test_logout_needs_a_post(browser):
    assert browser.get("/account/logout/").status_code == 405
    assert browser.post("/account/logout/").status_code == 302
    assert browser.get("/photos/").status_code == 302


def test_the_password_is_reset_by_the_link_in_the_mail(client, customer):
    assert client.post("/account/password/reset/", {"email": customer.email}).status_code == 302
    link = re.search(r"http://testserver(/\S+)", mail.outbox[0].body)[1]
    form_page = client.get(link, follow=True)
    new = {"new_password1": "Sunday-afternoon-4", "new_password2": "Sunday-afternoon-4"}
    answer = client.post(form_page.redirect_chain[-1][0], new, follow=True)
    assert "Your password is changed" in answer.text
    assert client.login(username=customer.username, password="Sunday-afternoon-4")
    assert "This link is used up" in client.get(link, follow=True).text


def test_an_unknown_address_gets_no_mail_and_the_same_answer(client):
    answer = client.post("/account/password/reset/", {"email": "nobody@example.org"}, follow=True)
    assert "Look into your mail" in answer.text
    assert mail.outbox == []


@pytest.mark.usefixtures("no_mail_server")
def test_a_reset_says_when_its_mail_can_not_be_sent(client, customer):
    answer = client.post("/account/password/reset/", {"email": customer.email})
    assert answer.status_code == 503
    assert MailLog.objects.get().status == "failed"


def test_the_profile_keeps_names_and_address(browser, customer):
    form = {
        "first_name": "Ada",
        "last_name": "L",
        "email": "ada@new.example",
        "city": "Ely",
        "newsletter": "on",
    }
    assert browser.post("/account/profile/", form).status_code == 302
    customer.refresh_from_db()
    assert (customer.first_name, customer.email) == ("Ada", "ada@new.example")
    assert (customer.profile.city, customer.profile.newsletter) == ("Ely", True)
    assert 'value="Ely"' in browser.get("/account/profile/").text


def test_the_address_of_somebody_else_is_refused(browser, make_customer):
    make_customer("bob")
    answer = browser.post("/account/profile/", {"email": "bob@example.org"})
    assert answer.status_code == 400
    assert "Another account has this address." in answer.text


def test_the_password_is_changed(browser, customer):
    form = {
        "old_password": PASSWORD,
        "new_password1": "Sunday-afternoon-4",
        "new_password2": "Sunday-afternoon-4",
    }
    assert browser.post("/account/password/", form)["Location"] == "/account/profile/"
    customer.refresh_from_db()
    assert customer.check_password("Sunday-afternoon-4")
