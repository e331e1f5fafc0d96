"""Take an upload: check every file, then store all of them or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from extracted.images.conf import config
from extracted.images.messages import RENDER, send
from extracted.images.models import Photo, State, Upload
from extracted.images.pictures import Header, NotAPictureError, PictureError, TooManyBytesError, inspect_file
from extracted.images.receiving import ReceivedFile
from extracted.images.storage import ORIGINALS, store

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "TIFF": "tif"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A file that was not taken, and why."""

    filename: str
    error: PictureError


class UploadRefusedError(Exception):
    """At least one file is bad, so none was taken; `refusals` names each bad one."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("; ".join(f"{each.filename}: {each.error}" for each in refusals))

    @property
    def is_too_large(self) -> bool:
        """Tell whether size is all that is wrong."""
        return all(isinstance(each.error, TooManyBytesError) for each in self.refusals)

    @property
    def is_unsupported(self) -> bool:
        """Tell whether the format is all that is wrong."""
        return all(isinstance(each.error, NotAPictureError) for each in self.refusals)


class NoFilesError(ValueError):
    """The request has no photo in it."""

    def __init__(self) -> None:
        super().__init__("choose at least one photo")


class TooManyFilesError(ValueError):
    """The request has more photos than allowed."""

    def __init__(self, *, count: int, limit: int) -> None:
        self.count, self.limit = count, limit
        super().__init__(f"{count} photos are too many for one upload: send at most {limit} at a time")


class OtherOwnersRequestError(ValueError):
    """Somebody else's request had this id: it was copied, not repeated."""

    def __init__(self, request_id: str) -> None:
        super().__init__(f"request {request_id} belongs to another user: send the photos again")


def known_upload(request_id: str | None, *, owner: str) -> Upload | None:
    """Return the upload that an earlier delivery of the same request made.

    Raises: OtherOwnersRequestError.
    """
    if not request_id:
        return None
    upload = Upload.objects.filter(request_id=request_id).first()
    if upload and upload.owner != owner:
        raise OtherOwnersRequestError(request_id)
    return upload


def take(files: Sequence[ReceivedFile], *, owner: str, request_id: str | None) -> Upload:
    """Store the files and their rows and have their renditions made.

    Idempotent for one *request_id*. A broker that does not answer delays the work, not the answer.

    Raises: NoFilesError, TooManyFilesError, UploadRefusedError: nothing was stored.
        OtherOwnersRequestError: neither.
    """
    earlier = known_upload(request_id, owner=owner)
    if earlier:
        return earlier
    headers = _checked(files)
    names = [_stored(file, header) for file, header in zip(files, headers, strict=True)]
    try:
        with transaction.atomic():
            upload = Upload.objects.create(owner=owner, request_id=request_id or None)
            photos = Photo.objects.bulk_create(_rows(upload, files, headers, names))
            transaction.on_commit(partial(_announce, [photo.pk for photo in photos]))
    except IntegrityError:
        # The same request runs beside us and was first; the files are the same, so nothing is left over.
        earlier = known_upload(request_id, owner=owner)
        if earlier is None:
            raise
        return earlier
    return upload


def _checked(files: Sequence[ReceivedFile]) -> list[Header]:
    limit = config().max_files
    if not files:
        raise NoFilesError
    if len(files) > limit:
        raise TooManyFilesError(count=len(files), limit=limit)
    headers, refusals = [], []
    for file in files:
        try:
            headers.append(_header(file))
        except PictureError as error:
            refusals.append(Refusal(filename=file.name or "", error=error))
    if refusals:
        raise UploadRefusedError(refusals)
    return headers


def _header(file: ReceivedFile) -> Header:
    if file.refusal:
        raise file.refusal
    return inspect_file(file.path, limits=config().limits)


def _stored(file: ReceivedFile, header: Header) -> str:
    return store().place(
        file.path, folder=ORIGINALS, checksum=file.checksum, extension=EXTENSIONS[header.format]
    )


def _rows(
    upload: Upload, files: Sequence[ReceivedFile], headers: Sequence[Header], names: Sequence[str]
) -> list[Photo]:
    due_at = timezone.now() + config().resend_after
    return [
        Photo(
            upload=upload,
            position=position,
            filename=file.name or "",
            checksum=file.checksum,
            original=name,
            bytes=file.size or 0,
            width=header.width,
            height=header.height,
            due_at=due_at,
        )
        for position, (file, header, name) in enumerate(zip(files, headers, names, strict=True))
    ]


def _announce(ids: Sequence[UUID]) -> None:
    if not send(RENDER, ids):
        # Not after the usual wait but as soon as the broker is back.
        Photo.objects.filter(pk__in=ids, state=State.QUEUED).update(due_at=timezone.now())
