"""Mails, whatever back end sends them."""

from __future__ import annotations

import hashlib
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.core.mail.backends.base import BaseEmailBackend

from strangler.core.observation import MailSent
from strangler.effects import at_hand

if TYPE_CHECKING:
    from collections.abc import Callable

_is_inside: ContextVar[bool] = ContextVar("strangler_effects_mail", default=False)
_done: set[type] = set()


def install() -> None:
    """Watch every back end from the moment that the first one of its class is made."""
    original = BaseEmailBackend.__init__

    @wraps(original)
    def make(self: BaseEmailBackend, *args: Any, **kwargs: Any) -> None:
        _watch_class(type(self))
        original(self, *args, **kwargs)

    BaseEmailBackend.__init__ = make  # type: ignore[method-assign]


def _watch_class(kind: type) -> None:
    if kind in _done:
        return
    for each in kind.__mro__:
        if each is BaseEmailBackend or each in _done:
            continue
        for name, wrap in (("send_messages", _sending), ("open", _kept), ("close", _kept)):
            if name in vars(each):
                setattr(each, name, wrap(vars(each)[name]))
        _done.add(each)


def _sending(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def send_messages(self: Any, messages: Any) -> Any:
        recorder = at_hand.recorder.get()
        if recorder is None or _is_inside.get():
            return original(self, messages)
        messages = list(messages)
        sent = len(messages) if at_hand.keeper.get() is not None else _really(original, self, messages)
        for message in messages:
            recorder.mail(_read(message))
        return sent

    return send_messages


def _really(original: Callable[..., Any], backend: Any, messages: list[Any]) -> Any:
    """Send, and let a back end that hands on to another one count once."""
    token = _is_inside.set(True)
    try:
        return original(backend, messages)
    finally:
        _is_inside.reset(token)


def _kept(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def connect(self: Any, *args: Any, **kwargs: Any) -> Any:
        return None if at_hand.keeper.get() is not None else original(self, *args, **kwargs)

    return connect


def _read(message: Any) -> MailSent:
    alternatives = [tuple(each)[:2] for each in getattr(message, "alternatives", None) or ()]
    is_html = message.content_subtype == "html"
    html = str(message.body) if is_html else next((c for c, kind in alternatives if kind == "text/html"), "")
    return MailSent(
        sender=str((message.extra_headers or {}).get("From", message.from_email)),
        recipients=tuple(map(str, message.recipients())),
        subject=str(message.subject),
        text="" if is_html else str(message.body),
        html=str(html),
        attachments=dict(map(_attachment, message.attachments)),
    )


def _attachment(attachment: Any) -> tuple[str, str]:
    """Return name and digest of an attachment, which is a tuple or a MIME part."""
    if hasattr(attachment, "get_payload"):
        name, content = attachment.get_filename() or "", attachment.get_payload(decode=True) or b""
    else:
        name, content = tuple(attachment)[:2]
    content = content.encode() if isinstance(content, str) else content
    raw = content if isinstance(content, bytes) else str(content).encode()
    return str(name or ""), hashlib.sha256(raw).hexdigest()
