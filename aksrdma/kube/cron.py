"""Cron schedules as the CronJob controller reads them.

Source: github.com/robfig/cron/v3@v3.0.1, ParseStandard, and validateScheduleFormat of kubernetes v1.34.2.
"""

from __future__ import annotations

import re
from typing import Final

_MONTH_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS: Final = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_DAYS: Final = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_FIELDS: Final[tuple[tuple[str, int, int, dict[str, int]], ...]] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
)
_DESCRIPTORS: Final = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_DURATION: Final = re.compile(r"[-+]?(?:0|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+\Z", re.ASCII)
_NUMBER: Final = re.compile(r"\+?[0-9]{1,18}\Z", re.ASCII)
_ZONE_PART: Final = re.compile(r"(?!-)[A-Za-z.\-_0-9+]{1,14}\Z", re.ASCII)


def schedule_problem(schedule: str) -> str | None:
    """Say why a schedule is refused, or None."""
    if "TZ" in schedule:
        return "names a time zone, which belongs into timeZone"
    if schedule.startswith("@"):
        if schedule in _DESCRIPTORS or (schedule.startswith("@every ") and _DURATION.match(schedule[7:])):
            return None
        return f"is none of {', '.join(sorted(_DESCRIPTORS))} and @every with a duration"
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        return f"has {len(fields)} fields, not 5 (minute, hour, day of month, month, day of week)"
    for text, (name, low, high, words) in zip(fields, _FIELDS, strict=True):
        # An empty part is passed over: the parser splits a field at its commas with strings.FieldsFunc.
        if not all(_is_range(part, low, high, words) for part in text.split(",") if part):
            return f"has {text!r} as {name}, which is not within {low}-{high}"
    return None


def _is_range(part: str, low: int, high: int, words: dict[str, int]) -> bool:
    span, slash, step = part.partition("/")
    start, dash, end = span.partition("-")
    if "/" in step or "-" in end or (slash and not _NUMBER.match(step)) or (slash and int(step) == 0):
        return False
    if start in ("*", "?"):
        return True
    first = _number(start, words)
    last = _number(end, words) if dash else high if slash else first  # 5/15 is 5-59/15
    return first is not None and last is not None and low <= first <= last <= high


def _number(text: str, words: dict[str, int]) -> int | None:
    if (value := words.get(text.lower())) is not None:
        return value
    return int(text) if _NUMBER.match(text) else None


def time_zone_problem(zone: str) -> str | None:
    """Say why the name of a time zone is refused for its form, or None; whether it exists is not looked up."""
    if zone.casefold() == "local":
        return "is not the name of a time zone of the IANA data base"
    if ".." not in zone and all(part != "." and _ZONE_PART.match(part) for part in zone.split("/")):
        return None
    return "is not the name of a time zone"
