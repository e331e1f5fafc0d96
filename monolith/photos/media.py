"""Serves uploaded files where no web server or bucket does it."""

from pathlib import PurePosixPath

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django.views.static import serve

YEAR_SECONDS = 31_536_000


@require_safe
def media(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with a rendition; originals and everything else are not public.

    A name never gets other content, so browsers may keep what they have.
    """
    folders = PurePosixPath(name).parts[:-1]
    if "renditions" not in folders or ".." in folders:
        raise Http404
    response = serve(request, name, document_root=settings.MEDIA_ROOT)
    response["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    return response
