"""Addresses of the customer's photos."""

from django.urls import path

from monolith.photos import adoption, views

app_name = "photos"

urlpatterns = [
    path("", views.gallery, name="gallery"),
    path("upload/", views.upload, name="upload"),
    path("guide/", views.guide, name="guide"),
    path("adopt/", adoption.adopt, name="adopt"),
    path("<uuid:key>/", views.detail, name="detail"),
    path("<uuid:key>/delete/", views.delete, name="delete"),
]
