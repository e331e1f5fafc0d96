"""What each side tells, and to whom: the other side, the gateway, and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.test import Client

from strangler import tokens
from strangler.bridge.models import Link
from strangler.core.principal import Principal
from tests.integration.bridge.conftest import COOKIE

PRINCIPAL = "/_strangler/principal"
LOGIN = "/_strangler/login"
USERS = "/_strangler/users"
PROFILE = "/account/profile/"
ANN = Principal(id="4711", username="ann")


def signed(name="accounts", *, audience="monolith"):
    return {"Strangler-Principal": tokens.sign_principal(Principal.for_service(name), audience=audience)}


def as_gateway(audience="images"):
    return {"Strangler-Gateway": tokens.gateway_secret(), "Strangler-Audience": audience}


class TestTheGatewayAsksWhoItIs:
    def test_it_is_told_the_principal_for_the_service_that_it_names(self, monolith, ann, client):
        client.force_login(ann)
        answer = client.get(PRINCIPAL, headers=as_gateway("images"))
        assert (answer.status_code, answer.content) == (204, b"")
        principal = tokens.read_principal(answer["Strangler-Principal"], audience="images")
        assert (principal.id, principal.username) == (str(ann.pk), "ann")
        assert answer["Cache-Control"] == "no-store"

    def test_of_an_anonymous_visitor_it_is_told_nothing(self, monolith, client):
        answer = client.get(PRINCIPAL, headers=as_gateway())
        assert answer.status_code == 204
        assert "Strangler-Principal" not in answer

    def test_a_login_at_the_service_is_one_here_too(self, monolith, item, client):
        monolith.say_login("key", item)
        client.cookies[COOKIE] = "key"
        answer = client.get(PRINCIPAL, headers=as_gateway())
        user = get_user_model().objects.get()
        assert tokens.read_principal(answer["Strangler-Principal"], audience="images").id == str(user.pk)

    @pytest.mark.parametrize("secret", [None, "", "guessed", "é"])
    def test_for_everybody_else_there_is_no_such_page(self, monolith, ann, client, secret):
        client.force_login(ann)
        headers = {
            "Strangler-Audience": "images",
            **({} if secret is None else {"Strangler-Gateway": secret}),
        }
        assert client.get(PRINCIPAL, headers=headers).status_code == 404

    def test_an_unknown_audience_is_refused(self, monolith, client):
        assert client.get(PRINCIPAL, headers=as_gateway("billing")).status_code == 400

    def test_the_old_secret_counts_while_the_old_key_does(self, monolith, client, settings):
        headers = as_gateway()
        old = settings.STRANGLER["SIGNING_KEYS"]
        settings.STRANGLER = {**settings.STRANGLER, "SIGNING_KEYS": ["n" * 40, *old]}
        assert client.get(PRINCIPAL, headers=headers).status_code == 204
        settings.STRANGLER = {**settings.STRANGLER, "SIGNING_KEYS": ["n" * 40]}
        assert client.get(PRINCIPAL, headers=headers).status_code == 404

    def test_while_the_service_can_not_tell_it_is_an_error_and_not_nobody(self, monolith, client):
        monolith.stop()
        client.cookies[COOKIE] = "key"
        assert client.get(PRINCIPAL, headers=as_gateway()).status_code == 503


class TestOnlyTheOtherSideMayAsk:
    @pytest.mark.parametrize("path", [LOGIN, USERS, f"{USERS}/1"])
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            (dict, 401),
            (lambda: {"Strangler-Principal": "forged"}, 401),
            (lambda: signed(audience="images"), 401),
            (lambda: signed("images"), 403),
            (lambda: {"Strangler-Principal": tokens.sign_principal(ANN, audience="monolith")}, 403),
        ],
    )
    def test_nobody_else(self, monolith, client, path, headers, status):
        assert client.get(path, headers=headers()).status_code == status

    def test_nobody_with_a_principal_from_before(self, monolith, client):
        with time_machine.travel(-timedelta(minutes=1), tick=False):
            headers = signed()
        assert client.get(USERS, headers=headers).status_code == 401

    def test_a_monolith_without_a_service_of_logins_tells_nobody(self, monolith, settings, client):
        settings.STRANGLER = {"SIGNING_KEYS": settings.STRANGLER["SIGNING_KEYS"]}
        assert client.get(USERS, headers=signed("")).status_code == 403

    def test_the_other_side_learns_of_a_user(self, monolith, ann, client):
        answer = client.get(f"{USERS}/{ann.pk}", headers=signed()).json()
        assert (answer["id"], answer["sent"]["username"]) == (str(ann.pk), "ann")
        assert client.get(f"{USERS}/99", headers=signed()).status_code == 404
        assert client.get(f"{USERS}/ann", headers=signed()).status_code == 404

    def test_users_are_taken_one_by_one(self, monolith, item, client):
        enforcing = Client(enforce_csrf_checks=True)
        answer = enforcing.post(USERS, [item, {}], content_type="application/json", headers=signed())
        taken, refused = answer.json()
        assert taken["record"] == item["sent"]
        assert "error" in refused
        assert client.post(USERS, "{", content_type="application/json", headers=signed()).status_code == 400

    def test_the_monolith_answers_nothing_about_its_sessions(self, monolith, client):
        assert client.get(LOGIN, headers=signed()).status_code == 404


class TestTheServiceTellsWhoseALoginIs:
    @pytest.fixture
    def headers(self, service):
        return signed("monolith", audience="accounts")

    def test_with_the_user_and_signed_for_this_cookie(self, ann, client, headers):
        client.force_login(ann)
        cookie = client.cookies[COOKIE].value
        answer = Client().get(LOGIN, headers={**headers, "Strangler-Login": cookie}).json()
        claims = tokens.read_login(answer["login"], cookie=cookie, audience="monolith")
        assert claims["uid"] == str(Link.objects.get(user=ann).uid)
        assert claims["user"]["sent"]["username"] == "ann"

    @pytest.mark.parametrize("cookie", ["", "guessed", "x" * 500, "é"])
    def test_nobodys_cookie_is_nobodys(self, client, headers, cookie):
        assert client.get(LOGIN, headers={**headers, "Strangler-Login": cookie}).status_code == 204

    def test_and_does_not_renew_it_on_the_way(self, ann, client, headers, settings):
        client.force_login(ann)
        headers["Strangler-Login"] = key = client.cookies[COOKIE].value
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key " * 5, [settings.SECRET_KEY]
        assert Client().get(LOGIN, headers=headers).status_code == 200
        assert Client().get(LOGIN, headers=headers).status_code == 200, (
            "its key was changed behind the visitor's back"
        )
        assert client.cookies[COOKIE].value == key

    def test_and_ends_it_when_it_is_told_to(self, ann, client, headers):
        client.force_login(ann)
        headers["Strangler-Login"] = client.cookies[COOKIE].value
        assert Client().delete(LOGIN, headers=headers).status_code == 204
        assert Client().get(LOGIN, headers=headers).status_code == 204
        assert client.get(PROFILE).status_code == 302

    def test_a_changed_password_ends_it(self, ann, client, headers):
        client.force_login(ann)
        headers["Strangler-Login"] = client.cookies[COOKIE].value
        ann.set_password("another long password")
        ann.save()
        assert Client().get(LOGIN, headers=headers).status_code == 204


class TestAVisitorWhoseLoginLivesInTheMonolith:
    def visit(self, client, path=PROFILE, **headers):
        principal = tokens.sign_principal(ANN, audience="accounts")
        return client.get(path, headers={"Strangler-Principal": principal, **headers})

    def test_is_the_user_here_too(self, service, item, client):
        service.answers["GET", f"{USERS}/4711"] = item
        answer = self.visit(client)
        assert answer.context["user"].username == "ann"
        assert COOKIE not in client.cookies, "the login lives in the monolith"

    def test_is_asked_for_once(self, service, item, client):
        service.answers["GET", f"{USERS}/4711"] = item
        self.visit(client)
        self.visit(client)
        assert len(service.asked) == 1

    def test_is_nobody_if_the_monolith_does_not_know_them(self, service, client):
        assert self.visit(client).status_code == 302

    def test_is_not_taken_for_nobody_while_the_monolith_can_not_be_asked(self, service, client):
        service.stop()
        assert self.visit(client).status_code == 503

    @pytest.mark.parametrize("value", ["", "forged"])
    def test_is_refused_with_a_principal_that_does_not_convince(self, service, client, value):
        assert client.get(PROFILE, headers={"Strangler-Principal": value}).status_code == 401

    def test_is_refused_with_one_that_has_expired(self, service, client):
        with time_machine.travel(-timedelta(seconds=31), tick=False):
            value = tokens.sign_principal(ANN, audience="accounts")
        assert client.get(PROFILE, headers={"Strangler-Principal": value}).status_code == 401

    def test_comes_after_a_login_of_the_service_itself(self, service, item, client):
        service.answers["GET", f"{USERS}/4711"] = item
        ben = get_user_model().objects.create_user("ben", "ben@example.com", "a long password")
        client.force_login(ben)
        assert self.visit(client).context["user"] == ben

    def test_who_changes_the_password_is_logged_in_here(self, service, item, client):
        user = get_user_model().objects.create_user("ann", "ann@example.com", "a long password")
        Link.objects.filter(user=user).update(peer_id="4711")
        service.answers["POST", USERS] = lambda _headers, items: [
            {"uid": each["uid"], "id": "4711", "record": each["sent"]} for each in items
        ]
        form = {
            "old_password": "a long password",
            "new_password1": "my 2nd one",
            "new_password2": "my 2nd one",
        }
        principal = tokens.sign_principal(ANN, audience="accounts")
        answer = client.post("/account/password/", form, headers={"Strangler-Principal": principal})
        assert answer.status_code == 302
        assert client.get(PROFILE).context["user"] == user
        assert service.asked[-1][3][0]["sent"]["password"] != user.password


class TestLeaving:
    def test_logs_out_and_goes_on(self, monolith, ann, client):
        client.force_login(ann)
        answer = client.post("/strangler/leave/?next=/shop/")
        assert (answer.status_code, answer["Location"]) == (302, "/shop/")
        assert client.get(PROFILE).status_code == 302

    def test_goes_to_no_other_site(self, monolith, client):
        assert client.post("/strangler/leave/?next=https://evil.example/")["Location"] == "/"

    def test_needs_the_forms_token_and_a_post(self, monolith, ann):
        client = Client(enforce_csrf_checks=True)
        client.force_login(ann)
        assert client.post("/strangler/leave/").status_code == 403
        assert client.get("/strangler/leave/").status_code == 405
        assert client.get(PROFILE).status_code == 200
