"""A service's task and its own fence: done while it is down, sent home while it is up; on every database."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from celery import Celery
from django.db import connections, transaction
from django.http import HttpResponse
from django.test import RequestFactory

from strangler import fences
from strangler.core.paths import PathPattern
from strangler.core.seams import METHODS, Call, Route, Service
from strangler.core.topology import Topology
from strangler.errors import FenceRaised, StranglerError
from strangler.outbox.models import OutboxMessage
from strangler.outbox.sending import send
from strangler.outbox.wire import Row
from strangler.service import fence, handing
from strangler.service.inbox import receive
from strangler.service.models import InboxMessage, InboxState
from strangler.service.moving import FenceMiddleware
from strangler.service.redirecting import readdressing

CALL = Call(name="images.stamp", service="images", task="images.stamp", queue="images", home="shop")


@pytest.fixture(autouse=True)
def service(settings, monkeypatch):
    routes = tuple(
        Route(
            name=name,
            service="images",
            pattern=PathPattern.parse(f"/{name}/"),
            methods=frozenset(METHODS),
            has_legacy=has_legacy,
        )
        for name, has_legacy in (("images.upload", True), ("images.api", False))
    )
    images = Service(
        name="images", settings="x", calls=(CALL,), routes=routes, move_tables={"photos": "stamps"}
    )
    settings.STRANGLER = {"SERVICE": "images", "TOPOLOGY": Topology(services={"images": images})}
    monkeypatch.setattr(fence, "PATIENCE", fence.BETWEEN_LOOKS)
    fence.forget()
    yield
    fence.forget()


def clear(database):
    """Take both tables away; a move that was tested before on the same database leaves a fence behind."""
    for table in ("stamps", fences.FENCES):
        run(database, f"DROP TABLE IF EXISTS {table}")


def lay(database):
    """Make the table that moves, and its fence, lowered."""
    clear(database)
    run(database, "CREATE TABLE stamps (id INTEGER PRIMARY KEY, word VARCHAR(20))")
    run(
        database,
        f"CREATE TABLE {fences.FENCES} (move_id BIGINT NOT NULL PRIMARY KEY, is_raised SMALLINT NOT NULL)",
    )
    run(database, f"INSERT INTO {fences.FENCES} VALUES (7, 0)")


@pytest.fixture
def stamps(database):
    lay(database)
    return database


def run(alias, sql):
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def put(alias, *, is_raised):
    run(alias, f"UPDATE {fences.FENCES} SET is_raised = {int(is_raised)}")


def words(alias):
    return [word for (word,) in run(alias, "SELECT word FROM stamps")]


def write(alias):
    return lambda: run(alias, "INSERT INTO stamps VALUES (1, 'one')")


@pytest.fixture
def app():
    return Celery("images", broker="memory://", set_as_current=False)


def came_home(app):
    """Take the messages that came to the monolith's queue."""
    with app.connection_for_read() as connection, connection.SimpleQueue("shop") as queue:
        found = []
        while queue.qsize():
            found.append(queue.get())
            found[-1].ack()
        return found


def test_where_no_move_was_ever_armed_nothing_is_asked_but_whether_there_is_a_fence(database):
    assert not fence.is_raised(database)
    assert fence.behind_fence(lambda: "done", using=database) == "done"


def test_work_is_refused_while_the_fence_is_up(stamps):
    put(stamps, is_raised=True)
    with pytest.raises(FenceRaised) as caught:
        fence.behind_fence(write(stamps), using=stamps)
    assert (caught.value.move, caught.value.table, words(stamps)) == ("images", "stamps", [])
    put(stamps, is_raised=False)
    fence.behind_fence(write(stamps), using=stamps)
    assert words(stamps) == ["one"]


def test_work_on_other_tables_passes_a_raised_fence(stamps):
    put(stamps, is_raised=True)
    assert fence.behind_fence(lambda: run(stamps, "SELECT 1"), using=stamps)


def test_what_was_written_before_the_fence_went_up_is_undone_with_its_transaction(stamps):
    def late():
        write(stamps)()
        put(stamps, is_raised=True)

    with pytest.raises(FenceRaised) as caught, transaction.atomic(using=stamps):
        fence.behind_fence(late, using=stamps)
    assert not caught.value.has_committed
    assert words(stamps) == []


def test_a_write_that_finds_no_row_asks_the_fence(stamps):
    def late():
        with transaction.atomic(using=stamps):
            put(stamps, is_raised=True)
            run(stamps, "UPDATE stamps SET word = 'two' WHERE id = 2")

    with pytest.raises(FenceRaised) as caught:
        fence.behind_fence(late, using=stamps)
    assert not caught.value.has_committed


def test_what_was_committed_is_said(stamps):
    def late():
        write(stamps)()
        raise FenceRaised("images", table="stamps")

    with pytest.raises(FenceRaised) as caught:
        fence.behind_fence(late, using=stamps)
    assert caught.value.has_committed


def test_a_received_message_goes_home_and_is_remembered_as_handed(stamps, app):
    @app.task(name="images.stamp", bind=True, shared=False)
    @receive(using=stamps)
    def stamp(message):
        write(stamps)()

    put(stamps, is_raised=True)
    id_ = uuid4()
    for _ in range(2):  # the second is a copy that the broker delivers after it
        assert stamp.apply(kwargs={"body": {}, "version": 1}, task_id=str(id_)).state == "IGNORED"
        put(stamps, is_raised=False)
    assert words(stamps) == []
    assert InboxMessage.objects.using(stamps).get(pk=id_).state == InboxState.HANDED
    first, second = came_home(app)
    assert first.headers["id"] == second.headers["id"] == str(id_)
    assert (first.headers["strangler-hops"], first.headers["task"]) == ("1", "images.stamp")
    assert first.headers["strangler-decision"] == "images.stamp=legacy;moved"


def test_who_is_tired_is_handed_on_no_more(app):
    @app.task(name="images.stamp", bind=True, shared=False)
    def stamp(self):
        handing.refuse_tired(self, move="images")

    headers = {"strangler-hops": "7"}
    # Celery keeps of an error what can be pickled.
    with pytest.raises(StranglerError, match="strangler move images status"):
        stamp.apply(headers=headers).get()
    assert stamp.apply(headers={"strangler-hops": "8"}).get() is None


def test_a_relay_sends_the_services_own_messages_home_while_the_fence_is_up(stamps):
    for task in ("images.stamp", "images.sweep"):
        with transaction.atomic(using=stamps):
            send(task, {}, to="images", using=stamps)
    fields = ("id", "message_id", "type", "version", "body", "headers", "queue", "key", "rank")
    rows = [Row(*row) for row in OutboxMessage.objects.using(stamps).order_by("pk").values_list(*fields)]
    readdress = readdressing(stamps)
    assert readdress(rows) == ()
    put(stamps, is_raised=True)
    (changed,) = readdress(rows)
    assert (changed.type, changed.queue) == ("images.stamp", "shop")
    assert json.loads(changed.headers)["strangler-decision"] == "images.stamp=legacy;moved"


@pytest.fixture
def own_stamps(transactional_db):
    """Make the same in the service's own database."""
    lay("default")
    meet = f"SELECT RAISE(ABORT, '{fences.sentence('images', 'stamps')}')"
    when = f"(SELECT is_raised FROM {fences.FENCES})"
    run("default", f"CREATE TRIGGER meet BEFORE INSERT ON stamps WHEN {when} BEGIN {meet}; END")
    yield "default"
    clear("default")


def answer(view, *, method="POST", seam="images.upload"):
    """Return what a client sees of *view* behind the middleware, as Django's handler calls both."""

    def get_response(request):
        try:
            return view()
        except FenceRaised as error:
            found = middleware.process_exception(request, error)
            if found is None:
                raise
            return found

    middleware = FenceMiddleware(get_response)
    headers = {"Strangler-Decision": f"{seam}=service;stage"}
    return middleware(getattr(RequestFactory(), method.lower())("/stamps/", headers=headers))


def test_a_request_that_meets_the_fence_says_that_nothing_was_done(own_stamps):
    put(own_stamps, is_raised=True)
    refused = answer(lambda: write(own_stamps)() or HttpResponse())
    assert (refused.status_code, refused["Strangler-Moved"], refused["Retry-After"]) == (503, "monolith", "1")
    assert words(own_stamps) == []
    put(own_stamps, is_raised=False)
    assert answer(lambda: write(own_stamps)() or HttpResponse()).status_code == 200


def test_so_does_one_that_asked_for_the_table_before_the_fence_went_up(own_stamps):
    def late(status):
        def view():
            words(own_stamps)
            with connections[own_stamps].cursor() as cursor:  # past what watches: as somebody else does it
                cursor.cursor.execute(f"UPDATE {fences.FENCES} SET is_raised = 1")
            return HttpResponse(status=status)

        put(own_stamps, is_raised=False)
        return view

    assert answer(late(404), method="GET").status_code == 503
    assert answer(late(200), method="GET").status_code == 200  # what is read may be as old as the switch


def test_pages_about_other_tables_and_work_that_was_committed_are_left_alone(own_stamps):
    put(own_stamps, is_raised=True)
    assert answer(lambda: HttpResponse(status=404)).status_code == 404
    assert (
        answer(lambda: HttpResponse(status=404 - len(words(own_stamps))), seam="images.api").status_code
        == 404
    )
    put(own_stamps, is_raised=False)

    def late():
        write(own_stamps)()
        raise FenceRaised("images", table="stamps")

    with pytest.raises(FenceRaised):
        answer(late)
