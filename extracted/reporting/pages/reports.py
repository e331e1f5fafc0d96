"""The list of reports, and each report: parameters, preview as chart and table, and the button that makes a file."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from extracted.reporting.charts import draw
from extracted.reporting.definitions import Report, find_report, reports_for
from extracted.reporting.door import for_staff, refused
from extracted.reporting.errors import ParameterError, RefusedError, UnknownReportError
from extracted.reporting.feed import freshness
from extracted.reporting.preview import Preview, preview
from extracted.reporting.running import request_run
from extracted.reporting.running.reader import StatementEndedError
from extracted.reporting.writing import FORMATS

PREVIEW_ROWS = 20
_FORM_KEYS = ("csrfmiddlewaretoken", "format", "every", "recipients")
# A picture: its style is inside it, and it is shown by <img>, which runs nothing.
_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@for_staff
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """List the reports that the user may see."""
    context = {"section": "reports", "reports": reports_for(request.user), "freshness": freshness()}
    return render(request, "reporting/overview.html", context)


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, name: str) -> HttpResponse:
    """Show a report with a preview; make a run of it when its form is sent."""
    try:
        found = find_report(name, user=request.user)
    except UnknownReportError as error:
        return refused(request, title="No such report", error=str(error), status=HTTPStatus.NOT_FOUND)
    if request.method != "POST":
        return _page(request, found, _given(request.GET.dict()))
    given = _given(request.POST.dict())
    try:
        run = request_run(name, raw=given, format=request.POST.get("format", ""), user=request.user)
    except RefusedError as error:
        return _page(request, found, given, error=str(error))
    return redirect("reporting:run", pk=run.pk)


@for_staff
@require_safe
def chart(request: HttpRequest, name: str) -> HttpResponse:
    """Draw a report."""
    try:
        found = find_report(name, user=request.user)
        if found.chart is None:
            raise UnknownReportError("there is no chart of this report")
        values = found.values(_given(request.GET.dict()), today=timezone.now().date())
        rows = preview(found, values, limit=found.chart.bars).rows
    except RefusedError as error:
        return HttpResponse(str(error), status=HTTPStatus.NOT_FOUND, content_type="text/plain; charset=utf-8")
    except StatementEndedError as error:
        return HttpResponse(str(error), status=HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/plain")
    picture = draw(found.columns, found.chart, rows, title=found.title)
    headers = {"Content-Security-Policy": _PICTURE_POLICY}
    return HttpResponse(picture, content_type="image/svg+xml", headers=headers)


def _given(form: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in form.items() if key not in _FORM_KEYS}


def _page(request: HttpRequest, found: Report, given: dict[str, str], *, error: str = "") -> HttpResponse:
    values, seen = None, None
    try:
        values = found.values(given, today=timezone.now().date())
        seen = preview(found, values, limit=PREVIEW_ROWS)
    except ParameterError as problem:
        error = error or str(problem)
    except StatementEndedError:
        error = error or "A preview would take too long for a page. Make a file; that may take its time."
    context = {
        "section": "reports",
        "report": found,
        "fields": _fields(found, given, values),
        "formats": [(name, FORMATS[name].title) for name in found.formats if name in FORMATS],
        "preview": seen,
        "query": urlencode(given),
        "freshness": freshness(),
        "error": error,
        "is_empty": _is_empty(seen),
    }
    return render(
        request, "reporting/report.html", context, status=HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK
    )


def _is_empty(seen: Preview | None) -> bool:
    return seen is not None and not seen.rows


def _fields(found: Report, given: dict[str, str], values: dict[str, Any] | None) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "title": each.title,
            "input": each.input,
            "value": given.get(each.name) or (values or {}).get(each.name, ""),
        }
        for each in found.parameters
    ]
