"""Take uploaded files from the wire to disk, hashing on the way; memory use does not depend on their size."""

import hashlib
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from extracted.images.conf import config
from extracted.images.pictures import PictureError, TooManyBytesError
from extracted.images.storage import store, sync


class ReceivedFile(UploadedFile):
    """A file that arrived: complete under a temporary name, or refused on the way and already gone.

    Django closes it at the end of the request, which removes the temporary file unless it was renamed.
    """

    def __init__(self, temporary: "_Temporary", *, name: str, content_type: str | None) -> None:
        super().__init__(name=name, content_type=content_type or "", size=temporary.size)
        self.path = temporary.path
        self.checksum = temporary.checksum.hexdigest()
        self.refusal = temporary.refusal

    def close(self) -> None:
        """Remove the temporary file; does nothing if it was renamed into place."""
        self.path.unlink(missing_ok=True)


class HashingUploadHandler(FileUploadHandler):
    """Write each file to its own temporary file until it is complete or over the limit.

    Never raises for a bad file: the parser runs inside Django's CSRF check, where nobody could tell the person
    which file was wrong. The rest of an oversized file is read and dropped; the length of the whole body was
    checked before.
    """

    file: "_Temporary | None" = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin the next file of the request."""
        super().new_file(*args, **kwargs)
        self.file = _Temporary(limit=config().limits.max_bytes)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 - Django's signature
        """Take a piece of the file; other handlers get nothing."""
        self._current.write(raw_data)

    def file_complete(self, file_size: int) -> ReceivedFile:  # noqa: ARG002 - Django's signature
        """Return the file; it is on disk for good."""
        complete = self._current
        complete.finish()
        self.file = None
        return ReceivedFile(complete, name=self.file_name, content_type=self.content_type)

    def upload_interrupted(self) -> None:
        """Leave nothing behind of a file that broke off; does nothing after a complete one."""
        if self.file:
            self.file.close()

    @property
    def _current(self) -> "_Temporary":
        if self.file is None:
            raise RuntimeError("Django sent a piece of a file that it did not announce")
        return self.file


class _Temporary:
    """One file on its way in; Django calls `close` when parsing breaks off."""

    def __init__(self, *, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self.checksum = hashlib.sha256()
        self.refusal: PictureError | None = None
        self.path, self._file = store().temporary()

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self.limit:
            self._refuse()
            return
        self._file.write(data)
        self.checksum.update(data)

    def finish(self) -> None:
        if self.refusal is None:
            _finish(self._file)

    def close(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _refuse(self) -> None:
        if self.refusal is None:
            self.refusal = TooManyBytesError(limit=self.limit)
            self.close()


def _finish(file: IO[bytes]) -> None:
    with file:
        sync(file)
