"""Durations as people type them: `90s`, `30m`, `2h`, `1d`."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str) -> timedelta:
    """Return the duration that *text* says; raises ArgumentTypeError for anything else."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if match is None or not int(match[1]):
        raise ArgumentTypeError(f"{text!r} is no duration such as 90s, 30m, 2h or 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def format_duration(duration: timedelta | None) -> str:
    """Return what a person reads: `1d 2h`, `3m 4s`, `0.2 s`; nothing for None."""
    if duration is None:
        return ""
    seconds = max(duration.total_seconds(), 0)
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86_400)
    if days:
        return f"{days}d {hours % 24}h"
    return f"{hours}h {minutes % 60}m" if hours else f"{minutes}m {int(seconds % 60)}s"
