"""Addresses of the reports."""

from django.urls import path

from monolith.reports import doors, views

app_name = "reports"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("sales.csv", views.sales, name="sales"),
    path("best-customers.csv", views.customers, name="customers"),
    path("printing/", views.printing, name="printing"),
    path("feed/mark/", doors.mark, name="mark"),
    path("feed/<slug:table>/", doors.chunk, name="chunk"),
]
