"""The upload form."""

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile


class ManyFilesInput(forms.ClearableFileInput):
    """A file input that takes more than one file."""

    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """One or many files; cleans to a list. What is in them is judged later, per file."""

    widget = ManyFilesInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/tiff,image/gif"})

    def clean(self, data: list[UploadedFile] | None, initial: object = None) -> list[UploadedFile]:
        """Return the list of files; an empty file is let through to be refused with its name."""
        files = [each for each in data or [] if each]
        if not files:
            return [super().clean(None, initial)]
        return files


class UploadForm(forms.Form):
    """Photos to add to the customer's own."""

    photos = ManyFilesField(
        label="Photos",
        error_messages={"required": "Choose at least one photo."},
        help_text=(
            f"JPEG, PNG, WebP, TIFF or GIF, up to {settings.PHOTO_MAX_BYTES // 1_000_000} MB each "
            f"and {settings.MAX_BODY_BYTES // 1_000_000} MB together."
        ),
    )
