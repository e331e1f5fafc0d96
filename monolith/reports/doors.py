"""What the reporting service asks of the shop: chunks of tables to fill its own, and marks to measure how late it is.

Called by the service, never by a browser: the signature of its principal is the only key, so there is no CSRF check.
"""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from monolith.reports import feed
from strangler.errors import TokenError
from strangler.service import read_principal
from strangler.tokens import PRINCIPAL_HEADER

AUDIENCE = "monolith"
CHUNK_ROWS = 2_000

View = Callable[..., HttpResponse]


def for_services(view: View) -> View:
    """Let in a service that says who it is; others get 401."""

    @wraps(view)
    def check(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            principal = read_principal(request.headers.get(PRINCIPAL_HEADER, ""), audience=AUDIENCE)
        except TokenError as error:
            return JsonResponse({"error": str(error)}, status=401)
        if not principal.is_service:
            return JsonResponse({"error": "Only a service may read the feed."}, status=401)
        return view(request, *args, **kwargs)

    return csrf_exempt(check)


@for_services
@require_POST
def mark(_request: HttpRequest) -> JsonResponse:
    """Send a mark behind all changes: 202 sent, 409 the feed is off."""
    if feed.mark():
        return JsonResponse({}, status=202)
    return JsonResponse({"error": "The feed is off: set REPORTS_FEED=true for the shop."}, status=409)


@for_services
@require_GET
def chunk(request: HttpRequest, table: str) -> JsonResponse:
    """Return rows of a table above `?after=`: 200, 404 no such table, 400 no such place."""
    if table not in feed.TABLES:
        known = ", ".join(feed.TABLES)
        return JsonResponse({"error": f"There is no table {table}; there are {known}."}, status=404)
    after = request.GET.get("after", "0")
    if not after.isdecimal() or len(after) > len(str(2**63)):
        return JsonResponse({"error": "after must be a primary key."}, status=400)
    return JsonResponse(feed.chunk(table, after=min(int(after), 2**63 - 1), limit=CHUNK_ROWS))
