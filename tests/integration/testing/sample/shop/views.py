"""What the monolith answers."""

from django.core.mail import send_mail
from django.db import transaction
from django.http import JsonResponse

from shop.models import Order

PRICE = 7


def order(request):
    """Take an order and confirm it by mail."""
    count = int(request.POST["count"])
    with transaction.atomic():
        Order.objects.create(item=request.POST["item"], total=count * PRICE)
        transaction.on_commit(lambda: send_mail("Order", f"{count} of it", None, ["ann@sample.example"]))
    return JsonResponse({"total": count * PRICE})


def price(request):
    """Tell a price, and how many orders there are."""
    return JsonResponse({"total": int(request.GET["count"]) * PRICE})


def me(request):
    """Tell who is logged in."""
    return JsonResponse({"user": request.user.username if request.user.is_authenticated else None})


def proxied(request):
    """Ask the service what anything costs, once too often."""
    import json
    from urllib.request import urlopen

    from django.conf import settings

    found = []
    for count in (1, 2):
        with urlopen(f"{settings.DESK_URL}/price/?count={count}") as answer:
            found.append(json.load(answer)["total"])
    return JsonResponse({"totals": found})
