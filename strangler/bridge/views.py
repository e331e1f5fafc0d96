"""What each side answers the other one, the gateway, and, for a logout alone, a browser."""

from __future__ import annotations

import json
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user, get_user_model, logout
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from strangler import tokens
from strangler.bridge import logins, users
from strangler.bridge.logins import COOKIE_HEADER
from strangler.bridge.models import Link
from strangler.bridge.peer import own_name, peer_name
from strangler.bridge.principals import principal_of
from strangler.conf import config
from strangler.core.principal import Principal
from strangler.errors import TokenError, UserConflictError
from strangler.replicas.carrying import TOLD_HEADER

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http.response import HttpResponseBase

    View = Callable[..., HttpResponseBase]


def from_the_other_side(view: View) -> View:
    """Let in the other side alone: its principal is the only key, so there is no CSRF check."""

    @csrf_exempt
    @wraps(view)
    def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            principal = tokens.read_principal(
                request.headers.get(tokens.PRINCIPAL_HEADER, ""), audience=own_name()
            )
        except TokenError as error:
            return JsonResponse({"error": "principal", "detail": str(error)}, status=401)
        if not peer_name() or principal != Principal.for_service(peer_name()):
            return JsonResponse(
                {"error": "principal", "detail": "Only the other side may ask this."}, status=403
            )
        return view(request, *args, **kwargs)

    return check


@require_GET
def principal(request: HttpRequest) -> HttpResponse:
    """Tell the gateway who asks: 204, with the principal signed for the service of `Strangler-Audience`.

    For nginx's `auth_request`. 204 without the header for an anonymous visitor, 400 for an unknown service, 404 for everybody else.
    """
    if not tokens.is_gateway(request.headers.get(tokens.GATEWAY_HEADER, "")):
        raise Http404
    audience = request.headers.get(tokens.AUDIENCE_HEADER, "")
    if audience not in config().topology.services:
        return HttpResponse(f"There is no service {audience!r}.\n", status=400, content_type="text/plain")
    found = principal_of(request.user)
    token = tokens.sign_principal(found, audience=audience) if found is not None else ""
    headers = {
        "Cache-Control": "no-store",
        TOLD_HEADER: "",
        **({tokens.PRINCIPAL_HEADER: token} if token else {}),
    }
    return HttpResponse(status=204, headers=headers)


@from_the_other_side
@require_http_methods(["GET", "DELETE"])
def login(request: HttpRequest) -> HttpResponse:
    """Say whose the login of a session cookie is, or end it: 200 with a signed answer, 204 for nobody's.

    The monolith, which is never asked, takes notice of an end.
    """
    cookie = request.headers.get(COOKIE_HEADER, "")
    if not config().service:
        return _take_notice(request, cookie)
    session = import_module(settings.SESSION_ENGINE).SessionStore(cookie)
    if request.method == "DELETE":
        session.flush()
        return HttpResponse(status=204)
    asked: Any = HttpRequest()
    asked.session = _Copy(session.load())
    user = get_user(asked)
    if not user.is_authenticated:
        return HttpResponse(status=204)
    link = _link_of(user.pk)
    claims = {"uid": str(link.uid), "user": users.item_of(link), "is_news": link.due_at is not None}
    token = tokens.sign_login(claims, cookie=cookie, audience=peer_name())
    return JsonResponse({"login": token}, headers={"Cache-Control": "no-store"})


@from_the_other_side
@require_http_methods(["GET", "POST"])
def all_users(request: HttpRequest) -> JsonResponse:
    """Take users (POST), or say which ones are due (GET)."""
    if request.method == "GET":
        return JsonResponse([users.item_of(link) for link in users.due()], safe=False)
    try:
        items = json.loads(request.body)
    except ValueError:
        return JsonResponse({"error": "This is not JSON."}, status=400)
    return JsonResponse([_take(item) for item in items], safe=False)


@from_the_other_side
@require_GET
def one_user(_request: HttpRequest, user_id: str) -> JsonResponse:
    """Say what is known of the user with this primary key here."""
    try:
        is_known = get_user_model()._default_manager.filter(pk=user_id).exists()  # noqa: SLF001
    except (ValueError, ValidationError):
        is_known = False
    if not is_known:
        raise Http404
    return JsonResponse(users.item_of(_link_of(user_id)))


@csrf_protect
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Log the visitor out of the monolith, and go on to `next`.

    The service sends the visitor here, with the form (307), whose login lives here: so nothing has ended unless all has.
    """
    logout(request)
    target = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return redirect(target if is_ours else "/")


class _Copy(dict[str, Any]):
    """What a session holds. Django renews or ends sessions while it looks for the user; that is up to the visitor's own requests."""

    def flush(self) -> None:
        self.clear()

    def cycle_key(self) -> None:
        pass


def _take_notice(request: HttpRequest, cookie: str) -> HttpResponse:
    if request.method != "DELETE":
        raise Http404
    logins.ended(cookie)
    return HttpResponse(status=204)


def _take(item: Any) -> dict[str, Any]:
    try:
        return users.receive(item)
    except UserConflictError as error:
        return {"error": str(error)}


def _link_of(user_pk: Any) -> Link:
    link, _ = Link.objects.select_related("user").get_or_create(
        user_id=user_pk, defaults={"due_at": timezone.now()}
    )
    return link
