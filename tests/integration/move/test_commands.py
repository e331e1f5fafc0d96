"""`strangler move` as an operator types it, each command in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from strangler.move.databases import connection_to, dialect_of
from strangler.move.dialects.base import Statement
from strangler.testing import Commands

TOPOLOGY = """
[services.images]
settings = "extracted.images.settings"

[services.images.move]
tables = {{ photo = "image" }}
"""
PHOTO = "CREATE TABLE {} (id INTEGER PRIMARY KEY, title VARCHAR(60) NOT NULL)"
TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"


class Operator:
    """Somebody at a terminal, with a SQLite monolith of a thousand photos and an empty service."""

    def __init__(self, folder):
        self.urls = {end: f"sqlite:///{folder / end}.sqlite3" for end in ("source", "target")}
        (folder / "strangler.toml").write_text(TOPOLOGY.format())
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.integration.move.site_settings",
            "DATABASE_URL": self.urls["source"],
            "IMAGES_DATABASE_URL": self.urls["target"],
            "TOPOLOGY": str(folder / "strangler.toml"),
        }
        self.commands = Commands(self.environment)
        self.sql("source", PHOTO.format("photo"))
        self.sql("target", PHOTO.format("image"))
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
        self.sql(
            "source",
            f"{numbers} INSERT INTO photo SELECT i, 'photo ' || i FROM n".replace(
                f"{numbers} INSERT INTO photo", f"INSERT INTO photo {numbers}"
            ),
        )
        self.django("migrate", "--verbosity", "0")

    def django(self, *arguments, code=0):
        done = self.commands.run(*arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def move(self, *arguments, code=0):
        return self.django("strangler", "move", "images", *arguments, code=code)

    def status(self):
        return json.loads(self.move("status", "--format", "json"))

    @contextmanager
    def begin(self, *arguments):
        with self.commands.start(
            *("strangler", "move", "images", "start", *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running:
            try:
                yield running
            finally:
                running.kill()  # or a test that fails would wait for ever

    def sql(self, end, text):
        dialect = dialect_of(connection_to(self.urls[end], alias=end))
        is_query = text.startswith("SELECT")
        result = dialect.fetch(Statement(sql=text)) if is_query else dialect.execute(Statement(sql=text))
        dialect.connection.close()
        return result

    def report(self, process, *, seen_at):
        columns = "process, revision, seen_at"
        self.sql(
            "source",
            f"INSERT INTO strangler_rollout_processreport ({columns}) VALUES ('{process}', 0, {seen_at})",
        )

    def wait(self, wanted, *, seconds=40):
        until = time.monotonic() + seconds
        while not wanted():
            assert time.monotonic() < until, "it did not come"
            time.sleep(0.2)


@pytest.fixture
def operator(tmp_path):
    operator = Operator(tmp_path)
    yield operator
    operator.commands.close()


def test_the_plan_lists_every_statement_and_changes_nothing(operator):
    said = operator.move("plan")
    assert "CREATE TABLE IF NOT EXISTS strangler_position" in said
    assert 'CREATE TRIGGER IF NOT EXISTS "strangler_log_1_1_update"' in said
    assert "Nothing stands against it." in said
    assert operator.move("start", "--dry-run").count("CREATE TRIGGER") == said.count("CREATE TRIGGER") == 3
    assert operator.sql("source", TRIGGERS) == []
    planned = json.loads(operator.move("plan", "--format", "json"))
    assert planned["tables"] == [{"source": "photo", "target": "image", "rows": 1000, "bytes": 0}]


def test_a_move_is_started_followed_and_cancelled(operator):
    said = operator.move("start", "--until-following", "--actor", "ann", "--reason", "")
    assert "the move to images is following" in said
    assert operator.sql("target", "SELECT COUNT(*) FROM image") == [(1000,)]
    assert operator.status()["copied"] == 1000
    operator.sql("source", "UPDATE photo SET title = 'new' WHERE id = 7")
    operator.move("start", "--until-following")
    assert operator.sql("target", "SELECT title FROM image WHERE id = 7") == [("new",)]
    found = operator.status()
    assert (found["stage"], found["copied"], found["total"]) == ("following", 1000, 1000)
    assert found["blocked"] == ["nobody works on it: strangler move images start"]
    assert "loose ends" not in operator.move("status")
    operator.sql(
        "source",
        'INSERT INTO strangler_isolation_looseend (model, "key", rule, "values", due_at, tries, problem) '
        "VALUES ('photos.photo', 'owner', 'cascade', '[]', '2026-01-01 00:00:00', 0, '')",
    )
    assert "loose ends of deletions that wait for a relay: 1" in operator.move("status")
    assert operator.status()["loose_ends"] == 1
    assert "Nothing was changed" in operator.move("cancel", "--empty-target")
    operator.move("cancel", "--apply", "--empty-target")
    assert operator.sql("source", "SELECT name FROM sqlite_master WHERE name LIKE 'strangler_log%'") == []
    assert operator.sql("target", "SELECT COUNT(*) FROM image") == [(0,)]
    assert operator.status()["stage"] == "cancelled"
    operator.move("start", "--until-following")
    assert operator.sql("target", "SELECT COUNT(*) FROM image") == [(1000,)]


def test_a_target_is_emptied_once_every_process_follows_the_rollouts(operator):
    operator.move("start", "--until-following")
    operator.report("web:1", seen_at="strftime('%Y-%m-%d %H:%M:%f', 'now')")
    operator.report("web:2", seen_at="'2026-01-01 00:00:00'")
    operator.sql("source", "INSERT INTO strangler_rollout_revision (id, number) VALUES (1, 1)")
    with ThreadPoolExecutor(1) as other:
        cancelling = other.submit(operator.move, "cancel", "--apply", "--empty-target")
        operator.wait(lambda: not operator.sql("source", TRIGGERS))
        time.sleep(0.3)
        assert operator.sql("target", "SELECT COUNT(*) FROM image") == [(1000,)]
        operator.sql(
            "source", "UPDATE strangler_rollout_processreport SET revision = 1 WHERE process = 'web:1'"
        )
        assert "Cancelled." in cancelling.result()
    assert operator.sql("target", "SELECT COUNT(*) FROM image") == [(0,)]


def test_a_target_is_emptied_once_every_process_knows_that_it_is_not_the_owner(operator):
    operator.move("start", "--until-following")
    operator.sql(
        "source",
        "UPDATE strangler_isolation_ownershiprecord SET changed_at = strftime('%Y-%m-%d %H:%M:%f', 'now')",
    )
    with ThreadPoolExecutor(1) as other:
        cancelling = other.submit(operator.move, "cancel", "--apply", "--empty-target")
        operator.wait(lambda: not operator.sql("source", TRIGGERS))
        time.sleep(0.5)
        assert operator.sql("target", "SELECT COUNT(*) FROM image") == [(1000,)]
        assert "Cancelled." in cancelling.result()
    assert operator.sql("target", "SELECT COUNT(*) FROM image") == [(0,)]


def test_a_running_move_is_throttled_paused_resumed_and_interrupted(operator):
    with operator.begin("--max-rows-per-second", "200") as running:
        operator.wait(lambda: operator.sql("target", "SELECT COUNT(*) FROM image") != [(0,)])
        operator.move("pause", "--reason", "lunch")
        operator.wait(lambda: operator.status()["blocked"] == ["operator: lunch"])
        operator.sql("source", "UPDATE photo SET title = 'paused' WHERE id = 1")
        assert "100 rows per second" in operator.move("throttle", "--max-rows-per-second", "100")
        assert operator.status()["limits"] == {"rows_per_second": 100}
        operator.move("throttle", "--max-rows-per-second", "0")
        operator.move("resume")
        operator.wait(lambda: operator.sql("target", "SELECT title FROM image WHERE id = 1") == [("paused",)])
        operator.wait(lambda: operator.status()["stage"] == "following")
        assert operator.status()["holder"].endswith(f":{running.pid}")
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=30)
    assert running.returncode == 0, said
    assert "Stopped; the move to images is following." in said
    assert operator.status()["holder"] == ""


def test_a_start_of_a_paused_move_says_what_it_waits_for(operator):
    operator.move("start", "--until-following")
    operator.sql("source", "ALTER TABLE photo ADD COLUMN stars INTEGER")
    assert "paused (schema-changed)" in operator.move("start", "--until-following", code=1)
    assert operator.status()["blocked"][0].startswith("schema-changed: the columns of photo changed")
    with operator.begin() as waiting:
        lines = [waiting.stdout.readline() for _ in range(2)]
        assert "waits for: strangler move images resume" in lines[1]
        waiting.send_signal(signal.SIGINT)
        waiting.communicate(timeout=30)


def test_a_move_is_refused_by_name_and_changes_nothing(operator):
    operator.sql("target", "INSERT INTO image VALUES (1, 'of somebody else')")
    assert "REFUSED [target-not-empty] image" in operator.move("plan", code=1)
    assert "[target-not-empty]" in operator.move("start", code=1)
    assert "there is no move" in operator.move("status", code=1)


def test_what_cannot_be_moved_is_said_with_the_next_step(operator):
    operator.commands.close()
    del operator.environment["IMAGES_DATABASE_URL"]
    operator.commands = Commands(operator.environment)
    assert "IMAGES_DATABASE_URL is not set" in operator.move("plan", code=1)
    assert "there is no such service. Did you mean 'images'?" in operator.django(
        "strangler", "move", "image", "plan", code=1
    )
