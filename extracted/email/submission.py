"""What somebody wants sent: the body of a message, checked."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from extracted.email.addresses import check_addresses, has_control_character
from extracted.email.composing import LOCALE
from extracted.email.conf import config
from extracted.email.errors import HeaderInjectionError, MalformedError, TooLargeError, UnknownVersionError

TYPE = "email.deliver"
VERSION = 1
LONGEST_ID = 200
LONGEST_LOCALE = 35
_KEYS = frozenset({"template", "to", "context", "locale", "business_id"})
_KINDS: dict[str, tuple[type, str]] = {
    "template": (str, "a text"),
    "to": (list, "a list of addresses"),
    "context": (dict, "an object"),
    "locale": (str, "a text such as 'en'"),
    "business_id": (str, "a text"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A request to send one mail.

    Args:
        template: name of the template.
        to: addresses, checked and without repetitions.
        context: values for the template, JSON.
        locale: language of the mail.
        business_id: what the mail is about, `welcome:user:42`: one mail per id for ever; empty for none.
    """

    template: str
    to: tuple[str, ...]
    context: Mapping[str, Any]
    locale: str = "en"
    business_id: str = ""

    @property
    def fingerprint(self) -> str:
        """Return what two requests for the same mail have in common."""
        content = [self.template, sorted(self.to), self.context, self.locale]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def parse(body: object, *, version: object = VERSION) -> Submission:
    """Check *body*, the decoded JSON of a request of *version*.

    Raises: UnknownVersionError, MalformedError, AddressError, HeaderInjectionError: names what is wrong.
    """
    if type(version) is not int or not 1 <= version <= VERSION:
        raise UnknownVersionError(version, newest=VERSION)
    fields = _fields(body)
    _check_limits(fields)
    locale, business_id = fields.get("locale", "en"), fields.get("business_id", "")
    if len(locale) > LONGEST_LOCALE or not LOCALE.fullmatch(locale):
        raise MalformedError(f"locale must be a language such as 'en' or 'de-AT', not {locale[:50]!r}")
    for key in ("business_id", "template"):
        if has_control_character(fields.get(key, "")):
            raise HeaderInjectionError(key)
    return Submission(
        template=fields["template"],
        to=check_addresses(fields["to"], limit=config().max_recipients),
        context=fields.get("context", {}),
        locale=locale,
        business_id=business_id,
    )


def parse_json(raw: bytes, *, version: object = VERSION) -> Submission:
    """Check *raw* as `parse` does; MalformedError if it is not JSON, TooLargeError before reading it."""
    limit = config().max_body_bytes
    if len(raw) > limit:
        raise TooLargeError("the body", size=len(raw), limit=limit)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise MalformedError(f"the body is not JSON: {error}") from None
    return parse(body, version=version)


def _fields(body: object) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise MalformedError(f"the body must be a JSON object, not {type(body).__name__}")
    unknown = sorted(set(body) - _KEYS)
    if unknown:
        raise MalformedError(f"there is no key {unknown[0]!r}; known: {', '.join(sorted(_KEYS))}")
    for key in ("template", "to"):
        if key not in body:
            raise MalformedError(f"{key} is missing")
    for key, value in body.items():
        kind, name = _KINDS[key]
        if not isinstance(value, kind):
            raise MalformedError(f"{key} must be {name}, not {type(value).__name__}")
    if not all(isinstance(address, str) for address in body["to"]):
        raise MalformedError("to must be a list of addresses, each a text")
    return body


def _check_limits(fields: Mapping[str, Any]) -> None:
    context = _context_json(fields.get("context", {}))
    for what, text, limit in (
        ("context", context, config().max_context_bytes),
        ("business_id", fields.get("business_id", ""), LONGEST_ID),
        ("template", fields["template"], LONGEST_ID),
    ):
        size = len(text.encode(errors="surrogatepass"))
        if size > limit:
            raise TooLargeError(what, size=size, limit=limit)


def _context_json(context: Mapping[str, Any]) -> str:
    """Return *context* as JSON; raises MalformedError for what a database could not store."""
    try:
        text = json.dumps(context, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError, TypeError) as error:  # UnicodeEncodeError is a ValueError
        raise MalformedError(f"context must be JSON values: {error}") from None
    if any("\0" in each for each in _texts(context)):
        raise MalformedError("context has a text with a NUL character in it")
    return text


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
