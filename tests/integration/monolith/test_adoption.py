"""The end of the road for photos of the image service: `POST /photos/adopt/`."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine

from monolith.photos.models import Photo
from monolith.reports import feed
from strangler.core.principal import Principal
from strangler.outbox.models import OutboxMessage
from strangler.service import sign_principal

SHA = "ab" * 32
SERVICE = Principal.for_service("images")


@pytest.fixture
def description(customer):
    return {
        "id": str(uuid4()),
        "owner_id": customer.pk,
        "filename": "IMG_0042.JPG",
        "checksum": SHA,
        "width": 4000,
        "height": 3000,
        "bytes": 5_000_000,
        "uploaded_at": "2026-03-01T12:30:00+00:00",
        "original": f"images/originals/ab/{SHA}.jpg",
        "renditions": {size: f"images/renditions/ab/{SHA}-{size}.jpg" for size in ("1280", "640", "160")},
    }


@pytest.fixture
def adopt(client):
    def adopt(body, *, principal=None):
        if principal is None:
            principal = sign_principal(SERVICE, audience="monolith")
        headers = {"Strangler-Principal": principal} if principal else {}
        content = body if isinstance(body, bytes) else json.dumps(body)
        return client.post("/photos/adopt/", content, content_type="application/json", headers=headers)

    return adopt


def test_a_photo_of_the_service_appears_in_the_gallery(adopt, description, browser, customer):
    answer = adopt(description)
    assert (answer.status_code, answer.json()) == (201, {"id": description["id"]})
    photo = customer.photos.get()
    assert photo.uuid == UUID(description["id"])
    assert (photo.title, photo.width, photo.height, photo.bytes) == ("IMG 0042", 4000, 3000, 5_000_000)
    assert photo.uploaded_at == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert not photo.is_legacy
    assert f"/media/images/renditions/ab/{SHA}-640.jpg 640w" in browser.get("/photos/").text


def test_the_same_call_again_changes_nothing(adopt, description):
    adopt(description)
    answer = adopt({**description, "filename": "another.jpg"})
    assert (answer.status_code, answer.json()) == (200, {"id": description["id"]})
    assert Photo.objects.get().filename == "IMG_0042.JPG"


def test_reports_are_told_again_of_a_photo_that_is_handed_over_again(adopt, description, settings):
    settings.REPORTS_FEED = True
    for _ in range(2):  # as if the first call had died behind its commit
        adopt(description)
    told = [json.loads(message.body) for message in OutboxMessage.objects.filter(type=feed.CHANGED)]
    assert [body["rows"][0][0] for body in told if body["table"] == "photo"] == [Photo.objects.get().pk] * 2


def test_the_same_content_of_the_same_owner_is_the_same_photo(adopt, description):
    adopt(description)
    answer = adopt({**description, "id": str(uuid4())})
    assert (answer.status_code, answer.json()) == (200, {"id": description["id"]})
    assert Photo.objects.count() == 1


def test_the_same_content_of_another_owner_is_another_photo(adopt, description, make_customer):
    adopt(description)
    other = {**description, "id": str(uuid4()), "owner_id": make_customer("bob").pk}
    assert adopt(other).status_code == 201
    assert Photo.objects.count() == 2


def test_a_photo_that_legacy_made_is_kept(adopt, description, photo):
    answer = adopt({**description, "checksum": photo.checksum})
    assert (answer.status_code, answer.json()) == (200, {"id": str(photo.uuid)})
    assert Photo.objects.get().is_legacy


def test_the_id_of_another_owners_photo_is_refused(adopt, description, make_customer):
    adopt(description)
    answer = adopt({**description, "owner_id": make_customer("bob").pk, "checksum": "cd" * 32})
    assert answer.status_code == 422
    assert "id" in answer.json()["errors"]


def test_no_token_of_a_form_is_asked_for(client, description, adopt):
    client.handler.enforce_csrf_checks = True
    assert adopt(description).status_code == 201


def signed(principal=SERVICE, audience="monolith"):
    return sign_principal(principal, audience=audience)


@pytest.mark.parametrize(
    ("principal", "message"),
    [
        pytest.param(lambda: " ", "principal", id="none"),
        pytest.param(lambda: "nonsense", "principal", id="forged"),
        pytest.param(lambda: signed()[:-2] + "xx", "principal", id="tampered"),
        pytest.param(lambda: signed(audience="images"), "principal", id="for another audience"),
        pytest.param(lambda: signed(Principal(id="1", username="ada")), "Only a service", id="a person"),
        pytest.param(
            lambda: signed(Principal(id="1", username="root", is_superuser=True)),
            "Only a service",
            id="an admin",
        ),
    ],
)
def test_without_the_signature_of_a_service_nothing_happens(adopt, description, principal, message):
    answer = adopt(description, principal=principal())
    assert answer.status_code == 401
    assert message in answer.json()["error"]
    assert not Photo.objects.exists()


def test_an_old_signature_is_refused(adopt, description):
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=5)):
        principal = signed()
    answer = adopt(description, principal=principal)
    assert answer.status_code == 401
    assert "expired" in answer.json()["error"]


def test_a_logged_in_customer_is_no_service(browser, description):
    answer = browser.post("/photos/adopt/", json.dumps(description), content_type="application/json")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "17"),
        ("id", None),
        ("id", 17),
        ("owner_id", "1"),
        ("owner_id", True),
        ("owner_id", 0),
        ("owner_id", 10**12),
        ("filename", ""),
        ("filename", 3),
        ("checksum", "AB" * 32),
        ("checksum", "ab"),
        ("checksum", None),
        ("width", 0),
        ("height", -1),
        ("bytes", 1.5),
        ("uploaded_at", "yesterday"),
        ("uploaded_at", "2026-03-01T12:30:00"),
        ("uploaded_at", "2026-13-01T12:30:00Z"),
        ("uploaded_at", 5),
        ("original", "/etc/passwd"),
        ("original", "images/../secret.jpg"),
        ("original", "legacy/originals/a.jpg"),
        ("original", f"images/{'a' * 300}.jpg"),
        ("renditions", []),
        ("renditions", {}),
        ("renditions", {"1280": "images/a.jpg", "640": "images/b.jpg"}),
        ("renditions", {"1280": "images/a.jpg", "640": "images/b.jpg", "160": "images/../c.jpg"}),
        (
            "renditions",
            {"1280": "images/a.jpg", "640": "images/b.jpg", "160": "images/c.jpg", "big": "images/d.jpg"},
        ),
    ],
)
def test_a_bad_field_is_named_and_final(adopt, description, field, value):
    answer = adopt({**description, field: value})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
    assert not Photo.objects.exists()


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"\xff\xfe", b"null"])
def test_a_body_that_is_no_json_object_is_final(adopt, body):
    answer = adopt(body)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["body"]


def test_all_missing_fields_are_named(adopt, description):
    assert set(adopt({}).json()["errors"]) == set(description)


def test_an_unknown_owner_is_final(adopt, description):
    answer = adopt({**description, "owner_id": 999_999})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["owner_id"])


def test_a_longer_list_of_renditions_is_welcome(adopt, description, customer):
    description["renditions"]["2560"] = f"images/renditions/ab/{SHA}-2560.jpg"
    assert adopt(description).status_code == 201
    assert customer.photos.get().pictures[-1][1] == 2560


def test_reading_is_not_possible(client):
    assert client.get("/photos/adopt/").status_code == 405
