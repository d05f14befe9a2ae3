"""The colours of every map, read from `palette.json`: one table for the operator's screen and for the report.

A leaf: nothing of the report is imported, so that the console's server reads it without drawing anything.
`benchmarks/palette.py` measures how far apart the colours are for every kind of eye.
"""

from importlib.resources import files
from typing import Final

import msgspec

Colours = dict[str, str]
"""Name of a class of ground to "#RRGGBB"."""


class Theme(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One theme of the screen. `outside`: ground that nobody drew; `way`: the planned line ahead of the machine."""

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
    """`marks`: ink of the pattern over a class that has one (hatch, dots)."""

    themes: dict[str, Theme]
    marks: Colours
    report: ReportColours


def palette_bytes() -> bytes:
    """The file as the page reads it (JSON)."""
    return (files("vehicle.reports") / "palette.json").read_bytes()


PALETTE: Final = msgspec.json.decode(palette_bytes(), type=Palette)
