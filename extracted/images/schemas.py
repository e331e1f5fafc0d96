"""What the API answers, as it is written in the OpenAPI description."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.urls import reverse
from ninja import Schema

from extracted.images.models import Photo, State, Upload

Progress = Literal["queued", "processing", "ready", "failed"]

# A photo is ready for people when they can see it in the gallery; until then it is being worked on.
_SHOWN: dict[str, Progress] = {
    State.QUEUED: "queued",
    State.PROCESSING: "processing",
    State.READY: "processing",
    State.PUBLISHED: "ready",
    State.FAILED: "failed",
}


class PhotoStatus(Schema):
    """How far one photo is."""

    id: UUID
    filename: str
    state: Progress
    progress: int
    reason: str

    @classmethod
    def of(cls, photo: Photo) -> "PhotoStatus":
        """Describe *photo*; what only concerns the staff is left out."""
        state = _SHOWN[photo.state]
        reason = photo.reason if state == "failed" else ""
        return cls(id=photo.id, filename=photo.filename, state=state, progress=photo.progress, reason=reason)


class UploadStatus(Schema):
    """How far an upload is: `ready` when each photo is finished and at least one can be seen."""

    id: UUID
    status: Progress
    created_at: datetime
    photos: list[PhotoStatus]
    status_url: str

    @classmethod
    def of(cls, upload: Upload) -> "UploadStatus":
        """Describe *upload* with one query for its photos, or none if they were prefetched."""
        photos = [PhotoStatus.of(photo) for photo in upload.photos.all()]
        return cls(
            id=upload.id,
            status=_of_all({photo.state for photo in photos}),
            created_at=upload.created_at,
            photos=photos,
            status_url=status_url(upload),
        )

    @property
    def is_finished(self) -> bool:
        """Tell whether nothing will change any more."""
        return self.status in ("ready", "failed")


class RefusedFile(Schema):
    """A file that was not taken."""

    filename: str
    error: str


class Refused(Schema):
    """Why a request was not fulfilled; nothing of it was stored."""

    error: str
    files: list[RefusedFile]


def status_url(upload: Upload) -> str:
    """Return the path of the status resource."""
    return reverse("images:upload_status", args=[upload.pk])


def _of_all(states: set[Progress]) -> Progress:
    if states <= {"ready", "failed"}:
        return "ready" if "ready" in states else "failed"
    return "queued" if states == {"queued"} else "processing"
