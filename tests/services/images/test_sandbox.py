"""The image service in its sandbox: the pictures are made, shown and thrown away."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from extracted.images.models import Photo, Rendition, Upload
from strangler import tokens
from strangler.core.observation import Observation
from tests.integration.images.stack import jpeg


@pytest.fixture
def shadowed(browser):
    """Return a function that uploads in the sandbox and returns what was observed."""

    def shadowed(*files):
        token = tokens.sign_shadow(str(uuid4()), audience="images")
        client = browser(**{tokens.SHADOW_HEADER: token})
        photos = [SimpleUploadedFile(f"{i}.jpg", content, "image/jpeg") for i, content in enumerate(files)]
        answer = client.post("/photos/upload/", {"photos": photos})
        assert answer.status_code == 200, answer.content
        return Observation.from_json(answer.json())

    return shadowed


@pytest.mark.django_db(transaction=True)
def test_an_upload_is_done_to_the_end_and_leaves_no_row_no_file_and_no_message(shadowed, queue, shop, media):
    seen = shadowed(jpeg(2000, 1500))
    assert seen.status == 202
    tables = {row.table for row in seen.effects.rows}
    assert {"images_upload", "images_photo", "images_rendition"} <= tables
    assert "images.render" in {message.task for message in seen.effects.messages}
    assert any(str(shop.server.server_port) in each for each in seen.effects.refused)
    assert not Upload.objects.exists()
    assert not Photo.objects.exists()
    assert not Rendition.objects.exists()
    assert [path for path in media.rglob("*") if path.is_file()] == []
    assert queue() == []
    assert shop.adopted == []


@pytest.mark.django_db(transaction=True)
def test_what_is_no_photo_is_refused_as_ever(shadowed):
    seen = shadowed(b"not a photo")
    assert seen.status == 415
    assert seen.effects.rows == ()
