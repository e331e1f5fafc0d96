"""Addresses of invoices and payments."""

from django.urls import path

from monolith.billing import views

app_name = "billing"

urlpatterns = [
    path("invoices/<str:number>/", views.invoice, name="invoice"),
    path("invoices/<str:number>/pay/", views.pay, name="pay"),
]
