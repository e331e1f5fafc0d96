"""The gallery, the page of a photo, deletion, and the files themselves."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.unit.images import samples


@pytest.fixture
def stranger(make_customer, log_in):
    return log_in(make_customer("mallory"))


def test_an_empty_gallery_invites_to_upload(browser):
    page = browser.get("/photos/").text
    assert "No photos yet" in page
    assert 'href="/photos/upload/"' in page


def test_the_gallery_shows_own_photos_in_the_sizes_that_there_are(browser, photo, stranger):
    page = browser.get("/photos/").text
    assert all(f"/media/{name} " in page for name in photo.renditions.values())
    assert f"/media/{photo.renditions['160']}" not in stranger.get("/photos/").text


def test_the_gallery_has_pages_of_24(browser, send):
    send(*[(f"p{width}.png", samples.encoded(samples.quarters(width, 10), "PNG")) for width in range(10, 36)])
    first, second = browser.get("/photos/").text, browser.get("/photos/?page=2").text
    assert (first.count("<li>"), second.count("<li>")) == (24, 2)
    assert "Page 2 of 2" in second


def test_the_gallery_shows_the_progress_of_an_upload_and_then_its_pictures(browser):
    key = uuid4()
    page = browser.get(f"/photos/?upload={key}").text
    assert (
        f'<div id="upload-slot" hx-get="/images/uploads/{key}" hx-trigger="load" hx-swap="innerHTML">' in page
    )
    assert 'hx-trigger="photosReady from:body"' in page
    assert 'hx-select="#photo-grid"' in page


@pytest.mark.parametrize("text", ["", "nonsense", '"><script>alert(1)</script>'])
def test_an_upload_that_is_no_uuid_is_not_shown(browser, text):
    page = browser.get("/photos/", {"upload": text}).text
    assert "upload-slot" not in page
    assert "<script>alert" not in page


def test_the_page_of_a_photo_offers_what_can_be_made_of_it(browser, photo, canvas, album):
    page = browser.get(photo.get_absolute_url()).text
    assert f"{canvas.get_absolute_url()}?photo={photo.uuid}" in page
    assert album.get_absolute_url() not in page
    assert "800 × 600 px" in page


def test_nobody_sees_or_deletes_the_photo_of_somebody_else(photo, stranger, client):
    for path in (photo.get_absolute_url(), f"/photos/{photo.uuid}/delete/"):
        assert stranger.post(path).status_code in {404, 405}
        assert stranger.get(path).status_code in {404, 405}
        assert client.post(path).status_code in {302, 405}
    photo.refresh_from_db()


@pytest.mark.django_db(transaction=True)
def test_a_deleted_photo_takes_its_files_along(browser, photo, files):
    assert len(files()) == 4
    answer = browser.post(f"/photos/{photo.uuid}/delete/", follow=True)
    assert "“holiday one” is deleted." in answer.text
    assert files() == []


@pytest.mark.django_db(transaction=True)
def test_the_staff_deletes_photos_with_their_files(staff, photo, files):
    form = {"action": "delete_selected", "_selected_action": [photo.pk], "post": "yes"}
    assert staff.post("/admin/photos/photo/", form).status_code == 302
    assert files() == []


@pytest.mark.django_db(transaction=True)
def test_files_of_the_image_service_stay_with_it(browser, photo, settings):
    file = Path(settings.MEDIA_ROOT) / "images/renditions/ab/x.jpg"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"")
    photo.original, photo.renditions = "images/originals/ab/x.jpg", {"160": "images/renditions/ab/x.jpg"}
    photo.save()
    browser.post(f"/photos/{photo.uuid}/delete/")
    assert file.exists()


def test_renditions_are_public_and_may_be_kept_by_browsers(client, photo):
    answer = client.get(photo.thumbnail)
    assert answer["Content-Type"] == "image/jpeg"
    assert "immutable" in answer["Cache-Control"]
    assert b"".join(answer.streaming_content)[:2] == b"\xff\xd8"


def test_originals_are_not_public(browser, photo):
    assert browser.get(f"/media/{photo.original}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "legacy/renditions/../originals/secret.jpg",
        "legacy/renditions/%2e%2e/originals/secret.jpg",
        "renditions/../secret.jpg",
        "legacy/renditions/",
        "renditions",
    ],
)
def test_no_path_leads_out_of_the_renditions(client, settings, path):
    root = Path(settings.MEDIA_ROOT)
    (root / "legacy/originals").mkdir(parents=True)
    (root / "legacy/renditions").mkdir()
    (root / "legacy/originals/secret.jpg").write_bytes(b"secret")
    (root / "secret.jpg").write_bytes(b"secret")
    assert client.get(f"/media/{path}").status_code == 404
