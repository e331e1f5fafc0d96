"""What the texts of products say as attributes."""

import pytest
from jsonschema import Draft202012Validator

from extracted.catalog.first_types import ATTRIBUTES, schema_of
from monolith.catalog.derivation import Texts, derive
from monolith.seed.catalogue import OFFERS


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.slug)
def test_the_shops_own_products_are_understood(offer):
    texts = Texts.of(
        offer.name, offer.summary, offer.description, variants=[name for name, _ in offer.variants]
    )
    assert derive(offer.kind, texts) == offer.attributes


@pytest.mark.parametrize("kind", ATTRIBUTES)
def test_what_is_derived_fits_the_first_types_of_the_service(kind):
    prose = (
        "Linen cover, leather back, sixty white pages, lies flat. 260 g, matt, acid-free, woven cotton, behind acrylic glass. "
        "Begins in whichever month you like, with a photo above every month. Oak. 2 cm deep, ten to a stack."
    )
    found = derive(kind, Texts.of(prose, variants=["A4, oak", "A4, walnut", "30 × 20 cm"]))
    assert found
    assert list(Draft202012Validator(schema_of(kind)).iter_errors(found)) == []


@pytest.mark.parametrize(
    ("kind", "prose", "variants", "wanted"),
    [
        ("canvas", "", [], {}),
        ("sofa", "260 g", ["A4"], {}),
        ("paper", "1 g, 99999 g and 260 grams of matter", [], {}),
        ("book", "ninety pages", ["21 × 21 cm, 36 pages", "30 × 30 cm, 24 pages"], {"pages": 24, "sizes": ["21 × 21 cm", "30 × 30 cm"]}),
        ("frame", "Glasses from oaks", [], {}),
    ],
)  # fmt: skip
def test_what_is_not_said_is_left_out(kind, prose, variants, wanted):
    assert derive(kind, Texts.of(prose, variants=variants)) == wanted
