"""What tests inside the service's own process share. Run: pytest --ds=extracted.images.settings tests/services/images."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from redis import Redis

from extracted.images import messages, publishing
from extracted.images.celery import app
from extracted.images.models import Photo, Upload
from extracted.images.storage import ORIGINALS, store
from strangler.core.principal import Principal
from strangler.service import sign_principal
from tests.integration.images.stack import TOKEN, Shop, jpeg

ANN = Principal(id="7", username="ann")
BEN = Principal(id="8", username="ben")


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    """Give each test an empty folder for files."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def queue(valkey_url):
    """Send messages to a real broker; returns the ids of the photos that wait in its queue."""
    app.conf.broker_url = valkey_url
    messages.announcer().breaker.close()

    def waiting(name="images") -> list[str]:
        with Redis.from_url(valkey_url) as broker:
            return [message.decode() for message in broker.lrange(name, 0, -1)]

    yield waiting
    messages.announcer().breaker.close()


@pytest.fixture
def shop(settings):
    """Stand for the monolith."""
    made = Shop()
    settings.IMAGES = {**settings.IMAGES, "MONOLITH_URL": made.url}
    publishing._breaker.close()
    yield made
    publishing._breaker.close()
    made.close()


@pytest.fixture
def limits(settings):
    """Return a function that changes the service's limits for this test."""

    def change(**values):
        settings.IMAGES = {**settings.IMAGES, **values}

    return change


@pytest.fixture
def browser():
    """Return a function that makes a client as the facade forwards it: a signed user, the token's cookie."""

    def browser(user: Principal | None = ANN, **headers: str) -> Client:
        if user:
            headers["Strangler-Principal"] = sign_principal(user, audience="images")
        client = Client(enforce_csrf_checks=True, headers=headers)
        client.cookies["csrftoken"] = TOKEN
        return client

    return browser


@pytest.fixture
def upload(browser):
    """Return a function that uploads files: (name, content) pairs or content."""

    def upload(*files, user: Principal | None = ANN, token=TOKEN, **headers: str):
        named = [
            each if isinstance(each, tuple) else (f"{number}.jpg", each) for number, each in enumerate(files)
        ]
        photos = [SimpleUploadedFile(name, content, "image/jpeg") for name, content in named]
        form = {"csrfmiddlewaretoken": token, "photos": photos}
        return browser(user, **headers).post("/photos/upload/", form)

    return upload


@pytest.fixture
def photo(db):
    """Return a function that stores a photo as an upload does, and changes fields of its row."""

    def photo(content: bytes | None = None, **fields) -> Photo:
        checksum_name = store().save(content or jpeg(), folder=ORIGINALS, extension="jpg")
        values = {
            "filename": "a.jpg",
            "checksum": "c" * 64,
            "bytes": 9,
            "width": 4,
            "height": 3,
            "position": 0,
        }
        values |= {"original": checksum_name, "due_at": timezone.now(), **fields}
        return Photo.objects.create(upload=Upload.objects.create(owner="7"), **values)

    return photo


@pytest.fixture
def files(media):
    """Return a function that lists the files there are, relative to MEDIA_ROOT."""
    return lambda: sorted(path.relative_to(media).as_posix() for path in media.rglob("*") if path.is_file())
