"""URLs of the service: its API and its health."""

from django.urls import include, path

from extracted.catalog.api import api

urlpatterns = [
    path("", include("strangler.service.urls")),
    path("", api.urls),
]
