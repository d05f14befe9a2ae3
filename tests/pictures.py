"""Pictures and PDF are most of what a plan or a report costs: they stay blank where no test looks at them.

A plan of a small field takes half a second, and two thirds of that is its picture; a report takes a second, two and a
half with its PDF, and a tenth of one without either. All is laid out as ever, only the last step is left out. A test
that looks at what is drawn is marked `draws`; all tests of other rooms draw.
"""

import base64
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOMS = ("tests/flailpilot/", "tests/planning/", "tests/records/", "tests/reports/")
"""Rooms whose tests write plans and reports for other reasons than to look at them."""
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
"""One pixel."""
PDF = b"%PDF-1.7\n%%EOF\n"


class Now:
    """Whether the test that runs looks at pictures."""

    drawn = True


def begin(item: pytest.Item) -> None:
    """Before each test, and before the fixtures that it asks for."""
    Now.drawn = not item.nodeid.startswith(ROOMS) or item.get_closest_marker("draws") is not None
    if not Now.drawn:
        install()


@cache
def install() -> None:
    """Once in a process, by the first test that does not look."""
    from matplotlib.figure import Figure  # noqa: PLC0415  costs half a second

    from vehicle.reports.pdf import pdf_of  # noqa: PLC0415

    save = Figure.savefig

    def saved(figure: Figure, place: Any, **options: Any) -> None:
        if Now.drawn:
            save(figure, place, **options)
        elif hasattr(place, "write"):
            place.write(PNG)
        else:
            Path(place).write_bytes(PNG)

    def sheets(page: str) -> bytes:
        return pdf_of(page) if Now.drawn else PDF

    for_good = pytest.MonkeyPatch()
    for_good.setattr(Figure, "savefig", saved)
    for_good.setattr("vehicle.reports.results.pdf_of", sheets)
