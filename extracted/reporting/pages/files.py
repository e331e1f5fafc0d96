"""Whole files, for whoever has a signed link."""

from http import HTTPStatus

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from extracted.reporting.definitions import REPORTS
from extracted.reporting.door import refused
from extracted.reporting.links import BadLinkError, ExpiredLinkError, open_link
from extracted.reporting.models import Run, State
from extracted.reporting.writing import FORMATS, store

# A file is somebody else's text: it runs nothing and reaches nothing, wherever it is opened.
_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@require_safe
def file(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send the file that the signed *token* opens: 404 it was never ours, 410 the link or the file has expired."""
    try:
        run = Run.objects.filter(pk=open_link(token), state=State.READY).first()
    except BadLinkError as error:
        return refused(request, title="No such link", error=str(error), status=HTTPStatus.NOT_FOUND)
    except ExpiredLinkError as error:
        return refused(request, title="Expired", error=str(error), status=HTTPStatus.GONE)
    if run is None or not store().path(run.file).exists():
        error = "the file was removed; make the report again"
        return refused(request, title="No longer here", error=error, status=HTTPStatus.GONE)
    return _sent(run)


def _sent(run: Run) -> HttpResponseBase:
    format_ = FORMATS[run.format]
    name = "-".join([REPORTS[run.report].name, *run.parameters.values()]) + f".{format_.extension}"
    response = FileResponse(
        store().path(run.file).open("rb"),
        as_attachment=True,
        filename=name,
        content_type=format_.content_type,
    )
    response["Content-Security-Policy"] = _POLICY
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
