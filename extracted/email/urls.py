"""URLs of the service: its API, its staff pages and its health."""

from django.urls import include, path

from extracted.email.api import api

urlpatterns = [
    path("", include("strangler.service.urls")),
    path("email/", include("extracted.email.staff.urls")),
    path("", api.urls),
]
