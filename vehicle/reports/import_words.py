"""What people and other programs write about ground: teams and headings in plain synonyms; never guessed."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Final

from vehicle.contracts.errors import InputError
from vehicle.reports.import_times import apart, is_clock, is_moment, most_exact, span_checked, where
from vehicle.reports.imported import TEAMS, Layer
from vehicle.reports.reserved import reserved_word
from vehicle.reports.spreadsheet import plain_heading

TEXT_MAX: Final = 500
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "layer": ("layer",),
    "team": ("team", "teamtype"),
    "who": ("who", "teamleader", "leader", "responsible"),
    "when": ("when", "date", "day", "datetime", "searchdate", "dateofsearch", "timestamp", "time"),
    "method": ("method", "procedure", "technique"),
    "result": ("result", "results", "findings", "outcome"),
}
"""Fact -> headings under which other programs keep it, in the form of `plain_heading`."""
TEAM_WORDS: Final = {
    "mdd": "dog", "mine detection dog": "dog", "mine detection rat": "rat", "manual": "deminer",
    "metal detector": "detector", "mechanical": "machine",
}  # fmt: skip
"""Other words of the field for teams."""
PAPER_HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "authority": ("authority", "issuedby", "issuer", "issuingauthority"),
    "number": ("documentnumber", "documentno", "docnumber", "docno", "numberofdocument", "releasenumber"),
    "date": (
        "date", "day", "when", "datetime", "timestamp", "documentdate", "docdate", "dateofdocument", "releasedate",
        "dateofrelease", "issuedate", "dateofissue",
    ),
    "person": ("person", "who", "signedby", "signer", "signatory", "responsible"),
    "category": ("category", "releasecategory", "landreleasecategory", "categoryofrelease"),
}  # fmt: skip
"""The same for the facts of a document of the authority."""
PAPER_NUMBER: Final = "number"
"""Heading of the document's number, unless another column is headed as such: then it is the polygon's own."""
_TIMES: Final = ("when", "date")


def said_in(place: str, fields: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    """Return the facts of a row: from its fields, or from the command line for all rows; "" where nobody says it.

    Raises:
        InputError: Two columns, or the file and the command line, say different things.
    """
    facts = {}
    for name, headings in HEADINGS.items():
        told = _told(name, headings, fields, said)
        if name == "when":
            told = span_checked(place, fields, told)
        _check_one(place, name, told, "correct one, or leave one out")
        facts[name] = most_exact(told.values()) if name == "when" else next(iter(told.values()), "")
    return facts


def check_paper(place: str, fields: Mapping[str, str], said: Mapping[str, str]) -> None:
    """Check what a row says of its document. Raises InputError if the command line says something else."""
    own = any(plain_heading(key) in PAPER_HEADINGS["number"] and value.strip() for key, value in fields.items())
    for name, headings in PAPER_HEADINGS.items():
        known = (*headings, PAPER_NUMBER) if name == "number" and not own else headings
        advice = (
            f"correct one, import what is of another document with that one, or rename a column that is of no {name}"
        )
        _check_one(place, name, _told(name, known, fields, said), advice)


def _told(name: str, headings: Iterable[str], fields: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    """Return all that file and command line say of a fact: where -> text."""
    told = {where(key): value for key, value in fields.items() if plain_heading(key) in headings}
    if name in _TIMES:
        told = {key: value for key, value in told.items() if not is_clock(value)}
    told |= {f"--{name}": said[name]} if name in said else {}
    return {key: value.strip() for key, value in told.items() if value.strip()}


def _check_one(place: str, name: str, told: Mapping[str, str], advice: str) -> None:
    """Check that all say one thing. Raises InputError if two of them differ."""
    values = {_compared(name, value): key for key, value in told.items()}
    pair = apart(told) if name in _TIMES else tuple(values.values())[:2] if len(values) > 1 else None
    if pair is not None:
        first, second = pair
        raise InputError(
            f"{place}: {name} is {told[first][:40]!r} by {first}, and {told[second][:40]!r} by {second}; {advice}"
        )


def _compared(name: str, value: str) -> str:
    if name == "team":
        return team_word(value)
    plain = " ".join(value.casefold().split())
    if name == "category":
        return plain.replace("canceled", "cancelled")
    return plain if name in ("layer", *PAPER_HEADINGS) else value


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
    if not any(map(str.isalnum, value)) or is_moment(value):
        raise InputError(f"{place}: {name} is {value[:40]!r}, which is nobody's name; write who it was")


def check_words(place: str, name: str, value: str) -> None:
    """Raise InputError if a text uses a word of the authority's documents, such as *cleared*."""
    if word := reserved_word(value):
        raise InputError(
            f"{place}: {name} says {word!r}: only a document of the authority may use this word (ledger release); "
            "write what the team did and found"
        )
