"""What tests inside the service's own process share. Run: pytest --ds=extracted.catalog.settings tests/services/catalog.

Each test runs on SQLite and on PostgreSQL: the API is the same, and what is behind it is not.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.management import call_command
from django.db import connections
from django.test import Client

from extracted.catalog.first_types import ATTRIBUTES
from extracted.catalog.models import Category, Product, ProductType, Seen
from strangler.conf import database_from_url
from strangler.core.principal import Principal
from strangler.service import PRINCIPAL_HEADER, read_principal, sign_principal

STAFF = Principal(id="2", username="kim", is_staff=True)
CUSTOMER = Principal(id="7", username="ann")
SHOP = Principal.for_service("monolith")
TOKEN = "t" * 32


@pytest.fixture(scope="session")
def migrated_postgres(postgres, django_db_blocker):
    """Return a connection to a PostgreSQL database with the service's tables."""
    entry = connections.configure_settings(
        {"default": database_from_url(postgres.create_database("catalog"))}
    )
    connections.settings["postgres"] = entry["default"]
    made = connections.create_connection("postgres")
    made.alias = "default"  # which is what it stands for
    with django_db_blocker.unblock():
        before = connections["default"]
        connections["default"] = made
        call_command("migrate", verbosity=0)
        connections["default"] = before
        yield made
        made.close()
    del connections.settings["postgres"]


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))], autouse=True
)
def engine(request, db):
    """Run the test on each engine in turn."""
    if request.param == "sqlite":
        yield "sqlite"
        return
    before = connections["default"]
    connections["default"] = request.getfixturevalue("migrated_postgres")
    try:
        yield "postgres"
    finally:
        Product.objects.all().delete()
        Category.objects.all().delete()
        ProductType.objects.exclude(kind__in=ATTRIBUTES, version=1).delete()
        Seen.objects.all().delete()
        connections["default"] = before


class Shop:
    """The shop's doors: says who owns the catalogue, and hears of edits."""

    def __init__(self):
        self.owner = "catalog"
        self.heard = []
        self.asked_by = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer({"owner": shop.owner})

            def do_POST(self):
                shop.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.answer({})

            def answer(self, content):
                shop.asked_by.append(read_principal(self.headers[PRINCIPAL_HEADER], audience="monolith").id)
                body = json.dumps(content).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def shop(settings):
    """Be the shop that the service asks."""
    made = Shop()
    settings.CATALOG = {**settings.CATALOG, "MONOLITH_URL": made.url}
    made.thread.start()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


@pytest.fixture
def client_of():
    """Return a function that makes a client as the facade forwards it: a signed principal, the token's cookie."""

    def client_of(principal: Principal | None = STAFF) -> Client:
        headers = {}
        if principal:
            headers["Strangler-Principal"] = sign_principal(principal, audience="catalog")
        client = Client(enforce_csrf_checks=True, headers=headers)
        client.cookies["csrftoken"] = TOKEN
        return client

    return client_of


@pytest.fixture
def programs(client_of):
    """Return a client of the shop's own programs."""
    return client_of(SHOP)


@pytest.fixture
def make_product():
    """Return a function that writes a product as a move does: rows, not documents that were checked."""

    def make(slug="canvas", *, kind="canvas", category="walls", **values):
        shelf, _ = Category.objects.get_or_create(slug=category, defaults={"name": category.title()})
        defaults = {"name": slug.replace("-", " ").title(), "summary": "Something fine."}
        return Product.objects.create(category=shelf, slug=slug, kind=kind, **(defaults | values))

    return make
