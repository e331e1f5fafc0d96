"""The HTTP interface: send a mail, follow it, search."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from ninja import NinjaAPI
from ninja import Query as QueryParameters
from ninja.decorators import decorate_view

from extracted.email import search
from extracted.email.door import caller_of, for_programs
from extracted.email.errors import ConflictError, MalformedError, RefusedError, TooLargeError
from extracted.email.intake import take
from extracted.email.models import Message, Source
from extracted.email.schemas import MessageList, MessageStatus, MessageSummary, NewMessage, Refused
from extracted.email.submission import LONGEST_ID, Submission, parse_json

api = NinjaAPI(
    title="Email",
    version="1",
    description="Sends mail by template and context, at least once, and tells what became of it.",
    urls_namespace="email",
    openapi_url="/email/openapi.json",
    docs_url="/email/docs",
    openapi_extra={
        "components": {
            "securitySchemes": {
                "principal": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Strangler-Principal",
                    "description": "A service or a person on the staff, signed; browsers never send it themselves.",
                }
            }
        },
        "security": [{"principal": []}],
    },
)

_REFUSALS = frozenset({400, 401, 403, 409, 413, 422})
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": NewMessage.model_json_schema()}},
    },
    "parameters": [
        {
            "in": "header",
            "name": "Idempotency-Key",
            "schema": {"type": "string", "maxLength": LONGEST_ID},
            "description": "The same key makes one mail; for callers without a business_id.",
        }
    ],
}


@api.exception_handler(RefusedError)
def refused(request: HttpRequest, error: RefusedError) -> HttpResponse:
    """Answer with the reason: 413 for size, 409 for another content, 400 for no JSON, else 422."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(error, TooLargeError):
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    elif isinstance(error, ConflictError):
        status = HTTPStatus.CONFLICT
    elif isinstance(error, MalformedError):
        status = HTTPStatus.BAD_REQUEST
    return api.create_response(request, {"error": error.code, "detail": str(error)}, status=status)


@api.post(
    "/email/api/messages/",
    url_name="messages",
    summary="Send a mail",
    response={202: MessageStatus, 200: MessageStatus, _REFUSALS: Refused},
    openapi_extra=_BODY,
)
@decorate_view(for_programs)
def send(request: HttpRequest) -> HttpResponse:
    """Store the mail and answer 202 with the place where its state can be read; workers send it.

    The same `business_id` or `Idempotency-Key` again answers 200 with the message there is, and 409 if its content
    is another. Nothing waits for the mail server or the broker.
    """
    submission = parse_json(request.body)
    taken = take(_identified(request, submission), source=Source.API, requested_by=caller_of(request))
    status = MessageStatus.of(taken.message)
    code = HTTPStatus.ACCEPTED if taken.is_new else HTTPStatus.OK
    response = api.create_response(request, status, status=code)
    response["Location"] = status.url
    return response


@api.get(
    "/email/api/messages/",
    url_name="find",
    summary="Search",
    response={200: MessageList, frozenset({400, 401, 403}): Refused},
)
@decorate_view(for_programs, never_cache)
def find(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    address: str = QueryParameters("", description="A recipient; without an @ the beginning of the address."),
    state: str = "",
    template: str = "",
    since: str = QueryParameters("", description="First day, UTC: 2026-03-31."),
    until: str = QueryParameters("", description="Last day, UTC."),
    after: str = QueryParameters("", description="Cursor of the page before; `next` has it."),
) -> MessageList:
    """Return messages, newest first, 50 at a time."""
    values = {
        "address": address,
        "state": state,
        "template": template,
        "since": since,
        "until": until,
        "after": after,
    }
    page = search.find(search.Query.parse(values))
    chosen = {key: value for key, value in values.items() if value and key != "after"}
    path = f"{reverse('email:find')}?{urlencode({**chosen, 'after': page.cursor})}" if page.cursor else ""
    return MessageList(messages=[MessageSummary.of(each) for each in page.messages], next=path)


@api.get(
    "/email/api/messages/{uuid:message_id}",
    url_name="message",
    summary="State of a mail",
    response={200: MessageStatus, frozenset({401, 403, 404}): Refused},
)
@decorate_view(for_programs, never_cache)
def message(request: HttpRequest, message_id: UUID) -> Any:  # noqa: ARG001 - ninja's signature
    """Return where a message is, what was tried, and what the server said about each recipient."""
    found = Message.objects.filter(pk=message_id).first()
    if found is None:
        raise Http404("there is no such message")
    return MessageStatus.of(found)


def _identified(request: HttpRequest, submission: Submission) -> Submission:
    """Return *submission* with an id made of the `Idempotency-Key`, if it has none of its own."""
    key = request.headers.get("Idempotency-Key", "")
    if not key or submission.business_id:
        return submission
    if len(key) > LONGEST_ID:
        raise TooLargeError("Idempotency-Key", size=len(key), limit=LONGEST_ID)
    # With the caller's name in it: two callers may choose the same key.
    return replace(submission, business_id=f"{caller_of(request)}:key:{key}")
