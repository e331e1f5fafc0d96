"""Addresses of cart, checkout and orders."""

from django.urls import path

from monolith.orders import views

app_name = "orders"

urlpatterns = [
    path("", views.history, name="history"),
    path("cart/", views.cart, name="cart"),
    path("cart/add/<slug:slug>/", views.add, name="add"),
    path("cart/change/", views.change, name="change"),
    path("checkout/", views.checkout, name="checkout"),
    path("<str:number>/", views.detail, name="detail"),
]
