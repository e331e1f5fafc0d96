"""Home page and the pages of the catalogue."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from monolith.catalog.door import Category, Wanted, find
from monolith.orders.forms import AddToCartForm
from monolith.shopfront.offers import Offer, offers

FEATURED = 8


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what the shop is, its shelves and its best products."""
    found = find(Wanted(is_featured=True, with_categories=True))
    context = {
        "categories": found.categories,
        "featured": offers(found.products)[:FEATURED],
        "late_since": found.late_since,
    }
    return render(request, "home.html", context)


@require_safe
def catalog(request: HttpRequest) -> HttpResponse:
    """Show all products, shelf by shelf."""
    found = find(Wanted())
    shelves: dict[Category, list[Offer]] = {}
    for offer in offers(found.products):
        shelves.setdefault(offer.product.category, []).append(offer)
    in_order = sorted(shelves.items(), key=lambda shelf: (shelf[0].position, shelf[0].name.casefold()))
    return render(request, "catalog/catalog.html", {"shelves": in_order, "late_since": found.late_since})


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the products of one category."""
    found = find(Wanted(category=slug, with_categories=True))
    shelf = next((each for each in found.categories if each.slug == slug), None)
    if shelf is None:
        raise Http404(f"there is no category {slug}")
    context = {
        "category": shelf,
        "products": offers(found.products),
        "categories": found.categories,
        "late_since": found.late_since,
    }
    return render(request, "catalog/category.html", context)


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one product with the form that puts it into the cart; `?photo=<uuid>` has a photo chosen already."""
    found = find(Wanted(slug=slug))
    if not found.products:
        raise Http404(f"there is no product {slug}")
    item = found.products[0]
    form = AddToCartForm(product=item, user=request.user, initial={"photo": request.GET.get("photo")})
    context = {"product": item, "form": form, "late_since": found.late_since}
    return render(request, "catalog/product.html", context)
