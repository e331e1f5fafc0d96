"""What the API answers to questions, and to bad ones."""

import json

import pytest
from django.conf import settings as django_settings
from django.db import connection

from extracted.catalog.finding import Question
from extracted.catalog.models import Product, Seen
from extracted.catalog.searching import means
from extracted.catalog.searching.postgresql import number_index


@pytest.fixture
def range_of(make_product):
    """Fill the catalogue with a few products of three kinds."""
    make_product("print", kind="print", category="prints", position=1, is_featured=True, attributes={"finishes": ["matt", "glossy"], "paper_weight": 260, "acid_free": True})  # fmt: skip
    make_product("fine-art", kind="print", category="prints", position=2, summary="For the picture of the year.", attributes={"finishes": ["matt"], "paper_weight": 308, "material": "cotton"})  # fmt: skip
    make_product("canvas", position=3, description="Woven cotton on a wooden frame.", attributes={"material": "cotton", "depth_mm": 20})  # fmt: skip
    make_product("frame", kind="frame", position=4, is_active=False, attributes={"glazing": "glass"})


def slugs(answer):
    assert answer.status_code == 200, answer.content
    return [each["slug"] for each in answer.json()["products"]]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ["print", "fine-art", "canvas", "frame"]),
        ("active=true", ["print", "fine-art", "canvas"]),
        ("active=0", ["frame"]),
        ("category=prints&featured=false", ["fine-art"]),
        ("kind=print", ["print", "fine-art"]),
        ("attributes.finishes=glossy", ["print"]),
        ("attributes.material=cotton", ["fine-art", "canvas"]),
        ("attributes.paper_weight=308", ["fine-art"]),
        ("attributes.acid_free=true", ["print"]),
        ("attributes.acid_free=false", []),
        ("attributes.finishes=matt&attributes.material=cotton", ["fine-art"]),
        ("attributes.paper_weight__gte=260", ["print", "fine-art"]),
        ("attributes.paper_weight__gt=260", ["fine-art"]),
        ("attributes.paper_weight__lt=308&attributes.paper_weight__gte=1e2", ["print"]),
        ("attributes.paper_weight__lte=259.9", []),
        ("attributes.paper_weight__gte=308&attributes.paper_weight__lte=308", ["fine-art"]),
        ("attributes.depth_mm__gt=0&kind=canvas&q=canvas", ["canvas"]),
        ("category=no-such-shelf", []),
        ("slug=canvas", ["canvas"]),
    ],
)
def test_products_are_filtered(range_of, programs, query, wanted):
    assert slugs(programs.get(f"/catalog/products?{query}")) == wanted


def test_words_find_the_best_first(range_of, programs):
    found = slugs(programs.get("/catalog/products?q=cotton"))
    assert set(found) == {"fine-art", "canvas"}
    assert slugs(programs.get("/catalog/products?q=canvas")) == ["canvas"]
    assert slugs(programs.get("/catalog/products?q=year+picture")) == ["fine-art"]
    assert slugs(programs.get("/catalog/products?q=cotton&attributes.depth_mm=20")) == ["canvas"]
    assert slugs(programs.get("/catalog/products?q=nothing+of+the+kind")) == []


def test_postgresql_knows_words_in_other_forms(range_of, programs, engine):
    wanted = ["canvas"] if engine == "postgres" else []
    assert slugs(programs.get("/catalog/products?q=frames+weaving")) in ([], wanted)
    assert slugs(programs.get("/catalog/products?q=frames&kind=canvas")) == wanted


@pytest.mark.parametrize("query", ["limit=2", "limit=1&q=fine", "limit=2&attributes.finishes=matt"])
def test_pages_follow_each_other_and_miss_nothing(make_product, programs, query):
    for number in range(5):
        make_product(f"fine-{number}", kind="print", position=1, attributes={"finishes": ["matt"]})
    found, path = [], f"/catalog/products?{query}"
    while path:
        answer = programs.get(path)
        found += slugs(answer)
        path = answer.json()["next"]
    assert sorted(found) == [f"fine-{number}" for number in range(5)]


def test_many_are_asked_for_by_key(range_of, programs):
    keys = Product.objects.filter(slug__in=["print", "frame"]).values_list("pk", flat=True)
    query = "&".join(f"id={key}" for key in keys)
    assert slugs(programs.get(f"/catalog/products?{query}&id=999999")) == ["print", "frame"]


def test_visitors_see_what_is_for_sale(range_of, client_of):
    anybody = client_of(None)
    assert slugs(anybody.get("/catalog/products")) == ["print", "fine-art", "canvas"]
    assert anybody.get("/catalog/products?active=false").status_code == 403
    assert anybody.get("/catalog/products/frame").status_code == 404
    assert client_of().get("/catalog/products/frame").status_code == 200


def test_what_the_caller_has_is_not_sent_again(range_of, programs):
    for path in (
        "/catalog/products?active=true",
        "/catalog/products/canvas",
        "/catalog/categories",
    ):
        first = programs.get(path)
        again = programs.get(path, headers={"If-None-Match": first["ETag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    Product.objects.filter(slug="canvas").update(summary="Another.")
    assert (
        programs.get("/catalog/products/canvas", headers={"If-None-Match": first["ETag"]}).status_code == 200
    )


DATED = [
    "/catalog/products/canvas",
    "/catalog/categories",
    "/catalog/categories/walls",
    "/catalog/types",
    "/catalog/types/canvas",
]


@pytest.mark.parametrize("path", DATED)
def test_what_is_as_it_was_at_a_date_is_not_sent_again(range_of, programs, path):
    first = programs.get(path)
    since = {"If-Modified-Since": first["Last-Modified"]}
    again = programs.get(path, headers=since)
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    before = {"If-Modified-Since": "Sun, 01 Nov 2026 10:00:00 GMT"}
    assert programs.get(path, headers=before).status_code == 200
    both = {**since, "If-None-Match": '"another"'}
    assert programs.get(path, headers=both).status_code == 200, "the ETag decides where both are sent"


def test_a_change_within_the_same_second_is_not_taken_for_what_was_before(range_of, programs):
    first = programs.get("/catalog/products/canvas")
    Product.objects.filter(slug="canvas").update(summary="Another.")  # as a move writes it: nobody is told
    again = programs.get("/catalog/products/canvas", headers={"If-Modified-Since": first["Last-Modified"]})
    assert (again.status_code, again.json()["summary"]) == (200, "Another.")


def test_lists_of_products_have_no_date(range_of, programs):
    assert "Last-Modified" not in programs.get("/catalog/products?active=true")
    assert "Last-Modified" not in programs.get("/catalog/products/no-such")
    assert not Seen.objects.exists()


@pytest.mark.parametrize(
    ("query", "status", "error", "said"),
    [
        ("colour=red", 400, "unknown-parameter", "there is no parameter 'colour'"),
        ("fetured=true", 400, "unknown-parameter", "did you mean 'featured'?"),
        ("attributes.finshes=matt", 400, "unknown-parameter", "did you mean 'attributes.finishes'?"),
        ("kind=sofa", 404, "unknown-type", "there is no product type 'sofa'"),
        ("kind=canvas&attributes.pages=24", 400, "unknown-parameter", "attributes.pages"),
        ("attributes.pages=many", 400, "bad-value", "attributes.pages must be of type integer"),
        ("attributes.pages=NaN", 400, "bad-value", "attributes.pages"),
        (
            "attributes.pages=99999999999999999999",
            400,
            "bad-value",
            "attributes.pages must be of type integer",
        ),
        ("attributes.pages__gte=many", 400, "bad-value", "attributes.pages__gte must be of type number"),
        ("attributes.pages__gte=true", 400, "bad-value", "attributes.pages__gte"),
        ("attributes.pages__gte=-Infinity", 400, "bad-value", "attributes.pages__gte"),
        ("attributes.pages__gte=99999999999999999999", 400, "bad-value", "attributes.pages__gte"),
        ("attributes.pages__gte=1&attributes.pages__gte=2", 400, "bad-value", "given once"),
        ("attributes.pages__ge=1", 400, "unknown-parameter", "did you mean 'attributes.pages__gte'?"),
        ("attributes.page__gte=1", 400, "unknown-parameter", "did you mean 'attributes.pages__gte'?"),
        ("attributes.__gte=1", 400, "unknown-parameter", "there is no parameter 'attributes.__gte'"),
        ("attributes.material__gte=1", 400, "bad-value", "material is no number"),
        ("attributes.finishes__lt=1", 400, "bad-value", "finishes is no number"),
        (
            "attributes.pages__gt=60&attributes.pages__lte=24",
            400,
            "bad-value",
            "attributes.pages__lte must be at least attributes.pages__gt, which is 60",
        ),
        ("active=maybe", 400, "bad-value", "active must be true or false"),
        ("active=true&active=false", 400, "bad-value", "given once"),
        ("limit=0", 400, "bad-value", "limit must be a whole number from 1"),
        ("limit=99999", 400, "bad-value", "limit"),
        ("id=x", 400, "bad-value", "id must be a whole number"),
        ("id=99999999999999999999", 400, "bad-value", "id"),
        ("q=%00", 400, "bad-value", "NUL"),
        ("category=a%00b", 400, "bad-value", "NUL"),
        (f"q={'x' * 201}", 400, "bad-value", "at most 200 characters"),
        ("after=%F0%9F%98%80", 400, "bad-cursor", "after is no cursor of this question"),
        ("after=bm90anNvbg", 400, "bad-cursor", "follow `next`"),
        ("after=W10", 400, "bad-cursor", ""),
        ("after=WyJ4IiwxZTQwMCwxXQ", 400, "bad-cursor", ""),
    ],
)
def test_bad_questions_are_told_what_is_wrong(range_of, programs, query, status, error, said):
    answer = programs.get(f"/catalog/products?{query}")
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert said in answer.json()["detail"]


def test_a_cursor_is_good_for_its_own_question_only(range_of, programs):
    path = programs.get("/catalog/products?limit=1").json()["next"]
    answer = programs.get(f"{path}&kind=print")
    assert (answer.status_code, answer.json()["error"]) == (400, "bad-cursor")


def test_a_forged_principal_is_refused(client, range_of):
    assert client.get("/catalog/products", headers={"Strangler-Principal": "x"}).status_code == 401


MANY = """INSERT INTO catalog_product (name, slug, kind, summary, description, attributes, takes_photo, is_active,
                                       is_featured, position, category_id)
          SELECT 'paper ' || i, 'paper-' || i, 'paper', 'sheets of paper', '',
                 jsonb_build_object('paper_weight', i %% 500, 'finishes', jsonb_build_array('satin')),
                 FALSE, TRUE, FALSE, 9, (SELECT MAX(id) FROM catalog_category)
            FROM generate_series(1, 20000) i"""


def test_attributes_and_words_are_found_by_index_among_many(range_of, engine):
    if engine == "sqlite":
        assert means().__name__ == "extracted.catalog.searching.plain"  # reads every row, as the docs say
        return
    with connection.cursor() as cursor:
        cursor.execute(MANY, [])
        cursor.execute("ANALYZE catalog_product")
    by_attribute = Question.parse({"attributes.finishes": ["matt"], "attributes.material": ["cotton"]})
    assert "Bitmap Index Scan on catalog_product_attributes" in _explain(by_attribute)
    assert "Bitmap Index Scan on catalog_product_search" in _explain(Question.parse({"q": ["cotton year"]}))
    assert [each.slug for each in by_attribute.answer().products] == ["fine-art"]
    by_range = Question.parse(
        {"attributes.paper_weight__gte": ["490"], "attributes.paper_weight__lt": ["492"]}
    )
    assert number_index("paper_weight") in _explain(by_range)
    assert [each.attributes["paper_weight"] % 500 for each in by_range.answer().products] == [490, 491] * 40


def _explain(question):
    found = Product.objects.filter(question.condition)
    return (means().matching(found, question.words) if question.words else found).explain()


def test_the_description_says_what_is_there(programs):
    described = programs.get("/catalog/openapi.json").json()
    paths = described["paths"]
    assert set(paths) == {
        "/catalog/categories",
        "/catalog/categories/{slug}",
        "/catalog/products",
        "/catalog/products/{slug}",
        "/catalog/types",
        "/catalog/types/{kind}",
    }
    names = {each["name"] for each in paths["/catalog/products"]["get"]["parameters"]}
    assert names == {
        "slug",
        "category",
        "kind",
        "q",
        "active",
        "featured",
        "takes_photo",
        "id",
        "attributes",
        "limit",
        "after",
    }
    assert "412" in paths["/catalog/products/{slug}"]["patch"]["responses"]
    assert json.dumps(described).count("If-Match") >= 3
    assert django_settings.STRANGLER["SERVICE"] == "catalog"
