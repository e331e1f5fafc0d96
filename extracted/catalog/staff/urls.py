"""URLs of the staff pages, below /catalog/staff/."""

from django.urls import path

from extracted.catalog.staff import products, types

app_name = "staff"

urlpatterns = [
    path("", products.overview, name="products"),
    path("new/", products.new, name="new"),
    path("products/<slug:slug>/", products.product, name="product"),
    path("types/", types.overview, name="types"),
    path("types/<slug:kind>/", types.type_, name="type"),
    path("new-type/", types.new, name="new_type"),
]
