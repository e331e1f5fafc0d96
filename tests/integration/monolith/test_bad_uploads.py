"""Uploads that the shop refuses: 400 with a reason for each file, and nothing is left of them."""

import tracemalloc
import zipfile
from io import BytesIO

import pytest
from django.test import Client

from monolith.photos.models import Photo
from tests.unit.images import samples

GOOD = samples.encoded(samples.detailed(400, 300))
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def zipped():
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("photo.jpg", GOOD)
    return file.getvalue()


CASES = [
    pytest.param("notes.txt", b"just some text", "This is not a photo", id="text"),
    pytest.param("empty.jpg", b"", "The file is empty", id="no bytes"),
    pytest.param("half.jpg", GOOD[: len(GOOD) // 2], "cut off or damaged", id="truncated JPEG"),
    pytest.param(
        "half.png", samples.encoded(samples.detailed(), "PNG")[:9000], "cut off", id="truncated PNG"
    ),
    pytest.param("head.jpg", GOOD[:3], "This is not a photo", id="three bytes"),
    pytest.param(
        "huge.jpg", samples.jpeg_claiming(64_250, 64_250), "more than 80 megapixels", id="JPEG bomb"
    ),
    pytest.param("huge.png", samples.png_claiming(64_250, 64_250), "more than 80 megapixels", id="PNG bomb"),
    pytest.param(
        "huge.webp", samples.webp_claiming(16_000, 16_000), "more than 80 megapixels", id="WebP bomb"
    ),
    pytest.param(
        "wide.jpg", samples.jpeg_claiming(10_000, 9_000), "more than 80 megapixels", id="90 megapixels"
    ),
    pytest.param("text.png", samples.png_with(samples.text_bomb()), "damaged", id="text bomb"),
    pytest.param(
        "late.png",
        samples.png_with(samples.text_bomb(), before=b"IEND"),
        "damaged",
        id="text bomb at the end",
    ),
    pytest.param(
        "film.gif", samples.gif_with_frames(10_000), "an animation of 10,000 pictures", id="animation"
    ),
    pytest.param("drawing.svg", SVG, "This is not a photo", id="SVG with a script"),
    pytest.param("drawing.jpg", SVG, "This is not a photo", id="SVG called .jpg"),
    pytest.param("photos.jpg", zipped(), "This is not a photo", id="ZIP called .jpg"),
]


@pytest.fixture(autouse=True)
def _nothing_is_left(files):
    yield
    assert not Photo.objects.exists()
    assert files() == []


@pytest.mark.parametrize(("name", "content", "reason"), CASES)
def test_a_bad_file_is_refused_by_name(send, name, content, reason):
    answer = send((name, content))
    assert answer.status_code == 400
    assert f"{name}: " in answer.text
    assert reason in answer.text


@pytest.mark.parametrize(("name", "content", "reason"), CASES)
def test_one_bad_file_among_good_ones_refuses_all(send, name, content, reason):
    answer = send(("good.jpg", GOOD), (name, content), ("other.jpg", samples.encoded(samples.quarters())))
    assert answer.status_code == 400
    assert f"{name}: " in answer.text
    assert reason in answer.text
    assert "good.jpg: " not in answer.text


def test_every_bad_file_is_named(send):
    answer = send(("one.txt", b"text"), ("good.jpg", GOOD), ("two.txt", b"text"))
    assert "one.txt: This is not a photo" in answer.text
    assert "two.txt: This is not a photo" in answer.text


def test_a_file_name_is_escaped_in_the_answer(send):
    answer = send(("<img src=x onerror=alert(1)>.jpg", b"text"))
    assert "<img src=x" not in answer.text
    assert "&lt;img src=x" in answer.text


def test_a_header_that_claims_four_thousand_megapixels_takes_no_memory(send):
    tracemalloc.start()
    send(("huge.jpg", samples.jpeg_claiming(64_250, 64_250)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_file_above_the_limit_is_refused(send, settings):
    settings.PHOTO_MAX_BYTES = len(GOOD) - 1
    answer = send(("big.jpg", GOOD))
    assert answer.status_code == 400
    assert "big.jpg: The file is larger than" in answer.text


def test_a_form_without_a_file_is_refused(browser):
    answer = browser.post("/photos/upload/", {})
    assert answer.status_code == 400
    assert "Choose at least one photo." in answer.text


def test_a_body_above_the_limit_is_refused_before_it_is_read(browser, settings):
    settings.MAX_BODY_BYTES = 1_000_000
    answer = browser.post(
        "/photos/upload/", b"--b", content_type="multipart/form-data; boundary=b", CONTENT_LENGTH="300000000"
    )
    assert answer.status_code == 413
    assert "We take up to 1 MB in one upload." in answer.text


def test_too_many_files_are_refused(send, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 3
    assert send(*[(f"{number}.jpg", GOOD) for number in range(4)]).status_code == 400


@pytest.mark.parametrize("token", [None, "x" * 64])
def test_a_missing_or_forged_token_is_refused(customer, token):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(customer)
    browser.get("/photos/upload/")
    form = {"csrfmiddlewaretoken": token} if token else {}
    answer = browser.post("/photos/upload/", {**form, "photos": [BytesIO(GOOD)]})
    assert answer.status_code == 403
    assert "That form was too old" in answer.text
