"""The shop with a folder of its own for files, a small catalogue and customers that are logged in."""

import socket
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from monolith.accounts.models import Profile
from monolith.catalog.models import Category, Product, Variant
from tests.unit.images import samples

KEY = "a signing key of the shop's tests, long enough"
PASSWORD = "Zebra-crossing-9"


@pytest.fixture(autouse=True)
def _own_place(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STRANGLER = {**settings.STRANGLER, "SIGNING_KEYS": [KEY]}


@pytest.fixture(autouse=True)
def _database(db):
    """Let every test of this folder use the database."""


@pytest.fixture
def make_customer():
    """Return a function that makes a customer with a profile."""

    def make(name="ada", **fields):
        user = User.objects.create_user(name, f"{name}@example.org", PASSWORD, **fields)
        Profile.objects.create(
            user=user, name=name.title(), street="1 High Street", postcode="LS1", city="Leeds"
        )
        return user

    return make


@pytest.fixture
def log_in():
    """Return a function that gives a browser in which a user is logged in."""

    def log_in(user):
        browser = Client()
        browser.force_login(user)
        return browser

    return log_in


@pytest.fixture
def customer(make_customer):
    return make_customer()


@pytest.fixture
def browser(customer, log_in):
    """Return a browser in which the customer is logged in."""
    return log_in(customer)


@pytest.fixture
def staff(make_customer, log_in):
    """Return a browser in which somebody of the staff is logged in."""
    return log_in(make_customer("sam", is_staff=True, is_superuser=True))


@pytest.fixture
def shelf():
    return Category.objects.create(name="Prints", slug="prints")


@pytest.fixture
def canvas(shelf):
    """Return a product that is made from a photo, with one variant at £24.50 and three in stock."""
    product = Product.objects.create(
        category=shelf, name="Canvas", slug="canvas", kind=Product.Kind.CANVAS, summary="s", is_featured=True
    )
    Variant.objects.create(product=product, name="30 × 20 cm", sku="c1", price=Decimal("24.50"), stock=3)
    return product


@pytest.fixture
def album(shelf):
    """Return a product that needs no photo, with one variant at £10.25 and five in stock."""
    product = Product.objects.create(
        category=shelf, name="Album", slug="album", kind=Product.Kind.BOOK, summary="s", takes_photo=False
    )
    Variant.objects.create(product=product, name="sand", sku="a1", price=Decimal("10.25"), stock=5)
    return product


def file_named(name, content):
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


@pytest.fixture
def send(browser):
    """Return a function that uploads files, given as pairs of name and content, in the customer's browser."""

    def send(*files, by=browser):
        return by.post("/photos/upload/", {"photos": [file_named(*each) for each in files]})

    return send


@pytest.fixture
def photo(send, customer):
    """Return a photo of the customer."""
    send(("holiday_one.jpg", samples.encoded(samples.detailed(800, 600))))
    return customer.photos.get()


@pytest.fixture
def files(settings):
    """Return a function that lists the names of all files below MEDIA_ROOT."""

    def files():
        root = Path(settings.MEDIA_ROOT)
        return sorted(str(each.relative_to(root)) for each in root.rglob("*") if each.is_file())

    return files


@pytest.fixture
def no_mail_server(settings):
    """Send mail over SMTP to a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = free.getsockname()[1]
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
