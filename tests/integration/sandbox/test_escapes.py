"""No view gets anything out of the sandbox, and none notices that it is in one.

Run it on other engines too: python -m tests.servers mariadb -- pytest tests/integration/sandbox/test_escapes.py
"""

from __future__ import annotations

import json
import logging

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client

from monolith.catalog.models import Category
from strangler import tokens
from strangler.core.observation import Observation
from tests.integration.sandbox import escapes

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.integration.sandbox.escapes"),
]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """Give each test an empty storage."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


def answer_to(path):
    token = tokens.sign_shadow("one", audience=tokens.MONOLITH)
    return Client(raise_request_exception=False).post(path, headers={tokens.SHADOW_HEADER: token})


def observed(path):
    """Ask for *path* in the sandbox, see that no row stayed, and return what was observed."""
    answer = answer_to(path)
    assert tokens.read_sandbox(answer[tokens.SANDBOX_HEADER], audience=tokens.MONOLITH) == "one"
    seen = Observation.from_json(answer.json())
    assert seen.status == 200, seen.body
    assert not Category.objects.exists()
    return seen


@pytest.mark.parametrize("path", ["/thread/", "/pool/"])
def test_a_thread_may_not_write_over_its_own_connection(path):
    seen = observed(path)
    assert seen.effects.rows == ()
    assert seen.effects.refused == ("database 'default' was to be written over another connection",)


@pytest.mark.parametrize(
    "sql", ["END", "SELECT 1; COMMIT", "/*!50000 COMMIT */", "SET autocommit = 1", "COPY x"]
)
def test_a_statement_that_might_stay_is_refused_and_told_although_the_view_hides_it(sql):
    seen = observed(f"/sql/?sql={sql}")
    assert len(seen.effects.rows) == 1
    assert len(seen.effects.refused) == 1


def test_a_commit_past_django_is_noticed_and_nothing_is_signed(caplog):
    with caplog.at_level(logging.CRITICAL, logger="strangler"):
        answer = answer_to("/commit/")
    assert (answer.status_code, tokens.SANDBOX_HEADER in answer) == (500, False)
    assert "somebody committed" in answer.json()["detail"]
    assert [record.levelname for record in caplog.records if record.name.startswith("strangler")] == [
        "CRITICAL"
    ]
    assert Category.objects.exists()  # that is why nothing is signed


def test_a_connection_that_is_closed_stays_open_and_it_is_told():
    seen = observed("/closing/")
    assert (seen.body, len(seen.effects.rows)) == (b"2", 2)
    assert seen.effects.refused == ("closing of the connection to database 'default'",)


def test_a_row_that_was_there_undoes_only_its_own_statement_or_block():
    seen = observed("/duplicate/")
    assert seen.body == b"1"
    assert [row.values["slug"] for row in seen.effects.rows] == ["same"]


def test_hooks_of_a_commit_run_when_the_outermost_block_ends_and_at_once_without_one():
    assert json.loads(observed("/hooks/").body) == ["inside", "block", "none"]


def test_many_rows_are_all_seen_and_so_is_what_comes_after_them():
    seen = observed("/many/").effects
    assert len(seen.rows) == 1_200
    assert [mail.subject for mail in seen.mails] == ["after"]


def test_a_cache_that_somebody_holds_stays_as_it_is():
    escapes.HELD.clear()
    assert json.loads(observed("/cached/").body) == {"held": 1, "more": 3}
    assert escapes.HELD.get_many(["held", "more"]) == {}


def test_no_process_is_started():
    assert observed("/process/").effects.refused == ("start of a process",)


def test_the_rest_of_a_chain_gets_the_result_of_its_beginning():
    seen = observed("/chained/").effects
    assert [row.values["slug"] for row in seen.rows] == ["1", "1-2"]
    assert [message.body["args"] for message in seen.messages] == [[1], [1, 2]]


def test_a_chord_is_refused_at_once():
    assert observed("/chorded/").effects.refused == ("a chord: its parts meet in a result back end",)


def test_files_that_are_opened_to_be_written_are_seen_and_do_not_stay(media):
    for name in ("kept.txt", "gone.txt"):
        default_storage.save(name, ContentFile(b"kept"))
    seen = observed("/opened/")
    assert json.loads(seen.body) == ["kept.txt", "new.txt"]
    assert [(file.name, file.size) for file in seen.effects.files] == [
        ("kept.txt", len("kept and more")),
        ("new.txt", 3),
        ("gone.txt", -1),
    ]
    assert {path.name: path.read_bytes() for path in media.iterdir()} == {
        "kept.txt": b"kept",
        "gone.txt": b"kept",
    }


def test_the_connection_is_as_before_when_the_sandbox_is_left():
    observed("/hooks/")
    assert not connection.in_atomic_block
    escapes.row("stays")
    connection.close()
    assert Category.objects.count() == 1
