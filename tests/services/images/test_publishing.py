"""images.publish: no photo is lost between here and the shop, and none is sent for ever."""

import pytest
from django.utils import timezone

from extracted.images import publishing
from extracted.images.models import Photo, State
from extracted.images.publishing import publish
from extracted.images.rendering import render
from tests.integration.images.stack import jpeg
from tests.servers.processes import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(photo):
    """Return a function that makes a photo that waits to be published."""

    def ready(**fields):
        row = photo(jpeg(600, 400), **fields)
        assert render(row.pk, holder="task")
        return row

    return ready


def test_the_shop_is_told_everything_it_needs(ready, shop):
    row = ready(filename="beach.jpg", checksum="ab" * 32, bytes=1234)
    publish(row.pk)
    row.refresh_from_db()
    (sent,) = shop.adopted
    assert (sent.pop("path"), sent.pop("principal")) == ("/photos/adopt/", "service:images")
    assert sent == {
        "id": str(row.pk),
        "owner_id": 7,
        "filename": "beach.jpg",
        "checksum": "ab" * 32,
        "width": 600,
        "height": 400,
        "bytes": 1234,
        "uploaded_at": row.created_at.isoformat(),
        "original": row.original,
        "renditions": {str(made.size): made.name for made in row.renditions.all()},
    }
    assert (row.state, row.progress, row.due_at) == (State.PUBLISHED, 100, None)


def test_a_photo_that_the_shop_has_already_is_published_too(ready, shop):
    shop.statuses = [200]
    row = ready()
    publish(row.pk)
    assert Photo.objects.get(pk=row.pk).state == State.PUBLISHED


def test_a_photo_is_published_once_however_often_it_is_asked_for(ready, shop):
    row = ready()
    publish(row.pk)
    publish(row.pk)
    assert len(shop.adopted) == 1


def test_an_unfinished_photo_is_not_published(photo, shop):
    publish(photo().pk)
    assert shop.adopted == []


def test_what_the_shop_will_never_take_fails_with_its_reason(ready, shop):
    shop.statuses = [422]
    row = ready()
    publish(row.pk)
    row.refresh_from_db()
    assert (row.state, row.due_at) == (State.FAILED, None)
    assert row.reason.startswith("the shop refused it")


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 500, 502, 503])
def test_any_other_answer_means_later(ready, shop, status):
    shop.statuses = [status]
    row = ready()
    publish(row.pk)
    row.refresh_from_db()
    assert (row.state, row.sends) == (State.READY, 1)
    assert row.due_at > timezone.now()


def test_a_shop_that_is_down_means_later(ready, limits):
    publishing._breaker.close()
    limits(MONOLITH_URL=f"http://127.0.0.1:{free_port()}")
    row = ready()
    publish(row.pk)
    row.refresh_from_db()
    assert row.state == State.READY
    assert "does not answer" in row.reason


def test_a_failing_shop_is_left_alone_for_a_while(ready, shop):
    shop.statuses = [500]
    for _ in range(4):
        row = ready()
        publish(row.pk)
    assert len(shop.refused) == 2
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.READY, "the shop did not answer just now")
