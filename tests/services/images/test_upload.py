"""POST /photos/upload/: taken whole with 202, or refused with a reason and nothing left."""

from io import BytesIO

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from extracted.images.models import Photo, Upload
from strangler.service import sign_principal
from tests.integration.images.stack import TOKEN, jpeg
from tests.services.images.conftest import ANN, BEN

pytestmark = pytest.mark.django_db(transaction=True)

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


def nothing_is_left(files):
    return not files() and not Upload.objects.exists() and not Photo.objects.exists()


def test_photos_are_stored_and_queued_and_the_answer_says_where_to_look(upload, queue, files):
    answer = upload(("beach.jpg", jpeg(seed=1)), ("dunes.jpg", jpeg(seed=2)))
    body = answer.json()
    assert answer.status_code == 202
    assert answer["Location"] == body["status_url"] == f"/images/uploads/{body['id']}"
    assert body["status"] == "queued"
    assert [(photo["filename"], photo["state"], photo["progress"]) for photo in body["photos"]] == [
        ("beach.jpg", "queued", 0),
        ("dunes.jpg", "queued", 0),
    ]
    photos = Photo.objects.all()
    assert files() == sorted(photo.original for photo in photos)
    assert all(photo.original.endswith(f"{photo.checksum[:2]}/{photo.checksum}.jpg") for photo in photos)
    assert Upload.objects.get().owner == ANN.id
    assert len(queue()) == 2


def test_a_browser_without_javascript_is_sent_to_its_gallery(upload, queue):
    answer = upload(jpeg(), Accept=BROWSER)
    gallery = f"/photos/?upload={Upload.objects.get().id}"
    assert answer.status_code == 202
    assert answer["Refresh"] == f"0; url={gallery}"
    assert answer["Content-Type"].startswith("text/html")
    assert f'href="{gallery}"' in answer.content.decode()


def test_htmx_is_sent_to_the_gallery_its_own_way(upload, queue):
    answer = upload(jpeg(), **{"HX-Request": "true"})
    assert answer.status_code == 202
    assert answer["HX-Redirect"] == f"/photos/?upload={Upload.objects.get().id}"


def test_one_bad_file_refuses_all_of_them_and_is_named(upload, files):
    answer = upload(("good.jpg", jpeg()), ("evil.jpg", SVG), ("cut.jpg", jpeg()[:-40]))
    assert answer.status_code == 400
    assert [(each["filename"], each["error"][:20]) for each in answer.json()["files"]] == [
        ("evil.jpg", "not a picture that w"),
        ("cut.jpg", "the picture is cut o"),
    ]
    assert nothing_is_left(files)


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (b"", 400, "0 bytes"),
        (SVG, 415, "JPEG, PNG, WebP, TIFF or GIF"),
        (b"PK\x03\x04" + b"\0" * 50, 415, "JPEG, PNG, WebP, TIFF or GIF"),
        (jpeg(2000, 2000), 413, "at most 0.05 MB"),
    ],
)
def test_each_kind_of_bad_file_has_its_status(upload, limits, files, content, status, reason):
    limits(MAX_FILE_BYTES=50_000)
    answer = upload(content)
    assert answer.status_code == status
    assert reason in answer.json()["files"][0]["error"]
    assert nothing_is_left(files)


def test_a_file_name_cannot_leave_its_folder_or_run_in_a_page(upload, files):
    answer = upload(("../../<img src=x onerror=alert(1)>.jpg", SVG), Accept=BROWSER)
    page = answer.content.decode()
    assert answer.status_code == 415
    assert "&lt;img src=x onerror=alert(1)&gt;.jpg" in page
    assert "<img" not in page


def test_htmx_gets_the_reason_as_a_fragment(upload):
    page = upload(SVG, **{"HX-Request": "true"}).content.decode()
    assert page.startswith('<div class="upload-error" role="alert">')


def test_an_upload_without_photos_is_refused(browser):
    answer = browser().post("/photos/upload/", {"csrfmiddlewaretoken": TOKEN, "photos": ""})
    assert (answer.status_code, answer.json()["error"]) == (400, "choose at least one photo")


def test_too_many_files_are_refused(upload, limits, files):
    limits(MAX_FILES=2)
    answer = upload(*(jpeg(40, 30, seed=seed) for seed in range(3)))
    assert answer.status_code == 400
    assert answer.json()["error"] == "3 photos are too many for one upload: send at most 2 at a time"
    assert nothing_is_left(files)


def test_a_body_above_the_limit_is_refused_by_its_length_before_it_is_read(limits):
    limits(MAX_BODY_BYTES=1000)
    answer = post_raw(Unreadable(), length=300_000_000)
    assert answer.status_code == 413
    assert "at most 0.001 MB" in answer.json()["error"]


def test_a_body_of_unknown_length_is_refused():
    assert post_raw(Unreadable(), length="").status_code == 411


def test_a_stranger_is_refused_before_anything_is_read():
    assert post_raw(Unreadable(), length=100, user=None).status_code == 401


class Unreadable(BytesIO):
    """A body that must not be touched."""

    def read(self, *_):
        raise AssertionError("the body was read")


def post_raw(body, *, length, user=ANN):
    headers = {"Strangler-Principal": sign_principal(user, audience="images")} if user else {}
    extra = {"wsgi.input": body, "CONTENT_LENGTH": str(length), "CONTENT_TYPE": MULTIPART_CONTENT}
    return Client(headers=headers).post("/photos/upload/", **extra)


def test_a_tampered_or_misdirected_principal_is_refused(upload, files):
    signed = sign_principal(ANN, audience="images")
    tampered = signed[:-1] + ("A" if signed[-1] != "A" else "B")
    for value in (tampered, sign_principal(ANN, audience="monolith"), "nonsense"):
        answer = upload(jpeg(), user=None, **{"Strangler-Principal": value})
        assert answer.status_code == 401
        assert "principal" in answer.json()["error"]
    assert nothing_is_left(files)


@pytest.mark.parametrize("token", ["", "x" * 32, "short"])
def test_a_missing_or_tampered_form_token_is_refused_and_leaves_nothing(upload, files, token):
    answer = upload(jpeg(), token=token)
    assert answer.status_code == 403
    assert "reload the page" in answer.json()["error"]
    assert nothing_is_left(files)


def test_a_form_of_another_site_is_refused(upload, files):
    assert upload(jpeg(), Origin="https://evil.example").status_code == 403
    assert nothing_is_left(files)


def test_the_same_request_again_is_the_same_upload(upload, queue):
    first = upload(jpeg(), **{"Strangler-Request-Id": "a1"})
    again = upload(jpeg(), **{"Strangler-Request-Id": "a1"})
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert Photo.objects.count() == 1
    assert len(queue()) == 1


def test_another_request_with_the_same_photo_is_another_upload_of_one_file(upload, queue, files):
    ids = {upload(jpeg(), **{"Strangler-Request-Id": name}).json()["id"] for name in ("a1", "a2")}
    assert len(ids) == 2
    assert len(files()) == 1


def test_uploads_without_a_request_id_do_not_collide(upload, queue):
    assert upload(jpeg()).json()["id"] != upload(jpeg()).json()["id"]


def test_a_copied_request_id_does_not_show_somebody_elses_upload(upload, queue):
    upload(jpeg(), **{"Strangler-Request-Id": "a1"})
    answer = upload(jpeg(), user=BEN, **{"Strangler-Request-Id": "a1"})
    assert answer.status_code == 409
    assert Upload.objects.count() == 1


def test_the_same_file_twice_in_one_upload_is_stored_once(upload, queue, files):
    answer = upload(jpeg(), jpeg())
    assert answer.status_code == 202
    assert len(files()) == 1
    assert Photo.objects.count() == 2


def test_a_form_that_breaks_off_leaves_nothing(queue, files):
    whole = encode_multipart(BOUNDARY, {"csrfmiddlewaretoken": TOKEN, "photos": BytesIO(jpeg())})
    answer = post_raw(BreaksOff(whole[:3000]), length=len(whole))
    assert answer.status_code == 400
    assert "broke off" in answer.json()["error"]
    assert nothing_is_left(files)


class BreaksOff(BytesIO):
    """A body whose sender goes away."""

    def read(self, *arguments):
        data = super().read(*arguments)
        if not data:
            raise OSError("connection reset by peer")
        return data


def test_a_dead_broker_delays_the_work_and_not_the_answer(upload, queue, valkey):
    valkey.kill()
    try:
        assert upload(jpeg()).status_code == 202
    finally:
        valkey.restart()
    assert Photo.objects.get().due_at <= timezone.now()
