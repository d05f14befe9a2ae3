"""Independent check of a plan's six properties from poses.csv and summary.json; shares no code with the planner.

Exact: the ground under tracks and tool between two poses is the hull of their rectangles (a pivot is cut into steps of
one degree); what may bear it is safe ground and the rectangles swept before. A raster of cell centres gives a second
opinion on the coverage. Lengths below `TOL_M` are rounding of the files (10 micrometres) and of the overlays.
"""

import csv
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely
from shapely.geometry import Polygon, box, shape
from shapely.ops import unary_union

TOL_M = 0.002
AREA_TOL_M2 = 1e-4
HAIR_M = 1e-4
OVERRUN_M = 2.0
STEP_MAX_M = 0.2501
STEP_MAX_RAD = math.radians(5.001)
SWEPT_REASONS = {"keep_out_credit_margin"}
REASONS = {"no_approach", "keep_out_clearance", "keep_out_credit_margin", "slope", "narrower_than_machine"}


@dataclass
class Report:
    """Everything wrong with a plan, by property."""

    missed_m2: float = 0.0
    missed_shrunk_m2: float = 0.0
    missed_raster_m2: float = 0.0
    listed_m2: float = 0.0
    track_violations: list[str] = field(default_factory=list)
    raised_tool_violations: list[str] = field(default_factory=list)
    keep_out_violations: list[str] = field(default_factory=list)
    slope_violations: list[str] = field(default_factory=list)
    way_back_violations: list[str] = field(default_factory=list)
    rim_violations: list[str] = field(default_factory=list)
    form_violations: list[str] = field(default_factory=list)
    tool_on_m: float = 0.0

    def complaints(self):
        """All complaints, empty for a good plan."""
        lines = [
            *self.form_violations, *self.track_violations, *self.raised_tool_violations, *self.keep_out_violations,
            *self.slope_violations, *self.way_back_violations, *self.rim_violations,
        ]  # fmt: skip
        if self.missed_m2 > AREA_TOL_M2:
            lines.append(f"missed {self.missed_m2:.6f} m2 beyond the listed polygons")
        if self.missed_raster_m2 > 0.0:
            lines.append(f"missed {self.missed_raster_m2:.4f} m2 by raster")
        if self.missed_shrunk_m2 > AREA_TOL_M2:
            lines.append(f"missed {self.missed_shrunk_m2:.6f} m2 with the sweep shrunk by the budget")
        return lines


@dataclass
class Leg:
    """Consecutive rows of one segment."""

    seq: int
    kind: str
    down: bool
    direction: str
    rows: np.ndarray  # t, lon, lat, east, north, yaw


class SiteTruth:
    """Polygons of the site in ENU by pyproj, from the GeoJSON as it stands."""

    def __init__(self, document, datum, outside, slope_max_deg=25.0):
        self.project = _projector(datum)
        self.outside = outside
        layers = {role: [] for role in ("work_area", "keep_out", "safe_ground", "access", "slope")}
        features = document["features"] if document["type"] == "FeatureCollection" else [document]
        for feature in features:
            geometry = feature.get("geometry", feature)
            properties = feature.get("properties") or {}
            role = properties.get("role", "work_area")
            if geometry["type"] not in ("Polygon", "MultiPolygon"):
                continue
            flat = shapely.make_valid(self._enu(shape(geometry)), method="structure")
            if role == "slope":
                if properties["slope_deg"] > slope_max_deg:
                    layers["slope"].append(flat)
            elif role == "work_area":
                for part in shapely.get_parts(flat):
                    layers["work_area"].append(Polygon(part.exterior))
                    layers["keep_out"].extend(Polygon(ring) for ring in part.interiors)
            else:
                layers[role].append(flat)
        self.steep = unary_union(layers["slope"])
        self.keep_out = unary_union(layers["keep_out"])
        self.work = unary_union(layers["work_area"])
        self.safe = unary_union(layers["safe_ground"] + layers["access"])
        if outside == "safe":
            far = box(*self.work.buffer(500.0).bounds)
            self.safe = unary_union([self.safe, far.difference(self.work)])
        self.asked = self.work.difference(self.keep_out)
        self.beyond = self._beyond_rim(document.get("overrun_m", OVERRUN_M))
        self.forbidden = unary_union([self.keep_out, self.steep, self.beyond])

    def _beyond_rim(self, overrun_m):
        """Property 6: with unknown ground outside, what lies further from the work area than the site allows."""
        if self.outside == "safe":
            return Polygon()
        far = box(*self.work.buffer(500.0).bounds)
        return far.difference(unary_union([self.work.buffer(overrun_m), self.safe]))

    def _enu(self, geometry):
        return shapely.transform(geometry, self.project)


def _projector(datum):
    pipeline = (
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=WGS84 "
        f"+step +proj=topocentric +ellps=WGS84 +lat_0={datum['lat_deg']!r} +lon_0={datum['lon_deg']!r} "
        f"+h_0={datum['alt_m']!r}"
    )
    transformer = pyproj.Transformer.from_pipeline(pipeline)

    def project(lonlat):
        heights = np.full(len(lonlat), datum["alt_m"])
        east, north, _ = transformer.transform(lonlat[:, 0], lonlat[:, 1], heights)
        return np.column_stack([east, north])

    return project


def read_legs(path):
    """Rows of poses.csv grouped by seq, in the order of the file."""
    legs, poses = [], []
    with Path(path).open(encoding="utf-8") as source:
        for row in csv.DictReader(source):
            values = [float(row[k]) for k in ("t_s", "lon_deg", "lat_deg", "east_m", "north_m", "yaw_rad")]
            if not legs or legs[-1].seq != int(row["seq"]):
                legs.append(
                    Leg(int(row["seq"]), row["kind"], row["tool_down"] == "1", row["direction"], np.empty((0, 6)))
                )
                poses.append([])
            poses[-1].append(values)
    for leg, rows in zip(legs, poses, strict=True):
        leg.rows = np.array(rows)
    return legs


def check_folder(folder, document):
    """Check the files of `flailpilot plan` against the site's GeoJSON document."""
    folder = Path(folder)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    legs = read_legs(folder / "poses.csv")
    return check(summary, legs, SiteTruth(document, summary["datum"], summary["outside"]))


def check(summary, legs, truth):
    """Report on all six properties."""
    report = Report()
    machine = summary["machine"]
    _check_form(report, legs, truth, machine)
    sweeps = [_sweep(leg, machine) if leg.down else None for leg in legs]
    report.tool_on_m = sum(_length(leg) for leg in legs if leg.down)
    _check_cover(report, summary, truth, [s for s in sweeps if s is not None], legs)
    _check_ground(report, legs, sweeps, truth, machine, summary.get("tripwires", "possible"))
    _check_way_back(report, legs, truth, machine)
    return report


# --- form ------------------------------------------------------------------------------------------------------------
def _check_form(report, legs, truth, machine):
    previous = None
    if machine["tool_ahead_m"] - machine["tool_length_m"] / 2 < machine["track_length_m"] / 2:
        report.form_violations.append("the tool does not lead the tracks")
    for index, leg in enumerate(legs):
        if leg.seq != index:
            report.form_violations.append(f"seq {leg.seq} at place {index}")
        if leg.down != (leg.kind == "swath"):
            report.form_violations.append(f"seq {leg.seq}: {leg.kind} with tool {'down' if leg.down else 'up'}")
        rows = leg.rows if previous is None else np.vstack([previous, leg.rows])
        steps = np.hypot(*np.diff(rows[:, 3:5], axis=0).T)
        turns = np.abs(np.remainder(np.diff(rows[:, 5]) + math.pi, 2 * math.pi) - math.pi)
        if len(steps) and (steps.max() > STEP_MAX_M or turns.max() > STEP_MAX_RAD):
            report.form_violations.append(f"seq {leg.seq}: a jump of {steps.max():.3f} m or {turns.max():.3f} rad")
        if previous is not None and (steps[0] > TOL_M or turns[0] > 1e-5):
            report.form_violations.append(f"seq {leg.seq}: does not start where the one before ended")
        if np.any(np.diff(rows[:, 0]) < 0):
            report.form_violations.append(f"seq {leg.seq}: time runs backwards")
        _check_motion(report, leg)
        previous = leg.rows[-1]
    if legs:
        rows = np.vstack([leg.rows[[0, -1]] for leg in legs])
        off = np.hypot(*(truth.project(rows[:, 1:3]) - rows[:, 3:5]).T).max()
        if off > 0.005:
            report.form_violations.append(f"lon/lat and east/north differ by {off:.4f} m")


def _check_motion(report, leg):
    """Forward along the yaw, reverse against it, a pivot on the spot; one yaw on a straight leg."""
    step = leg.rows[-1, 3:5] - leg.rows[0, 3:5]
    length = float(np.hypot(*step))
    if leg.kind == "turn":
        if length > TOL_M:
            report.form_violations.append(f"seq {leg.seq}: a pivot that moves {length:.3f} m")
        return
    yaw = leg.rows[:, 5]
    sign = -1.0 if leg.kind == "reverse" else 1.0
    across = np.abs(-np.sin(yaw[0]) * step[0] + np.cos(yaw[0]) * step[1])
    along = sign * (np.cos(yaw[0]) * step[0] + np.sin(yaw[0]) * step[1])
    if np.ptp(yaw) > 1e-6 or across > TOL_M + 1e-6 * length or along < -TOL_M:
        report.form_violations.append(f"seq {leg.seq}: {leg.kind} does not move along its yaw")


def _length(leg):
    return float(np.hypot(*(leg.rows[-1, 3:5] - leg.rows[0, 3:5])))


# --- property 1 ------------------------------------------------------------------------------------------------------
def _rect(pose, front, rear, half):
    """Corners of a body-fixed rectangle at a pose: east, north, yaw."""
    east, north, yaw = pose
    c, s = math.cos(yaw), math.sin(yaw)
    local = [(-rear, -half), (front, -half), (front, half), (-rear, half)]
    return Polygon([(east + c * x - s * y, north + s * x + c * y) for x, y in local])


def _sweep(leg, machine, shrink=0.0, longer=0.0):
    """Flat-capped rectangle of the tool's axis from first to last pose; `longer` adds the halves of its footprint."""
    _, _, _, east, north, yaw = leg.rows[0]
    ahead, half = machine["tool_ahead_m"], machine["tool_width_m"] / 2 - shrink
    return _rect((east, north, yaw), ahead + _length(leg) + longer, longer - ahead, half)


def _check_cover(report, summary, truth, sweeps, legs):
    listed = []
    for row in summary["untreatable"]:
        if row["reason"] not in REASONS:
            report.form_violations.append(f"unknown reason {row['reason']}")
        polygon = shapely.transform(shape(row["polygon"]), truth.project)
        if abs(polygon.area - row["area_m2"]) > 1e-3 + 1e-3 * polygon.area:
            report.form_violations.append(f"untreatable says {row['area_m2']} m2, measures {polygon.area}")
        listed.append((row["reason"], shapely.make_valid(polygon)))
    unswept = unary_union([p for reason, p in listed if reason not in SWEPT_REASONS])
    report.listed_m2 = sum(p.area for _, p in listed)
    swept = unary_union(sweeps)
    missed = truth.asked.difference(unary_union([unswept, swept]))
    report.missed_m2 = _thick_area(missed)
    budget = summary["certificate"]["cross_track_budget_m"]
    thin = unary_union([_sweep(leg, summary["machine"], budget) for leg in legs if leg.down])
    report.missed_shrunk_m2 = _thick_area(truth.asked.difference(unary_union([thin, *[p for _, p in listed]])))
    report.missed_raster_m2 = _raster_missed(truth.asked, sweeps, unswept)
    for key in ("missed_nominal_m2", "missed_shrunk_m2", "missed_bitmap_m2", "missed_shrunk_bitmap_m2"):
        if summary["certificate"][key] != 0.0:
            report.form_violations.append(f"certificate says {key} {summary['certificate'][key]}")
    if abs(summary["area_m2"] - truth.asked.area) > 1e-3 + 1e-5 * truth.asked.area:
        report.form_violations.append(f"area_m2 {summary['area_m2']} is not {truth.asked.area:.3f}")


def _thick_area(geometry):
    """Area of the parts that are not rounding: those that survive being shrunk by 10 micrometres."""
    parts = [p for p in shapely.get_parts(shapely.get_parts(geometry)) if p.geom_type == "Polygon"]
    return float(sum(p.area for p in parts if not p.buffer(-1e-5).is_empty))


def _raster_missed(asked, sweeps, unswept, points_max=400_000):
    """Cell centres inside the asked ground that lie in no sweep and no listed polygon."""
    x0, y0, x1, y1 = asked.bounds
    cell = max(0.1, math.sqrt((x1 - x0) * (y1 - y0) / points_max))
    x, y = np.meshgrid(np.arange(x0 + 0.37 * cell, x1, cell), np.arange(y0 + 0.41 * cell, y1, cell))
    centres = shapely.points(x.ravel(), y.ravel())
    shapely.prepare(asked)
    centres = centres[shapely.contains(asked, centres)]
    hit = np.zeros(len(centres), dtype=bool)
    tree = shapely.STRtree(centres)
    for polygon in [*sweeps, *shapely.get_parts(unswept)]:
        hit[tree.query(polygon.buffer(1e-6), predicate="intersects")] = True
    return float((~hit).sum()) * cell * cell


# --- properties 2, 3, 4, 6 -------------------------------------------------------------------------------------------
def _under(leg, front, rear, half, whole_disc=False):
    """Ground under a body-fixed rectangle during a leg, less the tolerance; `whole_disc`: more than a pivot needs."""
    front, rear, half = front - TOL_M, rear - TOL_M, max(half - TOL_M, 1e-3)
    if front + rear <= 0.0:  # a tool that is a line
        front, rear = front + TOL_M + 1e-5, rear + TOL_M + 1e-5
    rows = leg.rows[:, 3:6]
    if leg.kind != "turn":
        return shapely.convex_hull(unary_union([_rect(rows[0], front, rear, half), _rect(rows[-1], front, rear, half)]))
    if whole_disc:
        return shapely.Point(rows[0, :2]).buffer(math.hypot(max(front, rear), half), quad_segs=16)
    yaw = np.unwrap(rows[:, 2])
    steps = max(2, math.ceil(abs(yaw[-1] - yaw[0]) / math.radians(1.0)) + 1)
    return unary_union([_rect((*rows[0, :2], a), front, rear, half) for a in np.linspace(yaw[0], yaw[-1], steps)])


def _check_ground(report, legs, sweeps, truth, machine, tripwires):
    half_tool, half_length = machine["tool_width_m"] / 2, machine["tool_length_m"] / 2
    down = [(i, s, _sweep(legs[i], machine, longer=half_length)) for i, s in enumerate(sweeps) if s is not None]
    bearing = Bearing(
        truth.safe, shapely.STRtree([long for _, _, long in down]), down, np.array([i for i, _, _ in down])
    )
    ahead, half_track = machine["tool_ahead_m"], machine["track_outer_width_m"] / 2
    shapes = {
        "tracks": (machine["track_length_m"] / 2, machine["track_length_m"] / 2, half_track),
        "tool": (ahead + half_length, -(ahead - half_length), half_tool),
    }
    shapely.prepare(truth.safe)
    for index, leg in enumerate(legs):
        for name, dimensions in shapes.items():
            if leg.kind == "turn":  # most pivots have room for the whole disc, which is quicker to see
                disc = _under(leg, *dimensions, whole_disc=True)
                if bearing.uncovered_m2(disc, index) <= AREA_TOL_M2 and not disc.intersects(truth.forbidden):
                    continue
            part = _under(leg, *dimensions)
            label = f"seq {leg.seq} {leg.kind}: {name}"
            if name == "tracks" and bearing.uncovered_m2(part, index) > AREA_TOL_M2:
                report.track_violations.append(f"{label} on {bearing.uncovered_m2(part, index):.4f} m2 unprocessed")
            if name == "tool" and tripwires == "possible" and not leg.down:
                over_m2 = bearing.uncovered_m2(part, index, footprint=True)
                if over_m2 > AREA_TOL_M2:
                    report.raised_tool_violations.append(f"{label} raised over {over_m2:.4f} m2 unprocessed")
            if part.intersection(truth.keep_out).area > AREA_TOL_M2:
                report.keep_out_violations.append(f"{label} over a keep-out")
            if part.intersection(truth.steep).area > AREA_TOL_M2:
                report.slope_violations.append(f"{label} on too steep ground")
            if part.intersection(truth.beyond).area > AREA_TOL_M2:
                report.rim_violations.append(f"{label} over unknown ground beyond the rim")


@dataclass
class Bearing:
    """What may carry the machine at a given moment: safe ground, and what earlier legs swept."""

    safe: Any
    tree: Any
    down: list[tuple[int, Any, Any]]
    numbers: np.ndarray

    def uncovered_m2(self, part, index, footprint=False):
        """Area of `part` neither safe nor swept by an earlier leg or by this one (the own strip, tool in front).

        `footprint`: a raised tool may also hang where its whole footprint, not only its axis, has been down.
        """
        if shapely.contains_properly(self.safe, part):
            return 0.0
        rest = part.difference(self.safe)
        if rest.area <= AREA_TOL_M2:
            return 0.0
        which = 2 if footprint else 1
        swept = [self.down[hit][which] for hit in self.tree.query(rest) if self.numbers[hit] <= index]
        return _thick_m2(rest.difference(unary_union(swept)))


def _thick_m2(left):
    """Area of the parts wider than a hair: rounding of the files opens cracks of micrometres along a leg."""
    if left.area <= AREA_TOL_M2:
        return left.area
    return sum(part.area for part in shapely.get_parts(left) if not part.buffer(-0.5 * HAIR_M).is_empty)


# --- property 5 ------------------------------------------------------------------------------------------------------
def _check_way_back(report, legs, truth, machine):
    """The path has no jump and starts on safe ground: driving it backwards is a way over ground already checked."""
    if not legs:
        return
    half_length, half_width = machine["track_length_m"] / 2, machine["track_outer_width_m"] / 2
    start = _rect(legs[0].rows[0, 3:6], half_length - TOL_M, half_length - TOL_M, half_width - TOL_M)
    if start.difference(truth.safe).area > AREA_TOL_M2:
        report.way_back_violations.append("the first pose is not on safe ground")
