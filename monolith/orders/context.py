"""What every page shows of the cart."""

from django.http import HttpRequest

from monolith.orders.cart import SESSION_KEY


def cart(request: HttpRequest) -> dict[str, int]:
    """Return the number of things in the cart; costs no query for a visitor without a session."""
    return {"cart_count": sum(request.session.get(SESSION_KEY, {}).values())}
