"""Several customers, or one with an impatient finger, at the same moment."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from monolith.billing.models import Invoice, Payment
from monolith.orders.models import Order
from monolith.photos.models import Photo
from strangler.core.principal import Principal
from strangler.service import sign_principal
from tests.integration.monolith.conftest import file_named
from tests.integration.monolith.test_adoption import SHA
from tests.integration.monolith.test_billing import CARD
from tests.integration.monolith.test_orders import ADDRESS, put
from tests.unit.images import samples

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 6


def at_once(work):
    """Run *work* with the numbers 0 to THREADS - 1 at the same moment and return the status of each answer."""
    barrier = Barrier(THREADS)

    def run(number):
        try:
            barrier.wait(timeout=30)
            return work(number).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return sorted(pool.map(run, range(THREADS)))


def test_the_last_canvases_are_sold_once_and_invoices_have_no_gaps(make_customer, log_in, album):
    browsers = [log_in(make_customer(f"customer{number}")) for number in range(THREADS)]
    for browser in browsers:
        put(browser, album, quantity=2)
    statuses = at_once(lambda number: browsers[number].post("/orders/checkout/", ADDRESS))
    assert statuses == [302, 302, 409, 409, 409, 409]
    assert album.variants.get().stock == 1
    assert Order.objects.count() == 2
    assert sorted(int(each.number[-7:]) for each in Invoice.objects.all()) == [1, 2]


def test_a_form_that_is_sent_many_times_pays_once(browser, customer, album):
    put(browser, album)
    browser.post("/orders/checkout/", ADDRESS)
    number = Invoice.objects.get().number
    session = browser.cookies["sessionid"].value

    def pay(_):
        other = Client()
        other.cookies["sessionid"] = session
        return other.post(f"/billing/invoices/{number}/pay/", CARD)

    assert at_once(pay) == [302] * THREADS
    assert Payment.objects.count() == 1


def test_the_same_photo_sent_many_times_at_once_is_one_photo(customer, log_in, files):
    browsers = [log_in(customer) for _ in range(THREADS)]
    content = samples.encoded(samples.detailed(300, 200))
    statuses = at_once(
        lambda number: browsers[number].post("/photos/upload/", {"photos": [file_named("a.jpg", content)]})
    )
    assert statuses == [302] * THREADS
    assert Photo.objects.count() == 1
    assert len(files()) == 4


def test_a_photo_that_the_service_hands_over_many_times_at_once_is_one_photo(customer):
    principal = sign_principal(Principal.for_service("images"), audience="monolith")
    description = {
        "id": "6c3b9f3e-2f5b-4d0e-9d3a-2b8f0c6f7a11",
        "owner_id": User.objects.get().pk,
        "filename": "a.jpg",
        "checksum": SHA,
        "width": 40,
        "height": 30,
        "bytes": 500,
        "uploaded_at": "2026-03-01T12:30:00+00:00",
        "original": "images/originals/a.jpg",
        "renditions": {size: f"images/renditions/{size}.jpg" for size in ("1280", "640", "160")},
    }

    def adopt(_):
        return Client().post(
            "/photos/adopt/",
            json.dumps(description),
            content_type="application/json",
            headers={"Strangler-Principal": principal},
        )

    assert at_once(adopt) == [*[200] * (THREADS - 1), 201]
    assert Photo.objects.count() == 1
