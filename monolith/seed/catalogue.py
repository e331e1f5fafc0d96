"""The catalogue that every seeded shop has."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from monolith.catalog.models import Category, Product, Variant

STOCK = 5_000

CATEGORIES = (
    ("prints", "Prints", "Pigment prints on heavy paper, from postcard to poster"),
    ("walls", "For the wall", "Canvas, frames and posters, ready to hang"),
    ("books", "Books and calendars", "A year, a journey or a wedding, bound"),
    ("supplies", "Albums and paper", "To keep prints well, or to make your own"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One product: its texts and attributes, and a pair of name and price in pounds for each variant."""

    category: str
    slug: str
    name: str
    kind: Product.Kind
    summary: str
    description: str
    variants: tuple[tuple[str, str], ...]
    attributes: dict[str, Any]
    takes_photo: bool = True
    is_featured: bool = False


OFFERS = (
    Offer(
        category="prints",
        slug="classic-print",
        name="Classic print",
        kind=Product.Kind.PRINT,
        summary="The one for the fridge door, the album and the letter to grandmother.",
        description="Printed on 260 g paper that does not curl.\n\nMatt or glossy, with or without a white border.",
        attributes={
            "paper_weight": 260,
            "finishes": ["matt", "glossy"],
            "sizes": ["10 × 15 cm", "13 × 18 cm", "20 × 30 cm"],
        },
        variants=(
            ("10 × 15 cm, matt", "0.35"),
            ("10 × 15 cm, glossy", "0.35"),
            ("13 × 18 cm, matt", "0.60"),
            ("20 × 30 cm, matt", "2.90"),
        ),
        is_featured=True,
    ),
    Offer(
        category="prints",
        slug="square-print",
        name="Square print",
        kind=Product.Kind.SQUARE,
        summary="A square with a wide border, for pictures that were square already.",
        description="On thick cotton paper. Comes in a paper band, ten to a stack.",
        attributes={
            "material": "cotton paper",
            "sizes": ["10 × 10 cm", "14 × 14 cm", "20 × 20 cm"],
            "stack": 10,
        },
        variants=(("10 × 10 cm", "0.55"), ("14 × 14 cm", "0.95"), ("20 × 20 cm", "3.20")),
        is_featured=True,
    ),
    Offer(
        category="prints",
        slug="fine-art-print",
        name="Fine art print",
        kind=Product.Kind.PRINT,
        summary="Cotton paper and twelve pigment inks, for the picture of the year.",
        description="Hahnemühle Photo Rag, 308 g, acid-free.\n\nInks that keep their colour for a hundred years.",
        attributes={
            "paper_weight": 308,
            "material": "Hahnemühle Photo Rag",
            "sizes": ["A4", "A3", "A2"],
            "acid_free": True,
        },
        variants=(("A4", "14.00"), ("A3", "24.00"), ("A2", "42.00")),
        is_featured=True,
    ),
    Offer(
        category="walls",
        slug="canvas",
        name="Canvas",
        kind=Product.Kind.CANVAS,
        summary="Stretched over a wooden frame, with the picture going round the edge.",
        description="Woven cotton on a frame of Scottish pine, 2 cm deep. The hook is on it already.",
        attributes={
            "material": "woven cotton",
            "depth_mm": 20,
            "sizes": ["30 × 20 cm", "60 × 40 cm", "90 × 60 cm"],
        },
        variants=(("30 × 20 cm", "24.00"), ("60 × 40 cm", "49.00"), ("90 × 60 cm", "79.00")),
        is_featured=True,
    ),
    Offer(
        category="walls",
        slug="framed-print",
        name="Framed print",
        kind=Product.Kind.FRAME,
        summary="Print, mount and a frame of oak or walnut, behind real glass.",
        description="Framed by hand. The mount is cut at an angle and keeps the print off the glass.",
        attributes={"woods": ["oak", "walnut"], "glazing": "glass", "sizes": ["21 × 30 cm", "40 × 50 cm"]},
        variants=(
            ("21 × 30 cm, oak", "36.00"),
            ("21 × 30 cm, walnut", "36.00"),
            ("40 × 50 cm, oak", "68.00"),
        ),
        is_featured=True,
    ),
    Offer(
        category="walls",
        slug="poster",
        name="Poster",
        kind=Product.Kind.POSTER,
        summary="As large as the door, on paper that may have a pin through it.",
        description="Satin paper, 200 g, sent in a tube.",
        attributes={"paper_weight": 200, "finishes": ["satin"], "sizes": ["50 × 70 cm", "70 × 100 cm"]},
        variants=(("50 × 70 cm", "16.00"), ("70 × 100 cm", "26.00")),
        is_featured=True,
    ),
    Offer(
        category="books",
        slug="photo-book",
        name="Photo book",
        kind=Product.Kind.BOOK,
        summary="Lies flat, so that a panorama may run over both pages.",
        description="Linen cover with your photo on it. Bound in Leeds, 24 pages or more.",
        attributes={"pages": 24, "cover": "linen", "lies_flat": True, "sizes": ["21 × 21 cm", "30 × 30 cm"]},
        variants=(("21 × 21 cm, 24 pages", "29.00"), ("30 × 30 cm, 36 pages", "54.00")),
        is_featured=True,
    ),
    Offer(
        category="books",
        slug="wall-calendar",
        name="Wall calendar",
        kind=Product.Kind.CALENDAR,
        summary="One of your photos above every month, and room to write.",
        description="Begins in whichever month you like.",
        attributes={"months": 12, "starts_any_month": True, "sizes": ["A4", "A3"]},
        variants=(("A4", "17.00"), ("A3", "25.00")),
        is_featured=True,
    ),
    Offer(
        category="supplies",
        slug="album",
        name="Linen album",
        kind=Product.Kind.BOOK,
        summary="Sixty black pages for prints, with corners to hold them.",
        description="Acid-free card. A hundred photo corners are with it.",
        attributes={"pages": 60, "cover": "linen"},
        variants=(("sand", "22.00"), ("slate", "22.00")),
        takes_photo=False,
    ),
    Offer(
        category="supplies",
        slug="photo-paper",
        name="Photo paper",
        kind=Product.Kind.PAPER,
        summary="The paper that we print on, for the printer that you have.",
        description="Satin, 260 g, fifty sheets.",
        attributes={"paper_weight": 260, "finishes": ["satin"], "sizes": ["A4", "A3"]},
        variants=(("A4, 50 sheets", "19.00"), ("A3, 25 sheets", "21.00")),
        takes_photo=False,
    ),
)


@transaction.atomic
def seed_catalogue() -> None:
    """Make the categories, products and variants that are not there yet; what is there stays as it is."""
    shelves = {}
    for position, (slug, name, blurb) in enumerate(CATEGORIES):
        shelves[slug], _ = Category.objects.get_or_create(
            slug=slug, defaults={"name": name, "blurb": blurb, "position": position}
        )
    for position, offer in enumerate(OFFERS):
        _seed_product(offer, shelf=shelves[offer.category], position=position)


def _seed_product(offer: Offer, *, shelf: Category, position: int) -> None:
    product, _ = Product.objects.get_or_create(
        slug=offer.slug,
        defaults={
            "category": shelf,
            "name": offer.name,
            "kind": offer.kind,
            "summary": offer.summary,
            "description": offer.description,
            "attributes": offer.attributes,
            "takes_photo": offer.takes_photo,
            "is_featured": offer.is_featured,
            "position": position,
        },
    )
    for number, (name, price) in enumerate(offer.variants, start=1):
        Variant.objects.get_or_create(
            sku=f"{offer.slug}-{number}",
            defaults={
                "product": product,
                "name": name,
                "price": Decimal(price),
                "stock": STOCK,
                "position": number,
            },
        )
