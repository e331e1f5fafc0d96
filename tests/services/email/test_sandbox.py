"""The email service in its sandbox: it does everything, shows it, and leaves nothing."""

import json
from uuid import uuid4

import pytest
from django.test import Client

from extracted.email.models import Message
from strangler import tokens
from strangler.core.observation import Observation, Operation
from strangler.errors import TokenError
from strangler.service.models import InboxMessage

BODY = {
    "template": "welcome",
    "to": ["ann@example.org"],
    "context": {
        "user": {"first_name": "Ann", "username": "ann"},
        "shop_name": "Halftone",
        "site_url": "https://halftone.example",
    },
    "business_id": "welcome:user:42",
}


def ask(task="email.deliver", body=BODY, *, capture=None):
    """Have a task done in the sandbox; returns the answer."""
    capture = capture or str(uuid4())
    return Client().post(
        "/health/sandbox",
        json.dumps({"task": task, "body": body, "version": 1}),
        content_type="application/json",
        headers={tokens.SHADOW_HEADER: tokens.sign_shadow(capture, audience="email")},
    )


def observed(answer):
    assert answer.status_code == 200, answer.content
    return Observation.from_json(answer.json())


def test_the_probe_is_answered_with_a_signed_word():
    token = tokens.sign_shadow("nonce", audience="email")
    answer = Client().get("/health/sandbox", headers={tokens.SHADOW_HEADER: token})
    assert answer.status_code == 200
    assert tokens.read_sandbox(answer[tokens.SANDBOX_HEADER], audience="email") == "nonce"


@pytest.mark.django_db(transaction=True)
def test_a_mail_is_taken_and_sent_and_nothing_of_it_stays(smtp, queue):
    capture = str(uuid4())
    answer = ask(capture=capture)
    seen = observed(answer)
    assert tokens.read_sandbox(answer[tokens.SANDBOX_HEADER], audience="email") == capture
    assert seen.error == ""
    (mail,) = seen.effects.mails
    assert mail.recipients == ("ann@example.org",)
    assert "Ann" in mail.text
    assert {row.table for row in seen.effects.rows if row.operation is Operation.INSERT} >= {"email_message"}
    assert [message.task for message in seen.effects.messages] == ["email.send"]
    assert not Message.objects.exists()
    assert not InboxMessage.objects.exists()
    assert smtp.connections == 0
    assert queue() == []


@pytest.mark.django_db(transaction=True)
def test_a_task_that_fails_says_with_what():
    assert observed(ask(body={"template": "nonsense"})).error
    assert not InboxMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_task_that_is_not_there_is_refused_without_the_signed_word():
    answer = ask(task="email.unheard_of")
    assert answer.status_code == 422
    assert "email.unheard_of" in answer.json()["detail"]
    assert tokens.SANDBOX_HEADER not in answer


@pytest.mark.parametrize("header", ["", "nonsense", "other"])
def test_a_forged_header_is_refused_and_nothing_is_done(header, db):
    token = tokens.sign_shadow("1", audience="images") if header == "other" else header
    answer = Client().post(
        "/health/sandbox", "{}", content_type="application/json", headers={tokens.SHADOW_HEADER: token}
    )
    assert answer.status_code == 403
    with pytest.raises(TokenError):
        tokens.read_sandbox(answer.headers.get(tokens.SANDBOX_HEADER, ""), audience="email")
