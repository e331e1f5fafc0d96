"""The staff pages."""

import json
from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from extracted.email import composing, resending, search, suppression
from extracted.email.door import for_staff
from extracted.email.errors import MalformedError, RefusedError
from extracted.email.models import Message, Suppression
from extracted.email.resending import NotNowError
from extracted.email.staff import notices
from extracted.email.staff.overview import counts

# A mail's HTML is somebody else's text: no scripts, no forms, nothing from other servers, no way out of the frame.
_PREVIEW_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
_LISTED = 200


@for_staff
@require_GET
def messages(request: HttpRequest) -> HttpResponse:
    """List messages, newest first, narrowed by the search form."""
    error, query = "", search.Query()
    try:
        query = search.Query.parse(request.GET.dict())
    except MalformedError as problem:
        error = str(problem)
    page = search.Page() if error else search.find(query)
    chosen = {key: value for key, value in request.GET.items() if value and key in search.KEYS}
    context = {
        "section": "messages",
        "page": page,
        "query": query,
        "chosen": chosen,
        "error": error,
        "states": counts(),
        "templates": composing.names(),
        "older": urlencode({**chosen, "after": page.cursor}) if page.cursor else "",
        "newest": urlencode({key: value for key, value in chosen.items() if key != "after"}),
    }
    return render(request, "email/messages.html", context, status=400 if error else 200)


@for_staff
@require_GET
def message(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a message: recipients, attempts, preview, and what can be done about it."""
    found = get_object_or_404(Message.objects.select_related("resend_of"), pk=pk)
    context = {
        "section": "messages",
        "message": found,
        "context_json": json.dumps(found.context, indent=2, ensure_ascii=False),
        "recipients": found.recipients.all(),
        "tries": found.tries.order_by("-number")[:_LISTED],
        "resends": found.resends.order_by("created_at"),
        "can_resend": found.is_finished or found.is_held,
        "notice": notices.of(request),
    }
    return render(request, "email/message.html", context)


@for_staff
@require_GET
def preview(_request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the HTML of a mail, for the frame on its page and for nothing else."""
    found = get_object_or_404(Message, pk=pk)
    return HttpResponse(found.html, headers={"Content-Security-Policy": _PREVIEW_POLICY})


@for_staff
@require_POST
def resend(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send the mail again, as a new message."""
    found = get_object_or_404(Message, pk=pk)
    try:
        taken = resending.resend(found, by=str(request.user.pk))
    except (NotNowError, RefusedError) as problem:
        return _refused(request, title="It was not sent again", error=str(problem))
    return _see(taken.message.pk, notice="resent")


@for_staff
@require_POST
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Decide about a held message: it arrived, or it is sent again."""
    found = get_object_or_404(Message, pk=pk)
    try:
        if request.POST.get("decision") == "sent":
            resending.consider_sent(found, by=str(request.user))
            return _see(found.pk, notice="sent")
        resending.try_again(found)
    except NotNowError as problem:
        return _refused(request, title="Nothing was changed", error=str(problem))
    return _see(found.pk, notice="again")


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def suppressions(request: HttpRequest) -> HttpResponse:
    """Show the suppression list, find in it, and add to it."""
    error = ""
    if request.method == "POST":
        error = _added(request)
        if not error:
            return redirect("staff:suppressions")
    wanted = request.GET.get("address", "").strip()
    listed = Suppression.objects.filter(address__startswith=suppression.normalise(wanted))[:_LISTED]
    context = {
        "section": "suppressions",
        "suppressions": listed,
        "wanted": wanted,
        "error": error,
        "given": request.POST,
        "reasons": Suppression.Reason.choices,
        "is_cut": len(listed) == _LISTED,
    }
    return render(request, "email/suppressions.html", context, status=400 if error else 200)


@for_staff
@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """Take an address off the list."""
    suppression.release(request.POST.get("address", ""))
    return redirect("staff:suppressions")


def _added(request: HttpRequest) -> str:
    reason = request.POST.get("reason", "")
    if reason not in Suppression.Reason.values:
        return "choose a reason"
    try:
        suppression.suppress(
            request.POST.get("address", ""),
            reason=Suppression.Reason(reason),
            note=request.POST.get("note", "").strip()[:500],
            by=str(request.user),
        )
    except RefusedError as problem:
        return str(problem)
    return ""


def _see(pk: UUID, *, notice: str) -> HttpResponse:
    response = redirect("staff:message", pk=pk)
    response["Location"] += f"?notice={notice}"
    return response


def _refused(request: HttpRequest, *, title: str, error: str) -> HttpResponse:
    context = {"title": title, "error": error}
    return render(request, "email/refused.html", context, status=HTTPStatus.CONFLICT)
