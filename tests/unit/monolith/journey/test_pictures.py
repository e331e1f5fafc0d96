import io

import pytest
from PIL import Image, ImageChops

from monolith.journey.looking import TOLERATED_DIFFERENCE, difference
from monolith.journey.pictures import FOLDER, album

ALBUM = {photo.filename: photo for photo in album()}


def test_every_photograph_is_named_with_author_and_licence():
    sources = (FOLDER / "SOURCES.md").read_text()
    assert all(f"| `{name}` |" in sources for name in ALBUM)


def header_of(name):
    with Image.open(FOLDER / name) as image:
        return image.size, image.mode, image.getexif().get(0x0112, 1)


def test_the_album_has_what_the_journey_promises_to_upload():
    headers = [header_of(name) for name in ALBUM]
    assert len([name for name in ALBUM if header_of(name)[2] != 1]) >= 2
    assert "RGBA" in {mode for _size, mode, _orientation in headers}
    assert max(photo.megapixels for photo in ALBUM.values()) >= 12


def test_the_size_is_the_one_a_person_sees():
    assert ALBUM["dogs.jpg"].size == (2056, 3088)
    assert header_of("dogs.jpg")[0] == (3088, 2056)


@pytest.mark.parametrize("name", sorted(ALBUM))
def test_an_own_copy_is_another_file_with_the_same_pixels(name):
    photo = ALBUM[name]
    copy = photo.own_copy("of-ann")
    assert copy.checksum != photo.checksum
    assert copy.title == f"{photo.title} of ann"
    with Image.open(io.BytesIO(copy.content)) as mine, Image.open(io.BytesIO(photo.content)) as original:
        assert mine.getexif().get(0x0112) == original.getexif().get(0x0112)
        size = (400, 400)
        mine.draft("RGB", size)
        original.draft("RGB", size)
        assert ImageChops.difference(mine, original).getbbox() is None


def test_two_copies_of_one_photograph_differ():
    photo = ALBUM["chelsea.png"]
    assert photo.own_copy("a").checksum != photo.own_copy("b").checksum


def test_a_picture_the_wrong_way_up_is_noticed():
    photo = ALBUM["mountains.jpg"]
    right = photo.upright(longest=640)
    assert difference(right, photo) < TOLERATED_DIFFERENCE
    assert difference(right.rotate(180), photo) > TOLERATED_DIFFERENCE


def test_another_picture_is_noticed():
    assert difference(ALBUM["coffee.png"].upright(longest=640), ALBUM["chelsea.png"]) > TOLERATED_DIFFERENCE
