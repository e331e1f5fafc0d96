"""Uploads that the shop takes: all work is done when the answer comes."""

import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from PIL import Image

from monolith.photos.models import Photo
from tests.unit.images import samples


def opened(name, settings):
    return Image.open(BytesIO((Path(settings.MEDIA_ROOT) / name).read_bytes()))


def test_one_photo_is_ready_when_the_answer_comes(send, customer, settings):
    content = samples.encoded(samples.detailed(1600, 1200))
    answer = send(("summer_in-Ely.jpg", content))
    assert (answer.status_code, answer["Location"]) == (302, "/photos/")
    photo = customer.photos.get()
    assert (photo.title, photo.filename) == ("summer in Ely", "summer_in-Ely.jpg")
    assert (photo.width, photo.height, photo.bytes) == (1600, 1200, len(content))
    assert photo.checksum == hashlib.sha256(content).hexdigest()
    assert (Path(settings.MEDIA_ROOT) / photo.original).read_bytes() == content
    sizes = {size: opened(name, settings).size for size, name in photo.renditions.items()}
    assert sizes == {"1280": (1280, 960), "640": (640, 480), "160": (160, 120)}


def test_the_files_lie_in_legacy_folders(send, files):
    send(("a.jpg", samples.encoded(samples.quarters())))
    assert len(files()) == 4
    assert all(name.startswith(("legacy/originals/", "legacy/renditions/")) for name in files())


def test_many_photos_arrive_together_and_the_visitor_reads_how_many(send, browser, customer):
    send(*[(f"{width}.jpg", samples.encoded(samples.quarters(width=width))) for width in (300, 310, 320)])
    assert customer.photos.count() == 3
    assert "3 photos are ready to print." in browser.get("/photos/").text


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "TIFF"])
def test_other_kinds_of_files_become_jpeg_renditions(send, customer, settings, kind):
    send(("picture", samples.encoded(samples.quarters(), kind)))
    photo = customer.photos.get()
    assert opened(photo.original, settings).format == kind
    assert opened(photo.renditions["160"], settings).format == "JPEG"


@pytest.mark.parametrize("orientation", sorted(samples.SHAPES))
def test_a_photo_stands_upright_however_the_camera_was_held(send, customer, settings, orientation):
    send(("turned.jpg", samples.turned(orientation, "JPEG")))
    photo = customer.photos.get()
    small = opened(photo.renditions["640"], settings)
    assert (photo.width, photo.height) == small.size == samples.quarters().size
    red, green, blue = small.getpixel((20, 20))
    assert (red > 150, green < 90, blue < 90) == (True, True, True)


def test_what_was_transparent_becomes_white_paper(send, customer, settings):
    image = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    image.paste((200, 30, 30, 255), (0, 0, 100, 100))
    send(("logo.png", samples.encoded(image, "PNG")))
    small = opened(customer.photos.get().renditions["640"], settings)
    assert small.getpixel((150, 50)) > (250, 250, 250)
    assert small.getpixel((50, 50))[0] < 215


def test_a_small_photo_is_never_enlarged(send, customer, settings):
    send(("small.png", samples.encoded(samples.quarters(100, 60), "PNG")))
    photo = customer.photos.get()
    assert opened(photo.renditions["1280"], settings).size == (100, 60)
    assert photo.srcset.count(" 100w") == 3


def test_renditions_tell_nothing_of_place_camera_and_author(send, customer, settings):
    send(("mine.jpg", samples.with_secrets()))
    for name in customer.photos.get().renditions.values():
        content = (Path(settings.MEDIA_ROOT) / name).read_bytes()
        assert b"SECRET" not in content
        assert not Image.open(BytesIO(content)).getexif()


@pytest.mark.django_db(transaction=True)
def test_the_same_file_again_is_the_same_photo(send, browser, customer, files):
    content = samples.encoded(samples.quarters())
    send(("a.jpg", content))
    before = files()
    answer = send(("b.jpg", content), ("c.jpg", content))
    assert answer.status_code == 302
    assert customer.photos.get().filename == "a.jpg"
    assert "2 were in your gallery already." in browser.get("/photos/").text
    assert files() == before


def test_two_customers_may_have_the_same_file(send, make_customer, log_in):
    content = samples.encoded(samples.quarters())
    send(("a.jpg", content))
    send(("a.jpg", content), by=log_in(make_customer("bob")))
    assert Photo.objects.count() == 2


def test_a_visitor_who_is_not_logged_in_is_sent_to_the_login(client, send):
    answer = send(("a.jpg", samples.encoded(samples.quarters())), by=client)
    assert answer["Location"] == "/account/login/?next=/photos/upload/"
    assert not Photo.objects.exists()


def test_nothing_is_left_when_the_disk_is_full(send, files, monkeypatch):
    save, calls = FileSystemStorage.save, []

    def full_disk(self, name, content, **options):
        calls.append(name)
        if len(calls) == 6:
            raise OSError(28, "No space left on device")
        return save(self, name, content, **options)

    monkeypatch.setattr(FileSystemStorage, "save", full_disk)
    with pytest.raises(OSError, match="No space left"):
        send(
            ("a.jpg", samples.encoded(samples.quarters(300))),
            ("b.jpg", samples.encoded(samples.quarters(301))),
        )
    assert files() == []
    assert not Photo.objects.exists()


def test_the_form_works_without_javascript_and_sends_its_token_first(browser):
    page = browser.get("/photos/upload/").text
    assert 'method="post"' in page
    assert 'enctype="multipart/form-data"' in page
    assert page.index('name="csrfmiddlewaretoken"', page.index('id="upload-form"')) < page.index(
        'type="file"'
    )
