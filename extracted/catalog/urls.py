"""URLs of the service: its API, the staff's pages and its health."""

from django.urls import include, path

from extracted.catalog.api import api

urlpatterns = [
    path("", include("strangler.service.urls")),
    path("catalog/staff/", include("extracted.catalog.staff.urls")),
    path("", api.urls),
]
