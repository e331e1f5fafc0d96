"""What the service knows about pictures: telling good files from bad ones, and making renditions.

Plain Python and Pillow: no Django, no database, no network. The door (`inspect_file`) reads headers and
structure only; pixels are decoded by `make_renditions`, which runs in a worker with limits on time and memory.
"""

from extracted.images.pictures.errors import (
    BrokenPictureError,
    EmptyFileError,
    NotAPictureError,
    PictureError,
    TooManyBytesError,
    TooManyFramesError,
    TooManyPixelsError,
    TruncatedPictureError,
)
from extracted.images.pictures.inspection import inspect_file
from extracted.images.pictures.limits import Limits
from extracted.images.pictures.renditions import Picture, Rendition, make_renditions
from extracted.images.pictures.structure import Header

__all__ = [
    "BrokenPictureError",
    "EmptyFileError",
    "Header",
    "Limits",
    "NotAPictureError",
    "Picture",
    "PictureError",
    "Rendition",
    "TooManyBytesError",
    "TooManyFramesError",
    "TooManyPixelsError",
    "TruncatedPictureError",
    "inspect_file",
    "make_renditions",
]
