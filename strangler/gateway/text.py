"""Fill the templates of the renderers: Django's engine, without HTML's escaping, and without traces of the tags.

What goes into a template has been checked where it was read (`strangler.core.gateway`, `strangler.core.seams`), or
is quoted for its language there.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.template import Context, Engine, Template

if TYPE_CHECKING:
    from datetime import timedelta

_TEMPLATES = Path(__file__).resolve().parent / "templates"
_TAG_ALONE = re.compile(r"^[ \t]*(\{%[^%\n]*%\})[ \t]*\n", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{3,}")
_ENGINE = Engine(autoescape=False)


def fill(template: str, **values: Any) -> str:
    """Return *template* of this package with *values* filled in.

    A line that holds nothing but a tag leaves no line behind, and several empty lines become one.
    """
    text: str = _load(template).render(Context(values, autoescape=False, use_l10n=False))
    return _EMPTY_LINES.sub("\n\n", text).strip() + "\n"


def duration(value: timedelta) -> str:
    """Return *value* as nginx and HAProxy write it, `30s` or `500ms`."""
    seconds = value.total_seconds()
    return f"{seconds:.0f}s" if seconds.is_integer() else f"{seconds * 1000:.0f}ms"


@cache
def _load(name: str) -> Template:
    source = (_TEMPLATES / name).read_text(encoding="utf-8")
    return Template(_TAG_ALONE.sub(r"\1", source), engine=_ENGINE, name=name)
