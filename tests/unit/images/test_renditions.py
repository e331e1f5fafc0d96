"""The pipeline: whatever kind of picture comes in, the same upright, clean, small ones come out."""

from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageStat

from extracted.images.pictures import BrokenPictureError, Limits, PictureError, make_renditions
from tests.unit.images import samples
from tests.unit.images.samples import BLUE, GREEN, RED, WHITE, encoded, quarters

SIZES = (320, 160, 40)


@pytest.fixture
def make(tmp_path):
    """Make renditions of bytes."""

    def make(content, sizes=SIZES, **options):
        path = tmp_path / "original"
        path.write_bytes(content)
        return make_renditions(path, sizes=sizes, limits=Limits(), **options)

    return make


def opened(rendition):
    return Image.open(BytesIO(rendition.content))


def corners(image):
    """Return the colours well inside the four quarters."""
    image = image.convert("RGB")
    width, height = image.size
    return [image.getpixel((width * x // 4, height * y // 4)) for y in (1, 3) for x in (1, 3)]


def assert_colours(actual, expected, tolerance=14):
    for found, wanted in zip(actual, expected, strict=True):
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= tolerance, (actual, expected)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_comes_out_upright_however_the_camera_was_held(make, kind, orientation):
    picture = make(samples.turned(orientation, kind))
    assert (picture.width, picture.height) == (400, 240)
    for rendition in picture.renditions:
        assert opened(rendition).size == (rendition.width, rendition.height)
        assert rendition.width > rendition.height
        assert_colours(corners(opened(rendition)), [RED, GREEN, BLUE, WHITE])


def test_renditions_are_as_long_as_asked_for_and_keep_their_shape(make):
    picture = make(encoded(quarters(4000, 3000)), sizes=(160, 1280, 640, 640))
    assert [(each.width, each.height) for each in picture.renditions] == [(1280, 960), (640, 480), (160, 120)]
    assert {each.extension for each in picture.renditions} == {"jpg"}


def test_a_small_picture_is_never_enlarged(make):
    picture = make(encoded(quarters(100, 60)), sizes=(1280, 640, 40))
    assert [(each.width, each.height) for each in picture.renditions] == [(100, 60), (100, 60), (40, 24)]


def test_a_very_thin_picture_keeps_at_least_one_pixel(make):
    picture = make(encoded(Image.new("RGB", (5000, 2), RED)), sizes=(320, 160))
    assert [(each.width, each.height) for each in picture.renditions] == [(320, 1), (160, 1)]


def test_the_same_file_gives_the_same_bytes_again(make):
    content = encoded(samples.detailed())
    assert make(content) == make(content)


def test_the_shortcut_looks_like_the_long_way(make):
    original = samples.detailed()
    picture = make(encoded(original, quality=95), sizes=(640, 320, 160))
    for rendition in picture.renditions:
        exact = original.resize((rendition.width, rendition.height), Image.Resampling.LANCZOS)
        difference = ImageChops.difference(opened(rendition).convert("RGB"), exact)
        assert max(ImageStat.Stat(difference).mean) < 6


def test_nothing_of_what_a_photo_tells_about_its_owner_survives(make):
    content = samples.with_secrets()
    assert content.count(b"SECRET") == 3
    for rendition in make(content).renditions:
        image = opened(rendition)
        assert not image.getexif()
        assert not {"exif", "icc_profile", "comment", "xmp"} & image.info.keys()
        assert b"SECRET" not in rendition.content


def test_what_hides_behind_a_picture_does_not_survive(make):
    polyglot = encoded(quarters()) + b"PK\x03\x04 <script>alert(1)</script>"
    for rendition in make(polyglot).renditions:
        assert b"PK\x03\x04" not in rendition.content
        assert b"script" not in rendition.content


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_transparency_is_kept(make, kind):
    image = quarters(mode="RGBA")
    image.paste((0, 0, 0, 0), (200, 120, 400, 240))
    options = {"lossless": True} if kind == "WEBP" else {}
    for rendition in make(encoded(image, kind, **options)).renditions:
        made = opened(rendition)
        assert (rendition.extension, made.mode) == ("webp", "RGBA")
        alpha = made.getchannel("A")
        assert alpha.getpixel((made.width // 4, made.height // 4)) == 255
        assert alpha.getpixel((made.width * 3 // 4, made.height * 3 // 4)) == 0


def test_an_alpha_channel_that_hides_nothing_is_dropped(make):
    assert {each.extension for each in make(encoded(quarters(mode="RGBA"), "PNG")).renditions} == {"jpg"}


def test_the_edge_of_something_transparent_does_not_darken(make):
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    image.paste((255, 255, 255, 255), (0, 0, 201, 400))
    made = opened(make(encoded(image, "PNG"), sizes=(40,)).renditions[0])
    edge = made.getpixel((20, 20))
    assert edge[3] < 255
    assert min(edge[:3]) > 200


def palette_with_hole():
    image = quarters().quantize(8)
    return encoded(image, "PNG", transparency=image.getpixel((300, 180)))


def test_a_transparent_colour_of_a_palette_stays_transparent(make):
    made = opened(make(palette_with_hole()).renditions[0])
    assert made.mode == "RGBA"
    assert made.getpixel((made.width * 3 // 4, made.height * 3 // 4))[3] == 0


@pytest.mark.parametrize(
    ("content", "mode"),
    [
        pytest.param(encoded(quarters().quantize(16), "PNG"), "RGB", id="palette"),
        pytest.param(encoded(quarters().quantize(16), "GIF"), "RGB", id="GIF"),
        pytest.param(encoded(quarters(mode="CMYK")), "RGB", id="CMYK JPEG"),
        pytest.param(encoded(quarters(), progressive=True), "RGB", id="progressive JPEG"),
        pytest.param(encoded(quarters(mode="CMYK"), "TIFF"), "RGB", id="CMYK TIFF"),
    ],
)
def test_colours_survive_every_way_of_storing_them(make, content, mode):
    made = opened(make(content).renditions[0])
    assert made.mode == mode
    assert_colours(corners(made), [RED, GREEN, BLUE, WHITE], tolerance=20)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(encoded(quarters(mode="L")), id="grey JPEG"),
        pytest.param(encoded(quarters(mode="LA"), "PNG"), id="grey PNG with alpha"),
        pytest.param(
            encoded(quarters(mode="L").convert("I").point(lambda v: v * 257).convert("I;16"), "PNG"),
            id="16-bit PNG",
        ),
        pytest.param(
            encoded(quarters(mode="L").convert("I").point(lambda v: v * 257).convert("I;16"), "TIFF"),
            id="16-bit TIFF",
        ),
    ],
)
def test_shades_of_grey_survive_every_way_of_storing_them(make, content):
    expected = corners(quarters(mode="L"))
    assert_colours(corners(opened(make(content).renditions[0])), expected)


def test_black_and_white_becomes_shades_of_grey(make):
    made = opened(make(encoded(quarters(mode="1"), "PNG")).renditions[0])
    assert made.mode == "L"


def test_an_animation_shows_its_first_frame(make):
    frames = [Image.new("RGB", (100, 80), colour) for colour in (RED, GREEN, BLUE)]
    for kind in ("GIF", "WEBP", "PNG"):
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert_colours(corners(opened(make(content).renditions[0])), [RED] * 4)


def test_a_colour_profile_is_applied_before_it_is_removed(make):
    content = encoded(Image.new("RGB", (64, 64), (255, 0, 0)), icc_profile=samples.swapped_profile())
    red, green, _ = opened(make(content).renditions[0]).getpixel((20, 20))
    assert green > 200
    assert red < 60


@pytest.mark.parametrize("profile", [b"nonsense", samples.swapped_profile()[:200]])
def test_a_broken_colour_profile_is_ignored(make, profile):
    content = encoded(quarters(), icc_profile=profile)
    assert_colours(corners(opened(make(content).renditions[0])), [RED, GREEN, BLUE, WHITE])


def test_a_profile_for_another_kind_of_picture_is_ignored(make):
    content = encoded(quarters(mode="CMYK"), icc_profile=samples.swapped_profile())
    assert_colours(corners(opened(make(content).renditions[0])), [RED, GREEN, BLUE, WHITE], tolerance=20)


def test_damage_that_only_decoding_shows_is_told_as_such(make):
    with pytest.raises(BrokenPictureError, match="damaged"):
        make(samples.damaged_png())


def test_a_bomb_behind_the_pixels_is_refused_when_decoding(make):
    with pytest.raises(PictureError):
        make(samples.png_with(samples.text_bomb(), before=b"IEND"))


def test_progress_is_told_after_each_rendition(make):
    told = []
    make(encoded(quarters()), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
