"""The two bodies of a capture, apart from it: as bytes beside the document, not in it as Base64."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from strangler.core.capture import RecordedRequest

if TYPE_CHECKING:
    from strangler.core.capture import Capture


def take_off(capture: Capture) -> tuple[Capture, bytes, bytes]:
    """Return *capture* without bodies, that of what was asked, and that of the control's answer."""
    asked = capture.asked
    body = b""
    if isinstance(asked, RecordedRequest):
        body, asked = asked.body, replace(asked, body=b"")
    return (
        replace(capture, asked=asked, control=replace(capture.control, body=b"")),
        body,
        capture.control.body,
    )


def put_on(bare: Capture, *, asked: bytes, control: bytes) -> Capture:
    """Return the capture that `take_off` made *bare*."""
    request = bare.asked
    if isinstance(request, RecordedRequest):
        request = replace(request, body=asked)
    return replace(bare, asked=request, control=replace(bare.control, body=control))
