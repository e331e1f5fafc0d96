"""The door: what is let in, and why the rest is not. Nothing here may take time or memory."""

import time

import pytest
from PIL import Image

from extracted.images.pictures import (
    BrokenPictureError,
    EmptyFileError,
    Limits,
    NotAPictureError,
    PictureError,
    TooManyBytesError,
    TooManyFramesError,
    TooManyPixelsError,
    TruncatedPictureError,
    inspect_file,
)
from tests.unit.images import samples
from tests.unit.images.samples import encoded, quarters

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF")
ANIMATED = ("PNG", "GIF", "WEBP", "TIFF")
ZIP = b"PK\x03\x04" + b"\0" * 200


@pytest.fixture
def inspect(tmp_path):
    """Inspect bytes under a name that promises a JPEG, whatever they are."""

    def inspect(content, **limits):
        path = tmp_path / "photo.jpg"
        path.write_bytes(content)
        return inspect_file(path, limits=Limits(**limits))

    return inspect


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_is_recognised_by_its_content_and_not_by_its_name(inspect, kind):
    header = inspect(encoded(quarters(400, 240), kind))
    assert (header.format, header.width, header.height, header.frames) == (kind, 400, 240, 1)


def test_the_lossless_form_of_webp_has_its_size_elsewhere_and_is_read_too(inspect):
    header = inspect(encoded(quarters(401, 239, "RGBA"), "WEBP", lossless=True))
    assert (header.width, header.height) == (401, 239)


def test_a_multi_picture_jpeg_of_a_phone_is_a_jpeg(inspect):
    content = encoded(quarters(), "MPO", save_all=True, append_images=[quarters(80, 60)])
    assert inspect(content).format == "JPEG"


@pytest.mark.parametrize("kind", ANIMATED)
def test_the_frames_of_an_animation_are_counted(inspect, kind):
    frames = [Image.new("RGB", (9, 9), (shade, 0, 0)) for shade in (0, 80, 160)]
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert inspect(content).frames == 3
    with pytest.raises(TooManyFramesError, match="at most 2 frames"):
        inspect(content, max_frames=2)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"hello, I am a text", id="text"),
        pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', id="SVG"),
        pytest.param(ZIP, id="ZIP"),
        pytest.param(b"%PDF-1.7\n" + b"\0" * 100, id="PDF"),
        pytest.param(b"\0\0\0\x1cftypheic" + b"\0" * 100, id="HEIC"),
        pytest.param(b"BM" + b"\0" * 100, id="BMP, which Pillow would open"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n", id="EPS, which Pillow would run"),
        pytest.param(b"\xff", id="one byte"),
    ],
)
def test_what_is_no_picture_is_refused_whatever_its_name_says(inspect, content):
    with pytest.raises(NotAPictureError, match="JPEG, PNG, WebP, TIFF or GIF"):
        inspect(content)


def test_an_empty_file_is_refused(inspect):
    with pytest.raises(EmptyFileError, match="0 bytes"):
        inspect(b"")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", [0.2, 0.5, 0.99])
def test_a_file_whose_end_is_missing_is_refused_before_anybody_decodes_it(inspect, kind, part):
    content = encoded(samples.detailed(320, 240), kind)
    with pytest.raises((TruncatedPictureError, BrokenPictureError)):
        inspect(content[: int(len(content) * part)])


def test_the_end_of_a_thumbnail_is_not_taken_for_the_end_of_the_photo(inspect):
    exif = Image.Exif()
    exif[0x9286] = encoded(quarters(60, 40))
    content = encoded(samples.detailed(320, 240), exif=exif)
    assert inspect(content).width == 320
    with pytest.raises(TruncatedPictureError):
        inspect(content[:-500])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(samples.jpeg_claiming(64_250, 64_250), id="JPEG"),
        pytest.param(samples.png_claiming(2**31 - 1, 2**31 - 1), id="PNG"),
        pytest.param(samples.webp_claiming(16_384, 16_384), id="WebP"),
        pytest.param(encoded(Image.new("1", (12_000, 8_000)), "TIFF", compression="group4"), id="TIFF"),
    ],
)
def test_a_header_that_claims_too_many_pixels_is_refused_at_once(inspect, content):
    started = time.process_time()
    with pytest.raises(TooManyPixelsError, match="at most 80 megapixels"):
        inspect(content)
    assert time.process_time() - started < 0.5


def test_a_gif_of_ten_thousand_frames_is_refused_at_once(inspect):
    started = time.process_time()
    with pytest.raises(TooManyFramesError):
        inspect(samples.gif_with_frames(10_000))
    assert time.process_time() - started < 0.5


def test_a_file_above_the_limit_is_refused(inspect):
    with pytest.raises(TooManyBytesError, match=r"at most 0\.001 MB"):
        inspect(encoded(samples.detailed(320, 240)), max_bytes=1000)


def test_a_compressed_text_bomb_is_refused(inspect):
    with pytest.raises(BrokenPictureError, match="too large"):
        inspect(samples.png_with(samples.text_bomb()))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xff\xd8" + b"\xff" * 20_000_000, id="JPEG of padding"),
        pytest.param(b"\xff\xd8" + b"\xff\xfe\0\2" * 5_000_000, id="JPEG of comments"),
        pytest.param(
            b"\x89PNG\r\n\x1a\n" + samples.png_chunk(b"IHDR", b"\0\0\0\1" * 2 + b"\x08\2\0\0\0") * 1_500_000,
            id="PNG of headers",
        ),
        pytest.param(b"GIF89a\1\0\1\0\0\0\0" + b"!\xfe\1x" + b"\1x" * 20_000_000, id="GIF of comments"),
        pytest.param(samples.tiff_whose_pages_never_end(), id="TIFF that bites its tail"),
    ],
)
def test_a_file_of_nothing_but_tiny_pieces_costs_little_time(inspect, content):
    started = time.process_time()
    with pytest.raises(PictureError):
        inspect(content)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xff\xd8\xff\xe0\0\4ab" + b"nonsense" * 10, id="JPEG without markers"),
        pytest.param(b"\xff\xd8\xff\xd9" + b"\0" * 20, id="JPEG that ends at once"),
        pytest.param(samples.png_claiming(8, 8).replace(b"IDAT", b"iDAT"), id="PNG without data"),
        pytest.param(b"GIF89a\1\0\1\0\0\0\0;", id="GIF without a frame"),
        pytest.param(b"GIF89a\1\0\1\0\0\0\0?" + b"\0" * 20, id="GIF with an unknown block"),
        pytest.param(b"RIFF\4\0\0\0WEBP", id="WebP without a chunk"),
        pytest.param(b"II*\0\0\0\0\0\0\0\0\0", id="TIFF without a page"),
    ],
)
def test_a_skeleton_that_contradicts_itself_is_refused(inspect, content):
    with pytest.raises(BrokenPictureError, match="save it anew"):
        inspect(content)
