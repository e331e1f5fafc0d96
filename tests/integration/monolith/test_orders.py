"""Cart and checkout."""

from decimal import Decimal

import pytest
from django.core import mail

from monolith.billing.models import Invoice
from monolith.mail.models import MailLog
from monolith.orders.models import Order
from tests.unit.images import samples

ADDRESS = {"name": "Ada", "street": "1 High Street", "postcode": "LS1", "city": "Leeds", "country": "UK"}


def put(browser, product, *, quantity=1, photo=None):
    form = {"variant": product.variants.get().pk, "quantity": quantity}
    if photo:
        form["photo"] = str(photo.uuid)
    return browser.post(f"/orders/cart/add/{product.slug}/", form)


def order(browser):
    return browser.post("/orders/checkout/", ADDRESS)


def test_products_go_into_the_cart_and_are_counted_on_every_page(browser, album, canvas, photo):
    assert put(browser, album, quantity=2)["Location"] == "/orders/cart/"
    put(browser, canvas, photo=photo)
    page = browser.get("/orders/cart/").text
    assert "of “holiday one”" in page
    assert "£45.00" in page
    assert '<span class="badge">3</span>' in browser.get("/").text


def test_a_visitor_has_a_cart_too_and_keeps_it_at_login(client, album, customer):
    put(client, album)
    client.post("/account/login/", {"username": "ada", "password": "Zebra-crossing-9"})
    assert "Album" in client.get("/orders/cart/").text


def test_the_same_thing_again_is_one_line(browser, album):
    put(browser, album, quantity=2)
    put(browser, album, quantity=3)
    assert browser.session["cart"] == {str(album.variants.get().pk): 5}


@pytest.mark.parametrize(
    ("quantity", "left"), [("4", 4), ("0", None), ("5000", 99), ("-1", 1), ("x", 1), ("", 1)]
)
def test_the_quantity_of_a_line_is_changed(browser, album, quantity, left):
    put(browser, album)
    key = str(album.variants.get().pk)
    assert browser.post("/orders/cart/change/", {"key": key, "quantity": quantity}).status_code == 302
    assert browser.session["cart"].get(key) == left


def test_an_unknown_line_can_not_be_changed(browser, album):
    browser.post("/orders/cart/change/", {"key": "99:x", "quantity": "3"})
    assert "We could not change that line." in browser.get("/orders/cart/").text
    assert "cart" not in browser.session


@pytest.mark.parametrize("form", [{}, {"quantity": 0}, {"quantity": 100}, {"variant": 99_999}])
def test_a_bad_choice_shows_the_product_again(browser, album, form):
    answer = browser.post(
        "/orders/cart/add/album/", {"variant": album.variants.get().pk, "quantity": 1} | form
    )
    assert answer.status_code == (302 if not form else 400)


def test_a_canvas_needs_a_photo_of_the_customer_s_own(browser, canvas, photo, make_customer, log_in):
    assert "Choose the photo to print." in put(browser, canvas).text
    answer = put(log_in(make_customer("mallory")), canvas, photo=photo)
    assert answer.status_code == 400
    assert "This is not one of your photos." in answer.text


def test_the_checkout_makes_order_items_and_invoice_and_takes_the_stock(
    browser, album, canvas, photo, customer
):
    put(browser, album, quantity=2)
    put(browser, canvas, photo=photo)
    answer = order(browser)
    placed = Order.objects.get()
    assert answer["Location"] == f"/billing/invoices/{placed.invoice.number}/pay/"
    assert (placed.user, placed.total, placed.status, placed.city) == (
        customer,
        Decimal("45.00"),
        "placed",
        "Leeds",
    )
    lines = [(item.description, item.unit_price, item.quantity, item.photo) for item in placed.items.all()]
    assert lines == [
        ("Album, sand", Decimal("10.25"), 2, None),
        ("Canvas, 30 × 20 cm, of “holiday one”", Decimal("24.50"), 1, photo),
    ]
    assert placed.invoice.total == Decimal("45.00")
    assert (album.variants.get().stock, canvas.variants.get().stock) == (3, 2)
    assert "cart" not in browser.session


def test_the_confirmation_lists_what_was_ordered(browser, album):
    put(browser, album, quantity=2)
    order(browser)
    (message,) = mail.outbox
    assert message.to == ["ada@example.org"]
    assert Order.objects.get().number in message.subject
    assert "2 x Album, sand: £20.50" in message.body
    assert Invoice.objects.get().number in message.body
    assert MailLog.objects.get().kind == "order"


@pytest.mark.parametrize(("stock", "reason"), [(1, "only 1 left"), (0, "sold out")])
def test_nothing_is_ordered_when_something_is_sold_out(browser, album, canvas, photo, stock, reason):
    put(browser, canvas, photo=photo)
    put(browser, album, quantity=2)
    album.variants.update(stock=stock)
    answer = order(browser)
    assert answer.status_code == 409
    assert f"Album, sand: {reason}." in answer.text
    assert not Order.objects.exists()
    assert canvas.variants.get().stock == 3
    assert len(browser.session["cart"]) == 2


def test_lines_of_the_same_variant_share_its_stock(browser, canvas, send, customer):
    send(*[(f"{width}.png", samples.encoded(samples.quarters(width, 10), "PNG")) for width in (10, 11)])
    for photo in customer.photos.all():
        put(browser, canvas, quantity=2, photo=photo)
    assert "only 3 left" in order(browser).text


@pytest.mark.usefixtures("no_mail_server")
def test_without_a_mail_server_nothing_is_ordered_and_the_cart_stays(browser, album):
    put(browser, album)
    answer = order(browser)
    assert answer.status_code == 503
    assert "nothing was ordered" in answer.text
    assert not Order.objects.exists()
    assert not Invoice.objects.exists()
    assert album.variants.get().stock == 5
    assert len(browser.session["cart"]) == 1
    assert MailLog.objects.get().status == "failed"


def test_an_address_is_needed(browser, album):
    put(browser, album)
    answer = browser.post("/orders/checkout/", {**ADDRESS, "street": ""})
    assert answer.status_code == 400
    assert not Order.objects.exists()


def test_the_address_of_the_profile_is_filled_in(browser, album):
    put(browser, album)
    assert 'value="1 High Street"' in browser.get("/orders/checkout/").text


def test_an_empty_cart_has_no_checkout(browser):
    answer = browser.get("/orders/checkout/", follow=True)
    assert "Your cart is empty." in answer.text
    assert "Nothing in it yet" in answer.text


def test_the_checkout_asks_visitors_to_log_in(client, album):
    put(client, album)
    assert client.get("/orders/checkout/")["Location"] == "/account/login/?next=/orders/checkout/"


@pytest.mark.django_db(transaction=True)
def test_a_photo_that_is_deleted_leaves_the_cart_and_stays_in_the_order(browser, canvas, photo):
    put(browser, canvas, photo=photo)
    order(browser)
    put(browser, canvas, photo=photo)
    browser.post(f"/photos/{photo.uuid}/delete/")
    assert "Nothing in it yet" in browser.get("/orders/cart/").text
    page = browser.get(Order.objects.get().get_absolute_url()).text
    assert "Canvas, 30 × 20 cm, of “holiday one”" in page


def test_customers_see_their_own_orders_only(browser, album, make_customer, log_in):
    put(browser, album)
    order(browser)
    placed = Order.objects.get()
    assert placed.number in browser.get("/orders/").text
    assert "Album, sand" in browser.get(placed.get_absolute_url()).text
    stranger = log_in(make_customer("mallory"))
    assert placed.number not in stranger.get("/orders/").text
    assert stranger.get(placed.get_absolute_url()).status_code == 404
