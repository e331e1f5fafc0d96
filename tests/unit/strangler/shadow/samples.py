"""Values that the tests of the shadow room share."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from strangler.core.capture import Capture, RecordedCall, RecordedRequest
from strangler.core.decision import Side
from strangler.core.observation import Effects, MailSent, Observation
from strangler.observing import Draft

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def request(**changes) -> RecordedRequest:
    """Return a request."""
    return replace(RecordedRequest(method="GET", target="/photos/1/?size=2"), **changes)


def capture(*, asked=None, body=b"<p>hello", minutes=0, **changes) -> Capture:
    """Return a capture of what legacy did."""
    control = Observation(
        side=Side.LEGACY,
        status=200,
        headers=(("Content-Type", "text/html"),),
        body=body,
        duration=timedelta(milliseconds=12),
        effects=Effects(mails=(MailSent(sender="a@x", recipients=("b@x",), subject="Hi"),)),
    )
    values = {"seam": "images.page", "captured_at": NOW + timedelta(minutes=minutes)}
    return Capture(id=uuid4(), asked=asked or request(), control=replace(control, **changes), **values)


def call(body=None) -> RecordedCall:
    """Return a call."""
    return RecordedCall(task="email.welcome", body=body or {"user": 7}, version=2)


def draft(**changes) -> Draft:
    """Return a draft."""
    return Draft(capture=capture(**changes))
