"""Parts of the report's page: tables, notes, places, times. Cells are HTML; the caller escapes their text."""

import math
import re
from collections.abc import Sequence
from html import escape
from typing import Final

from vehicle.reports.facts import JobFacts
from vehicle.reports.times import utc_text

_TAG: Final = re.compile(r"<[^>]*>")
_LONG: Final = re.compile(r"[^\s]{25,}")
"""A word that a column would have to be made wider for than a page: its cell may break it anywhere."""


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], note: str = "", level: int = 2) -> str:
    """Return a section with a table; heads that end with a unit in brackets align right; `note` follows the title."""
    numeric = [_TAG.sub("", head).endswith("]") for head in heads]
    classes = [" class='n'" if is_number else "" for is_number in numeric]
    head = "".join(f"<th{kind}>{text}</th>" for text, kind in zip(heads, classes, strict=True))
    body = "".join(
        "<tr>" + "".join(_cell(cell, kind) for cell, kind in zip(row, classes, strict=True)) + "</tr>" for row in rows
    )
    told = f"<p class='note'>{note}</p>" if note else ""
    return f"<h{level}>{title}</h{level}>{told}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(cell: str, kind: str) -> str:
    if not kind and _LONG.search(_TAG.sub(" ", cell)):
        kind = " class='long'"
    return f"<td{kind}>{cell}</td>"


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` letters, with an ellipsis where it was cut."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def section(title: str, body: str) -> str:
    """Return a section: a heading and its content."""
    return f"<h2>{title}</h2>{body}"


def note(text: str) -> str:
    """Return a paragraph in small print."""
    return f"<p class='note'>{text}</p>"


def picture(png_base64: str, alt: str, kind: str = "") -> str:
    """Return a picture embedded in the page."""
    return f"<img class='{kind}' alt='{escape(alt)}' src='data:image/png;base64,{png_base64}'>"


def not_stated(facts: JobFacts) -> str:
    """Return the cell for a value that nobody stated."""
    return f"<span class='soft'>{facts.words('stated.none')}</span>"


def stated(facts: JobFacts, text: str | None) -> str:
    """Return a text for a cell, or "not stated"."""
    return escape(text) if text else not_stated(facts)


def heads_of(facts: JobFacts, section: str, *names: str) -> list[str]:
    """Return the heads of a table, from the texts `section.head.NAME`."""
    return [facts.words(f"{section}.head.{name}") for name in names]


def time_head(facts: JobFacts) -> str:
    """Return the head of a time column: UTC if it is known."""
    return facts.words("head.utc" if facts.zero_us is not None else "head.time")


def counted(facts: JobFacts, counts: Sequence[tuple[str, int]]) -> str:
    """Return names, which are HTML, with the number of times each occurs."""
    return ", ".join(facts.words("list.times", what=name, count=count) for name, count in counts)


def place(facts: JobFacts, point_m: tuple[float, float]) -> str:
    """Return latitude and longitude of a point, to 1 cm."""
    lat_deg, lon_deg, _ = facts.plan.datum.geodetic_from_enu(*point_m)
    return f"<span class='whole'>{lat_deg:.7f}, {lon_deg:.7f}</span>"


def moment(facts: JobFacts, t_s: float) -> str:
    """Return UTC, `2026-05-04 08:00:06`, if known; else the time since the start of the recording."""
    if facts.zero_us is None:
        return f"<span class='whole'>+{clock_s(t_s)}</span>"
    words = utc_text(facts.zero_us + round(t_s * 1e6)).removesuffix("Z").replace("T", " ")
    return f"<span class='whole'>{words}</span>"


def hour(facts: JobFacts, t_s: float) -> str:
    """Return UTC without the day, `08:00:06`, if known; else the time since the start of the recording."""
    if facts.zero_us is None:
        return moment(facts, t_s)
    return utc_text(facts.zero_us + round(t_s * 1e6))[11:19]


def clock(time_s: float) -> str:
    """Return hours and minutes, 1:05."""
    minutes = math.floor(time_s / 60.0 + 0.5)
    return f"{minutes // 60}:{minutes % 60:02d}"


def clock_s(time_s: float) -> str:
    """Return hours, minutes and seconds, 1:05:09."""
    seconds = math.floor(time_s + 0.5)
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def bars(rows: Sequence[tuple[str, float, str]]) -> list[list[str]]:
    """Return rows of label, value as text, and a bar of that length."""
    most = max((value for _, value, _ in rows), default=0.0) or 1.0
    return [
        [label, text, f"<span class='bar' style='width:{100.0 * value / most:.1f}%'></span>"]
        for label, value, text in rows
    ]
