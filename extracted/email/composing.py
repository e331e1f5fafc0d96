"""Make subject, text and HTML of a mail from a template and its context.

A template is three files in `mails/`: `NAME.subject.txt`, `NAME.txt` and `NAME.html`. A language has its own, such
as `NAME.de.txt`; where it has none, the plain one is used. HTML escapes what the context brings, text does not.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.template import TemplateDoesNotExist, TemplateSyntaxError, VariableDoesNotExist, engines
from django.utils import translation

from extracted.email.addresses import has_control_character
from extracted.email.conf import config
from extracted.email.errors import (
    HeaderInjectionError,
    NoTemplateError,
    RenderingError,
    TooLargeError,
)
from extracted.email.strictness import MissingVariableError

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
LOCALE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)
_SUBJECT = ".subject.txt"
LONGEST_SUBJECT = 900  # a line of a mail has at most 998 bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A composed mail."""

    subject: str
    text: str
    html: str


def compose(template: str, *, context: Mapping[str, Any], locale: str) -> Content:
    """Render the three parts of a mail.

    Raises:
        NoTemplateError, RenderingError: the template is missing or fails, or prints what the context lacks.
        HeaderInjectionError: the context would end the subject's header.
        TooLargeError: what came out is over the limit.
    """
    if not NAME.fullmatch(template):
        raise NoTemplateError(template)
    full = {"shop_name": config().shop_name, **context}
    with translation.override(locale):
        subject = _rendered(template, "subject.txt", full, locale=locale).strip()
        content = Content(
            subject=_checked_subject(subject, template=template),
            text=_rendered(template, "txt", full, locale=locale),
            html=_rendered(template, "html", full, locale=locale),
        )
    _check_size(content)
    return content


def names() -> list[str]:
    """Return the names of the templates there are."""
    folders = [Path(folder) for folder in engines["mail_text"].template_dirs]
    subjects = (path.name for folder in folders for path in folder.glob(f"*{_SUBJECT}"))
    return sorted(
        {name.removesuffix(_SUBJECT) for name in subjects if name.count(".") == _SUBJECT.count(".")}
    )


def _rendered(name: str, part: str, context: Mapping[str, Any], *, locale: str) -> str:
    engine = engines["mail_html" if part == "html" else "mail_text"]
    candidates = [f"{name}.{each}.{part}" for each in _fallbacks(locale)] + [f"{name}.{part}"]
    for candidate in candidates:
        try:
            template = engine.get_template(candidate)
        except TemplateDoesNotExist:
            continue
        except TemplateSyntaxError as error:
            raise RenderingError(name, cause=f"{candidate}: {error}") from error
        try:
            return template.render(dict(context))
        except VariableDoesNotExist as error:
            raise RenderingError(name, cause=f"{candidate}: the context has no {error.params[0]}") from error
        except MissingVariableError as error:
            raise RenderingError(name, cause=f"{candidate}: {error}") from error
        except Exception as error:  # whatever a template does wrong ends only this mail
            raise RenderingError(name, cause=f"{candidate}: {type(error).__name__}: {error}") from error
    raise NoTemplateError(name)


def _fallbacks(locale: str) -> list[str]:
    """Return `de-at` and `de` for `de-AT`."""
    parts = locale.lower().split("-")
    return ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _checked_subject(subject: str, *, template: str) -> str:
    if has_control_character(subject):
        raise HeaderInjectionError("the subject that this context makes")
    if not subject:
        raise RenderingError(template, cause="the subject is empty")
    if len(subject.encode()) > LONGEST_SUBJECT:
        raise TooLargeError("the subject", size=len(subject.encode()), limit=LONGEST_SUBJECT)
    return subject


def _check_size(content: Content) -> None:
    size, limit = len(content.text.encode()) + len(content.html.encode()), config().max_content_bytes
    if size > limit:
        raise TooLargeError("the rendered mail", size=size, limit=limit)
