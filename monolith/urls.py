"""Addresses of the shop, one module of the business per prefix."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from monolith.photos.media import media
from monolith.shopfront import doors
from monolith.shopfront.views import home

urlpatterns = [
    path("", home, name="home"),
    path("shop/", include("monolith.catalog.urls")),
    path("photos/", include("monolith.photos.urls")),
    path("orders/", include("monolith.orders.urls")),
    path("billing/", include("monolith.billing.urls")),
    path("account/", include("monolith.accounts.urls")),
    path("reports/", include("monolith.reports.urls")),
    path("catalog-door/owner/", doors.owner, name="catalog-owner"),
    path("catalog-door/changed/", doors.changed, name="catalog-changed"),
    path("admin/", admin.site.urls),
    path("", include("strangler.service.urls")),
    path("", include("strangler.bridge.urls")),
]
if settings.MEDIA_URL.startswith("/"):  # with a bucket, its own host answers
    urlpatterns.append(path(f"{settings.MEDIA_URL.strip('/')}/<path:name>", media, name="media"))

admin.site.site_header = "Halftone back office"
admin.site.site_title = "Halftone"
admin.site.index_title = "Everything in the shop"
