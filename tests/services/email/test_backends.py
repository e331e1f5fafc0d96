"""Other back ends of Django's kind: anymail's work unchanged, and what nobody can know stays unknown."""

import smtplib
from typing import ClassVar

import pytest
from anymail.backends.test import EmailBackend as AnymailTestBackend
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from anymail.message import AnymailRecipientStatus
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from extracted.email.models import Message
from extracted.email.sending import send
from extracted.email.states import State

pytestmark = pytest.mark.django_db
ANN, BEN = "ann@example.org", "ben@example.org"


class Provider(AnymailTestBackend):
    """Anymail's own test back end, answering what a test wants."""

    answer: ClassVar[object] = None

    def post_to_esp(self, payload, message):
        response = super().post_to_esp(payload, message)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or response


class Broken(BaseEmailBackend):
    """A back end that raises what a test wants."""

    error: ClassVar[Exception]

    def send_messages(self, _messages):
        raise self.error


@pytest.fixture
def provider(settings, monkeypatch):
    settings.EMAIL_BACKEND = f"{__name__}.Provider"
    mail.outbox = []

    def answer(value):
        monkeypatch.setattr(Provider, "answer", value)

    return answer


def sent(message):
    send(message.pk)
    return Message.objects.get(pk=message.pk)


def api_error(status):
    error = AnymailAPIError("the provider is not amused")
    error.status_code = status
    error.response = type("Response", (), {"reason": "no", "text": "no"})()
    return error


def test_anymail_sends_with_our_message_id(provider, message):
    row = sent(message())
    (posted,) = mail.outbox
    assert row.state == State.SENT
    assert posted.extra_headers["Message-ID"] == row.message_id
    assert posted.anymail_test_params["to"][0].addr_spec == ANN
    assert row.recipients.get().state == "accepted"


def test_anymails_word_about_each_recipient_is_kept(provider, message):
    statuses = {
        ANN: AnymailRecipientStatus(message_id="1", status="queued"),
        BEN: AnymailRecipientStatus(message_id="2", status="rejected"),
    }
    provider({"recipient_status": statuses})
    row = sent(message(ANN, BEN))
    assert row.state == State.SENT
    assert dict(row.recipients.values_list("address", "state")) == {ANN: "accepted", BEN: "refused"}
    assert "the provider says: rejected" in row.reason


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (400, State.FAILED),
        (408, State.QUEUED),
        (429, State.QUEUED),
        (500, State.UNKNOWN),
        (None, State.UNKNOWN),
    ],
)
def test_a_providers_error_is_judged_by_its_http_status(provider, message, status, state):
    provider(api_error(status))
    assert sent(message()).state == state


def test_when_a_provider_refuses_everybody_it_has_failed(provider, message):
    provider(AnymailRecipientsRefused())
    assert sent(message()).state == State.FAILED


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (smtplib.SMTPServerDisconnected("gone"), State.UNKNOWN),
        (TimeoutError(), State.UNKNOWN),
        (ConnectionRefusedError(), State.QUEUED),
        (smtplib.SMTPDataError(451, b"later"), State.QUEUED),
        (smtplib.SMTPDataError(554, b"never"), State.FAILED),
        (smtplib.SMTPRecipientsRefused({ANN: (550, b"no such user")}), State.FAILED),
        (RuntimeError("a bug"), State.UNKNOWN),
    ],
)
def test_a_back_end_that_does_not_tell_its_phase_is_believed_only_where_it_is_sure(
    settings, monkeypatch, message, error, state
):
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    monkeypatch.setattr(Broken, "error", error, raising=False)
    assert sent(message()).state == state


@pytest.mark.parametrize(
    "backend",
    ["django.core.mail.backends.locmem.EmailBackend", "django.core.mail.backends.console.EmailBackend"],
)
def test_djangos_own_back_ends_work(settings, message, backend):
    settings.EMAIL_BACKEND = backend
    assert sent(message()).state == State.SENT


def test_a_mail_that_cannot_be_written_has_failed(smtp, message):
    row = sent(message(subject="two\nlines"))
    assert row.state == State.FAILED
    assert "can't be written as a mail" in row.reason
    assert not smtp.connections
