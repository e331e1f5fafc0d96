"""Photos that customers uploaded."""

import uuid

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import models, router
from django.urls import reverse

from strangler.isolation import loose

RENDITION_SIZES = (1280, 640, 160)
"""Longest sides of the pictures made of every photo, in pixels, largest first."""


def title_of(filename: str) -> str:
    """Return what a photo is called at first, whichever side received it: its file name in words."""
    stem = filename.rsplit(".", 1)[0]
    return stem.replace("_", " ").replace("-", " ").strip()[:200]


class Photo(models.Model):
    """One photo of one customer: the original for printing and smaller pictures for the pages.

    File names are relative to MEDIA_ROOT: `legacy/…` when this site made the pictures, `images/…` when the
    image service did, `seed/…` when they are the seed's.
    """

    uuid = models.UUIDField("public id", unique=True, default=uuid.uuid4, editable=False)
    # A loose key: the table can move to the image service's database while the users stay (decision 0051).
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=loose.CASCADE, related_name="photos", db_constraint=False
    )
    title = models.CharField(max_length=200, blank=True)
    filename = models.CharField("name of the uploaded file", max_length=255)
    original = models.CharField(max_length=255)
    renditions = models.JSONField(default=dict, help_text="Longest side in pixels → file name.")
    checksum = models.CharField(max_length=64, help_text="SHA-256 of the original, as hex.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveBigIntegerField("size in bytes")
    uploaded_at = models.DateTimeField()

    class Meta:
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            # The same file of the same customer is the same photo, whichever side received it, however often.
            models.UniqueConstraint(fields=["owner", "checksum"], name="photo_once_per_owner"),
        ]
        indexes = [models.Index(fields=["owner", "-uploaded_at"], name="photo_gallery")]

    def __str__(self) -> str:
        return self.title or self.filename

    def get_absolute_url(self) -> str:
        """Return the address of the photo's own page."""
        return reverse("photos:detail", args=[self.uuid])

    @property
    def is_legacy(self) -> bool:
        """Whether this site made the files, and so has to remove them."""
        return self.original.startswith("legacy/")

    @property
    def megapixels(self) -> float:
        """Return the size of the original in millions of pixels."""
        return self.width * self.height / 1_000_000

    @property
    def pictures(self) -> list[tuple[str, int]]:
        """Return address and width in pixels of every rendition, smallest first, for `srcset`."""
        longest = max(self.width, self.height)
        sizes = sorted((int(size), name) for size, name in self.renditions.items())
        return [
            (default_storage.url(name), max(1, round(self.width * min(1, size / longest))))
            for size, name in sizes
        ]

    @property
    def srcset(self) -> str:
        """Return the value of an `<img srcset>`."""
        return ", ".join(f"{url} {width}w" for url, width in self.pictures)

    @property
    def thumbnail(self) -> str:
        """Return the address of the smallest picture; empty when there is none."""
        return self.pictures[0][0] if self.pictures else ""

    @property
    def preview(self) -> str:
        """Return the address of the middle picture, for browsers that do not read `srcset`."""
        pictures = self.pictures
        return pictures[len(pictures) // 2][0] if pictures else ""

    @property
    def files(self) -> list[str]:
        """Return the names of all files of this photo."""
        return [self.original, *self.renditions.values()]


def home() -> str:
    """Return the alias of the database that has the photos now; transactions about them have to name it."""
    return router.db_for_write(Photo)
