"""A plan as files with stable names: plan.geojson, summary.json, plan.png, poses.csv on request."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely

from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.plan import Plan, Segment, SegmentKind, UntreatableReason
from vehicle.contracts.plan_times import SegmentTime, length_m, times_of
from vehicle.planning.files.outside import furthest_m, swept_outside_m2
from vehicle.planning.files.stations import write_plan, write_waypoints
from vehicle.planning.files.stored import write_stored
from vehicle.planning.files.totals import site_days, split_s, tool_h
from vehicle.planning.site.site import Site

STEP_M = 0.25
STEP_RAD = math.radians(5.0)
POSES_HEADER = "seq,kind,tool_down,direction,t_s,lon_deg,lat_deg,east_m,north_m,yaw_rad,speed_mps\n"
MACHINE_KEYS = (
    "name", "tool_width_m", "tool_ahead_m", "tool_length_m", "track_length_m", "track_outer_width_m",
    "body_front_m", "body_rear_m", "working_speed_mps", "transit_speed_mps", "reverse_speed_mps", "pivot_rate_radps",
)  # fmt: skip


def write_plan_files(
    plan: Plan,
    site: Site,
    out_dir: Path,
    on_progress: Callable[[float], None] | None = None,
    made_utc: str = "",
    *,
    poses: bool = False,
) -> None:
    """Write all files of a plan. `on_progress` is called with the completed ratio, for a progress bar.

    `poses`: with `poses.csv`, which takes 360 MB for a plan of 150 ha.
    """
    from vehicle.planning.files.picture import draw_plan  # noqa: PLC0415  matplotlib takes half a second to load

    out_dir.mkdir(parents=True, exist_ok=True)
    tell = on_progress if on_progress is not None else _silent
    (out_dir / "summary.json").write_text(
        json.dumps({**summary_of(plan, site), "made_utc": made_utc}, indent=1) + "\n", encoding="utf-8"
    )
    tell(0.05)
    write_stored(plan, out_dir)
    write_plan_geojson(plan, out_dir / "plan.geojson", site.name)
    write_waypoints(plan, out_dir / "plan.waypoints")
    write_plan(plan, out_dir / "plan.plan", names_of(plan, site.name))
    tell(0.2)
    if poses:
        write_poses(plan, out_dir / "poses.csv")
    tell(0.7)
    draw_plan(plan, site, out_dir / "plan.png")
    tell(1.0)


def _silent(_: float) -> None:
    return


# --- summary.json ----------------------------------------------------------------------------------------------------
def summary_of(plan: Plan, site: Site) -> dict[str, Any]:
    """Return the summary as plain values; polygons as GeoJSON geometries in degrees."""
    machine = {key: getattr(plan.machine, key) for key in MACHINE_KEYS}
    certificate = {key: getattr(plan.certificate, key) for key in plan.certificate.__struct_fields__}
    certificate = {key: round(value, 6) for key, value in certificate.items()}
    return {
        "format": plan.format,
        "site": site.name,
        "site_hash": plan.site_hash,
        "plan_hash": plan.plan_hash,
        "required_depth_m": plan.required_depth_m,
        "required_depth_assumed": plan.required_depth_assumed,
        "datum": {"lat_deg": plan.datum.lat_deg, "lon_deg": plan.datum.lon_deg, "alt_m": plan.datum.alt_m},
        "area_m2": round(plan.area_m2, 3),
        "untreatable": _untreatable_rows(plan),
        "untreatable_m2": _by_reason(plan),
        "left_for_manual_teams": _left_for_people(plan),
        "overlap_m": round(plan.overlap_m, 6),
        "working_speed_mps": plan.machine.working_speed_mps,
        "time_s": round(plan.time_s, 1),
        "bound_s": round(plan.bound_s, 1),
        "bound_turns_s": round(plan.bound_turns_s, 1),
        "time_split_s": split_s(plan),
        "task": _task_row(plan),
        "tool_h": round(tool_h(plan), 2),
        "site_days": [round(days, 2) for days in site_days(plan)],
        "tool_on_m": round(sum(length_m(s) for s in plan.segments if s.tool_down), 2),
        "swaths": sum(s.kind is SegmentKind.SWATH for s in plan.segments),
        **_declared(plan, site),
        "machine": machine,
        "certificate": certificate,
        "warnings": list(site.warnings),
        "repairs": list(site.repairs),
        "bearing": [
            {"place": row.place, "role": row.role, "said_by": row.said_by, "basis": row.basis, "said_on": row.said_on}
            for row in site.assurances
        ],
        "marks": [{"place": mark.place, "role": mark.role, "taken_down": mark.taken_down} for mark in site.marks],
    }


def _declared(plan: Plan, site: Site) -> dict[str, Any]:
    """Return what the site declares about the ground outside, and the area swept there."""
    unknown = plan.outside == "unknown"
    return {
        "outside": plan.outside,
        "outside_assumed": plan.outside_assumed,
        "tripwires": site.tripwires,
        "overrun_allowed_m": site.overrun.allowed_m if unknown else None,
        "swept_outside_m2": round(swept_outside_m2(plan, site.work_area), 1),
        "swept_outside_furthest_m": round(furthest_m(plan, site), 2) if unknown else None,
        "source_system": site.source_system,
        "source_accuracy_m": site.source_accuracy_m if math.isfinite(site.source_accuracy_m) else None,
    }


def _untreatable_rows(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "polygon": {"type": "Polygon", "coordinates": [_lonlat(plan.datum, ring, 10) for ring in row.rings_m]},
            "reason": row.reason.value,
            "area_m2": round(row.area_m2, 6),
            "swept": row.reason is UntreatableReason.KEEP_OUT_CREDIT_MARGIN,
        }
        for row in plan.untreatable
    ]


def _left_for_people(plan: Plan) -> dict[str, Any]:
    """Return the number of places that the machine leaves untreated in the task's ground, and their area."""
    rows = [row.area_m2 for row in plan.untreatable if row.reason is not UntreatableReason.NOT_IN_TASK]
    return {"places": len(rows), "m2": round(sum(rows), 3)}


def _by_reason(plan: Plan) -> dict[str, float]:
    totals: dict[str, float] = {}
    for row in plan.untreatable:
        totals[row.reason.value] = totals.get(row.reason.value, 0.0) + row.area_m2
    return {reason: round(area, 3) for reason, area in totals.items()}


def _task_row(plan: Plan) -> dict[str, Any] | None:
    """Return role, share and swaths of the task; None if the plan was made without a task."""
    if plan.task is None:
        return None
    row: dict[str, Any] = msgspec.to_builtins(plan.task)
    row["share_percent"] = round(100.0 * row.pop("share"), 2)
    if plan.task.survey is not None:
        for key in ("base_line", "evidence"):
            points = row["survey"].pop(f"{key}_m")
            row["survey"][f"{key}_lonlat"] = _lonlat(plan.datum, points, 9) if points else []
    return row


def _lonlat(datum: LocalFrame, points: Any, digits: int) -> list[list[float]]:
    return [[round(float(lon), digits), round(float(lat), digits)] for lon, lat in datum.lonlat_from_enu_array(points)]


# --- plan.geojson ----------------------------------------------------------------------------------------------------
def names_of(plan: Plan, site_name: str) -> dict[str, Any]:
    """Return the facts that identify a plan, for files with room for them."""
    return {
        "site": site_name,
        "site_hash": plan.site_hash,
        "plan_hash": plan.plan_hash,
        "machine": plan.machine.name,
        "required_depth_m": plan.required_depth_m,
    }


def write_plan_geojson(plan: Plan, path: Path, site_name: str = "") -> None:
    """Write the segments in order: LineStrings of the body origin; a turn on the spot is a Point.

    The facts that identify the plan are in `about`, because RFC 7946 7.1 forbids properties in a FeatureCollection.
    """
    points = np.array([point for s in plan.segments for point in s.points_m], dtype=float).reshape(-1, 2)
    lonlat = np.round(plan.datum.lonlat_from_enu_array(points), 9).tolist()
    with path.open("w", encoding="utf-8") as out:
        names = json.dumps(names_of(plan, site_name))
        out.write(f'{{"type": "FeatureCollection", "about": {names}, "features": [\n')
        at = 0
        for number, segment in enumerate(plan.segments):
            line = lonlat[at : at + len(segment.points_m)]
            at += len(segment.points_m)
            feature = {
                "type": "Feature",
                "properties": {
                    "seq": segment.seq,
                    "kind": segment.kind.value,
                    "tool": "down" if segment.tool_down else "up",
                    "speed_mps": segment.speed_mps,
                },
                "geometry": _line_or_place(line),
            }
            out.write(json.dumps(feature) + (",\n" if number + 1 < len(plan.segments) else "\n"))
        out.write("]}\n")


def _line_or_place(line: list[list[float]]) -> dict[str, Any]:
    """Return a line, or a point if both places are equal, because such a line is invalid."""
    if all(place == line[0] for place in line):
        return {"type": "Point", "coordinates": line[0]}
    return {"type": "LineString", "coordinates": line}


# --- poses.csv -------------------------------------------------------------------------------------------------------
def write_poses(plan: Plan, path: Path) -> None:
    """Write poses at most 0.25 m and 5 degrees apart, both ends of every segment included, line by line."""
    with path.open("w", encoding="utf-8") as out:
        out.write(POSES_HEADER)
        out.writelines(pose_lines(plan))


def pose_lines(plan: Plan) -> Iterator[str]:
    """Yield the lines of poses.csv, one segment at a time."""
    start_s = 0.0
    for segment, time in zip(plan.segments, times_of(plan.segments, plan.machine), strict=True):
        rows = segment_poses(segment, time)
        lonlat = plan.datum.lonlat_from_enu_array(rows[:, 1:3])
        head = f"{segment.seq},{segment.kind.value},{int(segment.tool_down)},{_direction(segment)}"
        tail = f"{segment.speed_mps:g}\n"
        for (t_s, east, north, yaw), (lon, lat) in zip(rows.tolist(), lonlat.tolist(), strict=True):
            yield f"{head},{start_s + t_s:.2f},{lon:.10f},{lat:.10f},{east:.5f},{north:.5f},{yaw:.7f},{tail}"
        start_s += time.whole_s


def _direction(segment: Segment) -> str:
    if segment.kind is SegmentKind.TURN:
        return "left" if segment.turn_rad > 0.0 else "right"
    return "reverse" if segment.kind is SegmentKind.REVERSE else "forward"


def segment_poses(segment: Segment, time: SegmentTime) -> np.ndarray:
    """Return (n, 4) time from the segment's start [s], east, north [m], yaw [rad]; constant speed is assumed."""
    if segment.kind is SegmentKind.TURN:
        steps = max(1, math.ceil(abs(segment.turn_rad) / STEP_RAD))
        share = np.linspace(0.0, 1.0, steps + 1)
        east, north = segment.points_m[0]
        yaw = segment.yaw_start_rad + share * segment.turn_rad
        return np.column_stack([share * time.moving_s, np.full(steps + 1, east), np.full(steps + 1, north), yaw])
    steps = max(1, math.ceil(length_m(segment) / STEP_M))
    share = np.linspace(0.0, 1.0, steps + 1)
    points = shapely.get_coordinates(
        shapely.line_interpolate_point(shapely.LineString(segment.points_m), share, normalized=True)
    )
    return np.column_stack([time.before_s + share * time.moving_s, points, np.full(steps + 1, segment.yaw_start_rad)])
