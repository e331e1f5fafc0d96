"""A function with a seam that meets the fence: done again here, or sent to the service."""

from __future__ import annotations

import pytest
from django.db import transaction

from strangler.calls import declarations, seam
from strangler.core.seams import Call, Service
from strangler.core.stages import RolloutStage
from strangler.core.topology import Topology
from strangler.errors import FenceRaised
from strangler.isolation import meeting, ownership, snapshot
from strangler.outbox.models import OutboxMessage
from strangler.rollout.changes import change
from tests.integration.isolation.conftest import OWNS

pytestmark = pytest.mark.django_db(transaction=True)
CALL = Call(name="images.stamp", service="images", task="images.stamp", queue="images")


@pytest.fixture
def stamp(isolate):
    """Return a function that meets the fence the first time, and what it did."""
    done = []

    @seam("images.stamp")
    def stamp(number):
        done.append(number)
        if len(done) == 1:
            raise meeting._noted(FenceRaised("images", table="plain_table"))

    def start(**keys):
        service = Service(name="images", settings="x", owns=OWNS, calls=(CALL,))
        isolate(TOPOLOGY=Topology(services={"images": service}), **keys)
        ownership.announce({"plain_table": ""}, owner="monolith", fence=7)
        snapshot.refresh()
        return stamp, done

    yield start
    declarations.forget("images.stamp")


def test_it_is_done_again_where_the_router_leads_to_the_new_owner(stamp):
    call, done = stamp(SERVICE_DATABASES={"images": "images"})
    call(5)
    assert done == [5, 5]
    assert not OutboxMessage.objects.exists()


def test_it_goes_to_the_service_where_nothing_else_leads_there(stamp):
    call, done = stamp()
    assert call(5) is None
    assert done == [5]
    message = OutboxMessage.objects.get()
    assert (message.type, message.queue) == ("images.stamp", "images")
    assert "service;moved" in str(message.headers)


def test_it_goes_to_the_service_when_the_switch_made_its_seam_live(stamp):
    call, done = stamp(SERVICE_DATABASES={"images": "images"})

    def flip(_service):
        change("images.stamp", stage=RolloutStage.LIVE, actor="tests", reason="switch --live")

    meeting._heal.insert(0, flip)
    try:
        call(5)
    finally:
        meeting._heal.remove(flip)
    assert done == [5]
    assert "service;stage" in str(OutboxMessage.objects.get().headers)


def test_within_a_transaction_it_is_for_who_began_that(stamp):
    call, done = stamp()
    with pytest.raises(FenceRaised), transaction.atomic():
        call(5)
    assert done == [5]
