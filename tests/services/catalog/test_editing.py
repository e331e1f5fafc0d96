"""Edits of products and of their types."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from extracted.catalog import editing
from extracted.catalog.first_types import schema_of
from extracted.catalog.models import Product, ProductType
from extracted.catalog.searching import means
from extracted.catalog.searching.postgresql import number_index


def send(client, method, path, body, *, if_match=None):
    headers = {} if if_match is None else {"If-Match": if_match}
    content = body if isinstance(body, bytes) else json.dumps(body)
    return getattr(client, method)(path, content, content_type="application/json", headers=headers)


@pytest.fixture
def commits(engine, request):
    """Let what waits for the commit happen: pytest-django's tests end with a rollback."""
    if engine == "sqlite":
        capture = request.getfixturevalue("django_capture_on_commit_callbacks")
        return lambda: capture(execute=True)
    from contextlib import nullcontext  # noqa: PLC0415

    return nullcontext


@pytest.fixture
def canvas(make_product):
    return make_product(attributes={"material": "cotton"})


@pytest.fixture
def etag(programs, canvas):
    return programs.get("/catalog/products/canvas")["ETag"]


def test_an_edit_is_made_and_the_shop_hears_of_it(programs, canvas, etag, shop, commits):
    with commits():
        answer = send(programs, "patch", "/catalog/products/canvas", {"name": "Big canvas"}, if_match=etag)
    assert (answer.status_code, answer.json()["name"]) == (200, "Big canvas")
    assert answer["ETag"] not in ("", etag)
    assert programs.get("/catalog/products/canvas")["ETag"] == answer["ETag"]
    assert shop.heard == [{"products": [canvas.pk]}]
    assert set(shop.asked_by) == {"service:catalog"}


def test_the_second_of_two_edits_of_one_state_is_refused(programs, canvas, etag, shop):
    assert (
        send(programs, "patch", "/catalog/products/canvas", {"name": "A"}, if_match=etag).status_code == 200
    )
    late = send(programs, "patch", "/catalog/products/canvas", {"name": "B"}, if_match=etag)
    assert (late.status_code, late.json()["error"]) == (412, "stale")
    assert Product.objects.get().name == "A"
    blind = send(programs, "patch", "/catalog/products/canvas", {"name": "B"})
    assert (blind.status_code, blind.json()["error"]) == (428, "no-condition")


@pytest.mark.parametrize(
    ("body", "status", "error", "said"),
    [
        ({"attributes": {"pages": 24}}, 422, "bad-document", "'pages' was unexpected"),
        (
            {"attributes": {"depth_mm": "deep"}},
            422,
            "bad-document",
            "$.depth_mm: 'deep' is not of type 'integer'",
        ),
        ({"attributes": []}, 400, "bad-value", "attributes must be right"),
        ({"kind": "sofa"}, 404, "unknown-type", "no product type 'sofa'"),
        ({"category": "cellar"}, 404, "not-found", "no category 'cellar'"),
        ({"price": 3}, 400, "bad-value", "price"),
        ({"name": ""}, 400, "bad-value", "name"),
        ({"name": "a\0b"}, 400, "bad-value", "NUL"),
        ({"attributes": {"material": "a\0b"}}, 400, "bad-value", "NUL"),
        ({"position": -1}, 400, "bad-value", "position"),
        ({"position": "1"}, 400, "bad-value", "position"),
        (b"{not json", 400, "bad-value", "the body must be JSON"),
        (b"\xff", 400, "bad-value", "JSON"),
        (b'{"attributes": {"depth_mm": NaN}}', 400, "bad-value", "NaN"),
        (b"[" * 100_001, 413, "too-large", "100,001 bytes"),
    ],
)
def test_what_is_wrong_with_an_edit_is_said(programs, canvas, etag, shop, body, status, error, said):
    answer = send(programs, "patch", "/catalog/products/canvas", body, if_match=etag)
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.content
    assert said in answer.json()["detail"]
    assert (Product.objects.get().name, shop.heard) == ("Canvas", [])


def test_names_are_taken_once(programs, canvas, etag, make_product, shop):
    make_product("poster", kind="poster")
    answer = send(programs, "patch", "/catalog/products/canvas", {"name": "Poster"}, if_match=etag)
    assert (answer.status_code, answer.json()["error"]) == (409, "taken")


def test_a_product_is_made(programs, canvas, shop):
    body = {
        "slug": "book",
        "name": "Book",
        "category": "walls",
        "kind": "book",
        "summary": "s",
        "attributes": {"pages": 24},
    }
    made = send(programs, "post", "/catalog/products", body)
    assert (made.status_code, made.json()["attributes"]) == (201, {"pages": 24})
    again = send(programs, "post", "/catalog/products", body)
    assert (again.status_code, again.json()["error"]) == (409, "taken")
    assert (
        send(programs, "post", "/catalog/products", {**body, "slug": "a/b", "name": "c"}).status_code == 400
    )


def test_a_category_is_renamed_with_all_its_products(programs, canvas, shop, commits):
    before = programs.get("/catalog/categories/walls")["ETag"]
    with commits():
        answer = send(programs, "patch", "/catalog/categories/walls", {"name": "Wall"}, if_match=before)
    assert answer.status_code == 200
    assert shop.heard == [{"products": [canvas.pk]}]
    assert (
        send(programs, "patch", "/catalog/categories/walls", {"name": "W"}, if_match=before).status_code
        == 412
    )


def test_nobody_edits_what_the_shop_owns(programs, canvas, etag, shop):
    shop.owner = "monolith"
    answer = send(programs, "patch", "/catalog/products/canvas", {"name": "B"}, if_match=etag)
    assert (answer.status_code, answer.json()["error"]) == (409, "not-owner")
    assert "edit it in the shop's back office" in answer.json()["detail"]


def test_nothing_is_edited_while_the_shop_says_nothing(programs, canvas, etag, settings):
    settings.CATALOG = {**settings.CATALOG, "MONOLITH_URL": "http://127.0.0.1:1"}
    answer = send(programs, "patch", "/catalog/products/canvas", {"name": "B"}, if_match=etag)
    assert (answer.status_code, answer.json()["error"]) == (503, "shop-silent")
    assert Product.objects.get().name == "Canvas"


def test_an_edit_that_meets_the_fence_is_told_whose_the_tables_are(programs, canvas, etag, shop, monkeypatch):
    def fenced(*_, **__):
        shop.owner = "monolith"  # taken back between the question and the write
        raise DatabaseError("strangler fence: monolith: catalog_product")

    monkeypatch.setattr(Product, "save", fenced)
    answer = send(programs, "patch", "/catalog/products/canvas", {"name": "B"}, if_match=etag)
    assert (answer.status_code, answer.json()["error"]) == (409, "not-owner")


def test_an_edit_stands_although_the_shop_did_not_hear_of_it(
    programs, canvas, etag, shop, commits, monkeypatch, caplog
):
    def silent(_products):
        raise editing.ShopSilentError("it is away")

    monkeypatch.setattr(editing.ownership, "tell_changed", silent)
    with commits():
        answer = send(programs, "patch", "/catalog/products/canvas", {"name": "B"}, if_match=etag)
    assert answer.status_code == 200
    assert "the shop did not hear of an edit of B" in caplog.text


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("customer", 403)])
def test_only_staff_and_services_edit(client_of, canvas, shop, who, status):
    from tests.services.catalog.conftest import CUSTOMER  # noqa: PLC0415

    client = client_of(CUSTOMER if who else None)
    assert send(client, "patch", "/catalog/products/canvas", {"name": "B"}).status_code == status


def test_a_browser_of_the_staff_needs_the_forms_token(client_of, canvas, etag, shop):
    browser = client_of()
    assert send(browser, "patch", "/catalog/products/canvas", {"name": "B"}, if_match=etag).status_code == 403
    browser.defaults["HTTP_X_CSRFTOKEN"] = "t" * 32
    assert send(browser, "patch", "/catalog/products/canvas", {"name": "B"}, if_match=etag).status_code == 200


def with_attribute(kind, name, schema, **more):
    wanted = schema_of(kind)
    wanted["properties"] = {**wanted["properties"], name: schema}
    return {**wanted, **more}


def test_a_type_gains_an_attribute_without_a_migration(programs, canvas, etag, shop):
    path, body = (
        "/catalog/types/canvas",
        {"document_schema": with_attribute("canvas", "hook", {"type": "boolean"})},
    )
    fits = {"attributes": {"material": "cotton", "hook": True}}
    assert send(programs, "patch", "/catalog/products/canvas", fits, if_match=etag).status_code == 422
    made = send(programs, "post", path, {**body, "note": "hooks"}, if_match='"1"')
    assert (made.status_code, made.json()["version"], made.json()["misfits"]) == (201, 2, [])
    assert send(programs, "patch", "/catalog/products/canvas", fits, if_match=etag).status_code == 200
    found = programs.get("/catalog/products?attributes.hook=true").json()["products"]
    assert [each["slug"] for each in found] == ["canvas"]
    late = send(programs, "post", path, body, if_match='"1"')
    assert (late.status_code, late.json()["error"]) == (412, "stale")
    assert ProductType.objects.get(kind="canvas", version=1).schema == schema_of("canvas")


def test_a_number_that_a_type_gains_has_an_index_for_its_ranges(programs, canvas, shop, engine):
    body = {"document_schema": with_attribute("canvas", "weight_g", {"type": ["number", "null"]})}
    assert send(programs, "post", "/catalog/types/canvas", body, if_match='"1"').status_code == 201
    found = programs.get("/catalog/products?attributes.weight_g__lt=3").json()["products"]
    assert found == []
    if engine == "postgres":
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [number_index("weight_g")])
            assert "jsonb_typeof" in cursor.fetchone()[0]


def test_a_type_is_made_where_no_index_may_be(programs, canvas, shop, monkeypatch, caplog):
    def forbidden(_names):
        raise DatabaseError("must be owner of table catalog_product")

    monkeypatch.setattr(means(), "index_numbers", forbidden)
    body = {"document_schema": with_attribute("canvas", "weight_g", {"type": "number"})}
    assert send(programs, "post", "/catalog/types/canvas", body, if_match='"1"').status_code == 201
    assert "ranges of canvas may be slow" in caplog.text


def test_documents_that_do_not_fit_any_more_are_named_and_read_as_before(programs, canvas, etag, shop):
    wanted = with_attribute("canvas", "hook", {"type": "boolean"}, required=["hook"])
    made = send(programs, "post", "/catalog/types/canvas", {"document_schema": wanted}, if_match='"1"')
    misfits = [{"slug": "canvas", "problems": ["$: 'hook' is a required property"]}]
    assert made.json()["misfits"] == misfits
    assert programs.get("/catalog/types/canvas").json()["misfits"] == misfits
    assert programs.get("/catalog/products/canvas").json()["attributes"] == {"material": "cotton"}
    edit = send(programs, "patch", "/catalog/products/canvas", {"name": "B"}, if_match=etag)
    assert (edit.status_code, edit.json()["error"]) == (422, "bad-document")


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "array"}, "attributes are an object"),
        ({"type": "object", "properties": {"a": {"type": "txt"}}}, "no JSON Schema"),
        ({"type": "object", "properties": {"a": {"$ref": "http://169.254.169.254/"}}}, "must stay inside"),
        ({"type": "object", "properties": {"a": {"pattern": "(a+)+$"}}}, "'pattern' is not taken"),
        ({"type": "object", "$ref": "#/$defs/nothing"}, "a reference leads nowhere"),
        ({"type": "object", "$schema": "http://json-schema.org/draft-04/schema#"}, "$schema"),
        ({"type": "object", "title": "a\0b"}, "NUL"),
    ],
)
def test_schemas_that_we_do_not_take(programs, schema, said):
    answer = send(programs, "post", "/catalog/types/canvas", {"document_schema": schema}, if_match='"1"')
    assert (answer.status_code, answer.json()["error"]) in {(422, "bad-schema"), (400, "bad-value")}
    assert said in answer.json()["detail"]


def test_types_are_made_by_command_too(tmp_path, canvas, capsys):
    file = tmp_path / "canvas.json"
    file.write_text(json.dumps(with_attribute("canvas", "hook", {"type": "boolean"}, required=["hook"])))
    call_command("product_type", "canvas", str(file), note="hooks")
    said = capsys.readouterr().out
    assert "canvas: version 2, 1 documents do not fit" in said
    assert "canvas: $: 'hook' is a required property" in said
    call_command("product_type")
    assert "book: version 1, 0 documents do not fit" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no product type 'sofa'"):
        call_command("product_type", "sofa")
    file.write_text("{")
    with pytest.raises(CommandError, match="has no JSON"):
        call_command("product_type", "canvas", str(file))
