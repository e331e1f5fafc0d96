"""Single values: texts, numbers, URLs."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from strangler.core.comparison._identities import Claim, Role, family_of, role_of
from strangler.core.comparison._noise import explain
from strangler.core.comparison.difference import Kind
from strangler.core.comparison.rules import Action, Rule, seconds_of

if TYPE_CHECKING:
    from strangler.core.comparison._context import Context
    from strangler.core.comparison._places import Path

_INDEX = re.compile(r"\[\d+\]")
_TIME_NAME = re.compile(
    r"(?:.*[_-])?(?:at|time|timestamp|ts|exp|iat|expires|created|updated|modified|date|now)", re.IGNORECASE
)
_EPOCH = range(1_000_000_000, 4_100_000_000)
_MOMENT = re.compile(r"\d{10,13}(?:\.\d{1,9})?")
_MAX_TRANSFORMED = 10_000


def compare_value(context: Context, path: Path, control: Any, candidate: Any) -> None:
    """Compare two scalars of a document."""
    if control == candidate and type(control) is type(candidate):
        note_same(context, path, control)
        return
    control, candidate = transformed(context, path, control), transformed(context, path, candidate)
    if _kind(control) != _kind(candidate):
        context.add(Kind.TYPE, path, control, candidate)
    elif isinstance(control, str):
        _compare_text(context, path, control, candidate)
    elif control != candidate and not (control != control and candidate != candidate):  # noqa: PLR0124 - NaN
        _compare_number(context, path, control, candidate)


def note_same(context: Context, path: Path, value: Any) -> None:
    """Remember a key that is equal on both sides: it must not stand for another one elsewhere."""
    if isinstance(value, str):
        if "-" in value or "/" in value or len(value) >= 32:  # noqa: PLR2004 - a UUID without its hyphens
            context.identities.texts.append(value)
    elif type(value) is int and role_of(name_of(path)) is Role.THING:
        context.identities.same[family_at(path)].add(value)


def name_of(path: Path) -> str:
    """Return the name of the field at the end of a path; indexes have none."""
    for step in reversed(path):
        if not _INDEX.fullmatch(step):
            return step.removeprefix("@")
    return ""


def family_at(path: Path) -> str:
    """Return the family of a key in the field at the end of a path."""
    names = [step.removeprefix("@") for step in path if not _INDEX.fullmatch(step)]
    above = names[-2] if len(names) > 1 and names[-2] not in {"$", "body", "insert", "update"} else ""
    if len(names) > 2 and names[-2] in {"insert", "update"}:  # noqa: PLR2004 - effects.rows.TABLE.insert.COLUMN
        above = names[-3]
    return family_of(names[-1] if names else "", above=above)


def _compare_text(context: Context, path: Path, control: str, candidate: str) -> None:
    if control == candidate:
        return
    if _is_url(control) and _is_url(candidate):
        compare_url(context, path, control, candidate)
    else:
        _explain_text(context, path, control, candidate)


def _explain_text(context: Context, path: Path, control: str, candidate: str) -> None:
    noise = context.noise(path)
    are_numbers = "time" in noise and _MOMENT.fullmatch(control) and _MOMENT.fullmatch(candidate)
    if are_numbers and _are_moments(path, float(control), float(candidate), noise["time"]):
        return
    claims = explain(control, candidate, name=name_of(path), noise=noise)
    if claims is None:
        context.add(Kind.VALUE, path, control, candidate)
    elif claims:
        context.suspect(Kind.VALUE, path, control, candidate, claims=_named(path, claims))


def _named(path: Path, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """Give a lone number in a text field its role by the field's name: `"id": "1007"`, `value="1007"`."""
    role = role_of(name_of(path))
    if len(claims) != 1 or claims[0].role is not Role.MENTION or role is None:
        return claims
    return (Claim(role=role, family=family_at(path), pair=claims[0].pair),)


def compare_url(
    context: Context, path: Path, control: str, candidate: str, *, is_host_compared: bool = True
) -> None:
    """Compare two URLs: host, path and fragment as texts, each parameter of the query by its name."""
    try:
        one, two = urlsplit(control), urlsplit(candidate)
    except ValueError:
        _explain_text(context, path, control, candidate)
        return
    if is_host_compared:
        whole = one._replace(query="").geturl(), two._replace(query="").geturl()
    else:
        whole = (
            one._replace(scheme="", netloc="", query="").geturl(),
            two._replace(scheme="", netloc="", query="").geturl(),
        )
    if whole[0] != whole[1]:
        _explain_text(context, path, *whole)
    else:
        note_same(context, path, whole[0])
    _compare_query(context, path, one.query, two.query)


def _compare_query(context: Context, path: Path, control: str, candidate: str) -> None:
    one, two = _parameters(control), _parameters(candidate)
    for name in {**one, **two}:
        place = (*path, f"?{name}")
        if name not in two:
            context.add(Kind.MISSING, place, ", ".join(one[name]))
        elif name not in one:
            context.add(Kind.EXTRA, place, None, ", ".join(two[name]))
        elif one[name] != two[name] and name not in {"v", "_"}:
            values = ", ".join(one[name]), ", ".join(two[name])
            compare_value(context, place, *values)


def _parameters(query: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True)[:200]:
        found.setdefault(name, []).append(value)
    return found


def _is_url(text: str) -> bool:
    return text.startswith(("/", "http://", "https://", "?")) and not re.search(r"\s", text[:2_000])


def _compare_number(context: Context, path: Path, control: Any, candidate: Any) -> None:
    if any(_is_near(rule, control, candidate) for rule in context.rules_for(Action.TOLERANCE, path)):
        return
    noise = context.noise(path)
    if (
        "float" in noise
        and float in {type(control), type(candidate)}
        and _are_last_digits(control, candidate)
    ):
        return
    if "any" in noise or ("time" in noise and _are_moments(path, control, candidate, noise["time"])):
        return
    claims: tuple[Claim, ...] = ()
    if type(control) is int and type(candidate) is int and min(control, candidate) >= 0 and "ids" in noise:
        role = role_of(name_of(path)) or Role.MENTION
        claims = (Claim(role=role, family=family_at(path), pair=(str(control), str(candidate))),)
    context.suspect(Kind.VALUE, path, control, candidate, claims=claims)


def _are_last_digits(control: float, candidate: float) -> bool:
    try:
        return math.isclose(control, candidate)
    except OverflowError:
        return False


def _is_near(rule: Rule, control: float, candidate: float) -> bool:
    number = rule.arguments[0]
    try:
        if number.endswith("%"):
            return math.isclose(control, candidate, rel_tol=float(number[:-1]) / 100)
        return math.isclose(control, candidate, rel_tol=0, abs_tol=float(number) * (1 + 1e-9))
    except OverflowError:
        return False


def _are_moments(path: Path, control: float, candidate: float, window: tuple[str, ...]) -> bool:
    """Tell whether two numbers are seconds or milliseconds since 1970, in a field named after a time, and near."""
    if not _TIME_NAME.fullmatch(name_of(path)):
        return False
    for unit in (1, 1_000):
        if all(_EPOCH[0] * unit <= value <= _EPOCH[-1] * unit for value in (control, candidate)):
            return abs(control - candidate) <= seconds_of("".join(window)) * unit
    return False


def _kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(type(value).__name__)
    return "number" if isinstance(value, int | float) else "text"


def transformed(context: Context, path: Path, value: Any) -> Any:
    """Return a value as the rules change it before it is compared."""
    for rule in context.rules_for(Action.TRANSFORM, path):
        value = _transform(rule.arguments, value)
    return value


def _transform(arguments: tuple[str, ...], value: Any) -> Any:
    match arguments:
        case ("lower",) if isinstance(value, str):
            return value.lower()
        case ("round", digits) if isinstance(value, float):
            return round(value, int(digits[:3]))
        case ("replace", pattern, text) if isinstance(value, str):
            return re.sub(pattern, lambda _: text, value[:_MAX_TRANSFORMED]) + value[_MAX_TRANSFORMED:]
        case ("map", *pairs):
            return dict(pair.split("=", 1) for pair in pairs).get(str(value), value)
    return value
