"""Personal data taken out of captures, before they are kept for long or leave the house.

The same value becomes the same mask wherever it is, in the request and in the answer, so that comparisons still work. A
mask is a keyed hash: give a secret *key*, or whoever has the capture can try passwords until one fits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from strangler.core.capture import Capture, RecordedCall, RecordedRequest

if TYPE_CHECKING:
    from strangler.core.observation import Effects, Headers, MailSent, Observation

_PREFIX = "masked-"
_LENGTHS = (19, 64)
_CARD_DIGITS = range(13, 20)
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_INPUT = re.compile(r"<input\b[^>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(name|type|value)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.IGNORECASE)
_SAID = re.compile(r"""\b([\w-]{2,60})(["']?\s{0,4}[:=]\s{0,4})(["'])([^"'\n]{4,500})\3""")
_PART_NAME = re.compile(rb'\bname="([^"\r\n]{0,200})"')


class Look(StrEnum):
    """What a value looks like, wherever it is."""

    CARD = "card"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRule:
    """What is masked: fields by their name, or values by their look.

    Args:
        name: pattern of names of headers, cookies, parameters, fields and columns, with `*`; lower case, with `_` for `-`.
        look: what values are masked in every text.
    """

    name: str = ""
    look: Look | None = None


DEFAULT = (
    *(
        MaskRule(name=name)
        for name in (
            "*password*", "*passwd*", "*passphrase*", "*token*", "*secret*", "*api_key*", "*apikey*", "*csrf*",
            "*session*", "*authorization*", "*credential*", "*private_key*", "*signature*", "otp", "pin", "cvc", "cvv",
            "*card_number*", "cardnumber", "iban",
        )
    ),
    MaskRule(look=Look.CARD),
)  # fmt: skip
"""Passwords, tokens, cookies, authorisation, card numbers."""

EMAILS = MaskRule(look=Look.EMAIL)
"""Addresses, too; not by default, since who gets a mail is much of what is compared."""


def mask(capture: Capture, *, rules: tuple[MaskRule, ...] = DEFAULT, key: bytes = b"") -> Capture:
    """Return a capture without personal data: what was asked, and what the control did.

    Cookies and authorisation are masked whatever the rules. Masking twice changes nothing.

    Args: key: a secret, for example derived from Django's; the same one for everything that is compared.
    """
    masker = _Masker(rules, key)
    asked = capture.asked
    masked = masker.request(asked) if isinstance(asked, RecordedRequest) else masker.call(asked)
    return replace(capture, asked=masked, control=masker.observation(capture.control))


def mask_observation(
    observation: Observation, *, rules: tuple[MaskRule, ...] = DEFAULT, key: bytes = b""
) -> Observation:
    """Return an observation without personal data; with the key of a capture it compares with its control."""
    return _Masker(rules, key).observation(observation)


class _Masker:
    """Masks with one set of rules and one key."""

    def __init__(self, rules: tuple[MaskRule, ...], key: bytes) -> None:
        self._names = tuple(rule.name for rule in rules if rule.name)
        self._looks = {rule.look for rule in rules if rule.look}
        self._key = key

    def request(self, asked: RecordedRequest) -> RecordedRequest:
        body = self._body(asked.body, _content_type(asked.headers))
        principal = None if asked.principal is None else self._value(dict(asked.principal))
        headers = self._headers(asked.headers, body)
        return replace(asked, target=self._url(asked.target), headers=headers, body=body, principal=principal)

    def call(self, asked: RecordedCall) -> RecordedCall:
        return replace(asked, body=self._value(asked.body))

    def observation(self, seen: Observation) -> Observation:
        body = self._body(seen.body, _content_type(seen.headers))
        effects = None if seen.effects is None else self._effects(seen.effects)
        return replace(seen, headers=self._headers(seen.headers, body), body=body, effects=effects)

    def _effects(self, effects: Effects) -> Effects:
        return replace(
            effects,
            rows=tuple(replace(row, values=self._value(row.values)) for row in effects.rows),
            mails=tuple(map(self._mail, effects.mails)),
            messages=tuple(replace(each, body=self._value(each.body)) for each in effects.messages),
            refused=tuple(map(self._looked, effects.refused)),
        )

    def _mail(self, mail: MailSent) -> MailSent:
        return replace(
            mail,
            sender=self._looked(mail.sender),
            recipients=tuple(map(self._looked, mail.recipients)),
            subject=self._looked(mail.subject),
            text=self._text(mail.text),
            html=self._html(mail.html),
        )

    def _headers(self, headers: Headers, body: bytes) -> Headers:
        return tuple((name, self._header(name.lower(), value, body)) for name, value in headers)

    def _header(self, name: str, value: str, body: bytes) -> str:
        if name == "content-length":
            return str(len(body))
        if name == "cookie":
            return "; ".join(self._cookie(part.strip()) for part in value.split(";"))
        if name == "set-cookie":
            first, semicolon, rest = value.partition(";")
            return f"{self._cookie(first)}{semicolon}{rest}"
        if name in {"location", "content-location", "referer"}:
            return self._url(value)
        if name in {"authorization", "proxy-authorization"} or self._is_secret(name):
            return self._masked(value)
        return self._looked(value)

    def _cookie(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        return f"{name}{equals}{self._masked(value)}"

    def _url(self, url: str) -> str:
        try:
            parts = urlsplit(url)
        except ValueError:
            return self._looked(url)
        query = self._form(parts.query) if parts.query else ""
        return self._looked(parts._replace(query=query).geturl())

    def _form(self, text: str) -> str:
        pairs = parse_qsl(text, keep_blank_values=True)
        masked = [(name, self._field(name, value)) for name, value in pairs]
        return text if masked == pairs else urlencode(masked)

    def _field(self, name: str, value: str) -> str:
        return self._masked(value) if self._is_secret(name) else self._looked(value)

    def _body(self, body: bytes, content_type: str) -> bytes:
        """Mask a body that is text; a picture has nothing that could be found."""
        kind = content_type.split(";", maxsplit=1)[0].strip().lower()
        if kind == "multipart/form-data":
            return self._multipart(body, content_type)
        reader = self._reader(kind)
        if reader is None:
            return body
        try:
            text = body.decode()
        except UnicodeDecodeError:
            text = body.decode("latin-1")  # keeps every byte
            return reader(text).encode("latin-1", "replace")
        return reader(text).encode()

    def _reader(self, kind: str) -> Callable[[str], str] | None:
        if kind == "application/x-www-form-urlencoded":
            return self._form
        if kind == "application/json" or kind.endswith("+json"):
            return self._json
        if kind in {"text/html", "application/xhtml+xml"}:
            return self._html
        return self._text if kind.startswith("text/") or kind.endswith(("xml", "javascript")) else None

    def _json(self, text: str) -> str:
        try:
            value = json.loads(text)
            masked = self._value(value)
        except (ValueError, RecursionError):
            return self._text(text)
        return text if masked == value else json.dumps(masked, ensure_ascii=False)

    def _value(self, value: Any, name: str = "") -> Any:
        if isinstance(value, Mapping):
            return {key: self._value(each, str(key)) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(each, name) for each in value]
        if isinstance(value, str):
            return self._field(name, value)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and (self._is_secret(name) or self._looked(str(value)) != str(value)):
            return self._masked(str(value))
        return value

    def _html(self, text: str) -> str:
        return self._text(_INPUT.sub(self._input, text))

    def _input(self, found: re.Match[str]) -> str:
        values = {each[1].lower(): each for each in _ATTRIBUTE.finditer(found[0])}
        words = {name: next(filter(None, each.groups()[1:]), "") for name, each in values.items()}
        is_secret = words.get("type", "").lower() == "password" or self._is_secret(words.get("name", ""))
        if not is_secret or not words.get("value"):
            return found[0]
        start, end = values["value"].span()
        return f'{found[0][:start]}value="{self._masked(words["value"])}"{found[0][end:]}'

    def _text(self, text: str) -> str:
        """Mask what a text says of secrets, `csrfToken = "…"`, and what looks like one."""
        return self._looked(_SAID.sub(self._said, text))

    def _said(self, found: re.Match[str]) -> str:
        name, between, quote, value = found.groups()
        return f"{name}{between}{quote}{self._masked(value)}{quote}" if self._is_secret(name) else found[0]

    def _multipart(self, body: bytes, content_type: str) -> bytes:
        found = re.search(r'boundary="?([^";,]{1,200})', content_type)
        if not found:
            return body
        separator = b"--" + found[1].strip().encode("latin-1", "replace")
        return separator.join(map(self._part, body.split(separator)))

    def _part(self, part: bytes) -> bytes:
        head, blank, content = part.partition(b"\r\n\r\n")
        name = _PART_NAME.search(head)
        if not blank or not name or b"filename=" in head:
            return part
        value = content.removesuffix(b"\r\n").decode("utf-8", "surrogateescape")
        masked = self._field(name[1].decode("utf-8", "replace"), value)
        ending = b"\r\n" if content.endswith(b"\r\n") else b""
        return head + blank + masked.encode("utf-8", "surrogateescape") + ending

    def _looked(self, text: str) -> str:
        if Look.CARD in self._looks:
            text = _CARD.sub(lambda found: self._masked(found[0]) if is_card(found[0]) else found[0], text)
        if Look.EMAIL in self._looks:
            text = _EMAIL.sub(self._address, text)
        return text

    def _address(self, found: re.Match[str]) -> str:
        address = found[0]
        return address if address.startswith(_PREFIX) else f"{self._masked(address.lower())}@masked.invalid"

    def _is_secret(self, name: str) -> bool:
        word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("-", "_").lower()
        return any(fnmatchcase(word, pattern) for pattern in self._names)

    def _masked(self, value: str) -> str:
        """Return the mask of a value: of its length within bounds, so that it still looks like a token."""
        if not value or value.startswith(_PREFIX):
            return value
        shortest, longest = _LENGTHS
        digest = hmac.new(self._key, value.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
        return f"{_PREFIX}{digest}"[: max(shortest, min(len(value), longest))]


def is_card(text: str) -> bool:
    """Tell whether a text is a card number by its length and its check digit.

    Source: ISO/IEC 7812-1, annex B (Luhn).
    """
    digits = [int(character) for character in text if character.isdecimal()]
    if len(digits) not in _CARD_DIGITS or not any(digits):
        return False
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]  # noqa: PLR2004 - two digits become their sum
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _content_type(headers: Headers) -> str:
    return next((value for name, value in headers if name.lower() == "content-type"), "")
