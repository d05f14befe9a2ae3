"""How deep the tool works for certain: what the sensor says over half a metre of way, less what it may be wrong by.

A reading has a part that scatters anew each time and a slow part that no averaging removes. The ground is as deep as
the lesser of two means, over the last half metre and over the last tenth of a second: the first for the slow part of
the scatter, the second so that a short hollow under the tool is not averaged away. Less the bias that depth readings by
hand found, and k_depth times the scatter of such a mean.

The reading is held against the tool's height in the same frame: over flat ground they add up to nothing, over a crest
or through a dip to what the tilt tells.
"""

import math
from typing import Final

import msgspec

from firmware_bridge.types import ControllerStatus
from vehicle.config.depth_margin import FAST_READINGS, SLOW_SHARE, withheld_m
from vehicle.config.vehicle import MachineConfig, MissionConfig

MEAN_WAY_M: Final = 0.5
STEP_M: Final = 0.05
"""The half metre is kept in steps of so much way."""
HOLLOW_SIGMAS: Final = 4.0
SETTLED_M: Final = 0.05
"""Way after which the long mean counts; a tool that was just lowered has none yet."""
WANDER_TICKS: Final = 50
DUE_M: Final = 0.02
"""Withheld in addition while a depth reading is due: what a reading itself is worth (rod and straight edge)."""
CONTRADICTS_SOON_M, SOON_WAY_M = 0.08, 1.0
"""Depth and height of the same frames apart by so much over a metre of way: nothing is credited meanwhile."""
CONTRADICTS_M, LONG_WAY_M = 0.06, 5.0
"""And by so much over five metres: the sensor or the arm is wrong, whatever the ground."""
CURVE_WAY_M: Final = 2.0


class Depth(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The depth of one pass. `steps`: way and mean reading of whole steps, the newest last; `fast`: newest readings.

    `way_m`, `sum_m`, `count`: the step under way. `step_m2`: mean square of the difference of two readings that follow
    each other, twice the variance of what scatters. `apart_soon_m`, `apart_m`: depth and height against each other over
    a metre and over five; `apart_way_m`: how far that was looked at. `curve_1pm`: how the tilt changes with the way.
    """

    steps: tuple[tuple[float, float], ...] = ()
    fast: tuple[float, ...] = ()
    way_m: float = 0.0
    sum_m: float = 0.0
    count: int = 0
    step_m2: float = 0.0
    apart_soon_m: float = 0.0
    apart_m: float = 0.0
    apart_way_m: float = 0.0
    curve_1pm: float = 0.0
    pitch_rad: float = math.nan
    sigma_m: float = math.inf


def step(before: Depth, status: ControllerStatus, pitch_rad: float, way_m: float, machine: MachineConfig) -> Depth:
    """One status further, `way_m` (forward, m) after the one before. A reading that is no number ends the pass."""
    reading_m = status.depth_m
    if not math.isfinite(reading_m + status.depth_sigma_m):
        return Depth(apart_soon_m=before.apart_soon_m, apart_m=before.apart_m, apart_way_m=before.apart_way_m)
    way_m = max(0.0, way_m)
    difference_m = reading_m - before.fast[-1] if before.fast else 0.0
    step_m2 = before.step_m2 + (difference_m * difference_m - before.step_m2) / WANDER_TICKS
    steps, travelled_m, sum_m, count = before.steps, before.way_m + way_m, before.sum_m + reading_m, before.count + 1
    if travelled_m >= STEP_M:
        steps = (*steps, (travelled_m, sum_m / count))[-math.ceil(MEAN_WAY_M / STEP_M) :]
        travelled_m, sum_m, count = 0.0, 0.0, 0
    curve = _curve(before, pitch_rad, way_m)
    # Over a crest of curvature c the ground at the tool lies c x ahead^2 / 2 below the plane under the tracks.
    apart_m = reading_m + status.tool_height_m + 0.5 * machine.tool.ahead_m**2 * curve
    known = math.isfinite(apart_m)
    return Depth(
        steps=steps,
        fast=(*before.fast, reading_m)[-FAST_READINGS:],
        way_m=travelled_m,
        sum_m=sum_m,
        count=count,
        step_m2=step_m2,
        apart_soon_m=_followed(before.apart_soon_m, apart_m, way_m / SOON_WAY_M) if known else before.apart_soon_m,
        apart_m=_followed(before.apart_m, apart_m, way_m / LONG_WAY_M) if known else before.apart_m,
        apart_way_m=before.apart_way_m + way_m,
        curve_1pm=curve,
        pitch_rad=pitch_rad if math.isfinite(pitch_rad) else before.pitch_rad,
        sigma_m=status.depth_sigma_m,
    )


def _curve(before: Depth, pitch_rad: float, way_m: float) -> float:
    change_rad = pitch_rad - before.pitch_rad
    if way_m <= 0.0 or not math.isfinite(change_rad):
        return before.curve_1pm
    share = min(1.0, way_m / CURVE_WAY_M)
    return (1.0 - share) * before.curve_1pm + change_rad / CURVE_WAY_M


def _followed(mean: float, value: float, share: float) -> float:
    return mean + min(1.0, share) * (value - mean)


def lifted(before: Depth) -> Depth:
    """The tool left the ground: the next pass has means of its own; what contradicts stays contradicted."""
    kept = (before.apart_soon_m, before.apart_m, before.apart_way_m)
    return Depth(apart_soon_m=kept[0], apart_m=kept[1], apart_way_m=kept[2])


def mean_m(depth: Depth) -> float:
    """The lesser of the long and the short mean; NaN before the first reading.

    A reading that dips further than its sigma can explain is a hollow, and counts by itself.
    """
    if not depth.fast:
        return math.nan
    fast_m = min(sum(depth.fast) / len(depth.fast), depth.fast[-1] + HOLLOW_SIGMAS * depth.sigma_m)
    ways_m = weighed_m2 = 0.0
    for way, mean in depth.steps:
        ways_m += way
        weighed_m2 += way * mean
    if ways_m < SETTLED_M:
        return min(fast_m, depth.sum_m / depth.count) if depth.count and depth.way_m > 0.0 else fast_m
    return min(fast_m, weighed_m2 / ways_m)


def seen_sigma_m(depth: Depth) -> float:
    """The sensor's own sigma, or what its readings scatter by if that is more."""
    white_m = math.sqrt(0.5 * depth.step_m2)
    return max(depth.sigma_m, white_m / math.sqrt(1.0 - SLOW_SHARE**2))


def proven_m(depth: Depth, mission: MissionConfig, bias_m: float) -> float:
    """Depth that may be claimed; NaN where nothing was read."""
    return mean_m(depth) - withheld_m(mission, seen_sigma_m(depth), bias_m, len(depth.fast))


def doubtful(depth: Depth) -> bool:
    """Depth and height of the same frames do not go together over the last metre."""
    return not abs(depth.apart_soon_m) <= CONTRADICTS_SOON_M


def contradicts(depth: Depth) -> bool:
    """Nor over five metres: no ground explains that."""
    return not abs(depth.apart_m) <= CONTRADICTS_M
