"""Times in texts: which forms are known, and how far two of the same form are apart."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]{0,6}\.?"
_CLOCK = r"(?:\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?:\s?[ap]\.?m\.?)?|\d{1,2}\s[ap]\.m\.|midnight|noon)"
_ZONE = r"(?:\s?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\b)?"

ISO = rf"\b\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?{_ZONE}"
COMPACT = r"\b\d{8}T\d{6}Z?\b"
WORDS = (
    rf"\b(?:{_MONTH}\s\d{{1,2}},\s\d{{4}}|\d{{1,2}}\.?[\s-]{_MONTH}[\s-]\d{{4}})(?:,|\sat)?\s{_CLOCK}{_ZONE}"
)
NUMBERS = rf"\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}},?\s{_CLOCK}{_ZONE}"
ALONE = r"(?<![\d:])(?:\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?:\s?[ap]\.?m\.?)?|\d{1,2}\s[ap]\.m\.)(?![\d:])"
AGO = r"\b(?:(?:a|an|\d+)\s(?:second|minute)s?\sago|just\snow|now)\b"

TIME = rf"(?:{ISO}|{COMPACT}|{WORDS}|{NUMBERS}|{AGO}|{ALONE})"
"""Regular expression of every form that is known."""

_PARTS = re.compile(rf"(?P<clock>{_CLOCK})(?P<zone>{_ZONE})$", re.IGNORECASE)
_HALF_DAY = 43_200
_DAY = 86_400
_LAST_DAY = 31


def seconds_between(control: str, candidate: str) -> float | None:
    """Return how far two times are apart, in seconds; None if they are of different forms, or none at all."""
    one, two = _read(control), _read(candidate)
    if one is None or two is None or one[0] != two[0]:
        return None
    apart = abs(one[1] - two[1])
    # A clock without a date has no day: one minute to midnight is near one minute past it.
    return min(apart, _DAY - apart) if one[0] == "clock" and apart > _HALF_DAY else apart


def _read(text: str) -> tuple[str, float] | None:
    """Return form and seconds of a time; the form has the zone, so that another one is another form."""
    if text.endswith(("ago", "now")):
        return "ago", _ago(text)
    if re.fullmatch(COMPACT, text):
        return _seconds("compact", text.rstrip("Z"), "%Y%m%dT%H%M%S", zone="Z")
    found = _PARTS.search(text)
    if not found:
        return None
    clock, zone = _clock(found["clock"]), _zone(found["zone"])
    if clock is None or zone is None:
        return None
    before = text[: found.start()].strip(" T,")
    return _with_date(before, clock, zone, found["zone"].strip())


def _with_date(before: str, clock: timedelta, zone: timezone, written: str) -> tuple[str, float] | None:
    if not before:
        return "clock", clock.total_seconds()
    day = _date(before)
    if day is None or not _is_day(day):
        return None
    form = f"{_form(before)} {'Z' if written in {'Z', '+00:00', '+0000', 'UTC', 'GMT'} else written}"
    return form, (datetime(*day, tzinfo=zone) + clock).timestamp()


def _seconds(form: str, text: str, pattern: str, *, zone: str) -> tuple[str, float] | None:
    try:
        return f"{form} {zone}", datetime.strptime(text, pattern).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _ago(text: str) -> float:
    words = text.split()
    if len(words) < 3:  # noqa: PLR2004 - a number, a unit, and "ago"
        return 0
    number = int(words[0][:6]) if words[0].isdecimal() else 1
    return number * (60 if words[1].startswith("minute") else 1)


def _clock(text: str) -> timedelta | None:
    word = text.lower().replace(".m.", "m").replace(".m", "m")
    if word in {"midnight", "noon"}:
        return timedelta(hours=12 * (word == "noon"))
    numbers = [float(part) for part in re.findall(r"\d+(?:\.\d+)?", word)]
    hours, minutes, seconds, *_ = (*numbers, 0.0, 0.0, 0.0)
    if word.endswith(("am", "pm")):
        hours = hours % 12 + 12 * word.endswith("pm")
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _zone(text: str) -> timezone | None:
    found = re.fullmatch(r"\s?([+-])(\d\d):?(\d\d)", text)
    if not found:
        return UTC
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset) if offset < timedelta(days=1) else None


def _form(text: str) -> str:
    return re.sub(
        r"[A-Za-z]+", "a", re.sub(r"\d+", "0", text.replace(".", "") if text[0].isalpha() else text)
    )


def _date(text: str) -> tuple[int, int, int] | None:
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    if len(numbers) == 3:  # noqa: PLR2004 - year, month and day
        first, second, third = numbers
        return (first, second, third) if first > _LAST_DAY else (third, second, first)
    word = re.search(r"[A-Za-z]{3}", re.sub(r"^[A-Za-z]{3},\s", "", text))
    if len(numbers) != 2 or not word or word[0].lower() not in MONTHS:  # noqa: PLR2004 - day and year
        return None
    return numbers[1], MONTHS.index(word[0].lower()) + 1, numbers[0]


def _is_day(day: tuple[int, int, int]) -> bool:
    try:
        datetime(*day, tzinfo=UTC)
    except ValueError:
        return False
    return True
