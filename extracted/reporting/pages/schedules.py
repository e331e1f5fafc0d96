"""Schedules: make one from a report's page, see them, stop one."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from extracted.reporting.definitions import REPORTS, reports_for
from extracted.reporting.door import for_staff, refused
from extracted.reporting.errors import RefusedError
from extracted.reporting.models import Schedule
from extracted.reporting.scheduling import make_schedule

_OWN_KEYS = ("csrfmiddlewaretoken", "format", "every", "recipients")


@for_staff
@require_safe
def schedules(request: HttpRequest) -> HttpResponse:
    """List the schedules of the reports that the user may see."""
    names = [each.name for each in reports_for(request.user)]
    found = Schedule.objects.filter(report__in=names).order_by("-is_active", "next_at")
    rows = [{"schedule": each, "title": REPORTS[each.report].title} for each in found]
    return render(request, "reporting/schedules.html", {"section": "schedules", "schedules": rows})


@for_staff
@require_POST
def make(request: HttpRequest, name: str) -> HttpResponse:
    """Make a schedule of a report, with the parameters of its form."""
    try:
        make_schedule(
            name,
            raw={key: value for key, value in request.POST.items() if key not in _OWN_KEYS},
            format=request.POST.get("format", ""),
            every=request.POST.get("every", ""),
            recipients=request.POST.get("recipients", "").replace(",", " ").split(),
            user=request.user,
        )
    except RefusedError as error:
        return refused(request, title="Not scheduled", error=str(error), status=HTTPStatus.BAD_REQUEST)
    return redirect("reporting:schedules")


@for_staff
@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a schedule; its files stay."""
    names = [each.name for each in reports_for(request.user)]
    found = Schedule.objects.filter(pk=pk, report__in=names)
    if not request.user.is_superuser:
        found = found.filter(owner=str(request.user.pk))
    if not found.delete()[0]:
        error = "It is gone already, or somebody else's."
        return refused(request, title="No such schedule", error=error, status=HTTPStatus.NOT_FOUND)
    return redirect("reporting:schedules")
