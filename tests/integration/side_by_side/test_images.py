"""The seam `images.upload`, asked of the monolith and of the image service."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


@pytest.fixture
def customer(side, django_user_model):
    found = django_user_model.objects.create_user("ann", email="ann@halftone.example")
    side.login(found)
    return found


def jpeg():
    file = io.BytesIO()
    Image.new("RGB", (1600, 1200), "teal").save(file, "JPEG")
    return file.getvalue()


def upload(side, content, *, name="sea.jpg"):
    return side.post("/photos/upload/", {"photos": SimpleUploadedFile(name, content, "image/jpeg")})


def rows(seen, *tables):
    return [row for row in seen.effects.rows if row.table in tables and row.operation == "insert"]


def kept(seen):
    """Return what a side keeps of the one photo, whatever its tables are."""
    values = {}
    for row in seen.effects.rows:
        if row.table in {"photos_photo", "images_photo"}:
            values |= row.values
    names = json.loads(values["renditions"]) if "renditions" in values else {}
    sizes = sorted({*map(int, names), *(row.values["size"] for row in rows(seen, "images_rendition"))})
    return {
        **{name: values[name] for name in ("filename", "checksum", "bytes", "width", "height")},
        "sizes": sizes,
    }


@pytest.mark.side_by_side("images.upload")
def test_a_photo_is_kept_as_it_is_with_three_smaller_ones(side, customer):
    content = jpeg()
    seen = upload(side, content)
    assert seen.status in {302, 202}
    assert kept(seen) == {
        "filename": "sea.jpg",
        "checksum": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "width": 1600,
        "height": 1200,
        "sizes": [160, 640, 1280],
    }


@pytest.mark.side_by_side("images.upload")
@pytest.mark.parametrize(
    "content", [b"no picture", b"", jpeg()[:200]], ids=["no picture", "empty", "cut off"]
)
def test_what_can_not_be_printed_is_refused_and_leaves_nothing(side, customer, content):
    seen = upload(side, content)
    assert seen.status in {400, 415}
    assert b"sea.jpg" in seen.body
    assert rows(seen, "photos_photo", "images_upload", "images_photo") == []
    assert seen.effects.files == ()


# The shop sends people to its log-in page; to a service nobody comes without a principal but programs: 401.
@pytest.mark.side_by_side("images.upload", rules=["ignore status"])
def test_nobody_uploads_without_being_logged_in(side):
    seen = upload(side, jpeg())
    assert seen.status in {302, 401, 403}
    assert rows(seen, "photos_photo", "images_photo") == []
