"""How the discs of turns are drawn: one decision for the planner, for planning the rest and for ways.

GEOS draws a circle with chords inside it, so a disc is drawn larger than it is, and covers the exact one. What it is
larger by is lost: with few chords up to a twentieth of the radius, 12 cm for a large machine. Where the ground outside
is unknown, a disc must fit between a row along the edge and the rim of what may be opened, and there it is drawn with
more chords.
"""

import math
from typing import Any

import msgspec
import shapely


class Arcs(msgspec.Struct, frozen=True, kw_only=True):
    """`chords`: to a quarter circle. `inside`: least distance of a chord from the middle, per drawn radius."""

    chords: int
    inside: float


def arcs_of(chords: int) -> Arcs:
    """Return arcs of so many chords to a quarter circle: GEOS stretches one chord to at most one and a half of them."""
    return Arcs(chords=chords, inside=math.cos(1.5 * math.pi / (4.0 * chords)))


def _looser(chords: int) -> Arcs:
    """Return arcs with a bound that is larger than it has to be; plans of sites with safe ground outside rest on it."""
    return Arcs(chords=chords, inside=math.cos(math.pi / (4.0 * chords)) * 0.97)


COARSE, OF_CORNERS = _looser(4), _looser(8)
FINE = arcs_of(12)
"""With a slack of 6 cm a place chosen for a turn stays free when the ground is drawn again: see `test_discs`."""


def arcs_for(outside: str) -> Arcs:
    """Return the arcs of all discs on a site; `outside`: what its ground outside is."""
    return FINE if outside == "unknown" else COARSE


def drawn_radius_m(radius_m: float, arcs: Arcs) -> float:
    """Radius [m] to draw, so that the chords lie outside the exact circle."""
    return radius_m / arcs.inside


def round_buffer(geometry: Any, radius_m: float, arcs: Arcs) -> Any:
    """Return a buffer that contains the exact one."""
    return shapely.buffer(geometry, drawn_radius_m(radius_m, arcs), quad_segs=arcs.chords)
