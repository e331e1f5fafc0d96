"""The HTTP interface: upload photos, follow their progress."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from ninja import NinjaAPI
from ninja.decorators import decorate_view

from extracted.images import intake, pages
from extracted.images.conf import config
from extracted.images.door import guarded, signed_in
from extracted.images.intake import (
    NoFilesError,
    OtherOwnersRequestError,
    TooManyFilesError,
    UploadRefusedError,
)
from extracted.images.models import Upload
from extracted.images.schemas import Refused, UploadStatus

RECENT = 20

api = NinjaAPI(
    title="Images",
    version="1",
    description="Takes photos, makes their renditions in the background and hands them over to the shop.",
    urls_namespace="images",
    openapi_url="/images/openapi.json",
    docs_url="/images/docs",
    openapi_extra={
        "components": {
            "securitySchemes": {
                "principal": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Strangler-Principal",
                    "description": "Who the user is, signed by the facade; browsers never send it themselves.",
                }
            }
        },
        "security": [{"principal": []}],
    },
)

_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["photos"],
                    "properties": {
                        "csrfmiddlewaretoken": {"type": "string"},
                        "photos": {"type": "array", "items": {"type": "string", "format": "binary"}},
                    },
                }
            }
        },
    }
}


@api.post(
    "/photos/upload/",
    url_name="upload",
    summary="Upload one or many photos",
    response={
        202: UploadStatus,
        frozenset({400, 401, 403, 409, 411, 413, 415}): Refused,
    },
    openapi_extra=_FORM,
)
@decorate_view(csrf_protect, guarded)  # the last one is met first
def upload(request: HttpRequest) -> HttpResponse:
    """Store the photos and answer 202 with the place where their progress can be read.

    All or nothing: one bad file refuses the upload, names the file, and leaves nothing behind. The same
    `Strangler-Request-Id` again answers with the same upload.
    """
    try:
        taken = intake.take(
            request.FILES.getlist("photos"),
            owner=str(request.user.pk),
            request_id=request.headers.get("Strangler-Request-Id", "")[:64],
        )
    except UploadRefusedError as error:
        return _refused_files(request, error)
    except (NoFilesError, TooManyFilesError) as error:
        return pages.refused(request, status=HTTPStatus.BAD_REQUEST, error=str(error))
    except OtherOwnersRequestError as error:
        return pages.refused(request, status=HTTPStatus.CONFLICT, error=str(error))
    return _accepted(request, taken)


@api.get("/photos/guide/", url_name="guide", summary="Which photos are taken", include_in_schema=False)
def guide(request: HttpRequest) -> HttpResponse:
    """Say which photos can be printed: a piece of the shop's upload page."""
    context = {
        "max_file_bytes": config().limits.max_bytes,
        "max_body_bytes": config().max_body_bytes,
        "max_pixels": config().limits.max_pixels,
        "max_files": config().max_files,
    }
    return render(request, "images/guide.html", context)


@api.get("/images/uploads/", url_name="uploads", summary="My recent uploads", response=list[UploadStatus])
@decorate_view(signed_in, never_cache)
def recent_uploads(request: HttpRequest) -> list[UploadStatus]:
    """Return the user's most recent uploads, newest first."""
    mine = Upload.objects.filter(owner=str(request.user.pk)).order_by("-created_at")
    return [UploadStatus.of(each) for each in mine.prefetch_related("photos")[:RECENT]]


@api.get(
    "/images/uploads/{uuid:upload_id}",
    url_name="upload_status",
    summary="Progress of an upload",
    response={200: UploadStatus, 401: Refused},
)
@decorate_view(signed_in, never_cache)
def upload_status(request: HttpRequest, upload_id: UUID) -> Any:
    """Return how far each photo is; for htmx a list that renews itself until all are finished.

    Only the owner sees it: for others there is no such upload.
    """
    found = Upload.objects.filter(pk=upload_id, owner=str(request.user.pk)).first()
    if found is None:
        raise Http404("there is no such upload of yours")
    status = UploadStatus.of(found)
    return _fragment(request, status) if pages.is_htmx(request) else status


def _accepted(request: HttpRequest, taken: Upload) -> HttpResponse:
    status = UploadStatus.of(taken)
    gallery = f"/photos/?upload={taken.pk}"
    if pages.is_htmx(request):
        response = HttpResponse(status=HTTPStatus.ACCEPTED)
        response["HX-Redirect"] = gallery
    elif pages.prefers_html(request):
        context = {"gallery": gallery, "count": len(status.photos)}
        response = render(request, "images/accepted.html", context, status=HTTPStatus.ACCEPTED)
        response["Refresh"] = f"0; url={gallery}"
    else:
        response = api.create_response(request, status, status=HTTPStatus.ACCEPTED)
    response["Location"] = status.status_url
    return response


def _refused_files(request: HttpRequest, error: UploadRefusedError) -> HttpResponse:
    status = HTTPStatus.BAD_REQUEST
    if error.is_too_large:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    elif error.is_unsupported:
        status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    files = [{"filename": each.filename, "error": str(each.error)} for each in error.refusals]
    return pages.refused(
        request, status=status, error="nothing was stored, because of these files", files=files
    )


def _fragment(request: HttpRequest, status: UploadStatus) -> HttpResponse:
    response = render(request, "images/status_fragment.html", {"upload": status})
    if status.is_finished:
        response["HX-Trigger"] = "photosReady"
    return response
