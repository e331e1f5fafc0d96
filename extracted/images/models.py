"""The tables of the service: what was uploaded, how far each photo is, what was made of it.

The row is the truth about a photo; a message only says that somebody should look at the row. So a lost message
costs time and a repeated one costs nothing.

    queued ─→ processing ─→ ready ─→ published
      ↑  └──────┘  │          └─→ failed        (the monolith refused it)
      └── worker lost, at most max_attempts times
                   └─→ failed                    (the file is at fault, or attempts are used up)
"""

import uuid

from django.db import models
from django.utils import timezone


class Upload(models.Model):
    """One request of one person, with one or many photos: taken whole or not at all."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64, help_text="Primary key of the user in the monolith.")
    request_id = models.CharField(  # noqa: DJ001 - empty texts could not be unique, NULLs can
        max_length=64,
        unique=True,
        null=True,
        help_text="Strangler-Request-Id: the same request makes one upload.",
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["owner", "-created_at"], name="images_upload_of_owner")]

    def __str__(self) -> str:
        return f"upload {self.id}"


class State(models.TextChoices):
    """Where a photo is on its way."""

    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    PUBLISHED = "published"
    FAILED = "failed"


UNFINISHED = (State.QUEUED, State.PROCESSING, State.READY)


class Photo(models.Model):
    """One file of an upload."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="photos")
    position = models.PositiveSmallIntegerField()
    filename = models.CharField(
        max_length=255, help_text="As the person called it; shown, never used as a path."
    )
    checksum = models.CharField(max_length=64)
    original = models.CharField(max_length=255, help_text="Name of the file below MEDIA_ROOT.")
    bytes = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Percent.")
    reason = models.TextField(blank=True, help_text="Why it failed, or what went wrong last.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Counted before the work begins.")
    holder = models.CharField(max_length=64, blank=True, help_text="Id of the task that works on it.")
    leased_until = models.DateTimeField(null=True)
    sends = models.PositiveSmallIntegerField(default=0, help_text="Messages sent since the state changed.")
    due_at = models.DateTimeField(null=True, help_text="When its message is sent again; empty when finished.")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "position"], name="images_photo_position")]
        indexes = [
            models.Index(fields=["due_at"], name="images_photo_due"),
            models.Index(fields=["original"], name="images_photo_original"),
        ]
        ordering = ["position"]

    def __str__(self) -> str:
        return f"photo {self.id}"

    @property
    def is_finished(self) -> bool:
        """Tell whether nothing more will happen to it."""
        return self.state not in UNFINISHED


class Rendition(models.Model):
    """One size of a photo, as a file."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="renditions")
    size = models.PositiveIntegerField(help_text="Longer side at most, in pixels.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveBigIntegerField()
    name = models.CharField(max_length=255, help_text="Name of the file below MEDIA_ROOT.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["photo", "size"], name="images_rendition_size")]
        indexes = [models.Index(fields=["name"], name="images_rendition_name")]
        ordering = ["-size"]

    def __str__(self) -> str:
        return f"{self.photo_id} at {self.size}"


class GalleryPhoto(models.Model):
    """One photo as the monolith's gallery shows it, after its table has moved here.

    Table and columns are those of the monolith's `photos.Photo`, so that rows move as they are. `owner_id` is a loose
    key: users stay in the monolith. Nothing in this service writes it before the switch.
    """

    uuid = models.UUIDField(unique=True)
    owner_id = models.BigIntegerField()
    title = models.CharField(max_length=200, blank=True)
    filename = models.CharField(max_length=255)
    original = models.CharField(max_length=255)
    renditions = models.JSONField(default=dict)
    checksum = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveBigIntegerField()
    uploaded_at = models.DateTimeField()

    class Meta:
        db_table = "photos_photo"
        constraints = [models.UniqueConstraint(fields=["owner_id", "checksum"], name="photo_once_per_owner")]
        indexes = [models.Index(fields=["owner_id", "-uploaded_at"], name="photo_gallery")]

    def __str__(self) -> str:
        return self.title or self.filename
