"""The strips of a survey: parallel, from a base-line on bearing ground into the work area."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.geometry import Point, distance_m
from vehicle.contracts.plan import MachineFootprint
from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_of
from vehicle.planning.coverage.ground import swath_box, turned
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.site.site import Site
from vehicle.planning.task.wish import TaskWish

SIMPLE_M = 1.0
"""An edge with smaller kinks counts as one line to start from."""
BESIDE_M = 1.0
"""Distance outside an edge at which the ground must bear."""
NARROWER_M = 2.0 * (PlanSettings().cell_m + 0.005)
"""A strip is narrower than its swaths by this: the planner adds a cell's reach, and rounding must add no swath."""


@dataclass(frozen=True)
class Strips:
    """`ground`: strips and ground around evidence, keep-outs not subtracted; `spacing_m`: after rounding.

    `direction_rad`: from the base-line into the area. `count`: strips that meet the work area.
    """

    ground: shapely.Geometry
    base_m: tuple[Point, Point]
    direction_rad: float
    spacing_m: float
    count: int


def strips_of(site: Site, machine: MachineFootprint, settings: PlanSettings, wish: TaskWish) -> Strips:
    """Return the requested strips. The spacing is rounded to whole swaths, so that parallel swaths fit all strips.

    Raises InputError if the base-line is invalid, or no strip meets the work area.
    """
    assert wish.spacing_m is not None
    edge_m = _base_of(site, wish)
    along_rad = math.atan2(edge_m[1][1] - edge_m[0][1], edge_m[1][0] - edge_m[0][0])
    inward_rad = _inward_rad(site, edge_m, along_rad)
    base_m = edge_m if wish.base_deg is not None else _as_long_as(site, edge_m, along_rad)
    pitch_m = machine.tool_width_m - settings.overlap_at_m(inward_rad)
    if wish.spacing_m < wish.widths * pitch_m:
        raise InputError(
            f"--survey spacing={wish.spacing_m:g}: strips of {wish.widths} swath{'s' * (wish.widths > 1)} are "
            f"{wish.widths * pitch_m:.2f} m wide with this machine; wider apart, or ground_preparation for all of it"
        )
    grid = _grid_of(site, base_m, inward_rad, pitch_m, wish)
    meeting = [box for box in grid.strips() if shapely.intersection(box, site.work_area).area > 0.0]
    if not meeting:
        raise InputError(f"{site.name}: no strip from the base-line meets the work area; give base=LAT:LON:LAT:LON")
    if len(meeting) == 1 and wish.widths == 1 and not wish.evidence_deg:
        raise InputError(f"{site.name}: only one strip fits, narrower than the tool; a smaller spacing, or widths=2")
    ground = robust_overlay.union([*meeting, *_evidence(site, grid, wish)])
    ground = polygons_of(robust_overlay.intersection(ground, site.work_area))
    return Strips(ground, base_m, inward_rad, grid.spacing_m, len(meeting))


def _base_of(site: Site, wish: TaskWish) -> tuple[Point, Point]:
    """Return the given base-line, else the longest edge beside bearing ground. Raises InputError if there is none."""
    if wish.base_deg is not None:
        lonlat = np.array([(lon, lat) for lat, lon in wish.base_deg])
        (x0, y0), (x1, y1) = site.datum.enu_from_lonlat_array(lonlat)[:, :2].tolist()
        if distance_m((x0, y0), (x1, y1)) < SIMPLE_M:
            raise InputError("--survey base: its ends are the same place; give the two ends of a line")
        return (x0, y0), (x1, y1)
    edges = [edge for part in parts_of(shapely.simplify(site.work_area, SIMPLE_M)) for edge in _edges(part)]
    bearing = [edge for edge in edges if _bears_beside(site, edge)]
    if not bearing:
        raise InputError(
            f"{site.name}: no edge of the work area lies beside ground that bears the tracks; draw safe_ground, or "
            "give base=LAT:LON:LAT:LON"
        )
    return max(bearing, key=lambda edge: distance_m(*edge))


def _as_long_as(site: Site, edge_m: tuple[Point, Point], along_rad: float) -> tuple[Point, Point]:
    """Return the edge lengthened at both ends to the extent of the work area."""
    x0_m, _, x1_m, _ = _framed(site, along_rad).bounds
    y_m = _in_frame(edge_m[0], along_rad)[1]
    cos, sin = math.cos(along_rad), math.sin(along_rad)
    one, other = ((x_m * cos - y_m * sin, x_m * sin + y_m * cos) for x_m in (x0_m, x1_m))
    return one, other


def _edges(part: shapely.Polygon) -> list[tuple[Point, Point]]:
    ring = [(float(x), float(y)) for x, y in shapely.get_coordinates(part.exterior)]
    return list(pairwise(ring))


def _bears_beside(site: Site, edge: tuple[Point, Point]) -> bool:
    """Whether an edge is beside bearing ground: its middle is tested on both sides."""
    (x0, y0), (x1, y1) = edge
    length_m = max(distance_m(*edge), 1e-9)
    across = (-(y1 - y0) / length_m * BESIDE_M, (x1 - x0) / length_m * BESIDE_M)
    places = [shapely.Point(0.5 * (x0 + x1) + sign * across[0], 0.5 * (y0 + y1) + sign * across[1]) for sign in (1, -1)]
    outside = [place for place in places if not site.work_area.covers(place) and not site.keep_out.covers(place)]
    return any(site.outside == "safe" or site.safe_ground.covers(place) for place in outside)


def _inward_rad(site: Site, base_m: tuple[Point, Point], along_rad: float) -> float:
    """Direction [rad] at right angles to the base-line, towards the larger part of the work area."""
    far_m = float(np.hypot(*np.ptp(np.array(site.work_area.bounds).reshape(2, 2), axis=0))) + distance_m(*base_m)
    x0, y0 = _in_frame(base_m[0], along_rad)
    left = swath_box(along_rad, x0 - 2.0 * far_m, y0, x0 + 2.0 * far_m, y0 + 2.0 * far_m)
    left_m2 = shapely.intersection(left, site.work_area).area
    return along_rad + (0.5 if 2.0 * left_m2 > site.work_area.area else -0.5) * math.pi


@dataclass(frozen=True)
class _Grid:
    """The frame of the strips: along them x from `begin_m` to `end_m`, across them y.

    `first_m`: middle of the first of `count`, `spacing_m` apart; all of them on a grid of `pitch_m`.
    """

    inward_rad: float
    begin_m: float
    end_m: float
    first_m: float
    count: int
    spacing_m: float
    width_m: float
    pitch_m: float

    def strips(self) -> list[shapely.Polygon]:
        """Return the strips as rectangles in ENU."""
        middles_m = [self.first_m + number * self.spacing_m for number in range(self.count)]
        return [self.box(self.begin_m, self.end_m, y - 0.5 * self.width_m, y + 0.5 * self.width_m) for y in middles_m]

    def round(self, place: Point, radius_m: float) -> shapely.Polygon:
        """Return a rectangle of whole swaths that covers at least this distance around a place."""
        x, y = _in_frame(place, self.inward_rad)
        edge_m = self.first_m - 0.5 * self.width_m
        low_m = edge_m + self.pitch_m * math.floor((y - radius_m - edge_m) / self.pitch_m)
        high_m = edge_m + self.pitch_m * math.ceil((y + radius_m - edge_m) / self.pitch_m)
        return self.box(x - radius_m, x + radius_m, low_m, high_m)

    def box(self, x0: float, x1: float, y0: float, y1: float) -> shapely.Polygon:
        """Return a rectangle of the frame in ENU, narrower by what the planner adds at its sides."""
        return swath_box(self.inward_rad, x0, y0 + 0.5 * NARROWER_M, x1, y1 - 0.5 * NARROWER_M)


def _grid_of(site: Site, base_m: tuple[Point, Point], inward_rad: float, pitch_m: float, wish: TaskWish) -> _Grid:
    """Return as many strips as fit on the base-line, centred; without a given length they cross the whole area."""
    assert wish.spacing_m is not None
    (x0, y0), (x1, y1) = (_in_frame(point, inward_rad) for point in base_m)
    near_m, _, far_m, _ = _framed(site, inward_rad).bounds
    spacing_m, width_m, start_m = pitch_m * round(wish.spacing_m / pitch_m), wish.widths * pitch_m, 0.5 * (x0 + x1)
    room_m = abs(y1 - y0)
    count = 1 + max(0, math.floor((room_m - width_m) / spacing_m + 1e-9))
    return _Grid(
        inward_rad=inward_rad,
        begin_m=min(start_m, near_m),
        end_m=far_m if wish.length_m is None else start_m + wish.length_m,
        first_m=min(y0, y1) + 0.5 * (room_m - (count - 1) * spacing_m),
        count=count,
        spacing_m=spacing_m,
        width_m=width_m,
        pitch_m=pitch_m,
    )


def _framed(site: Site, angle_rad: float) -> shapely.Geometry:
    """The work area in the frame of a direction."""
    return turned(site.work_area, -angle_rad)


def _in_frame(point: Point, angle_rad: float) -> Point:
    """ENU -> the frame of a direction: along it, and to its left."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    return point[0] * cos + point[1] * sin, -point[0] * sin + point[1] * cos


def _evidence(site: Site, grid: _Grid, wish: TaskWish) -> list[shapely.Polygon]:
    """Return the ground to work around each find. Raises InputError for a find that is not near the work area."""
    found = []
    for lat, lon in wish.evidence_deg:
        east, north = site.datum.enu_from_lonlat_array(np.array([(lon, lat)]))[0, :2]
        if shapely.distance(shapely.Point(east, north), site.work_area) > wish.branch_m:
            raise InputError(f"--survey evidence={lat:g}:{lon:g}: lies further than branch from the work area")
        found.append(grid.round((float(east), float(north)), wish.branch_m))
    return found
