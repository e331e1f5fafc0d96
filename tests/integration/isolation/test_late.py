"""Work that begins with the old view of ownership, and meets no trigger: it is found out, and done again."""

from __future__ import annotations

import io

import pytest
from django.db import OperationalError, connection

from strangler.errors import FenceRaised
from strangler.facade.refence import WsgiAgain
from strangler.isolation import meeting, ownership, snapshot
from strangler.isolation.router import alias_of

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = {"plain_table": ""}


@pytest.fixture(autouse=True)
def turning(isolate):
    isolate(SERVICE_DATABASES={"images": "images"})
    ownership.announce(TABLES, owner="monolith", fence=7)
    snapshot.refresh()


@pytest.fixture
def fence():
    """A fence without triggers, raised, and a table behind it."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain_table (id INTEGER)")
        cursor.execute("CREATE TABLE strangler_fence (move_id BIGINT, is_raised SMALLINT)")
        cursor.execute("INSERT INTO strangler_fence VALUES (7, 1)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE plain_table")
        cursor.execute("DROP TABLE strangler_fence")


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def flip():
    """Give the tables to the service, as another process does."""
    token = meeting._attempt.set(None)
    ownership.assign(TABLES, owner="images")
    meeting._attempt.reset(token)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE plain_table SET id = 2 WHERE id = 1",
        'DELETE FROM "plain_table" WHERE id = 1',
        "INSERT INTO plain_table SELECT id FROM plain_table",
    ],
)
def test_a_write_that_finds_no_row_meets_the_raised_fence_all_the_same(fence, sql):
    with pytest.raises(FenceRaised) as caught:
        run(sql)
    assert (caught.value.move, caught.value.table) == ("images", "plain_table")


def test_a_write_that_finds_no_row_passes_a_fence_that_is_down_and_one_of_other_tables(fence):
    run("UPDATE auth_user SET username = 'x' WHERE id IN (SELECT id FROM plain_table)")
    run("UPDATE strangler_fence SET is_raised = 0")
    run("DELETE FROM plain_table")


def test_a_call_that_did_not_find_what_is_elsewhere_by_now_is_done_again():
    def work():
        if alias_of("plain_table") is None:
            flip()  # somebody switches while it looks
            raise LookupError("not there yet")
        return "found"

    assert meeting.retry(work) == "found"


def test_a_call_that_was_the_victim_of_a_deadlock_is_done_again_while_tables_may_change_hands():
    errors = [OperationalError(meeting.DEADLOCK_ERRNO, "Deadlock found")]

    def execute(*_):
        if errors:
            raise errors.pop()
        return "done"

    assert meeting.retry(lambda: meeting.watch(execute, "SELECT 1", (), False, {})) == "done"
    ownership.settle(TABLES)
    snapshot.refresh()
    errors.append(OperationalError(meeting.DEADLOCK_ERRNO, "Deadlock found"))
    with pytest.raises(OperationalError):
        meeting.retry(lambda: meeting.watch(execute, "SELECT 1", (), False, {}))


def test_a_call_that_fails_for_another_reason_fails_once():
    tries = []

    def work():
        tries.append(alias_of("plain_table"))
        raise LookupError

    with pytest.raises(LookupError):
        meeting.retry(work)
    assert tries == [None]


def test_a_call_sees_one_owner_from_its_beginning_to_its_end():
    def work():
        seen = [alias_of("plain_table")]
        flip()
        snapshot.refresh()  # as the thread does
        run(
            "INSERT INTO django_content_type (app_label, model) VALUES ('late', 'late')"
        )  # so that it is not done again
        return [*seen, alias_of("plain_table")]

    assert meeting.retry(work) == [None, None]
    assert alias_of("plain_table") == "images"


def answers(application, method):
    """Return the statuses that a client sees of one request, and how often it was done."""
    said, done = [], []

    def counted(environ, start_response):
        done.append(environ["wsgi.input"].read())
        status = application()
        start_response(status, [])
        return [b""]

    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": "/",
        "CONTENT_LENGTH": "4",
        "wsgi.input": io.BytesIO(b"body"),
        "SERVER_NAME": "x",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
    }
    answer = WsgiAgain(counted)(environ, lambda status, *_: said.append(status))
    getattr(answer, "close", list)()
    return said, done


@pytest.mark.parametrize(
    ("method", "late", "expected"),
    [
        ("GET", "404 Not Found", ["200 OK"]),
        ("POST", "302 Found", ["200 OK"]),
        (
            "GET",
            "304 Not Modified",
            ["304 Not Modified"],
        ),  # what is read may be as old as the view, see the guide
    ],
)
def test_a_request_that_went_by_an_old_view_is_done_again_with_its_body(method, late, expected):
    def application():
        if alias_of("plain_table") is None:
            flip()
            return late
        return "200 OK"

    said, done = answers(application, method)
    assert said == expected
    assert set(done) == {b"body"}


def test_a_request_that_asked_for_no_moving_table_is_not_looked_at(django_assert_num_queries):
    with django_assert_num_queries(0):
        said, done = answers(lambda: "404 Not Found", "POST")
    assert (said, done) == (["404 Not Found"], [b"body"])
