"""What the shop reads in the header of an upload, before it decodes it."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from monolith.photos.inspection import NotAPhotoError, inspect
from tests.unit.images import samples


def uploaded(content):
    return SimpleUploadedFile("photo.jpg", content)


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [("JPEG", ".jpg"), ("PNG", ".png"), ("WEBP", ".webp"), ("GIF", ".gif"), ("TIFF", ".tif")],
)
def test_the_content_decides_what_a_file_is_and_not_its_name(kind, suffix):
    header = inspect(uploaded(samples.encoded(samples.quarters(400, 240), kind)))
    assert (header.suffix, header.width, header.height) == (suffix, 400, 240)


def test_a_jpeg_of_a_phone_with_a_second_picture_inside_is_a_jpeg():
    content = samples.encoded(
        samples.quarters(), "MPO", save_all=True, append_images=[samples.quarters(64, 64)]
    )
    assert inspect(uploaded(content)).suffix == ".jpg"


def test_the_upload_is_rewound():
    content = samples.encoded(samples.quarters())
    upload = uploaded(content)
    upload.seek(100)
    inspect(upload)
    assert upload.read() == content


def test_a_short_animation_is_printed_by_its_first_picture(settings):
    settings.PHOTO_MAX_FRAMES = 3
    assert inspect(uploaded(samples.gif_with_frames(3))).suffix == ".gif"
    with pytest.raises(NotAPhotoError, match="an animation of 4 pictures"):
        inspect(uploaded(samples.gif_with_frames(4)))


def test_exactly_the_limit_of_pixels_is_allowed(settings):
    settings.PHOTO_MAX_PIXELS = 100
    inspect(uploaded(samples.encoded(samples.quarters(10, 10))))
    with pytest.raises(NotAPhotoError, match="megapixels"):
        inspect(uploaded(samples.encoded(samples.quarters(10, 11))))


def test_a_tiff_whose_pages_go_round_in_a_circle_ends():
    assert inspect(uploaded(samples.tiff_whose_pages_never_end())).width == 400


def test_kinds_that_pillow_could_read_but_we_do_not_print_are_refused():
    out = BytesIO()
    Image.new("RGB", (4, 4)).save(out, "BMP")
    with pytest.raises(NotAPhotoError, match="This is not a photo"):
        inspect(uploaded(out.getvalue()))
