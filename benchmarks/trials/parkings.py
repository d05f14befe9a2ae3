"""A shift with parkings, the parts that need no run: the person's sticks along a way, the figures, the truth's gaps."""

import math
from typing import Final

import msgspec
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from sim.truth import GroundTruth
from vehicle.contracts.geometry import along_cross_m
from vehicle.contracts.plan import Segment, SegmentKind
from vehicle.contracts.units import wrap_rad

AIM_M: Final = 3.0
"""The person aims at a place on the line so far ahead."""
SLOWS_M, THERE_M = 2.5, 0.15
"""Slows down from here, and lets the stick go there, before the end of a straight piece."""
SLOWS_RAD, TURNED_RAD = math.radians(25.0), math.radians(3.0)
LEAST_STICK: Final = 0.2
Place = tuple[float, float, float]
"""East, north [m], yaw [rad]."""


class Part(msgspec.Struct):
    """What one part of the shift took. `time_s`: of its ticks; `stick_m`: driven in MANUAL or RECOVERY."""

    time_s: float = 0.0
    presses: int = 0
    stops: int = 0
    stick_m: float = 0.0


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """A driven shift. `unasked`: stops that nobody asked for; `bare_s`: tracks in motion on ground nobody worked."""

    credited_m2: float
    parkings: int
    work: Part
    ways: Part
    bay: Part
    unasked: int
    bare_s: float
    false_m2: float
    missed_m2: float
    missed_truth_m2: float


def due_m2(area_m2: float, parkings: int) -> tuple[float, ...]:
    """Credited area at which the machine goes to the parking [m2]: evenly over the field, none at its end."""
    return tuple(area_m2 * (number + 1) / (parkings + 1) for number in range(parkings))


def figures(shift: Shift, bay_min: float) -> dict[str, float]:
    """The shift in figures; `bay_min`: minutes that people take in the parking bay, by their own table."""
    driven_h = (shift.work.time_s + shift.ways.time_s) / 3600.0
    with_bay_h = driven_h + shift.parkings * bay_min / 60.0
    visits = max(1, shift.parkings)
    way_min = shift.ways.time_s / 60.0 / visits
    parts = (shift.work, shift.ways, shift.bay)
    return {
        "parkings": shift.parkings,
        "m2": shift.credited_m2,
        "m2 per hour, bay left out": shift.credited_m2 / driven_h if driven_h else 0.0,
        "m2 per hour, bay included": shift.credited_m2 / with_bay_h if with_bay_h else 0.0,
        "minutes of a way there and back": way_min,
        "full stops": sum(part.stops for part in parts),
        "full stops nobody asked for": shift.unasked,
        "presses": sum(part.presses for part in parts),
        "presses of a visit": (shift.ways.presses + shift.bay.presses) / visits,
        "metres by stick": sum(part.stick_m for part in parts),
        "tracks on unworked ground, s": shift.bare_s,
        "false credit, m2": shift.false_m2,
        "missed by the record, m2": shift.missed_m2,
        "missed by the truth, m2": shift.missed_truth_m2,
    }


def good(found: dict[str, float], parkings: int) -> bool:
    """Every parking was visited, the field finished, and nothing falsely credited or missed."""
    zero = ("false credit, m2", "missed by the record, m2", "missed by the truth, m2")
    return found["parkings"] == parkings and all(found[name] == 0.0 for name in zero)


def sticks(segment: Segment, here: Place, most: float) -> tuple[float, float] | None:
    """Where a person puts the sticks on a piece of the way: drive and turn, -1 to 1; None once it is driven.

    `here`: what the map showed when the person looked. `most`: furthest that the person puts the drive stick.
    """
    if segment.kind is SegmentKind.TURN:
        return _turning(wrap_rad(segment.yaw_end_rad - here[2]))
    backwards = segment.kind is SegmentKind.REVERSE
    course = segment.yaw_start_rad + (math.pi if backwards else 0.0)
    along_m, cross_m = along_cross_m(here[:2], segment.points_m[0], course)
    left_m = math.dist(segment.points_m[0], segment.points_m[-1]) - along_m
    if left_m <= THERE_M:
        return None
    points = wrap_rad(here[2] + (math.pi if backwards else 0.0))
    wanted = wrap_rad(course - math.atan2(cross_m, AIM_M) - points)
    turn = max(-1.0, min(1.0, wanted / SLOWS_RAD))
    drive = min(most, max(LEAST_STICK, most * left_m / SLOWS_M))
    return (-drive if backwards else drive), turn


def _turning(left_rad: float) -> tuple[float, float] | None:
    """Where the turn stick is; None once the machine points there."""
    if abs(left_rad) <= TURNED_RAD:
        return None
    turn = max(LEAST_STICK, min(1.0, abs(left_rad) / SLOWS_RAD))
    return 0.0, math.copysign(turn, left_rad)


def missed_truth_m2(asked: BaseGeometry, truth: GroundTruth, cell_m: float) -> float:
    """Area of the whole cells of `asked` [ENU, m] that the true tool did not work, whatever the record says [m2]."""
    west_m, south_m, east_m, north_m = asked.bounds
    columns = np.arange(math.floor(west_m / cell_m), math.ceil(east_m / cell_m))
    rows = np.arange(math.floor(south_m / cell_m), math.ceil(north_m / cell_m))
    shapely.prepare(asked)
    grid = shapely.contains_xy  # all four corners of a cell lie within a shape without slots narrower than a cell
    east, north = np.meshgrid(columns * cell_m, rows * cell_m)
    inside = grid(asked, east, north) & grid(asked, east + cell_m, north)
    inside &= grid(asked, east, north + cell_m) & grid(asked, east + cell_m, north + cell_m)
    column0, row0, cells = truth.cells()
    across, up = np.meshgrid(columns - column0, rows - row0)
    known = (across >= 0) & (up >= 0) & (across < cells.shape[1]) & (up < cells.shape[0])
    worked = np.zeros(inside.shape, np.bool_)
    worked[known] = cells[up[known], across[known]]
    return float(np.count_nonzero(inside & ~worked)) * cell_m**2
