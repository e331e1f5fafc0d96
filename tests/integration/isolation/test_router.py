"""The router follows ownership without a query, and remembers models that are gone."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError

from monolith.photos.models import Photo
from strangler.isolation import ownership, snapshot
from strangler.isolation.router import OwnershipRouter

pytestmark = pytest.mark.django_db
TABLES = {"photos_photo": "photos.Photo", "photos_gone": "photos.Gone"}
router = OwnershipRouter()


@pytest.fixture(autouse=True)
def databases(isolate):
    isolate(SERVICE_DATABASES={"images": "images"})


def test_before_a_move_everything_stays_where_it_is():
    assert (router.db_for_read(Photo), router.db_for_write(Photo)) == (None, None)


def test_a_switch_sends_the_model_to_the_service_and_a_reverse_brings_it_back():
    ownership.assign(TABLES, owner="images")
    snapshot.refresh()
    assert (router.db_for_read(Photo), router.db_for_write(Photo)) == ("images", "images")
    assert router.db_for_read(User) is None
    ownership.assign(TABLES, owner="monolith")
    snapshot.refresh()
    assert router.db_for_read(Photo) is None


def test_what_a_moved_row_refers_to_is_looked_for_at_home(settings):
    ownership.assign(TABLES, owner="images")
    snapshot.refresh()
    photo = Photo()
    photo._state.db = "images"
    assert router.db_for_read(User, instance=photo) == router.db_for_write(User, instance=photo) == "default"
    assert router.db_for_read(User, instance=User()) is None
    ownership.assign(TABLES, owner="monolith")
    snapshot.refresh()
    assert router.db_for_write(Photo, instance=photo) is None, "it meets the fence where it was read"


def test_a_decision_asks_no_database(django_assert_num_queries):
    ownership.assign(TABLES, owner="images")
    snapshot.refresh()
    with django_assert_num_queries(0):
        for _ in range(100):
            assert router.db_for_write(Photo) == "images"


def test_a_service_without_an_alias_is_left_to_django(isolate):
    isolate(SERVICE_DATABASES={})
    ownership.assign(TABLES, owner="images")
    snapshot.refresh()
    assert router.db_for_read(Photo) is None


def test_in_the_service_itself_every_table_is_at_home(isolate):
    isolate(SERVICE="images")
    ownership.assign(TABLES, owner="images")
    snapshot.refresh()
    assert router.db_for_read(Photo) is None


def test_the_service_s_database_takes_the_service_s_tables_only():
    assert router.allow_migrate("images", "photos", model_name="photo") is True
    assert router.allow_migrate("images", "auth", model_name="user") is False
    assert router.allow_migrate("images", "photos") is False
    assert router.allow_migrate("default", "photos", model_name="photo") is None


def test_a_deleted_model_is_remembered_by_the_topology():
    assert router.allow_migrate("images", "photos", model_name="gone") is True


def test_a_deleted_model_is_remembered_when_the_topology_forgot_it_too():
    ownership.assign({"photos_old": "photos.Old"}, owner="images")
    snapshot.refresh()
    assert router.allow_migrate("images", "photos", model_name="old") is True


def test_loose_keys_may_lead_across_the_border_once_a_table_has_moved():
    assert router.allow_relation(Photo(), User()) is None
    ownership.assign(TABLES, owner="images")
    snapshot.refresh()
    assert router.allow_relation(Photo(), User()) is True


def test_a_database_that_is_away_leaves_the_last_view(monkeypatch, isolate):
    isolate(SERVICE_DATABASES={"images": "images"}, SNAPSHOT_INTERVAL=timedelta(milliseconds=1))
    answers = iter([snapshot.from_topology()])

    def load():
        found = next(answers, None)
        if found is None:
            raise DatabaseError("gone")
        return found

    monkeypatch.setattr(snapshot, "load", load)
    follower = snapshot.Follower()
    follower._step()
    before = follower.owners
    follower._step()
    assert follower.owners is before


@pytest.mark.django_db(transaction=True)
def test_a_process_follows_a_switch_within_the_interval(isolate):
    isolate(SERVICE_DATABASES={"images": "images"}, SNAPSHOT_INTERVAL=timedelta(milliseconds=20))
    try:
        assert router.db_for_read(Photo) is None
        ownership.assign(TABLES, owner="images")
        deadline = time.monotonic() + 30
        while router.db_for_read(Photo) != "images" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert router.db_for_read(Photo) == "images"
    finally:
        snapshot.forget()
