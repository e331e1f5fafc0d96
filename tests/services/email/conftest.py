"""What tests inside the service's own process share. Run: pytest --ds=extracted.email.settings tests/services/email."""

import pytest
from django.test import Client
from django.utils import timezone
from redis import Redis

from extracted.email.announcing import announcer
from extracted.email.celery import app
from extracted.email.intake import take
from extracted.email.models import Message, Source
from extracted.email.submission import Submission
from strangler.core.principal import Principal
from strangler.service import sign_principal
from tests.servers.smtp import FakeSMTP

STAFF = Principal(id="1", username="sam", is_staff=True)
CUSTOMER = Principal(id="7", username="ann")
SHOP = Principal.for_service("monolith")
TOKEN = "t" * 32


@pytest.fixture(autouse=True)
def broker(settings):
    """Leave the broker alone: a port where nothing listens."""
    app.conf.broker_url = "redis://127.0.0.1:1/0"
    announcer.cache_clear()


@pytest.fixture
def queue(valkey_url):
    """Announce to a real broker; returns a function that lists what waits in its queue."""
    app.conf.broker_url = valkey_url
    announcer.cache_clear()

    def waiting(name="email") -> list[str]:
        with Redis.from_url(valkey_url) as client:
            return [message.decode() for message in client.lrange(name, 0, -1)]

    return waiting


@pytest.fixture
def smtp(settings):
    """Run a mail server that misbehaves on demand."""
    settings.EMAIL_BACKEND = "extracted.email.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = 1
    with FakeSMTP() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.host, server.port
        yield server


@pytest.fixture
def configure(settings):
    """Return a function that changes the service's configuration for this test."""

    def change(**values):
        settings.EMAIL = {**settings.EMAIL, **values}

    return change


@pytest.fixture
def message(db):
    """Return a function that takes a message, as the doors do, and changes fields of its row."""

    def make(*to, template="welcome", context=None, business_id="", **fields) -> Message:
        submission = Submission(
            template=template,
            to=to or ("ann@example.org",),
            context=context or {"user": {"username": "ann", "first_name": "Ann"}},
            business_id=business_id,
        )
        taken = take(submission, source=Source.TASK, is_parked_on_failure=True, then=lambda _: None).message
        Message.objects.filter(pk=taken.pk).update(**fields)
        taken.refresh_from_db()
        return taken

    return make


@pytest.fixture
def due():
    """Return a function that makes a message ready for its next attempt, whenever that would have been."""

    def make_due(message: Message) -> Message:
        now = timezone.now()
        Message.objects.filter(pk=message.pk).update(not_before=now)
        Message.objects.filter(pk=message.pk, due_at__isnull=False).update(due_at=now)
        message.refresh_from_db()
        return message

    return make_due


@pytest.fixture
def client_of():
    """Return a function that makes a client as the facade forwards it: a signed principal, the token's cookie."""

    def client_of(principal: Principal | None = STAFF, **headers: str) -> Client:
        if principal:
            headers["Strangler-Principal"] = sign_principal(principal, audience="email")
        client = Client(enforce_csrf_checks=True, headers=headers)
        client.cookies["csrftoken"] = TOKEN
        return client

    return client_of
