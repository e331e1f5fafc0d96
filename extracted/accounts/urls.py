"""URLs of the service: the pages, the bridge and its health."""

from django.urls import include, path

urlpatterns = [
    path("", include("strangler.service.urls")),
    path("", include("strangler.bridge.urls")),
    path("account/", include("extracted.accounts.pages")),
]
