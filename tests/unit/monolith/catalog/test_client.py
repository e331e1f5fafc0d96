"""What the shop makes of the catalog service's answers, good and bad."""

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from monolith.catalog import client
from monolith.catalog.errors import CatalogSilentError
from monolith.catalog.values import Wanted

CATEGORY = {"id": 1, "slug": "walls", "name": "Walls", "blurb": "", "position": 0}
PRODUCT = {
    "id": 7,
    "slug": "canvas",
    "name": "Canvas",
    "kind": "canvas",
    "category": CATEGORY,
    "summary": "s",
    "description": "",
    "attributes": {"hook": True},
    "takes_photo": True,
    "is_active": True,
    "is_featured": False,
    "position": 3,
    "learned_later": 1,
}


class Service:
    """A catalog service that answers with whatever the test wants, path by path."""

    def __init__(self):
        self.asked = []
        self.answers = {"/catalog/categories": {"categories": [CATEGORY]}}
        self.status = 200
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                service.asked.append((self.path, self.headers["If-None-Match"]))
                content = service.answers.get(self.path, {"products": [PRODUCT], "next": ""})
                body = content if isinstance(content, bytes) else json.dumps(content).encode()
                known = self.headers["If-None-Match"] == '"1"'
                self.send_response(304 if known and service.status == 200 else service.status)
                self.send_header("ETag", '"1"')
                self.send_header("Content-Length", "0" if known else str(len(body)))
                self.end_headers()
                self.wfile.write(b"" if known else body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})


@pytest.fixture
def service(settings):
    made = Service()
    made.thread.start()
    url = f"http://127.0.0.1:{made.server.server_port}"
    settings.STRANGLER = {**settings.STRANGLER, "SERVICE_URLS": {"catalog": url}}
    client.forget()
    yield made
    client.forget()
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


def test_an_answer_becomes_values_and_what_was_learned_later_is_ignored(service):
    found = client.find(Wanted(slug="canvas", with_categories=True))
    (product,) = found.products
    assert (product.name, product.category.name, product.attributes) == ("Canvas", "Walls", {"hook": True})
    assert (product.get_absolute_url(), product.art) == ("/shop/product/canvas/", "catalog/art/canvas.svg")
    assert [each.slug for each in found.categories] == ["walls"]
    assert found.late_since is None


def test_the_second_question_brings_no_body(service):
    first, second = client.find(Wanted()), client.find(Wanted())
    assert first == second
    assert service.asked == [
        ("/catalog/products?active=true", None),
        ("/catalog/products?active=true", '"1"'),
    ]


def test_pages_are_followed_and_keys_asked_for_in_parts(service, monkeypatch):
    monkeypatch.setattr(client, "MOST_IDS", 2)
    service.answers["/catalog/products?id=1&id=2"] = {
        "products": [PRODUCT],
        "next": "/catalog/products?id=1&id=2&after=x",
    }
    found = client.find(Wanted(ids=(1, 2, 3), is_active=None))
    assert len(found.products) == 3
    assert [path for path, _ in service.asked][-1] == "/catalog/products?id=3"


@pytest.mark.parametrize(
    "answer",
    [
        b"no json",
        b"\xff",
        [],
        {},
        {"products": {}},
        {"products": [1]},
        {"products": [{**PRODUCT, "category": None}]},
        {"products": [{**PRODUCT, "id": "7"}]},
        {"products": [{**PRODUCT, "is_active": 1}]},
        {"products": [{**PRODUCT, "attributes": []}]},
        {"products": [{key: value for key, value in PRODUCT.items() if key != "name"}]},
        {"products": [], "next": "http://elsewhere.example/"},
    ],
)
def test_an_answer_that_is_not_as_described_is_none(service, answer):
    service.answers["/catalog/products?active=true"] = answer
    with pytest.raises(CatalogSilentError):
        client.find(Wanted())


def test_a_fault_of_the_service_is_no_answer(service):
    service.status = 500
    with pytest.raises(CatalogSilentError, match="status 500"):
        client.find(Wanted())


def test_nobody_there_is_no_answer(settings):
    settings.STRANGLER = {**settings.STRANGLER, "SERVICE_URLS": {"catalog": "http://127.0.0.1:1"}}
    with pytest.raises(CatalogSilentError):
        client.find(Wanted())


def test_the_last_answer_says_when_it_was_true_and_does_for_a_while(service):
    assert client.last_answer(Wanted()) is None
    before = datetime.now(UTC)
    client.find(Wanted())
    service.status = 503
    found = client.last_answer(Wanted())
    assert found.products[0].name == "Canvas"
    assert before <= found.late_since <= datetime.now(UTC)
    assert (
        client.last_answer(Wanted(), now=datetime.now(UTC) + client.LONGEST_LATE + timedelta(seconds=1))
        is None
    )
    assert client.last_answer(Wanted(slug="canvas")) is None


def test_answers_that_nobody_wants_any_more_are_forgotten(service, monkeypatch):
    monkeypatch.setattr(client, "KEPT_ANSWERS", 2)
    for slug in ("a", "b", "c"):
        client.find(Wanted(slug=slug))
    assert client.last_answer(Wanted(slug="a")) is None
    assert client.last_answer(Wanted(slug="c")) is not None
