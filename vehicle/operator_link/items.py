"""Missions of stations and what our planner knows: our plan as waypoints, swaths with the tool on as ground.

A mission that equals the vehicle's plan is that plan. Every other mission is a survey: the ground between its swaths
with the tool on is to be worked. A mission that cannot be expressed in these terms is refused with the number of the
item. For fences see `fences.py`.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from firmware_bridge.mavlink import _dialect as d
from vehicle.contracts.frames import AWAY_MAX_M, LocalFrame
from vehicle.contracts.plan import Plan, corners_and_tool
from vehicle.operator_link.transfer import Item, Refusal, finite
from vehicle.polygons.fences import polygonal

WAYPOINT, TOOL = d.MAV_CMD_NAV_WAYPOINT, d.MAV_CMD_DO_SET_CAM_TRIGG_DIST
IGNORED = frozenset({d.MAV_CMD_CONDITION_GATE, d.MAV_CMD_DO_CHANGE_SPEED, d.MAV_CMD_NAV_FENCE_RETURN_POINT})
"""Understood, and without meaning here: our planner sets speeds, and there is no return by itself."""
SWATH_SPACING_MAX_M = 20.0
BAND_M = 2.0
"""So wide is the ground of a line with no other beside it."""
PARALLEL, SAME_LINE_M, TURN_SPACINGS = 0.2, 0.05, 1.5
ROUNDING_E7 = 6
"""Some stations save six decimals of a degree."""
GLOBAL_FRAMES = frozenset({0, 3, 5, 6, 10, 11})
INVALID, UNSUPPORTED = d.MAV_MISSION_INVALID, d.MAV_MISSION_UNSUPPORTED


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What a station's mission asks for: a shapely geometry in ENU metres, the start of its first swath, its item."""

    ground: Any
    start_m: tuple[float, float]
    index: int


class RefusedError(Exception):
    """An item that cannot be represented."""

    def __init__(self, result: int, index: int, words: str) -> None:
        super().__init__(words)
        self.refusal = Refusal(result=result, index=index, text=words)


def home_of(datum: LocalFrame) -> Item:
    """Item 0 of a mission, as ArduPilot's stations know it: where all metres count from."""
    return Item(
        command=WAYPOINT,
        frame=d.MAV_FRAME_GLOBAL,
        x=round(datum.lat_deg * 1e7),
        y=round(datum.lon_deg * 1e7),
        z=datum.alt_m,
    )


# --- down: our plan as waypoints -------------------------------------------------------------------------------------
def items_of_plan(plan: Plan) -> tuple[Item, ...]:
    """HOME, then the corners of the path; before each change of the tool one item that says so."""
    steps = ((0.0, 0.0), *corners_and_tool(plan.segments))
    return tuple(_tool(down=step) if isinstance(step, bool) else _waypoint(plan.datum, step) for step in steps)


def _tool(*, down: bool) -> Item:
    return Item(command=TOOL, frame=2, params=(float(down), 0.0, 0.0, 0.0))


def _waypoint(datum: LocalFrame, point: tuple[float, float]) -> Item:
    lat_deg, lon_deg, _ = datum.geodetic_from_enu(point[0], point[1])
    return Item(command=WAYPOINT, x=round(lat_deg * 1e7), y=round(lon_deg * 1e7))


def same_path(one: Sequence[Item], other: Sequence[Item]) -> bool:
    """Equal but for item 0, which is HOME and belongs to whoever sends, and for what text files round away (6 cm)."""
    return len(one) == len(other) and all(
        mine.command == theirs.command
        and abs(mine.x - theirs.x) <= ROUNDING_E7
        and abs(mine.y - theirs.y) <= ROUNDING_E7
        and (mine.command != TOOL or (mine.params[0] > 0.0) is (theirs.params[0] > 0.0))
        for mine, theirs in zip(one[1:], other[1:], strict=True)
    )


def as_singles(items: Sequence[Item]) -> tuple[Item, ...]:
    """As a station reads them that asks for MISSION_ITEM: positions in single precision, up to a metre away."""
    return tuple(msgspec.structs.replace(item, x=_single_e7(item.x), y=_single_e7(item.y)) for item in items)


def _single_e7(value_e7: int) -> int:
    return round(float(np.float32(value_e7 / 1e7)) * 1e7)


# --- up: what a station means ----------------------------------------------------------------------------------------
def survey(items: Sequence[Item], datum: LocalFrame) -> Survey:
    """The ground of the swaths with the tool on.

    Raises:
        RefusedError: An item has no meaning here, lies elsewhere, or no ground is left to process.
    """
    swaths: list[list[tuple[float, float]]] = []
    numbers: list[int] = []
    tool_on, here, here_index = False, None, 0
    for index, item in enumerate(items):
        if index == 0 or item.command in IGNORED:
            continue
        if item.command == TOOL:
            tool_on = item.params[0] > 0.0
            if tool_on:
                swaths.append([here] if here is not None else [])
                numbers.append(here_index if here is not None else index)
        elif item.command == WAYPOINT:
            here, here_index = place(item, index, datum), index
            if tool_on:
                swaths[-1].append(here)
        else:
            raise RefusedError(UNSUPPORTED, index, f"command {item.command} is not known to this machine")
    found = [
        (number, swath) for number, swath in zip(numbers, swaths, strict=True) if len(swath) > 1 and _length(swath) > 0
    ]
    if not found:
        raise RefusedError(INVALID, max(0, len(items) - 1), "no swath with the tool on (DO_SET_CAM_TRIGG_DIST > 0)")
    lines = [shapely.LineString(swath) for _, swath in found]
    return Survey(ground=_between(lines), start_m=found[0][1][0], index=found[0][0])


def check_finite(items: Sequence[Item]) -> None:
    """Raises RefusedError for a value that is infinite, or a height that is no number."""
    for index, item in enumerate(items):
        if not finite(item):
            raise RefusedError(INVALID, index, "a value is infinite or no number")


def check_rally(items: Sequence[Item], datum: LocalFrame) -> None:
    """Raises RefusedError for what is no rally point, or lies elsewhere."""
    for index, item in enumerate(items):
        if item.command != d.MAV_CMD_NAV_RALLY_POINT:
            raise RefusedError(UNSUPPORTED, index, f"command {item.command} is no rally point")
        place(item, index, datum)


def place(item: Item, index: int, datum: LocalFrame) -> tuple[float, float]:
    """East and north of an item [m].

    Raises:
        RefusedError: no place of this planet, or too far from the datum to be meant.
    """
    lat_deg, lon_deg = item.x / 1e7, item.y / 1e7
    if item.frame not in GLOBAL_FRAMES:
        raise RefusedError(d.MAV_MISSION_UNSUPPORTED_FRAME, index, f"frame {item.frame}; send latitude and longitude")
    if abs(lat_deg) > 90.0:
        raise RefusedError(d.MAV_MISSION_INVALID_PARAM5_X, index, f"latitude {lat_deg:g}")
    if abs(lon_deg) > 180.0:
        raise RefusedError(d.MAV_MISSION_INVALID_PARAM6_Y, index, f"longitude {lon_deg:g}")
    east_m, north_m, _ = datum.enu_from_geodetic(lat_deg, lon_deg)
    if math.hypot(east_m, north_m) > AWAY_MAX_M:
        raise RefusedError(d.MAV_MISSION_INVALID_PARAM5_X, index, "more than 50 km away; swapped, or 0, 0?")
    return east_m, north_m


def _length(points: Sequence[tuple[float, float]]) -> float:
    return sum(math.dist(a, b) for a, b in itertools.pairwise(points))


def _between(swaths: list[Any]) -> Any:
    """The swaths, widened to each other: by half the usual distance to the nearest run on both sides, gaps closed.

    A swath may be one long line with its turns: some stations draw it so, because the tool stays on in between. A line
    without a run beside it is a band, and not an area around all its corners.
    """
    pieces = np.concatenate([_pieces(shapely.get_coordinates(swath)) for swath in swaths])
    runs, others = _by_course(pieces)
    spacing_m = _spacing_m(runs)
    half_m = BAND_M / 2.0 if spacing_m is None else min(spacing_m, SWATH_SPACING_MAX_M) / 2.0 + 0.01
    # a turn from one run to the next is no ground of its own
    turns = np.hypot(*(others[:, 1] - others[:, 0]).T) <= (TURN_SPACINGS * spacing_m if spacing_m is not None else 0.0)
    lines = shapely.linestrings(np.concatenate([runs, others[~turns]]))
    grown = shapely.union_all(shapely.buffer(lines, half_m, cap_style="flat"))
    return polygonal(grown.buffer(half_m / 2.0, join_style="mitre").buffer(-half_m / 2.0, join_style="mitre"))


def _pieces(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Straight pieces (n, 2, 2) of a line."""
    return np.stack((corners[:-1], corners[1:]), axis=1)


def _by_course(pieces: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Pieces that run as the longest one does, which comes first; and the others."""
    ways = pieces[:, 1] - pieces[:, 0]
    lengths = np.hypot(*ways.T)
    order = np.argsort(-lengths, kind="stable")
    order = order[lengths[order] > 0.0]
    units = ways[order] / lengths[order, None]
    parallel = np.abs(units[:, 0] * units[0, 1] - units[:, 1] * units[0, 0]) < PARALLEL
    return pieces[order[parallel]], pieces[order[~parallel]]


def _spacing_m(runs: npt.NDArray[np.float64]) -> float | None:
    """Usual distance across from a run to the nearest other one beside it; None where none is beside another."""
    lines, middles = shapely.linestrings(runs), runs.mean(axis=1)
    way = runs[0, 1] - runs[0, 0]
    offsets = middles @ np.array([-way[1], way[0]]) / np.hypot(*way)
    one, other = shapely.STRtree(lines).query(shapely.points(middles), "dwithin", distance=SWATH_SPACING_MAX_M)
    apart_m = np.abs(offsets[one] - offsets[other])
    beside = apart_m > SAME_LINE_M
    nearest = [apart_m[beside & (one == number)].min() for number in np.unique(one[beside])]
    return float(np.median(nearest)) if nearest else None
