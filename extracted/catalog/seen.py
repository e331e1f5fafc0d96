"""Since when an answer is as it is: what `Last-Modified` says.

Rows come by a move, by the shop and by edits, and neither a column nor a trigger of theirs may note when (decision 0089). So whoever
answers notes the first second in which an answer was given as it is.

Note [A second of its own]: HTTP's dates have whole seconds. Every change gets a later one than the change before, so that two answers
with one date are the same; while that second is still to come, an answer has no date.
"""

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import http_date

from extracted.catalog.models import Seen

logger = logging.getLogger(__name__)
SECOND = timedelta(seconds=1)


def dated(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let the answers of *view* say `Last-Modified`; there must be as many paths as things, not as questions."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == HTTPStatus.OK:
            digest = hashlib.sha256(response.content).hexdigest()
            since = first_seen(request.path, digest, now=timezone.now())
            if since:
                response["Last-Modified"] = http_date(since.timestamp())
        return response

    return answer


def first_seen(what: str, digest: str, *, now: datetime) -> datetime | None:
    """Return since when the answer to *what* has *digest*, noting it if that is new. See Note [A second of its own].

    Returns: a whole second; None while it is still to come, or if it could not be noted.
    """
    known = Seen.objects.filter(what=what, digest=digest).first()
    try:
        since = known.since if known else _note(what, digest, now=now.replace(microsecond=0))
    except DatabaseError as error:  # a reader gets the answer all the same, with its ETag
        logger.warning("it could not be noted since when %s is as it is: %s", what, error)
        return None
    return since if since <= now else None


@transaction.atomic
def _note(what: str, digest: str, *, now: datetime) -> datetime:
    row, is_new = Seen.objects.select_for_update().get_or_create(
        what=what, defaults={"digest": digest, "since": now}
    )
    if not is_new and row.digest != digest:
        row.digest, row.since = digest, max(now, row.since + SECOND)
        row.save()
    return row.since
