"""The HTTP interface: who may call it, what it answers, and that a repetition makes one mail."""

import pytest

from extracted.email.models import Message
from extracted.email.states import State
from tests.services.email.conftest import CUSTOMER, SHOP, STAFF, TOKEN

pytestmark = pytest.mark.django_db
URL = "/email/api/messages/"
BODY = {
    "template": "welcome",
    "to": ["ann@example.org"],
    "context": {"user": {"username": "ann", "first_name": "Ann"}},
}


@pytest.fixture
def post(client_of):
    def post(body=BODY, *, principal=SHOP, **headers):
        return client_of(principal).post(URL, body, content_type="application/json", headers=headers)

    return post


def test_a_service_sends_a_mail_and_is_told_where_to_look(post, client_of):
    answer = post()
    assert answer.status_code == 202
    status = answer.json()
    assert answer["Location"] == status["url"]
    assert (status["state"], status["to"], status["attempts"]) == ("queued", ["ann@example.org"], 0)
    again = client_of(SHOP).get(status["url"]).json()
    assert again == status
    assert Message.objects.get().requested_by == "service:monolith"


def test_a_person_on_the_staff_needs_the_form_token(post):
    assert post(principal=STAFF).status_code == 403
    assert post(principal=STAFF, **{"X-CSRFToken": TOKEN}).status_code == 202
    assert Message.objects.count() == 1


@pytest.mark.parametrize(("principal", "status"), [(None, 401), (CUSTOMER, 403)])
@pytest.mark.parametrize("method", ["get", "post"])
def test_others_are_kept_out(client_of, principal, status, method):
    answer = getattr(client_of(principal), method)(URL)
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "detail"}


def test_a_principal_for_another_service_is_refused(client_of):
    assert client_of(None, **{"Strangler-Principal": "forged"}).get(URL).status_code == 401


@pytest.mark.parametrize("headers", [{"Idempotency-Key": "k1"}, {}], ids=["by its key", "by its business id"])
def test_the_same_request_again_answers_with_the_same_message(post, headers):
    body = BODY if headers else {**BODY, "business_id": "welcome:user:42"}
    first, second = post(body, **headers), post(body, **headers)
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["id"] == second.json()["id"]
    other = post({**body, "to": ["ben@example.org"]}, **headers)
    assert (other.status_code, other.json()["error"]) == (409, "conflict")


def test_two_callers_may_choose_the_same_key(post):
    post(**{"Idempotency-Key": "k1"})
    assert post(principal=STAFF, **{"Idempotency-Key": "k1", "X-CSRFToken": TOKEN}).status_code == 202


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"{", 400, "malformed"),
        ({}, 400, "malformed"),
        ({**BODY, "to": ["x"]}, 422, "address"),
        ({**BODY, "to": ["a@b.example\nBcc: c@d.example"]}, 422, "header-injection"),
        ({**BODY, "template": "nothing"}, 422, "unknown-template"),
        ({**BODY, "context": {}}, 422, "rendering"),
        (b" " * 300_000, 413, "too-large"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_reason_and_nothing_is_stored(post, body, status, error):
    answer = post(body)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert not Message.objects.exists()


def test_a_key_that_is_too_long_is_refused(post):
    assert post(**{"Idempotency-Key": "k" * 201}).status_code == 413


def test_messages_are_found_by_address_state_template_and_day(client_of, message):
    message("ann@example.org", "ben@example.org")
    old = message("cat@example.org", state=State.FAILED, created_at="2026-01-02T03:04:05Z")

    def found(**query):
        return {each["to"][0] for each in client_of(SHOP).get(URL, query).json()["messages"]}

    assert found() == {"ann@example.org", "cat@example.org"}
    assert found(address="BEN@example.org") == {"ann@example.org"}
    assert found(address="ca") == {"cat@example.org"}
    assert found(address="xample.org") == set()
    assert found(state="failed", template="welcome") == {"cat@example.org"}
    assert found(template="order") == set()
    assert found(since="2026-01-02", until="2026-01-02") == {"cat@example.org"}
    assert found(until="2026-01-01") == set()
    assert client_of(SHOP).get(f"{URL}{old.pk}").json()["state"] == "failed"


def test_a_search_goes_on_from_page_to_page(client_of, message, monkeypatch):
    for number in range(53):
        message(f"p{number}@example.org")
    first = client_of(SHOP).get(URL, {"template": "welcome"}).json()
    second = client_of(SHOP).get(first["next"]).json()
    seen = [each["id"] for each in first["messages"] + second["messages"]]
    assert (len(first["messages"]), len(seen), len(set(seen)), second["next"]) == (50, 53, 53, "")


@pytest.mark.parametrize("query", [{"state": "lost"}, {"since": "yesterday"}, {"after": "x"}])
def test_a_search_that_makes_no_sense_is_refused(client_of, query):
    assert client_of(SHOP).get(URL, query).status_code == 400


def test_a_message_that_does_not_exist_is_not_found(client_of):
    assert client_of(SHOP).get(f"{URL}00000000-0000-0000-0000-000000000000").status_code == 404


def test_openapi_describes_it(client_of):
    description = client_of().get("/email/openapi.json").json()
    assert set(description["paths"]) == {"/email/api/messages/", "/email/api/messages/{message_id}"}
    post = description["paths"]["/email/api/messages/"]["post"]
    assert {"202", "200", "409", "422"} <= set(post["responses"])
    assert post["requestBody"]["content"]["application/json"]["schema"]["required"] == ["template", "to"]
    assert [each["name"] for each in post["parameters"]] == ["Idempotency-Key"]
    assert client_of().get("/email/docs").status_code == 200
