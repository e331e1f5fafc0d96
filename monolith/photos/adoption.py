"""Takes over photos that the image service finished: the other end of its `publish`.

Called by the service, never by a browser: the signature of its principal is the only key, so there is no CSRF check.
At least once is harmless: a repeated call finds the photo and answers 200.
"""

import json
import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from monolith.photos.models import RENDITION_SIZES, Photo, home, title_of
from monolith.reports import feed
from strangler.errors import TokenError
from strangler.service import read_principal
from strangler.tokens import PRINCIPAL_HEADER

AUDIENCE = "monolith"
_NAME = re.compile(r"images/(?!.*\.\.)[A-Za-z0-9_./-]{1,240}")
_CHECKSUM = re.compile(r"[0-9a-f]{64}")


class BadFieldsError(Exception):
    """The description of a photo can't be used; `errors` maps field to reason."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(str(errors))
        self.errors = errors


@csrf_exempt
@require_POST
def adopt(request: HttpRequest) -> JsonResponse:
    """Make a photo of what the service describes: 201 made, 200 known, 401 not a service, 422 unusable."""
    try:
        principal = read_principal(request.headers.get(PRINCIPAL_HEADER, ""), audience=AUDIENCE)
    except TokenError as error:
        return JsonResponse({"error": str(error)}, status=401)
    if not principal.is_service:
        return JsonResponse({"error": "Only a service may hand over photos."}, status=401)
    try:
        photo, is_new = store(_Reader(request.body).fields())
    except BadFieldsError as error:
        return JsonResponse({"errors": error.errors}, status=422)
    if not is_new:  # the call before may have died between the photo and what is told of it
        feed.announce("photo", [photo.pk])
    return JsonResponse({"id": str(photo.uuid)}, status=201 if is_new else 200)


def store(fields: dict[str, Any]) -> tuple[Photo, bool]:
    """Return the photo of *fields* and whether it was made now; a repeated upload is the same photo.

    Raises:
        BadFieldsError: the owner is unknown, or the id belongs to somebody else's photo.
    """
    known = _find(fields)
    if known:
        return known, False
    if not get_user_model().objects.filter(pk=fields["owner_id"]).exists():
        raise BadFieldsError({"owner_id": f"There is no user {fields['owner_id']}."})
    try:
        with transaction.atomic(using=home()):
            return Photo.objects.create(**fields), True
    except IntegrityError:
        # The same call ran beside us and was first; without its row, the caller has to come again.
        known = _find(fields)
        if known is None:
            raise
        return known, False


def _find(fields: dict[str, Any]) -> Photo | None:
    same_content = Q(owner_id=fields["owner_id"], checksum=fields["checksum"])
    known = Photo.objects.filter(Q(uuid=fields["uuid"]) | same_content).first()
    if known and known.owner_id != fields["owner_id"]:
        raise BadFieldsError({"id": "This id belongs to a photo of another user."})
    return known


@dataclass(slots=True)
class _Reader:
    """Turns the body into fields of Photo and collects what is wrong with it."""

    body: bytes
    errors: dict[str, str] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        try:
            raw = json.loads(self.body)
        except ValueError as error:
            raise BadFieldsError({"body": f"This is not JSON: {error}"}) from error
        if not isinstance(raw, dict):
            raise BadFieldsError({"body": "This is not a JSON object."})
        filename = self._text(raw.get("filename"))
        fields = {
            "uuid": self._uuid(raw.get("id")),
            "owner_id": self._count("owner_id", raw.get("owner_id")),
            "filename": filename,
            "title": title_of(filename),
            "checksum": self._match("checksum", raw.get("checksum"), _CHECKSUM),
            "original": self._match("original", raw.get("original"), _NAME),
            "renditions": self._renditions(raw.get("renditions")),
            "width": self._count("width", raw.get("width")),
            "height": self._count("height", raw.get("height")),
            "bytes": self._count("bytes", raw.get("bytes")),
            "uploaded_at": self._moment(raw.get("uploaded_at")),
        }
        if self.errors:
            raise BadFieldsError(self.errors)
        return fields

    def _text(self, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            self.errors["filename"] = "must be a text that is not empty"
            return ""
        return value[-255:]

    def _uuid(self, value: Any) -> uuid.UUID | None:
        try:
            return uuid.UUID(value)
        except (ValueError, TypeError, AttributeError):
            self.errors["id"] = "must be a UUID"
            return None

    def _count(self, name: str, value: Any) -> int:
        if type(value) is not int or not 0 < value < 2**31:
            self.errors[name] = "must be a whole number above 0"
            return 0
        return value

    def _match(self, name: str, value: Any, pattern: re.Pattern[str]) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            self.errors[name] = f"must match {pattern.pattern}"
            return ""
        return value

    def _renditions(self, value: Any) -> dict[str, str]:
        if not isinstance(value, dict) or not {str(size) for size in RENDITION_SIZES} <= value.keys():
            self.errors["renditions"] = f"must name a file for each of {RENDITION_SIZES}"
            return {}
        for size, name in value.items():
            if not size.isdecimal():
                self.errors["renditions"] = f"has a size that is no number: {size!r}"
            self._match("renditions", name, _NAME)
        return value

    def _moment(self, value: Any) -> datetime | None:
        try:
            moment = parse_datetime(value)
        except (ValueError, TypeError):
            moment = None
        if moment is None or is_naive(moment):
            self.errors["uploaded_at"] = "must be an ISO 8601 date and time with a time zone"
            return None
        return moment
