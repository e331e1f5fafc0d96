"""URLs of the service: its API, its pages and its health."""

from django.urls import include, path

from extracted.images.api import api

urlpatterns = [
    path("", include("strangler.service.urls")),
    path("", api.urls),
]
