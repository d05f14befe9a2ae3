"""Days and times as people and other programs write them into files of others; what may be misread is refused."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from vehicle.contracts.errors import InputError
from vehicle.host.utc import EPOCH
from vehicle.reports.spreadsheet import plain_heading

FIRST_YEAR: Final = 1990
"""Mine action as the standards know it began about then: an earlier day is a slip of the pen."""
FIRSTS: Final = ("begin", "timespanbegin", "timestampbegin", "startdate", "begindate", "datestart", "datefrom")
LASTS: Final = ("end", "timespanend", "timestampend", "enddate", "dateend", "dateto")
"""Headings of the first and the last day of a search, in the form of `plain_heading`."""
_DAY: Final = r"(?P<y>\d{4})[-/](?P<m>\d\d)[-/](?P<d>\d\d)|(?P<d2>\d\d?)\.(?P<m2>\d\d?)\.(?P<y2>\d{4})"
_MOMENT: Final = re.compile(rf"(?:{_DAY})(?:[T ]+(?P<time>\d.*))?", re.IGNORECASE)
_CLOCK: Final = re.compile(r"\d\d?:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:[ap]m|z|[+-]\d\d:?\d\d)?", re.IGNORECASE)
_MONTH: Final = re.compile(r"(\d{4})(?:-(\d\d))?")
"""A year or a month, as KML allows for a time."""
_EPOCH_MS: Final = re.compile(r"\d{13}")
"""Milliseconds since 1970 in UTC, as ArcGIS writes a date into GeoJSON; thirteen digits are 2001 to 2286."""
_ADVICE: Final = "write a day, 2026-11-30, or a time with its zone, 2026-11-30T14:05:00Z"


def is_moment(text: str) -> bool:
    """Return whether a text has the form of a day or time."""
    return _MOMENT.fullmatch(text.strip()) is not None


def is_clock(text: str) -> bool:
    """Return whether a text is a time of day alone, which stands beside a day."""
    return _CLOCK.fullmatch(text.strip()) is not None


def where(key: str) -> str:
    """Return how messages name a field: the elements of KML by themselves, all others as columns."""
    return key if key.startswith("<") else f"column {key}"


def fields_of_time(key: str, text: str) -> dict[str, str]:
    """Return the fields of a time in KML: a TimeStamp of a year or month is a span, with a begin and an end."""
    if plain_heading(key) != "timestamp" or not _MONTH.fullmatch(text):
        return {key: text}
    return {f"{key} {bound}": text for bound in ("begin", "end")}


def apart(told: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the keys of two days or times that are not the same; None if there are none.

    A day and a time on it are the same: one only says more. So are two times in different zones that are one moment.
    """
    found = {key: _same(text) for key, text in told.items()}
    keys = list(found)
    for place, first in enumerate(keys):
        for second in keys[place + 1 :]:
            if _differ(found[first], found[second]):
                return first, second
    return None


def _differ(one: date | datetime | str, other: date | datetime | str) -> bool:
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one != other
    if isinstance(one, str) or isinstance(other, str):
        return one != other
    return _day_of(one) != _day_of(other)


def _day_of(found: date | datetime) -> date:
    return found.date() if isinstance(found, datetime) else found


def _same(text: str) -> date | datetime | str:
    try:
        return read(text)
    except ValueError:
        return text.strip()


def most_exact(texts: Iterable[str]) -> str:
    """Return the text that says most of texts that are not apart: a time with its zone, else a day; "" of none."""
    found = list(texts)
    zoned = [text for text in found if isinstance(at := _same(text), datetime) and at.tzinfo is not None]
    days = [text for text in found if not isinstance(_same(text), datetime)]
    return next(iter((*zoned, *days, *found)), "")


def span_checked(place: str, fields: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """Return what is told of the day of a search, with a span of one day in the file, such as a KML TimeSpan.

    Raises:
        InputError: The file says a span in which what is told does not lie, or that is not one day and nothing is told.
    """
    firsts = {where(key): value for key, value in fields.items() if plain_heading(key) in FIRSTS and value.strip()}
    lasts = {where(key): value for key, value in fields.items() if plain_heading(key) in LASTS and value.strip()}
    span = {key: _bounds(place, key, value) for key, value in (firsts | lasts).items()}
    if not span:
        return dict(told)
    shown = " and ".join(f"{(firsts | lasts)[key].strip()[:40]!r} by {key}" for key in span)
    first = max((span[key][0] for key in firsts), default=date.min)
    last = min((span[key][1] for key in lasts), default=date.max)
    if first > last:
        raise InputError(f"{place}: the search ended before it began: {shown}; correct one")
    for key, text in told.items():
        at = _same(text)
        if not isinstance(at, str) and not first <= _day_of(at) <= last:
            raise InputError(f"{place}: when is {text[:40]!r} by {key}, but {shown}; correct one, or leave one out")
    if not told and first != last:
        raise InputError(f"{place}: is no single day ({shown}); say the day on which the search ended with --when")
    return dict(told) or {next(iter(span)): first.isoformat()}


def _bounds(place: str, key: str, text: str) -> tuple[date, date]:
    """Return first and last day of a text, which may also be a year or a month, as in KML."""
    text = text.strip()
    try:
        if found := _MONTH.fullmatch(text):
            last_month = date(int(found[1]), int(found[2] or 12), 1)
            after = (last_month + timedelta(days=31)).replace(day=1)
            return last_month if found[2] else last_month.replace(month=1), after - timedelta(days=1)
        day_told = _day_of(read(text))
    except (ValueError, OverflowError):
        raise InputError(f"{place}: {key} {text[:40]!r} is no day and no time; {_ADVICE}") from None
    return day_told, day_told


def check_since(place: str, told: date) -> None:
    """Raise InputError for a day on which nobody can have worked here, because its year is a slip of the pen."""
    if told.year < FIRST_YEAR:
        raise InputError(f"{place}: {told.isoformat()} lies before {FIRST_YEAR}; correct the year")


def read(text: str) -> date | datetime:
    """Return a day, or a time. Raises ValueError if it is none."""
    text = text.strip()
    if _EPOCH_MS.fullmatch(text):
        return EPOCH + timedelta(milliseconds=int(text))
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day = (int(found[key] or found[f"{key}2"]) for key in "ymd")
    the_day = date(year, month, day)
    return the_day if found["time"] is None else datetime.fromisoformat(f"{the_day}T{found['time'].upper().strip()}")


def moment(place: str, text: str, now: datetime) -> str:
    """Return a day unchanged as 2026-11-30, or a time with zone converted to UTC.

    Raises:
        InputError: It is neither, has no zone, or lies in the future.
    """
    if not text.strip():
        raise InputError(f"{place}: says no day, and there is no column when; {_ADVICE}, or say --when")
    try:
        found = read(text)
        if isinstance(found, datetime):
            if found.tzinfo is None:
                raise InputError(f"{place}: time {text.strip()[:40]!r} has no zone; {_ADVICE}")
            found, latest = found.astimezone(UTC), now
            at, shown = found, found.strftime("%Y-%m-%dT%H:%M:%SZ")
        else:
            at, shown = datetime(found.year, found.month, found.day, tzinfo=UTC), found.isoformat()
            latest = now + timedelta(hours=14)  # the zone in which a day begins first
    except (ValueError, OverflowError):
        order = "; which is the month?" if re.match(r"\d\d?/\d\d?/\d{4}", text.strip()) else ""
        raise InputError(f"{place}: {text[:40]!r} is no day and no time{order}; {_ADVICE}") from None
    if at > latest:
        raise InputError(f"{place}: {shown} lies in the future; correct it, or this computer's clock")
    check_since(place, at.date())
    return shown


def day(place: str, text: str, now: datetime) -> str:
    """Return a day as 2026-11-30. Raises InputError as `moment`, and for a time of day, which a zone may move."""
    found = moment(place, text, now)
    if "T" in found:
        raise InputError(f"{place}: {text[:40]!r} is a time; write the day alone, 2026-11-30")
    return found
