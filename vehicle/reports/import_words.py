"""What people and other programs write about ground: teams, headings, times, in plain synonyms; never guessed."""

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from vehicle.contracts.errors import InputError
from vehicle.host.utc import EPOCH
from vehicle.reports.imported import TEAMS, Layer
from vehicle.reports.reserved import reserved_word
from vehicle.reports.spreadsheet import plain_heading

TEXT_MAX: Final = 500
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "layer": ("layer",),
    "team": ("team", "teamtype"),
    "who": ("who", "teamleader", "leader", "responsible"),
    "when": ("when", "date", "day", "datetime", "searchdate", "dateofsearch"),
    "method": ("method", "procedure", "technique"),
    "result": ("result", "results", "findings", "outcome"),
}
"""Fact -> headings under which other programs keep it, in the form of `plain_heading`."""
TEAM_WORDS: Final = {
    "mdd": "dog", "mine detection dog": "dog", "mine detection rat": "rat", "manual": "deminer",
    "metal detector": "detector", "mechanical": "machine",
}  # fmt: skip
"""Other words of the field for teams."""
_DAY: Final = r"(?P<y>\d{4})[-/](?P<m>\d\d)[-/](?P<d>\d\d)|(?P<d2>\d\d?)\.(?P<m2>\d\d?)\.(?P<y2>\d{4})"
_MOMENT: Final = re.compile(rf"(?:{_DAY})(?:[T ]+(?P<time>\d.*))?", re.IGNORECASE)
_EPOCH_MS: Final = re.compile(r"\d{13}")
"""Milliseconds since 1970 in UTC, as ArcGIS writes a date into GeoJSON; thirteen digits are 2001 to 2286."""
_ADVICE: Final = "write a day, 2026-11-30, or a time with its zone, 2026-11-30T14:05:00Z"


def said_in(place: str, fields: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    """Return the facts of a row: from its fields, or from the command line for all rows; "" where nobody says it.

    Raises:
        InputError: Two columns, or the file and the command line, say different things.
    """
    facts = {}
    for name, headings in HEADINGS.items():
        told = {f"column {key}": value for key, value in fields.items() if plain_heading(key) in headings}
        told |= {f"--{name}": said[name]} if name in said else {}
        told = {where: value.strip() for where, value in told.items() if value.strip()}
        values = {_compared(name, value): where for where, value in told.items()}
        if len(values) > 1:
            first, second, *_ = values.values()
            raise InputError(
                f"{place}: {name} is {told[first][:40]!r} by {first}, and {told[second][:40]!r} by {second}; "
                "correct one, or leave one out"
            )
        facts[name] = next(iter(told.values()), "")
    return facts


def _compared(name: str, value: str) -> str:
    if name == "team":
        return team_word(value)
    if name == "when":
        try:
            return str(_read(value))
        except ValueError:
            return value
    return value.casefold() if name == "layer" else value


def team_word(text: str) -> str:
    """Return a team's name as this program writes it, or the text itself in lower case."""
    plain = " ".join(re.findall(r"\w+", text.casefold()))
    plain = plain.removesuffix("s").removesuffix(" team").removesuffix("s")
    return TEAM_WORDS.get(plain, plain) or text


def layer_of(place: str, facts: Mapping[str, str]) -> tuple[Layer, str]:
    """Return layer and team. Raises InputError if the team is not known, or makes another layer."""
    team, layer = team_word(facts["team"]), facts["layer"].casefold()
    options = f"say --team {' | '.join(TEAMS)}"
    if not facts["team"]:
        raise InputError(f"{place}: says no team, and there is no column team; {options}")
    if team not in TEAMS:
        raise InputError(f"{place}: team {facts['team'][:40]!r} is not known{_near(team, TEAMS)}; {options}")
    if layer and layer not in list(Layer):
        raise InputError(
            f"{place}: layer {layer[:40]!r} is not known{_near(layer, list(Layer))}; there are: {', '.join(Layer)}"
        )
    if layer and layer != TEAMS[team]:
        raise InputError(
            f"{place}: a {team} makes the {TEAMS[team]} layer, but the layer given is {layer}; correct one of them"
        )
    return TEAMS[team], team


def _near(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]}?)" if close else ""


def check_text(place: str, name: str, value: str) -> None:
    """Check what people say of ground. Raises InputError if it is missing, no line of text, or a reserved word."""
    if len(value) > TEXT_MAX:
        raise InputError(
            f"{place}: {name} has {len(value):,} letters, {TEXT_MAX} is the most; write a shorter line, in the file or "
            f"with --{name}"
        )
    if not value.strip() or not value.isprintable():
        shown = f"is {value[:40]!r}" if value.strip() else "is not said"
        raise InputError(f"{place}: {name} {shown}; write one line of text, in the file or with --{name}")
    check_words(place, name, value)


def check_named(place: str, name: str, value: str) -> None:
    """Check a text that names a person, a team or an authority. Raises InputError if it is a day, or signs alone."""
    if not any(map(str.isalnum, value)) or _MOMENT.fullmatch(value.strip()):
        raise InputError(f"{place}: {name} is {value[:40]!r}, which is nobody's name; write who it was")


def check_words(place: str, name: str, value: str) -> None:
    """Raise InputError if a text uses a word of the authority's documents, such as *cleared*."""
    if word := reserved_word(value):
        raise InputError(
            f"{place}: {name} says {word!r}: only a document of the authority may use this word (ledger release); "
            "write what the team did and found"
        )


def _read(text: str) -> date | datetime:
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
        found = _read(text)
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
    return shown


def day(place: str, text: str, now: datetime) -> str:
    """Return a day as 2026-11-30. Raises InputError as `moment`, and for a time of day, which a zone may move."""
    found = moment(place, text, now)
    if "T" in found:
        raise InputError(f"{place}: {text[:40]!r} is a time; write the day alone, 2026-11-30")
    return found
