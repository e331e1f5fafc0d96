"""Painted landscapes of the seed."""

from io import BytesIO
from random import Random

from PIL import Image

from monolith.seed.pictures import paint, titles


def test_the_same_seed_paints_the_same_picture():
    assert paint(0, random=Random(3)).original == paint(0, random=Random(3)).original
    assert paint(0, random=Random(3)).original != paint(0, random=Random(4)).original


def test_every_third_picture_is_upright():
    shapes = [
        scene.width > scene.height for scene in (paint(number, random=Random(1)) for number in range(3))
    ]
    assert shapes == [True, True, False]


def test_renditions_have_the_sizes_of_the_shop():
    scene = paint(1, random=Random(1))
    sizes = {longest: max(Image.open(BytesIO(data)).size) for longest, data in scene.renditions.items()}
    assert sizes == {1280: 1280, 640: 640, 160: 160}


def test_titles_differ():
    assert len(set(titles())) == len(titles()) == 24
