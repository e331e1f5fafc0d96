"""Rules that hold for every Django site: its own noise, and nothing of what an application says."""

from __future__ import annotations

from strangler.core.comparison.rules import Rule

# Written by whoever carries the answer, or about the one run that made it.
_HEADERS = [
    "date",
    "server",
    "age",
    "via",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
    "x-powered-by",
    "x-runtime",
    "x-response-time",
    "server-timing",
    "alt-svc",
    "traceparent",
    "tracestate",
    "x-request-id",
    "request-id",
    "x-correlation-id",
    "x-trace-id",
    "x-amzn-trace-id",
    "cf-ray",
    "strangler-*",
    "djdt-*",
]

# Names of lists that are sets: Python, databases and JSON have no other way to write one.
_SETS = [
    "tags",
    "permissions",
    "user_permissions",
    "groups",
    "roles",
    "scopes",
    "flags",
    "features",
    "keywords",
    "labels",
    "allowed_methods",
]

# Tables of frameworks, not of applications.
_TABLES = ["django_session", "strangler_*", "django_celery_*", "celery_task*"]

_TEXT = """
noise headers.etag any
noise headers.last-modified any
noise ** time 10min
noise ** uuid
noise ** token
noise ** signed
noise ** ids
noise ** static
noise ** password
noise ** float
"""

PRESETS: tuple[Rule, ...] = (
    *(Rule.parse(f"ignore headers.{name}") for name in _HEADERS),
    *(Rule.parse(f"unordered body.$.**.{name}") for name in _SETS),
    *(Rule.parse(f"ignore effects.rows.{name}") for name in _TABLES),
    Rule.parse("ignore cookies.strangler_*"),
    *(Rule.parse(line) for line in _TEXT.split("\n") if line),
)
"""Django's own noise."""
