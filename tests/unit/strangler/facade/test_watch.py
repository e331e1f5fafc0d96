"""What is noted of a request, and when nothing is."""

from __future__ import annotations

import io

import pytest

from strangler import observing
from strangler.core.decision import Side
from strangler.facade.framing import Framing
from strangler.facade.visit import begin
from strangler.facade.watch import Tee, Watch, answered_headers, asked_headers
from strangler.facade.wsgi_watched import WatchedAnswer, _read_at_close
from strangler.observing import Loss
from tests.unit.strangler.facade.samples import incoming, route


@pytest.fixture(autouse=True)
def observer(settings, monkeypatch):
    """Remember what is offered and lost."""
    settings.STRANGLER = {"SHADOW_MAX_BODY_BYTES": 100, "SHADOW_HEADERS": ["x-tenant"]}

    class Observer:
        def __init__(self):
            self.offered, self.lost = [], []

        def offer(self, draft):
            self.offered.append(draft)

        def lose(self, seam, loss):
            self.lost.append((seam, loss))

    observer = Observer()
    monkeypatch.setattr(observing, "_observer", observer)
    return observer


def watch(*, length=0, **request):
    return Watch(begin(route(), incoming(**request)), Side.LEGACY, Framing(length))


def answer(watch, *pieces):
    """Answer as a server lets an application do it."""
    watch.answer(200, [])
    answer = WatchedAnswer(iter(pieces), watch)
    given = list(answer)
    answer.close()
    return given


def test_a_tee_lets_go_of_what_is_larger_than_its_bound():
    tee = Tee(5)
    tee.take(b"123")
    assert tee.content() == b"123"
    tee.take(b"456")
    tee.take(b"7")
    assert (tee.is_over, tee.content()) == (True, b"")


def test_pieces_pass_one_by_one_and_as_they_are(observer):
    assert answer(watch(), b"one", b"", b"two") == [b"one", b"", b"two"]
    (draft,) = observer.offered
    assert draft.capture.control.body == b"onetwo"


def test_an_answer_that_nobody_read_to_its_end_is_lost(observer):
    one = watch()
    one.answer(200, [])
    closing = WatchedAnswer(iter([b"a", b"b"]), one)
    next(iter(closing))
    closing.close()
    assert (observer.offered, observer.lost) == ([], [("images.page", Loss.INCOMPLETE)])


def test_a_body_that_was_read_in_part_is_lost(observer):
    one = watch(length=10)
    one.asked.take(b"12345")
    answer(one, b"x")
    assert observer.lost == [("images.page", Loss.INCOMPLETE)]


def test_an_answer_that_says_that_it_is_too_large_is_not_copied_at_all(observer):
    one = watch()
    one.answer(200, [("Content-Length", "101")])
    one.answered.take(b"x")
    assert one.answered.content() == b""
    one.finish()
    assert observer.lost == [("images.page", Loss.TOO_LARGE)]


def test_an_exception_is_what_legacy_did(observer):
    one = watch()
    one.fail(ZeroDivisionError())
    one.finish()
    (draft,) = observer.offered
    assert (draft.capture.control.error, draft.capture.control.status) == ("ZeroDivisionError", 0)


def test_an_abandoned_watch_hands_over_nothing(observer):
    one = watch()
    one.abandon()
    one.finish()
    assert (observer.offered, observer.lost) == ([], [])


class Wrapper:
    """A file wrapper as gunicorn has it."""

    def __init__(self, filelike):
        self.filelike = filelike
        self.close = filelike.close


def test_a_file_is_read_for_the_capture_once_the_server_has_sent_it(observer):
    file, one = io.BytesIO(b"head tail"), watch()
    one.answer(200, [])
    file.seek(5)
    wrapper = Wrapper(file)
    _read_at_close(wrapper, one)
    assert observer.offered == []
    assert file.read() == b"tail"
    wrapper.close()
    assert observer.offered[0].capture.control.body == b"tail"
    assert file.closed


@pytest.mark.parametrize("wrapper", [object(), Wrapper(io.BytesIO())])
def test_a_file_that_can_not_be_read_again_is_lost_and_still_closed(observer, wrapper):
    one = watch()
    one.answer(200, [])
    getattr(wrapper, "filelike", io.BytesIO()).close()
    _read_at_close(wrapper, one)
    assert observer.lost == [("images.page", Loss.INCOMPLETE)]


def test_of_the_request_only_what_matters_to_the_answer_is_kept():
    fields = [
        ("Accept", "text/html"),
        ("Accept-Encoding", "gzip"),
        ("Cookie", "sessionid=1"),
        ("Authorization", "Basic x"),
        ("HX-Target", "list"),
        ("X-Tenant", "7"),
        ("X-Api-Key", "secret"),
        ("Referer", "https://shop.test/a/?token=secret#b"),
        ("Strangler-Override", "token"),
    ]
    assert list(asked_headers(incoming(fields=fields))) == [
        ("Accept", "text/html"),
        ("HX-Target", "list"),
        ("X-Tenant", "7"),
        ("Referer", "https://shop.test/a/"),
    ]


def test_of_the_answer_all_is_kept_that_the_application_said():
    fields = [
        ("Content-Type", "text/html"),
        ("Date", "today"),
        ("Server", "gunicorn"),
        ("Strangler-Side", "legacy"),
        ("Set-Cookie", "strangler_id=1; Path=/"),
        ("Set-Cookie", "basket=2"),
    ]
    assert list(answered_headers(fields)) == [("Content-Type", "text/html"), ("Set-Cookie", "basket=2")]
