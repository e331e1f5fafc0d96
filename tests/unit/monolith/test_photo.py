"""What a photo knows without its database."""

import pytest

from monolith.photos.models import Photo, title_of


def photo(**fields):
    renditions = {
        "1280": "images/renditions/a.jpg",
        "160": "images/renditions/c.jpg",
        "640": "images/renditions/b.jpg",
    }
    return Photo(
        **{"width": 3000, "height": 4000, "renditions": renditions, "original": "images/o.jpg", **fields}
    )


def test_the_srcset_has_true_widths_smallest_first():
    assert photo().srcset == (
        "/media/images/renditions/c.jpg 120w, /media/images/renditions/b.jpg 480w, /media/images/renditions/a.jpg 960w"
    )


def test_small_photos_have_no_larger_renditions():
    assert [width for _, width in photo(width=300, height=200).pictures] == [160, 300, 300]


def test_preview_and_thumbnail_are_the_middle_and_the_smallest():
    assert (photo().preview, photo().thumbnail) == (
        "/media/images/renditions/b.jpg",
        "/media/images/renditions/c.jpg",
    )


def test_a_photo_without_renditions_has_no_pictures():
    empty = photo(renditions={})
    assert (empty.preview, empty.thumbnail, empty.srcset) == ("", "", "")


@pytest.mark.parametrize(
    ("original", "is_legacy"),
    [("legacy/originals/a.jpg", True), ("images/a.jpg", False), ("seed/a.jpg", False)],
)
def test_files_are_legacy_when_this_site_made_them(original, is_legacy):
    assert photo(original=original).is_legacy is is_legacy


@pytest.mark.parametrize(
    ("filename", "title"),
    [
        ("summer_in-Ely.jpg", "summer in Ely"),
        ("a.b.png", "a.b"),
        ("none", "none"),
        ("x" * 300 + ".jpg", "x" * 200),
    ],
)
def test_the_title_is_made_of_the_file_name(filename, title):
    assert title_of(filename) == title
