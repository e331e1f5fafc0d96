"""What every page has in common: errors, headers, static files."""

import pytest
from django.test import Client


def test_a_page_that_is_not_there_says_so_in_the_shop_s_own_words(client):
    answer = client.get("/nothing/here/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert "Halftone" in answer.text


def test_a_page_for_the_staff_says_so(browser):
    assert "This page is not for you" in browser.get("/reports/").text


def test_a_broken_page_apologises_without_the_database(client, monkeypatch, canvas):
    client.raise_request_exception = False
    monkeypatch.setattr("monolith.shopfront.views.offers", lambda _: 1 / 0)
    answer = client.get("/shop/")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text


@pytest.mark.parametrize(
    "name", ["halftone/shop.css", "halftone/upload.js", "halftone/mark.svg", "django_htmx/htmx-2.min.js"]
)
def test_static_files_are_served_without_collecting_them(client, name):
    answer = client.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.getvalue()


@pytest.mark.parametrize(
    "path", ["/photos/", "/photos/upload/", "/orders/", "/orders/checkout/", "/account/profile/"]
)
def test_personal_pages_ask_visitors_to_log_in(client, path):
    assert client.get(path)["Location"] == f"/account/login/?next={path}"


@pytest.mark.parametrize("path", ["/orders/cart/add/album/", "/orders/cart/change/", "/photos/upload/"])
def test_a_form_needs_its_token(customer, album, path):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(customer)
    assert browser.post(path, {"quantity": 1}).status_code == 403
