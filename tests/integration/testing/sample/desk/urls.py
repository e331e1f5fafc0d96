"""URLs of the service."""

from django.urls import include, path

from desk import views

urlpatterns = [
    path("", include("strangler.service.urls")),
    path("orders/", views.order),
    path("price/", views.price),
    path("me/", views.me),
]
