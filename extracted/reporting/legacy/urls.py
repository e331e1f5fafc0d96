"""URLs of the shop's own reports, below /reports/."""

from django.urls import path

from extracted.reporting.legacy import views

app_name = "reports"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("sales.csv", views.sales, name="sales"),
    path("best-customers.csv", views.customers, name="customers"),
    path("printing/", views.printing, name="printing"),
]
