"""The colours of every map, read from `palette.json`: one table for the operator's screen and for the report.

This module imports no other part of the report, so that the console's server can use it without the drawing code.
`benchmarks/palette.py` measures how distinct the colours are, also with colour blindness.
"""

from importlib.resources import files
from typing import Final

import msgspec

Colours = dict[str, str]
"""Class of ground -> "#RRGGBB"."""


class Theme(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One theme of the screen.

    `outside`: ground outside the drawn site; `way`: the planned line ahead of the machine.
    """

    outside: str
    grid: str
    ink: str
    paper: str
    machine: str
    way: str
    map: Colours


class ReportColours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The printed map: classes of ground, and missed ground by reason."""

    ground: Colours
    gaps: Colours


class Palette(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`marks`: colour of the pattern (hatch, dots) of a class that has one."""

    themes: dict[str, Theme]
    marks: Colours
    report: ReportColours


def palette_bytes() -> bytes:
    """Return the file as the page reads it (JSON)."""
    return (files("vehicle.reports") / "palette.json").read_bytes()


PALETTE: Final = msgspec.json.decode(palette_bytes(), type=Palette)
