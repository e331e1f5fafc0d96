"""The staff pages: who sees them, what they show, what they can do."""

import json

import pytest

from extracted.catalog.models import Category, Product, ProductType
from tests.services.catalog.conftest import CUSTOMER, TOKEN

STAFF_PAGES = "/catalog/staff/"
CANVAS = f"{STAFF_PAGES}products/canvas/"
BROWSER = {"Accept": "text/html"}


@pytest.fixture
def canvas(make_product, shop):
    return make_product(attributes={"material": "cotton", "depth_mm": 20, "sizes": ["A4", "A3"]})


@pytest.fixture
def browser(client_of):
    return client_of()


def text(answer):
    return answer.content.decode()


def form_of(browser, path=CANVAS):
    """Return what the form on a page would send."""
    context = browser.get(path).context
    values = {name: value for name, value in context["values"].items() if value is not False}
    fields = {each.input: each.given for each in context["fields"]}
    kept = {"etag": context["etag"], "kind": context["type"].kind}
    return {**values, **fields, **kept, "csrfmiddlewaretoken": TOKEN}


def save(browser, path=CANVAS, **changes):
    form = {name: value for name, value in (form_of(browser, path) | changes).items() if value is not None}
    return browser.post(path, form, headers=BROWSER)


@pytest.mark.parametrize("path", [STAFF_PAGES, CANVAS, f"{STAFF_PAGES}new/", f"{STAFF_PAGES}types/"])
def test_only_staff_come_in(client_of, canvas, path):
    anonymous = client_of(None).get(path)
    assert (anonymous.status_code, anonymous["Location"]) == (
        302,
        f"/account/login/?next={path.replace('/', '%2F')}",
    )
    assert client_of(CUSTOMER).get(path).status_code == 403
    page = client_of().get(path)
    assert (page.status_code, page["Cache-Control"]) == (200, "no-store")
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]


def test_forms_need_their_token(browser, canvas):
    form = {**form_of(browser), "csrfmiddlewaretoken": "", "name": "B"}
    answer = browser.post(CANVAS, form, headers=BROWSER)
    assert answer.status_code == 403
    assert "reload the page" in text(answer)
    assert Product.objects.get().name == "Canvas"


def test_the_list_shows_what_is_looked_for(browser, canvas, make_product):
    make_product("poster", kind="poster", is_active=False, attributes={"paper_weight": 200})
    both = text(browser.get(STAFF_PAGES))
    assert "Canvas" in both
    assert "not for sale" in both
    assert "<i>Paper weight in g/m²</i> 200" in both
    for query in ("q=poster", "kind=poster", "active=false", "attributes.paper_weight__gte=200"):
        page = text(browser.get(f"{STAFF_PAGES}?{query}&category=walls"))
        assert "products/poster/" in page, query
        assert "products/canvas/" not in page, query
    assert "No product matches" in text(browser.get(f"{STAFF_PAGES}?q=sofa"))
    wrong = browser.get(f"{STAFF_PAGES}?active=maybe")
    assert (wrong.status_code, "active must be true or false" in text(wrong)) == (400, True)


def test_pages_of_the_list_follow_each_other(browser, make_product, shop):
    for number in range(51):
        make_product(f"paper-{number}", kind="paper")
    first = browser.get(f"{STAFF_PAGES}?kind=paper")
    assert text(first).count("cell-name") == 50
    second = browser.get(f"{STAFF_PAGES}?{first.context['next']}")
    assert text(second).count("cell-name") == 1
    assert second.context["chosen"]["kind"] == "paper"


def test_a_form_that_is_sent_as_it_came_changes_nothing(browser, canvas, programs):
    before = programs.get("/catalog/products/canvas")["ETag"]
    answer = save(browser)
    assert (answer.status_code, answer["Location"]) == (302, f"{CANVAS}?saved=1")
    assert programs.get("/catalog/products/canvas")["ETag"] == before


def test_a_product_is_edited_by_the_schema_of_its_type(browser, canvas):
    changes = {
        "name": "Big canvas",
        "description": "One.\r\nTwo.",
        "is_featured": "on",
        "attributes.depth_mm": "30",
        "attributes.sizes": "A2\r\n\r\n A1 ",
        "attributes.material": "",
    }
    assert save(browser, **changes).status_code == 302
    found = Product.objects.get()
    assert (found.name, found.description, found.is_featured) == ("Big canvas", "One.\nTwo.", True)
    assert found.attributes == {"depth_mm": 30, "sizes": ["A2", "A1"]}
    assert "Saved." in text(browser.get(f"{CANVAS}?saved=1"))


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"attributes.depth_mm": "deep"}, 400, "Depth of the frame in mm must be a number"),
        ({"attributes.depth_mm": "0"}, 422, "0 is less than the minimum of 1"),
        ({"attributes.sizes": "A4\nA4"}, 422, "has non-unique elements"),
        ({"others": "[1]"}, 400, "Other attributes must be an object of JSON"),
        ({"others": '{"depth_mm": 3}'}, 400, "free of what has a field of its own"),
        ({"others": '{"colour": "red"}'}, 422, "was unexpected"),
        ({"json.material": "{"}, 400, "Material must be JSON"),
        ({"name": ""}, 400, "Not saved: name must be right"),
        ({"name": "a\0b"}, 400, "NUL"),
        ({"position": "first"}, 400, "Not saved: position must be right"),
        ({"position": "9" * 30}, 400, "Not saved: position must be right"),
        ({"category": "cellar"}, 404, "there is no category"),
        ({"etag": ""}, 428, "Not saved: send If-Match"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_written_stays(browser, canvas, changes, status, said):
    answer = save(browser, **{"summary": "What I wrote.", **changes})
    assert answer.status_code == status, text(answer)
    assert said in text(answer).replace("&#x27;", "'")
    assert "What I wrote." in text(answer)
    assert Product.objects.get().summary == "Something fine."


def test_the_later_of_two_sees_what_is_different_now(browser, canvas):
    form = form_of(browser)
    Product.objects.update(summary="Of somebody else.")
    answer = browser.post(CANVAS, {**form, "name": "Mine"}, headers=BROWSER)
    assert answer.status_code == 412
    assert "somebody else edited this product meanwhile" in text(answer)
    assert "<dd>Of somebody else.</dd>" in text(answer)
    assert 'value="Mine"' in text(answer)
    again = {**form, "name": "Mine", "etag": answer.context["etag"]}
    assert browser.post(CANVAS, again, headers=BROWSER).status_code == 302
    assert Product.objects.get().summary == "Something fine."


def test_what_the_shop_owns_can_be_looked_at(browser, canvas, shop):
    form = form_of(browser)
    shop.owner = "monolith"
    page = text(browser.get(CANVAS))
    assert "edit it in the shop&#x27;s back office" in page
    assert "<button>" not in page
    assert browser.post(CANVAS, form, headers=BROWSER).status_code == 409


def test_nothing_of_a_document_that_does_not_fit_is_lost(browser, canvas):
    Product.objects.update(
        attributes={"material": " two  ", "depth_mm": "deep", "sizes": "A4", "colour": "red"}
    )
    page = browser.get(CANVAS)
    assert "do not fit version 1" in text(page)
    assert {each.input: each.given for each in page.context["fields"]} == {
        "json.material": '" two  "',
        "json.sizes": '"A4"',
        "json.depth_mm": '"deep"',
        "others": '{"colour": "red"}',
    }
    assert save(browser).status_code == 422
    assert save(browser, **{"json.sizes": '["A4"]', "json.depth_mm": "20", "others": ""}).status_code == 302
    assert Product.objects.get().attributes == {"material": " two  ", "sizes": ["A4"], "depth_mm": 20}


def test_a_product_is_made_of_a_type(browser, shop):
    Category.objects.create(name="Walls", slug="walls")
    assert "?kind=frame" in text(browser.get(f"{STAFF_PAGES}new/"))
    path = f"{STAFF_PAGES}new/?kind=frame"
    changes = {
        "name": "Frame",
        "slug": "frame",
        "summary": "s",
        "category": "walls",
        "attributes.glazing": '"glass"',
    }
    made = save(browser, path, **changes, description=None)
    assert (made.status_code, made["Location"]) == (302, f"{STAFF_PAGES}products/frame/?saved=new")
    found = Product.objects.get()
    assert (found.kind, found.attributes, found.is_active) == ("frame", {"glazing": "glass"}, False)
    assert "Give it variants" in text(browser.get(made["Location"]))
    again = save(browser, path, **changes)
    assert (again.status_code, "another one is called" in text(again)) == (409, True)
    wrong = save(browser, path, **{**changes, "slug": "b", "name": "B", "attributes.glazing": '"ice"'})
    assert (wrong.status_code, "is not one of" in text(wrong)) == (422, True)


def test_types_are_shown_with_their_versions(browser, canvas):
    listed = text(browser.get(f"{STAFF_PAGES}types/"))
    assert "Version 1, 1 product<" in listed
    page = text(browser.get(f"{STAFF_PAGES}types/canvas/"))
    assert "Depth of the frame in mm" in page
    assert browser.get(f"{STAFF_PAGES}types/sofa/").status_code == 404


def test_a_type_gains_a_version_and_names_what_does_not_fit(browser, canvas):
    path = f"{STAFF_PAGES}types/canvas/"
    context = browser.get(path).context
    schema = json.loads(context["text"])
    schema["required"] = ["hook"]
    form = {
        "csrfmiddlewaretoken": TOKEN,
        "etag": context["etag"],
        "note": "hooks",
        "schema": json.dumps(schema),
    }
    assert browser.post(path, form)["Location"] == f"{path}?saved=1"
    newest = ProductType.objects.filter(kind="canvas").last()
    assert (newest.version, newest.note, newest.made_by, newest.schema) == (2, "hooks", "kim", schema)
    page = text(browser.get(f"{path}?saved=1"))
    assert "1 product does not fit version 2" in page
    assert "version 1 of 2" in text(browser.get(f"{path}?version=1"))
    late = browser.post(path, form, headers=BROWSER)
    assert (late.status_code, "somebody else edited it" in text(late)) == (412, True)


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"schema": "{"}, 400, "the schema must be JSON"),
        ({"schema": '{"type": "array"}'}, 422, "attributes are an object"),
        ({"note": "x" * 201}, 400, "at most 200 characters"),
        ({"kind": "a b"}, 400, "a word of at most 10 letters"),
        ({"kind": "canvas"}, 412, "somebody else edited it"),
    ],
)
def test_what_is_wrong_with_a_new_type_is_said(browser, shop, changes, status, said):
    path = f"{STAFF_PAGES}new-type/"
    context = browser.get(path).context
    form = {"csrfmiddlewaretoken": TOKEN, "etag": context["etag"], "kind": "mug", "schema": context["text"]}
    answer = browser.post(path, {**form, **changes}, headers=BROWSER)
    assert (answer.status_code, said in text(answer)) == (status, True), text(answer)
    assert not ProductType.objects.filter(kind="mug").exists()
    assert browser.post(path, form)["Location"] == f"{STAFF_PAGES}types/mug/?saved=1"


def test_pages_bring_their_own_style(browser):
    assert b"Staff pages of the catalog service" in b"".join(browser.get("/catalog/static/catalog/staff.css"))
