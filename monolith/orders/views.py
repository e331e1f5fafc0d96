"""Cart, checkout and the customer's orders."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from monolith.accounts.models import Profile
from monolith.catalog.door import Wanted, find, products_by_id
from monolith.catalog.values import UNKNOWN_ART
from monolith.mail.sender import MailNotSentError, log_failure
from monolith.orders.cart import Cart, title_of
from monolith.orders.checkout import CartChangedError, place_order
from monolith.orders.forms import AddToCartForm, CheckoutForm
from monolith.orders.models import Order

PAGE_SIZE = 20


@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    """Show the cart."""
    content = Cart(request)
    return render(request, "orders/cart.html", {"lines": content.lines(), "total": content.total()})


@require_POST
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Put a variant of a product into the cart."""
    found = find(Wanted(slug=slug))
    if not found.products:
        raise Http404(f"there is no product {slug}")
    product = found.products[0]
    form = AddToCartForm(request.POST, product=product, user=request.user)
    if not form.is_valid():
        context = {"product": product, "form": form, "late_since": found.late_since}
        return render(request, "catalog/product.html", context, status=400)
    data = form.cleaned_data
    Cart(request).add(data["variant"], photo=data.get("photo"), quantity=data["quantity"])
    messages.success(request, f"{title_of(product, data['variant'])} is in your cart.")
    return redirect("orders:cart")


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Set the quantity of one line of the cart; zero removes it."""
    content, key, quantity = Cart(request), request.POST.get("key", ""), request.POST.get("quantity", "")
    if not content.has(key) or not quantity.isdecimal():
        messages.error(request, "We could not change that line. Please try again.")
    else:
        content.set_quantity(key, int(quantity[:4]))
    return redirect("orders:cart")


@login_required
def checkout(request: HttpRequest) -> HttpResponse:
    """Ask for the address and place the order."""
    content = Cart(request)
    if not content.lines():
        messages.info(request, "Your cart is empty.")
        return redirect("orders:cart")
    form = CheckoutForm(request.POST or None, initial=_usual_address(request))
    status = 400 if form.errors else 200
    if form.is_valid():
        try:
            order = place_order(form.save(commit=False), cart=content, user=request.user)
        except CartChangedError as error:
            form.add_error(None, str(error))
            status = 409
        except MailNotSentError as error:
            log_failure(error)
            form.add_error(
                None, "We could not send your confirmation, so nothing was ordered. Try again later."
            )
            status = 503
        else:
            content.clear()
            messages.success(request, f"Thank you. Your order {order} is placed.")
            return redirect("billing:pay", number=order.invoice.number)
    context = {"form": form, "lines": content.lines(), "total": content.total()}
    return render(request, "orders/checkout.html", context, status=status)


@require_safe
@login_required
def history(request: HttpRequest) -> HttpResponse:
    """Show the customer's orders, newest first."""
    orders = Order.objects.filter(user=request.user).select_related("invoice").prefetch_related("items")
    page = Paginator(orders, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "orders/history.html", {"page": page})


@require_safe
@login_required
def detail(request: HttpRequest, number: str) -> HttpResponse:
    """Show one order."""
    orders = Order.objects.select_related("invoice").filter(user=request.user)
    order = get_object_or_404(orders, number=number)
    items = order.items.select_related("variant").prefetch_related("photo")
    # What an item is called the order knows itself; the catalogue only says which drawing stands for it.
    drawn = products_by_id(item.variant.product_id for item in items if not item.photo)
    arts = {pk: product.art for pk, product in drawn.items()}
    rows = [(item, arts.get(item.variant.product_id, UNKNOWN_ART)) for item in items]
    return render(request, "orders/detail.html", {"order": order, "rows": rows})


def _usual_address(request: HttpRequest) -> dict[str, str]:
    profile = Profile.objects.filter(user=request.user).first() or Profile(user=request.user)
    return {
        "name": profile.name or request.user.get_full_name(),
        "street": profile.street,
        "postcode": profile.postcode,
        "city": profile.city,
        "country": profile.country,
    }
