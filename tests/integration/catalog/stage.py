"""The shop in a process of its own, on its own database, beside a catalog service that runs: what the tests ask of both."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import requests
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.test import Client
from django.utils import timezone

from monolith.billing.invoicing import make_invoice
from monolith.catalog import ownership
from monolith.catalog.models import Category, Product, Variant
from monolith.orders.models import Order, OrderItem
from monolith.photos.models import Photo
from monolith.seed.catalogue import seed_catalogue
from strangler import rollout
from strangler.calls.counted import ServiceCalls, everywhere
from strangler.conf import config
from strangler.errors import StranglerError
from strangler.facade.wsgi import Facade
from strangler.forking import popen
from strangler.move import records
from strangler.service import Principal, sign_principal

SECRETS = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')
PATIENCE = timedelta(seconds=60)
MOVE = ("strangler", "move", "catalog")


def command(*words: str) -> str:
    """Run a command of the shop and return what it printed."""
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def await_(wanted, what: str) -> None:
    """Wait until *wanted* returns something true."""
    until = time.monotonic() + PATIENCE.total_seconds()
    while not wanted():
        assert time.monotonic() < until, f"it did not come: {what}"
        time.sleep(0.05)


class Stage:
    """The filled shop, its visitors and its pages."""

    def __init__(self) -> None:
        call_command("migrate", verbosity=0)
        seed_catalogue()
        Category.objects.create(name="Ünsold", slug="unsold", position=9)
        hidden = Product.objects.create(
            category=Category.objects.get(slug="walls"),
            name="Hidden",
            slug="hidden",
            kind="canvas",
            summary="s",
            is_active=False,
            attributes={"material": "日本紙"},
        )
        Variant.objects.create(product=hidden, name="only", sku="h1", price="5.00", stock=1)
        customer = User.objects.create_user("ann", "ann@example.org", "x")
        boss = User.objects.create_user("boss", "boss@example.org", "x", is_staff=True, is_superuser=True)
        self.photo = Photo.objects.create(
            owner=customer,
            title="Sea",
            filename="sea.jpg",
            original="sea.jpg",
            checksum="c",
            width=1,
            height=1,
            bytes=1,
            uploaded_at=timezone.now(),
        )
        self.order = _order(customer, self.photo, hidden.variants.get())
        self.ann, self.boss = _browser(customer), _browser(boss)
        self._fill_cart()

    @property
    def addresses(self) -> list[str]:
        """Every page that shows something of the catalogue."""
        shelves = [f"/shop/{slug}/" for slug in Category.objects.values_list("slug", flat=True)]
        products = [f"/shop/product/{slug}/" for slug in Product.objects.values_list("slug", flat=True)]
        orders = ["/orders/cart/", "/orders/checkout/", f"/orders/{self.order.number}/", "/orders/"]
        others = [f"/photos/{self.photo.uuid}/", "/shop/product/no-such/", "/shop/no-such-shelf/"]
        return ["/", "/shop/", *shelves, *products, *orders, *others]

    def pages(self, addresses: list[str]) -> dict[str, tuple[int, bytes]]:
        """Return status and content of pages, without what is drawn by lot."""
        found = {}
        for address in addresses:
            answer = self.ann.get(address)
            found[address] = (answer.status_code, SECRETS.sub(b"", answer.content))
        return found

    def calls(self, address: str) -> int:
        """Return how many calls to services a page makes."""
        counted = ServiceCalls()
        everywhere.append(counted)
        try:
            self.ann.get(address)
        finally:
            everywhere.remove(counted)
        return counted.count

    def _fill_cart(self) -> None:
        for sku in ("album-1", "photo-paper-2"):
            variant = Variant.objects.get(sku=sku)
            slug = Product.objects.get(pk=variant.product_id).slug
            answer = self.ann.post(f"/orders/cart/add/{slug}/", {"variant": variant.pk, "quantity": 2})
            assert answer.status_code == 302, answer.content
        self.ann.get("/orders/cart/")  # the message that something was put into it


def _browser(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def _order(customer: User, photo: Photo, hidden: Variant) -> Order:
    order = Order.objects.create(
        user=customer, name="Ann", street="1", postcode="LS1", city="Leeds", total="39.00"
    )
    lines = [
        (Variant.objects.get(sku="canvas-1"), photo),
        (Variant.objects.get(sku="album-2"), None),
        (hidden, None),
    ]
    for variant, shown in lines:
        OrderItem.objects.create(
            order=order,
            variant=variant,
            photo=shown,
            description="what it was",
            unit_price="9.00",
            quantity=1,
        )
    with transaction.atomic():
        make_invoice(order)
    return order


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def doors_open(port: int):
    """Serve the shop behind its facade; the service asks it who owns the catalogue."""
    with make_server("127.0.0.1", port, Facade(get_wsgi_application()), _Server, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def following():
    """Run `strangler move catalog start` beside the block."""
    line = [sys.executable, "-m", "django", *MOVE, "start", "--actor", "test", "--reason", "test"]
    with popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            await_(lambda: _stage() == "following" or process.poll() is not None, "the move follows")
            assert process.poll() is None, process.stdout.read()
            yield
        finally:
            process.terminate()
            process.wait(30)


def _stage() -> str:
    try:
        return records.current("catalog").stage
    except StranglerError:  # `start` has not begun it yet
        return ""


def stand(stage: str) -> None:
    """Bring the seam to *stage*, and wait until this process knows."""
    command(
        "strangler", "rollout", "catalog.products", stage, "--force", "--actor", "test", "--reason", "test"
    )
    await_known(stage)


def await_known(stage: str) -> None:
    """Wait until this process knows where the seam stands."""
    await_(lambda: rollout.current().get("catalog.products").stage == stage, f"the seam is {stage}")


def await_owner(name: str) -> None:
    """Wait until this process knows who owns the tables."""
    await_(lambda: ownership.owner() == name, f"the owner is {name}")


def browse(port: int, browser: Client) -> requests.Session:
    """Return a session that asks the shop through its facade, logged in as *browser* is."""
    session = requests.Session()
    session.cookies.set("sessionid", browser.cookies["sessionid"].value)
    session.headers["Accept"] = "text/html"
    session.url = f"http://127.0.0.1:{port}"
    return session


def ask(method: str, path: str, *, etag: str = "", body: object = None) -> requests.Response:
    """Ask the service as somebody of the shop's programs does."""
    principal = sign_principal(Principal.for_service("monolith"), audience="catalog")
    headers = {"Strangler-Principal": principal, **({"If-Match": etag} if etag else {})}
    url = config().service_url("catalog") + path
    return requests.request(method, url, headers=headers, data=json.dumps(body) if body else None, timeout=10)
