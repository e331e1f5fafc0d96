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
