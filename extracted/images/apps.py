"""The app of the image service."""

from django.apps import AppConfig


class ImagesConfig(AppConfig):
    """Uploads, photos and renditions."""

    name = "extracted.images"
    label = "images"
    verbose_name = "Images"
    default_auto_field = "django.db.models.BigAutoField"
