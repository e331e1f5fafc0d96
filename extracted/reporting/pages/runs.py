"""The history of runs, and one run: how far it is, and what came of it."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from extracted.reporting import links
from extracted.reporting.conf import config
from extracted.reporting.definitions import REPORTS, reports_for
from extracted.reporting.door import for_staff, refused
from extracted.reporting.feed import behind
from extracted.reporting.models import Run, State
from extracted.reporting.running import cancel as cancel_run

LISTED = 100


@for_staff
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """List the latest runs of the reports that the user may see."""
    names = [each.name for each in reports_for(request.user)]
    found = Run.objects.filter(report__in=names).order_by("-created_at")
    state = request.GET.get("state", "")
    if state in State.values:
        found = found.filter(state=state)
    context = {
        "section": "history",
        "runs": [{"run": run, "title": REPORTS[run.report].title} for run in found[:LISTED]],
        "states": State.values,
        "state": state,
    }
    return render(request, "reporting/history.html", context)


@for_staff
@require_safe
def run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a run."""
    found = _seen(request, pk)
    if found is None:
        return _no_such_run(request)
    context = {
        "section": "history",
        "run": found,
        "report": REPORTS[found.report],
        "parameters": found.parameters.items(),
        "behind": _behind(found),
        "link": links.link(found) if found.state == State.READY else "",
        "link_hours": config().link_lifetime.total_seconds() / 3600,
        "can_cancel": not found.is_finished and _may_cancel(request, found),
    }
    return render(request, "reporting/run.html", context)


@for_staff
@require_safe
def status(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Say how far a run is, for the page's script and for programs."""
    found = _seen(request, pk)
    if found is None:
        return JsonResponse({"error": "there is no such run"}, status=HTTPStatus.NOT_FOUND)
    return JsonResponse(_status(found))


@for_staff
@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Cancel a run."""
    found = _seen(request, pk)
    if found is None:
        return _no_such_run(request)
    if not _may_cancel(request, found):
        error = f"This run is {found.owner_name}'s."
        return refused(request, title="Not yours to cancel", error=error, status=HTTPStatus.FORBIDDEN)
    cancel_run(found.pk)
    return redirect("reporting:run", pk=found.pk)


def _seen(request: HttpRequest, pk: UUID) -> Run | None:
    """Return the run if the user may see its report."""
    names = [each.name for each in reports_for(request.user)]
    return Run.objects.filter(pk=pk, report__in=names).first()


def _may_cancel(request: HttpRequest, found: Run) -> bool:
    return request.user.is_superuser or str(request.user.pk) == found.owner


def _behind(found: Run) -> str:
    return behind(found.as_of, at=found.started_at) if found.as_of and found.started_at else ""


def _status(found: Run) -> dict[str, Any]:
    took = (found.finished_at or timezone.now()) - (found.started_at or found.created_at)
    return {
        "state": found.state,
        "rows": found.rows,
        "expected": found.expected,
        "percent": found.percent,
        "reason": found.reason,
        "seconds": round(took.total_seconds(), 1),
        "is_finished": found.is_finished,
        "is_cancelled": found.is_cancelled,
        "file": links.link(found) if found.state == State.READY else None,
    }


def _no_such_run(request: HttpRequest) -> HttpResponse:
    error = "It was removed with its file, or it is of a report that you may not see."
    return refused(request, title="No such run", error=error, status=HTTPStatus.NOT_FOUND)
