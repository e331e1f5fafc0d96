"""Why a file is refused: one tree, each message fit to be shown to the person who uploaded the file.

PictureError
├── EmptyFileError          nothing in it
├── NotAPictureError        not one of the accepted formats, whatever its name says
├── TruncatedPictureError   the end is missing
├── BrokenPictureError      the decoder gave up
├── TooManyBytesError
├── TooManyPixelsError
└── TooManyFramesError
"""


class PictureError(ValueError):
    """The file itself is at fault: trying again gives the same answer."""


class EmptyFileError(PictureError):
    """The file has no bytes."""

    def __init__(self) -> None:
        super().__init__("the file is empty (0 bytes): choose it again")


class NotAPictureError(PictureError):
    """The content is in none of the accepted formats."""

    def __init__(self) -> None:
        super().__init__("not a picture that we accept: send a JPEG, PNG, WebP, TIFF or GIF file")


class TruncatedPictureError(PictureError):
    """The file stops before its picture does."""

    def __init__(self) -> None:
        super().__init__("the picture is cut off: its end is missing, so send the whole file again")


class BrokenPictureError(PictureError):
    """The decoder met something that it cannot read."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(
            f"the picture is damaged and cannot be read ({detail}): save it anew and send it again"
        )


class TooManyBytesError(PictureError):
    """The file is larger than allowed."""

    def __init__(self, *, limit: int) -> None:
        self.limit = limit
        super().__init__(f"the file is too large: at most {limit / 1_000_000:g} MB are allowed")


class TooManyPixelsError(PictureError):
    """The header claims more pixels than allowed; nothing was decoded."""

    def __init__(self, *, width: int, height: int, limit: int) -> None:
        self.width, self.height, self.limit = width, height, limit
        super().__init__(
            f"the picture is too large: {width} × {height} pixels,"
            f" at most {limit / 1_000_000:g} megapixels are allowed"
        )


class TooManyFramesError(PictureError):
    """The animation has more frames than allowed."""

    def __init__(self, *, limit: int) -> None:
        self.limit = limit
        super().__init__(f"the animation is too long: at most {limit} frames are allowed")
