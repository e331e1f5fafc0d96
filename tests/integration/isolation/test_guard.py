"""Code of one side that touches a table of the other is caught, unless the ratchet allows it for now."""

from __future__ import annotations

import logging

import pytest

from monolith.photos.models import Photo
from strangler.errors import IsolationViolation
from strangler.isolation import guard
from tests.integration.isolation.conftest import COUNT_PHOTOS, COUNT_USERS, code_in

pytestmark = pytest.mark.django_db
TABLE = "photos_photo"


def test_a_violation_names_the_statement_the_table_its_owner_and_the_code(isolate):
    isolate(ISOLATION="raise")
    with pytest.raises(IsolationViolation) as caught:
        code_in("orders", COUNT_PHOTOS)()
    violation = caught.value
    assert (violation.table, violation.owner) == (TABLE, "images")
    assert violation.place.endswith("orders/pretended.py:5 (monolith.orders.pretended:work)")
    assert TABLE in violation.statement
    assert "strangler-ratchet.toml with a reason" in str(violation)


def test_code_of_the_service_may_touch_its_own_tables_and_not_the_monolith_s(isolate):
    isolate(ISOLATION="raise")
    assert code_in("photos", COUNT_PHOTOS)() == 0
    with pytest.raises(IsolationViolation) as caught:
        code_in("photos", COUNT_USERS)()
    assert (caught.value.table, caught.value.owner) == ("auth_user", "monolith")


def test_code_of_the_monolith_may_touch_the_monolith_s_tables(isolate):
    isolate(ISOLATION="raise")
    assert code_in("orders", COUNT_USERS)() == 0


def test_a_write_is_not_made(isolate):
    isolate(ISOLATION="raise")
    source = COUNT_PHOTOS.replace("count()", "all().delete()")
    with pytest.raises(IsolationViolation):
        code_in("orders", source)()


def test_tests_and_libraries_may_touch_what_they_like(isolate):
    isolate(ISOLATION="raise")
    assert Photo.objects.count() == 0


def test_in_production_each_place_is_counted_and_logged_once(isolate, caplog):
    isolate(ISOLATION="count")
    work = code_in("orders", COUNT_PHOTOS)
    with caplog.at_level(logging.WARNING, logger="strangler.isolation.guard"):
        assert [work() for _ in range(3)] == [0, 0, 0]
    assert guard.counts() == {("monolith.orders.pretended:work", TABLE): 3}
    (record,) = caplog.records
    assert "orders/pretended.py" in record.message


def test_what_the_ratchet_allows_is_seen_and_passes(isolate, tmp_path):
    path = tmp_path / "strangler-ratchet.toml"
    path.write_text(
        f'[[allowed]]\nplace = "monolith.orders.pretended:work"\ntable = "{TABLE}"\nreason = "until the receipt asks"\n'
    )
    isolate(ISOLATION="raise", ISOLATION_RATCHET=path)
    assert code_in("orders", COUNT_PHOTOS)() == 0
    assert guard.seen() == {("monolith.orders.pretended:work", TABLE)}
    with pytest.raises(IsolationViolation):
        code_in("billing", COUNT_PHOTOS)()


def test_a_guard_that_is_off_looks_at_nothing(isolate):
    isolate(ISOLATION="off")
    assert code_in("orders", COUNT_PHOTOS)() == 0


def test_a_topology_that_owns_none_of_our_tables_has_nothing_to_guard(isolate, settings):
    isolate(ISOLATION="raise")
    settings.STRANGLER = {key: value for key, value in settings.STRANGLER.items() if key != "TOPOLOGY"}
    assert code_in("orders", COUNT_PHOTOS)() == 0
