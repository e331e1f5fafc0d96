"""Whatever a view does in the sandbox, it is seen and does not stay."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from redis import Redis

from monolith.catalog.models import Category
from strangler import tokens
from strangler.core.observation import Observation, Operation
from strangler.core.principal import Principal
from strangler.outbox.models import OutboxMessage
from tests.integration.sandbox import shop

MANY = [300, pytest.param(10_000, marks=pytest.mark.long)]
MEMORY = Path("/dev/shm")

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.integration.sandbox.shop"),
]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """Give each test an empty storage."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


def shadowed(path, *, client=None, **headers):
    """Ask for *path* in the sandbox and return what was observed."""
    token = tokens.sign_shadow("one", audience=tokens.MONOLITH)
    client = client or Client(raise_request_exception=False)
    answer = client.post(path, headers={tokens.SHADOW_HEADER: token, **headers})
    assert answer.status_code == 200, answer.content
    assert tokens.read_sandbox(answer[tokens.SANDBOX_HEADER], audience=tokens.MONOLITH) == "one"
    return Observation.from_json(answer.json())


def assert_nothing_stayed(media):
    """Check every place where something could."""
    assert not Category.objects.exists()
    assert not OutboxMessage.objects.exists()
    assert not Session.objects.exists()
    assert mail.outbox == []
    assert cache.get("last") is None
    assert [path for path in media.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("many", MANY)
def test_many_writes_leave_no_row_no_mail_no_message_and_no_file(media, valkey_url, monkeypatch, many):
    if MEMORY.is_dir():  # each sandbox makes and removes folders, which takes a busy disk milliseconds
        monkeypatch.setattr(tempfile, "tempdir", str(MEMORY))
    shop.app.conf.broker_url = valkey_url
    client = Client()
    headers = {tokens.SHADOW_HEADER: tokens.sign_shadow("many", audience=tokens.MONOLITH)}
    for number in range(many):
        if number % 50 == 49:  # a token lives for half a minute
            headers = {tokens.SHADOW_HEADER: tokens.sign_shadow("many", audience=tokens.MONOLITH)}
        assert client.post(f"/write/?n={number}", headers=headers).status_code == 200
    assert_nothing_stayed(media)
    with Redis.from_url(valkey_url) as broker:
        assert broker.keys() == []


def test_all_that_was_done_is_seen(media):
    seen = shadowed("/write/?n=7")
    assert (seen.status, seen.body) == (201, b'{"n": "7", "rows": 1}')
    rows = [(row.table, row.operation) for row in seen.effects.rows]
    assert rows == [("catalog_category", Operation.INSERT), ("catalog_category", Operation.UPDATE)]
    assert seen.effects.rows[0].values["slug"] == "c-7"
    assert [(each.task, each.body) for each in seen.effects.messages] == [
        ("shop.made", {"n": "7"}),
        ("shop.index", {"args": ["7"], "kwargs": {}}),
    ]
    assert [each.subject for each in seen.effects.mails] == ["made"]
    assert [(each.name, each.size) for each in seen.effects.files] == [("made/7.txt", 1)]
    assert_nothing_stayed(media)


def test_what_a_savepoint_took_back_is_no_effect(media):
    seen = shadowed("/in_savepoint/")
    assert [row.values["slug"] for row in seen.effects.rows] == ["stays"]
    assert_nothing_stayed(media)


def test_a_durable_transaction_works(media):
    assert shadowed("/durable/").status == 200
    assert_nothing_stayed(media)


@pytest.mark.parametrize(
    "sql", ["COMMIT", " commit", "/* x */ COMMIT", "ROLLBACK", "CREATE TABLE x (y int)", "BEGIN"]
)
def test_a_statement_that_would_stay_is_refused(media, sql):
    seen = shadowed(f"/raw/?sql={sql}")
    assert seen.status == 500
    assert_nothing_stayed(media)


@pytest.mark.parametrize("by", ["http", "socket"])
def test_a_connection_to_elsewhere_is_refused_and_told(valkey_url, by, media):
    where = valkey_url.removeprefix("redis://").partition("/")[0]
    seen = shadowed(f"/call_out/?by={by}&to={where}")
    assert seen.status == 500
    assert seen.effects.refused == (f"connection to {where}",)


def test_a_name_is_not_looked_up():
    seen = shadowed("/call_out/?by=http&to=example.org")
    assert seen.effects.refused == ("look-up of example.org",)


def test_files_are_read_from_the_storage_and_written_to_nowhere(media):
    default_storage.save("kept.txt", ContentFile(b"kept"))
    seen = shadowed("/files/")
    assert seen.body == b'{"kept": "kept", "seen": [false, true], "new": "new"}'
    assert [path.name for path in media.rglob("*") if path.is_file()] == ["kept.txt"]


def test_mails_of_every_way_are_seen_once(media):
    assert [each.subject for each in shadowed("/mails/").effects.mails] == ["one", "two"]
    assert mail.outbox == []


def test_a_streamed_answer_is_observed_whole():
    assert shadowed("/stream/").body == b"one two"


def test_a_file_is_observed_as_it_would_be_sent():
    default_storage.save("kept.txt", ContentFile(b"kept"))
    assert shadowed("/sent/").body == b"kept"


def test_a_view_that_fails_is_observed_as_a_server_error(media):
    assert shadowed("/boom/").status == 500
    assert_nothing_stayed(media)


def test_the_user_is_who_the_principal_names_and_the_session_does_not_stay(media):
    user = get_user_model().objects.create_user("ann", "ann@x.org", "secret")
    principal = tokens.sign_principal(Principal(id=str(user.pk)), audience=tokens.MONOLITH)
    seen = shadowed("/who/", **{tokens.PRINCIPAL_HEADER: principal})
    assert seen.body == b'{"user": "ann", "is_in": true}'
    assert shadowed("/who/").body == b'{"user": "", "is_in": false}'
    assert not Session.objects.exists()


def test_a_request_without_the_header_is_done_for_good(media):
    Client().post("/in_savepoint/")
    assert Category.objects.get().slug == "stays"
