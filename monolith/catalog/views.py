"""Home page and the pages of the catalogue."""

from django.db.models import Min, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from monolith.catalog.models import Category, Product
from monolith.orders.forms import AddToCartForm


def _products() -> QuerySet[Product]:
    active = Product.objects.filter(is_active=True, category__isnull=False)
    return active.annotate(lowest_price=Min("variants__price")).filter(lowest_price__isnull=False)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what the shop is, its shelves and its best products."""
    context = {
        "categories": Category.objects.all(),
        "featured": _products().filter(is_featured=True)[:8],
    }
    return render(request, "home.html", context)


@require_safe
def catalog(request: HttpRequest) -> HttpResponse:
    """Show all products, shelf by shelf."""
    shelves: dict[int, list[Product]] = {}
    for product in _products():
        shelves.setdefault(product.category_id, []).append(product)
    categories = [(each, shelves[each.pk]) for each in Category.objects.all() if each.pk in shelves]
    return render(request, "catalog/catalog.html", {"shelves": categories})


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the products of one category."""
    shelf = get_object_or_404(Category, slug=slug)
    context = {
        "category": shelf,
        "products": _products().filter(category=shelf),
        "categories": Category.objects.all(),
    }
    return render(request, "catalog/category.html", context)


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one product with the form that puts it into the cart; `?photo=<uuid>` has a photo chosen already."""
    item = get_object_or_404(Product.objects.select_related("category"), slug=slug, is_active=True)
    form = AddToCartForm(product=item, user=request.user, initial={"photo": request.GET.get("photo")})
    return render(request, "catalog/product.html", {"product": item, "form": form})
