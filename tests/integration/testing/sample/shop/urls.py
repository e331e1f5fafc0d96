"""URLs of the monolith."""

from django.urls import path

from shop import views

urlpatterns = [
    path("orders/", views.order),
    path("price/", views.price),
    path("me/", views.me),
]
