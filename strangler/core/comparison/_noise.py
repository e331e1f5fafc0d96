"""Noise inside texts: what is cut out, and whether two things that were cut out say the same.

A text becomes a skeleton and its tokens. Two texts of one skeleton differ only in their tokens, and each kind of
token knows what is the same: a UUID for a UUID, a time for a time nearby, a key for a key (see `_identities`).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from strangler.core.comparison._identities import Claim, Role, singular
from strangler.core.comparison._times import TIME, seconds_between
from strangler.core.comparison.rules import seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

_HEX = "[0-9a-fA-F]"
_FILES = "css|js|mjs|map|png|jpe?g|gif|svg|webp|ico|woff2?|ttf"
_NAMES_OF_TOKENS = (
    r"csrf|xsrf|nonce|token|session|signature|\bsid\b|otp|code_challenge|request[-_]?id|trace[-_]?id|"
    r"correlation[-_]?id|message[-_]?id|amz[-_](?:credential|date)"
)
_KINDS = {
    "password": r"\b(?:pbkdf2_sha256|pbkdf2_sha1|argon2|bcrypt_sha256|bcrypt|scrypt)\$[\w$./+=,-]+",
    "jwt": r"\beyJ[\w-]{5,1000}\.eyJ[\w-]{5,1000}\.[\w-]{10,200}",
    "signed": r"(?::|%3A)[A-Za-z0-9]{6}(?::|%3A)[\w-]{27,86}",
    "reset": rf"\b[0-9a-z]{{5,7}}-{_HEX}{{32}}\b",
    "uuid": rf"\b{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\b|\b{_HEX}{{12}}[1-8]{_HEX}{{3}}[89abAB]{_HEX}{{15}}\b",
    "time": TIME,
    "static": rf"\.{_HEX}{{8,32}}(?=\.(?:{_FILES})\b)|(?<=[?&]v=)[\w.-]+|(?<=[?&]_=)\d+",
    "suffix": r"_(?=[A-Za-z0-9]{0,6}[0-9A-Z])(?=[0-9A-Z]{0,6}[A-Za-z])[A-Za-z0-9]{7}(?=\.\w{2,5}\b)",
    "nonce": r"(?<=nonce-)[\w+/=-]{12,}",
    "named": rf"(?i:(?:{_NAMES_OF_TOKENS})[\w-]{{0,40}}[\"']?\s{{0,4}}[:=]\s{{0,4}}[\"']?)[\w+/=.-]{{16,}}",
    "key": r"(?<=/)\d{1,18}(?=[/?#\s\"'<.]|$)",
    "number": r"(?<![\d.,:])\d{1,18}(?!\d|[.,:]\d)",
}
_TOKENS = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()))
_RULE_OF = {
    "jwt": "signed", "reset": "token", "suffix": "static", "nonce": "token", "named": "token",
    "key": "ids", "number": "ids",
}  # fmt: skip
_IDENTITIES = {"key", "number", "uuid"}
_TOKEN_NAME = re.compile(_NAMES_OF_TOKENS, re.IGNORECASE)
_OPAQUE = re.compile(r"[\w+/=.:~%-]{16,}")
_LENGTHS_ALIKE = 1.5
_RUNNING_CLAIMS = {"exp", "iat", "nbf", "jti"}
_MAX_TEXT = 100_000
_REMEMBERED = 2_000

Noise = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Token:
    """Something that was cut out of a text: its kind, its text, and the word before it."""

    kind: str
    text: str
    before: str


def cut(text: str) -> tuple[str, tuple[Token, ...]]:
    """Return the skeleton of a text and the tokens that were cut out of it."""
    if len(text) > _MAX_TEXT:
        return text, ()
    return _remembered(text) if len(text) < _REMEMBERED else _cut(text)


def _cut(text: str) -> tuple[str, tuple[Token, ...]]:
    pieces, tokens, end = [], [], 0
    for found in _TOKENS.finditer(text):
        kind = found.lastgroup or ""
        pieces.append(text[end : found.start()])
        # A hash in a file's name may be absent on one side, anything else leaves a hole.
        pieces.append("" if kind in {"suffix", "static"} and found[0][0] in "._" else f"\0{kind}\0")
        if pieces[-1]:
            tokens.append(Token(kind, found[0], text[max(0, found.start() - 30) : found.start()]))
        end = found.end()
    return "".join((*pieces, text[end:])), tuple(tokens)


_remembered = lru_cache(maxsize=4_000)(_cut)


def skeleton(text: str) -> str:
    """Return what is left of a text when its noise is cut out."""
    return cut(text)[0]


def keys_of(control: list[str], candidate: list[str]) -> tuple[list[Hashable], list[Hashable]]:
    """Return what the entries of two lists are matched by: their texts without noise.

    Keys of rows are noise only if they are new, so that numbers and UUIDs that stand on both sides are kept.
    """
    cuts = [[cut(text) for text in side] for side in (control, candidate)]
    found = [
        {token.text for _, tokens in side for token in tokens if token.kind in _IDENTITIES} for side in cuts
    ]
    common = found[0] & found[1]
    keys: list[list[Hashable]] = [
        [
            (rest, tuple(token.text if token.text in common else "" for token in tokens))
            for rest, tokens in side
        ]
        for side in cuts
    ]
    return keys[0], keys[1]


def explain(control: str, candidate: str, *, name: str, noise: Noise) -> tuple[Claim, ...] | None:
    """Return the claims under which two different texts say the same; None if they never do.

    Args:
        name: of the field where they stand.
        noise: kinds that are allowed there, with their arguments.
    """
    if "any" in noise or ("token" in noise and are_tokens(control, candidate, name=name)):
        return ()
    (rest, tokens), (other_rest, other_tokens) = cut(control), cut(candidate)
    if rest != other_rest or len(tokens) != len(other_tokens) or ("static" not in noise and not tokens):
        return None
    claims: list[Claim] = []
    for one, two in zip(tokens, other_tokens, strict=True):
        if one.text == two.text:
            continue
        found = _explain_token(one, two, noise=noise) if _RULE_OF.get(one.kind, one.kind) in noise else None
        if found is None:
            return None
        claims += found
    return tuple(claims)


def are_tokens(control: str, candidate: str, *, name: str) -> bool:
    """Tell whether two texts are random ones in a place that is named after a token."""
    if not _TOKEN_NAME.search(name):
        return False
    if not (_OPAQUE.fullmatch(control) and _OPAQUE.fullmatch(candidate)):
        return False
    short, long = sorted((len(control), len(candidate)))
    return long <= short * _LENGTHS_ALIKE


def _explain_token(one: Token, two: Token, *, noise: Noise) -> list[Claim] | None:
    """Return the claims under which two tokens of one kind say the same; None if they never do."""
    if one.kind == "time":
        apart = seconds_between(one.text, two.text)
        return [] if apart is not None and apart <= seconds_of("".join(noise["time"])) else None
    if one.kind == "uuid":
        return [Claim(role=Role.UUID, family="", pair=(one.text.lower(), two.text.lower()))]
    if one.kind in {"key", "number"}:
        return [_key(one, two)]
    essence = _ESSENCES.get(one.kind)
    return [] if essence is None or essence(one.text) == essence(two.text) else None


def _key(one: Token, two: Token) -> Claim:
    word = re.findall(r"[A-Za-z_-]+", one.before)
    family = singular(word[-1].strip("_-")) if word else ""
    role = Role.THING if one.kind == "key" else Role.MENTION
    return Claim(role=role, family=family, pair=(str(int(one.text)), str(int(two.text))))


def keys_in(text: str) -> list[tuple[str, int]]:
    """Return the keys in the URLs of a text, each with its family."""
    return [(_key(token, token).family, int(token.text)) for token in cut(text)[1] if token.kind == "key"]


def uuids_in(text: str) -> list[str]:
    """Return the UUIDs in a text."""
    return [token.text.lower() for token in cut(text)[1] if token.kind == "uuid"]


def _algorithm(text: str) -> list[str]:
    return text.split("$")[:2]


def _name_part(text: str) -> str:
    return re.split(r"[:=]", text, maxsplit=1)[0]


def _said_by(text: str) -> object:
    part = text.split(".")[1]
    try:
        said = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return text
    if not isinstance(said, dict):
        return said
    return {name: value for name, value in said.items() if name not in _RUNNING_CLAIMS}


_ESSENCES: dict[str, Callable[[str], object]] = {
    "password": _algorithm,
    "jwt": _said_by,
    "named": _name_part,
}
"""What must be the same in two tokens of a kind; for the others nothing."""
