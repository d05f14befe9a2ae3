"""The sum rules of a report: the areas and times that its page prints add up, read from the page as people read it."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from vehicle.reports.facts import JobFacts
from vehicle.reports.words import THIN

_CELL: Final = re.compile(r"<td[^>]*>(.*?)</td>")
ROUND_M2: Final = 0.005
"""Each printed area is rounded to two decimals."""
ROUND_S: Final = 0.5
LEFT: Final = "Not processed, why, and what must follow"


def rows(page: str, title: str) -> list[list[str]]:
    """Return the cells of the table under a heading, as HTML; no rows if the page has no such table."""
    start = page.find(f">{title}</h")
    if start < 0:
        return []
    part = page[start : page.find("<h2", start + 1) if page.find("<h2", start + 1) > 0 else len(page)]
    if "<tbody>" not in part:
        return []
    body = part[part.index("<tbody>") : part.index("</tbody>")]
    return [_CELL.findall(row) for row in body.split("<tr>")[1:]]


def number(cell: str) -> float:
    """Return the figure of a cell; `<0.01` stands for less than half of it."""
    return 0.5 * float(cell.removeprefix("&lt;")) if cell.startswith("&lt;") else float(cell.replace(THIN, ""))


def seconds(cell: str) -> int:
    """Return the seconds of a cell such as `0:12:17, 35.8 %`."""
    hours, minutes, rest = cell.split(",", maxsplit=1)[0].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(rest)


def broken_sums(facts: JobFacts, page: str) -> tuple[str, ...]:
    """Return the sums of a report in English that do not add up, in words; none if all do."""
    found, balance = facts.found, rows(page, "Balance")
    value = {re.sub(r"<[^>]*>", "", row[0]): number(row[1]) for row in balance}
    area_m2, processed_m2, missed_m2 = (
        value.get(name, 0.0) for name in ("Work area without keep-outs", "Processed to the required depth", "Missed")
    )
    left_m2 = area_m2 - processed_m2
    lots, runs, depths = (
        rows(page, name) for name in ("Lots for sampling", "Runs and days", "Depth of processed ground")
    )
    pieces = rows(page, LEFT)
    missed = [number(row[2]) for row in pieces if row[0][:1] in "M0123456789"]
    whole = [amount for name, amount in value.items() if not name.startswith(("of the", "beyond", "Work area"))]
    return tuple(
        _apart(
            (
                ("balance", whole, area_m2),
                ("balance against the record", [area_m2], found.area_m2),
                ("processed against the record", [processed_m2], found.processed_m2),
                ("depths", [number(row[1]) for row in depths], processed_m2),
                ("lots", [number(row[6]) for row in lots], processed_m2),
                ("runs", [*_before_m2(page), *(number(row[5]) for row in runs)], processed_m2 if facts.runs else 0.0),
                ("missed pieces", missed, missed_m2),
                ("pieces that are not processed", [number(row[2]) for row in pieces], left_m2),
            )
        )
    ) + tuple(_times(facts, page))


def _before_m2(page: str) -> list[float]:
    """Return the area of runs before those of the report, where the page tells one."""
    return [number(told) for told in re.findall(r"m², and (\S+) m² of runs before these", page)]


def _apart(sums: Iterable[tuple[str, list[float], float]]) -> Iterator[str]:
    """Yield the sums that are further from their whole than rounding explains."""
    for name, parts, whole in sums:
        if abs(sum(parts) - whole) > ROUND_M2 * (len(parts) + 1) + 1e-6:
            yield f"{name}: {sum(parts):.3f} of {whole:.3f} m2"


def _times(facts: JobFacts, page: str) -> Iterator[str]:
    hours = rows(page, "Hours")
    told_s = sum(seconds(row[1]) for row in hours)
    if hours and abs(told_s - facts.time_s) > ROUND_S * len(hours) + 2.0:
        yield f"hours: {told_s} of {facts.time_s:.1f} s"
    stops = rows(page, "Stops")
    told = re.search(r"Stops in all: (\d+); ([^.]*)\.", page)
    if told is not None:
        counts = [int(count) for count in re.findall(r"(\d+)x", told[2])]
        if not len(stops) == int(told[1]) == sum(counts):
            yield f"stops: {len(stops)} rows, {told[1]} told, {sum(counts)} by reason"
