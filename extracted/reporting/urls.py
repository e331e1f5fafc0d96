"""URLs of the service: its pages, the shop's own reports at their old addresses, and its health."""

from django.urls import include, path

urlpatterns = [
    path("", include("strangler.service.urls")),
    path("reporting/", include("extracted.reporting.pages.urls")),
    path("reports/", include("extracted.reporting.legacy.urls")),
]
