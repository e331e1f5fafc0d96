"""Addresses of the shop's own pages, to which those of the service link; they are on the same host."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

HOME = "/"
GALLERY = "/photos/"
LEAVE = "/strangler/leave/"
"""Where a login ends that lives in the monolith."""

_LINKS = {
    "home": HOME,
    "catalog": "/shop/",
    "gallery": GALLERY,
    "upload": "/photos/upload/",
    "orders": "/orders/",
    "cart": "/orders/cart/",
    "reports": "/reports/",
    "back_office": "/admin/",
}


def links(_request: HttpRequest) -> dict[str, Any]:
    """Give templates the addresses as `shop`, and where the shop's stylesheets are."""
    return {"shop": _LINKS, "shop_static": settings.ACCOUNTS["SHOP_STATIC_URL"]}
