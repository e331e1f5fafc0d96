"""Health of a service: include it at the root of its urls."""

from django.urls import path

from strangler.service import health

app_name = "strangler_service"

urlpatterns = [
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
]
