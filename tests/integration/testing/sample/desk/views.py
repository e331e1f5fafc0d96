"""What the service answers."""

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.http import JsonResponse

from desk.models import Order

PRICE = 8 if settings.BUG == "price" else 7


def order(request):
    """Take an order and confirm it by mail."""
    count = int(request.POST["count"])
    with transaction.atomic():
        Order.objects.create(item=request.POST["item"], total=count * PRICE)
        if settings.BUG == "row":
            Order.objects.create(item="extra", total=0)
        if settings.BUG != "mail":
            transaction.on_commit(lambda: send_mail("Order", f"{count} of it", None, ["ann@sample.example"]))
    return JsonResponse({"total": count * PRICE})


def price(request):
    """Tell a price."""
    if settings.BUG == "crash":
        raise RuntimeError("the price is a secret")
    return JsonResponse({"total": int(request.GET["count"]) * PRICE})


def me(request):
    """Tell who is logged in."""
    return JsonResponse({"user": request.user.username if request.user.is_authenticated else None})
