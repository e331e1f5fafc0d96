"""Find messages: by address, state, template and date, newest first, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from extracted.email.addresses import normalise
from extracted.email.errors import MalformedError
from extracted.email.models import Message
from extracted.email.states import State

PAGE = 50
KEYS = ("address", "state", "template", "since", "until", "after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is looked for; empty fields do not narrow it.

    Args:
        address: of a recipient; with an @ the whole one, without it its beginning.
        since: first day, UTC.
        until: last day, UTC.
        after: cursor of the page before.
    """

    address: str = ""
    state: str = ""
    template: str = ""
    since: date | None = None
    until: date | None = None
    after: tuple[datetime, UUID] | None = None

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> "Query":
        """Read a query string; raises MalformedError that names the value."""
        texts = {key: values.get(key, "").strip() for key in KEYS}
        if texts["state"] and texts["state"] not in State.values:
            raise MalformedError(f"there is no state {texts['state']!r}; known: {', '.join(State.values)}")
        return cls(
            address=texts["address"],
            state=texts["state"],
            template=texts["template"],
            since=_date(texts["since"], key="since"),
            until=_date(texts["until"], key="until"),
            after=_cursor(texts["after"]),
        )

    @property
    def is_narrowed(self) -> bool:
        """Tell whether anything is looked for in particular."""
        return any([self.address, self.state, self.template, self.since, self.until])


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some messages, with their recipients, and the cursor of the next page; empty on the last one."""

    messages: list[Message] = field(default_factory=list)
    cursor: str = ""


def find(query: Query, *, size: int = PAGE) -> Page:
    """Return a page of what *query* looks for; its cost does not depend on how far back the page is."""
    rows = list(_matching(query).prefetch_related("recipients")[: size + 1])
    has_more = len(rows) > size
    last = rows[size - 1] if has_more else None
    cursor = f"{last.created_at.isoformat()}_{last.pk}" if last else ""
    return Page(messages=rows[:size], cursor=cursor)


def _matching(query: Query) -> QuerySet[Message]:
    found = Message.objects.order_by("-created_at", "id").defer("html", "text", "context")
    if query.address:
        found = found.filter(pk__in=_with_recipient(query.address))
    if query.state:
        found = found.filter(state=query.state)
    if query.template:
        found = found.filter(template=query.template)
    if query.since:
        found = found.filter(created_at__gte=_midnight(query.since))
    if query.until:
        found = found.filter(created_at__lt=_midnight(query.until) + timedelta(days=1))
    if query.after:
        moment, id_ = query.after
        found = found.filter(Q(created_at__lt=moment) | Q(created_at=moment, pk__gt=id_))
    return found


def _with_recipient(address: str) -> QuerySet[Message]:
    wanted = normalise(address)
    if "@" in wanted:
        return Message.objects.filter(recipients__normalised=wanted).values("pk")
    return Message.objects.filter(recipients__normalised__startswith=wanted).values("pk")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _date(text: str, *, key: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise MalformedError(f"{key} must be a day such as 2026-03-31, not {text!r}") from None


def _cursor(text: str) -> tuple[datetime, UUID] | None:
    if not text:
        return None
    moment, _, id_ = text.partition("_")
    try:
        return datetime.fromisoformat(moment), UUID(id_)
    except ValueError:
        raise MalformedError("after must be a cursor that an earlier page gave") from None
