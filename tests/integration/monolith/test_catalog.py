"""Home page and catalogue."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monolith.catalog.models import Product, Variant


def test_the_home_page_costs_three_queries_however_large_the_shop(client, canvas, shelf):
    for number in range(30):
        product = Product.objects.create(
            category=shelf, name=f"P{number}", slug=f"p{number}", kind="print", summary="s", is_featured=True
        )
        Variant.objects.create(product=product, name="one", sku=f"s{number}", price=number + 1, stock=1)
    with CaptureQueriesContext(connection) as queries:
        page = client.get("/")
    # Products, categories, prices: what may live elsewhere is not joined. (Only tests ask where the seam stands.)
    assert len([each for each in queries if "catalog_" in each["sql"]]) == 3
    assert page.text.count('class="product-card"') == 8
    assert "strangler" not in page.text.lower()


def test_the_home_page_loads_nothing_from_elsewhere(client, canvas):
    page = client.get("/").text
    assert 'src="http' not in page
    assert 'href="http' not in page
    assert "@import" not in page
    assert "django_htmx/htmx-2.min.js" in page


def test_a_product_shows_its_lowest_price_with_pence(client, canvas):
    Variant.objects.create(product=canvas, name="tiny", sku="c0", price="0.35", stock=1)
    assert "from £0.35<" in client.get("/shop/").text


def test_products_that_are_not_sold_are_not_shown(client, canvas, album):
    Product.objects.filter(pk=canvas.pk).update(is_active=False)
    album.variants.all().delete()
    page = client.get("/shop/").text
    assert "Canvas" not in page
    assert "The shelves are empty just now." in page
    assert client.get(canvas.get_absolute_url()).status_code == 404


def test_a_category_shows_its_own_products(client, canvas, shelf):
    page = client.get("/shop/prints/")
    assert canvas.get_absolute_url() in page.text
    assert client.get("/shop/nothing/").status_code == 404


def test_a_visitor_is_asked_to_log_in_to_choose_a_photo(client, canvas):
    page = client.get(canvas.get_absolute_url()).text
    assert "/account/login/?next=/shop/product/canvas/" in page


def test_a_customer_chooses_among_own_photos(browser, canvas, photo):
    assert f'value="{photo.uuid}" required>' in browser.get(canvas.get_absolute_url()).text
    chosen = browser.get(f"{canvas.get_absolute_url()}?photo={photo.uuid}").text
    assert f'value="{photo.uuid}" required checked>' in chosen


@pytest.mark.parametrize("photo", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_photo_that_is_not_there_is_not_chosen(browser, canvas, photo):
    page = browser.get(f"{canvas.get_absolute_url()}?photo={photo}")
    assert page.status_code == 200
    assert "checked" not in page.text


def test_a_customer_without_photos_is_sent_to_the_upload(browser, canvas):
    assert "You have no photos yet." in browser.get(canvas.get_absolute_url()).text


@pytest.mark.parametrize("kind", Product.Kind.values)
def test_every_kind_of_product_has_a_drawing(client, album, kind):
    Product.objects.filter(pk=album.pk).update(kind=kind)
    assert '<svg class="illustration"' in client.get(album.get_absolute_url()).text
