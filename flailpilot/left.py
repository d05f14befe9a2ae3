"""`flailpilot plan --left RUN`: what a job left, planned from where the machine stands by its record."""

import json
import math
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np
import shapely
from mcap.exceptions import McapError
from mcap.reader import McapReader, NonSeekingReader, SeekingReader

from flailpilot.planning import DONE, MISSED, check_limits, make_folder, tell, written
from vehicle.clock import time_limit
from vehicle.config import MachineConfig, MissionConfig, VehicleConfig, footprint
from vehicle.config_load import assemble_vehicle, load_machine
from vehicle.coverage.area import parts_of, shell_of
from vehicle.coverage.certificate import rings_of
from vehicle.coverage.formats import read_site_file
from vehicle.coverage.planner import is_whole
from vehicle.coverage.projected import checked_frame
from vehicle.coverage.replan import ReplanRequest, Rings, check_site, replan
from vehicle.coverage.settings import PlanSettings, StartPose
from vehicle.coverage.site import Site, load_site
from vehicle.coverage.stored import load_plan
from vehicle.errors import InputError
from vehicle.frames import LocalFrame
from vehicle.ledger import gaps, journal, tiles
from vehicle.ledger.records import Header
from vehicle.messages import VehicleReport
from vehicle.plan import Plan, SegmentKind
from vehicle.required_depth import agreed_m
from vehicle.strip import LedgerStroke
from vehicle.units import wrap_rad

JOURNAL, RECORDING, PLAN = "ledger.journal", "run.mcap", "plan"
SEAM_M = 0.001
"""Strokes of a run join end to end but for rounding."""
LANE_M, LANE_RAD = 0.2, math.radians(5.0)
"""Nearer than this a machine stands in the lane; it was told to hold it to 3 cm."""

Point = tuple[float, float]


def run(
    site_file: Path,
    machine_name: str,
    out_dir: Path,
    outside: str | None,
    overlap_m: float | None,
    limit_s: float,
    as_json: bool,
    run_dir: Path,
    at: str | None,
    craters_file: Path | None = None,
    *,
    depth_m: float | None = None,
    base_frame: str = "EPSG:4326",
) -> int:
    """Plan the rest and write its files; exit status 1 where the certificate says that ground is missed."""
    machine = load_machine(machine_name)
    check_limits(machine, overlap_m, limit_s)
    site = load_site(site_file, outside, base_frame=checked_frame(base_frame))
    header, record = _record(run_dir, site)
    agreed_m({"--depth": depth_m, str(site_file): site.required_depth_m, f"{run_dir}": header.required_depth_m})
    request = _request(run_dir, site, machine, header, record, at)
    if craters_file is not None:
        request = msgspec.structs.replace(request, craters=craters_of(craters_file, site))
    if not request.missed:
        _nothing_left(run_dir, header, as_json)
        return DONE
    make_folder(out_dir)
    settings = PlanSettings(
        overlap_m=overlap_m,
        k_sigma=header.k_sigma,
        cell_m=header.cell_m,
        slope_max_rad=machine.limits.slope_max_rad,
        required_depth_m=header.required_depth_m,
    )
    plan = replan(site, footprint(machine), settings, request, time_limit(limit_s)).plan
    written(plan, site, out_dir, as_json)
    tell(plan, site, out_dir, as_json)
    return DONE if is_whole(plan) else MISSED


def _record(run_dir: Path, site: Site) -> tuple[Header, journal.Journal]:
    """The ledger of a run. Raises InputError where there is none, or it is of another site."""
    path = run_dir / JOURNAL
    found = journal.read(path)
    if found.header is None:
        raise InputError(f"{path}: holds no record; name the folder of a run")
    try:
        check_site(found.header.site_hash, site)
    except InputError as refusal:
        raise InputError(f"{path}: {refusal}") from None
    datum = LocalFrame(found.header.datum_lat_deg, found.header.datum_lon_deg, found.header.datum_alt_m)
    if datum != site.datum:
        raise InputError(f"{path}: counts from another datum than {site.name}; plan this site anew")
    return found.header, found


def _request(
    run_dir: Path, site: Site, machine: MachineConfig, header: Header, record: journal.Journal, at: str | None
) -> ReplanRequest:
    plan = load_plan(run_dir / PLAN, site, footprint(machine))
    if plan.plan_hash != header.plan_hash:
        raise InputError(f"{run_dir}: the record is of plan {header.plan_hash}, {PLAN}/ holds {plan.plan_hash}")
    agreed_m({f"{run_dir / PLAN}": plan.required_depth_m, f"{run_dir / JOURNAL}": header.required_depth_m})
    found = gaps.find(site.work_area, site.keep_out, plan, journal.rebuilt(record), _config(machine, header))
    pose = _told_pose(at, site) if at is not None else last_pose(run_dir / RECORDING)
    return ReplanRequest(
        request_id=1,
        plan_hash=plan.plan_hash,
        site_hash=site.site_hash,
        missed=tuple(gap.rings_m for gap in found.gaps),
        swept=swept_ground(row for row in record.records if isinstance(row, LedgerStroke)),
        pose=on_its_lane(pose, plan),
        error_m=header.k_sigma * PlanSettings().tool_sigma_m,  # re-entry adds the absolute error
    )


def _config(machine: MachineConfig, header: Header) -> VehicleConfig:
    mission = MissionConfig(required_depth_m=header.required_depth_m, cell_m=header.cell_m, k_sigma=header.k_sigma)
    return assemble_vehicle(JOURNAL, header.vehicle_id, machine, mission)


def craters_of(path: Path, site: Site) -> tuple[Rings, ...]:
    """Polygons of a file in any format of a site: no track onto them, whatever the tool swept there before."""
    found: list[Rings] = []
    for feature in read_site_file(path).features:
        for rings in feature.polygons:
            metres = [site.datum.enu_from_lonlat_array(np.array(ring)) for ring in rings]
            shell = shell_of(
                metres[0], f"{path}: {feature.place}", lambda east, north: f"{east:.1f} E {north:.1f} N", []
            )
            found += [rings_of(part) for part in parts_of(shell)]
    if not found:
        raise InputError(f"{path}: no polygon in it; draw one round each crater")
    if not shapely.box(*site.work_area.bounds).intersects(
        shapely.union_all([shapely.Polygon(row[0]) for row in found])
    ):
        raise InputError(f"{path}: none of its polygons lies at {site.name}; check its coordinates")
    return tuple(found)


def swept_ground(strokes: Iterable[LedgerStroke]) -> tuple[Rings, ...]:
    """What the engaged tool passed, to the millimetre: the strokes themselves, not the cells that lie whole in them."""
    quads = [
        _corners(stroke, band.rear_m, band.front_m, band.right_m, band.left_m)
        for stroke in strokes
        for band in stroke.bands
        if band.flags & tiles.SWEPT
    ]
    if not quads:
        return ()
    union = shapely.union_all(shapely.buffer(shapely.polygons(np.array(quads)), SEAM_M, join_style="mitre"))
    union = shapely.buffer(union, -SEAM_M, join_style="mitre")
    return tuple(rings_of(part) for part in shapely.get_parts(union) if part.geom_type == "Polygon" and part.area > 0.0)


def _corners(stroke: LedgerStroke, rear_m: float, front_m: float, right_m: float, left_m: float) -> list[Point]:
    """A band's corners in ENU; its sides lean by `slope` against the way."""
    sides = ((rear_m, right_m), (front_m, right_m), (front_m, left_m), (rear_m, left_m))
    leaning = [(along, across + stroke.slope * along) for along, across in sides]
    return [
        (
            stroke.east_m + stroke.forward_east * along - stroke.forward_north * across,
            stroke.north_m + stroke.forward_north * along + stroke.forward_east * across,
        )
        for along, across in leaning
    ]


def on_its_lane(pose: StartPose, plan: Plan) -> StartPose:
    """A machine that stands in a swath by a few centimetres stands on its line: along that line it backs out."""
    for segment in plan.segments:
        if segment.kind is not SegmentKind.SWATH:
            continue
        (x0, y0), yaw = segment.points_m[0], segment.yaw_start_rad
        east_m, north_m = pose.east_m - x0, pose.north_m - y0
        along_m = east_m * math.cos(yaw) + north_m * math.sin(yaw)
        across_m = north_m * math.cos(yaw) - east_m * math.sin(yaw)
        near = abs(across_m) <= LANE_M and abs(wrap_rad(pose.yaw_rad - yaw)) <= LANE_RAD
        if near and 0.0 <= along_m <= math.dist(segment.points_m[0], segment.points_m[-1]):
            return StartPose(east_m=x0 + along_m * math.cos(yaw), north_m=y0 + along_m * math.sin(yaw), yaw_rad=yaw)
    return pose


def last_pose(path: Path) -> StartPose:
    """Where the newest report of a recording says that the machine stands. Raises InputError where none knows it."""
    advice = "say where it stands: --at LAT,LON,HEADING in degrees"
    try:
        report = _last_report(path)
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}; {advice}") from None
    if report is None or not report.estimate.valid:
        raise InputError(f"{path}: no report in it knows where the machine stands; {advice}")
    estimate = report.estimate
    return StartPose(east_m=estimate.east_m, north_m=estimate.north_m, yaw_rad=estimate.yaw_rad)


def _last_report(path: Path) -> VehicleReport | None:
    """From the end where the file is whole, else through all of it up to where it was torn."""
    newest: bytes | None = None
    for backwards in (True, False):
        with path.open("rb") as stream:
            reader: McapReader = SeekingReader(stream) if backwards else NonSeekingReader(stream)
            try:
                rows = reader.iter_messages("/report", log_time_order=backwards, reverse=backwards)
                for _, _, message in rows:
                    newest = message.data
                    if backwards:
                        break
            except (McapError, ValueError, EOFError, OSError, AssertionError, KeyError):
                pass  # a torn file: what was read of it counts
        if newest is not None:
            return msgspec.json.decode(newest, type=VehicleReport)
    return None


def _told_pose(at: str, site: Site) -> StartPose:
    try:
        lat_deg, lon_deg, heading_deg = (float(word) for word in at.split(","))
    except ValueError:
        raise InputError(f"--at {at}: write LAT,LON,HEADING in degrees, such as 39.990012,46.930034,87.5") from None
    east_m, north_m, _ = site.datum.enu_from_geodetic(lat_deg, lon_deg)
    if not math.hypot(east_m, north_m) < 50_000.0 or not math.isfinite(heading_deg):
        raise InputError(f"--at {at}: is not near {site.name}; write LAT,LON,HEADING in degrees")
    return StartPose(east_m=east_m, north_m=north_m, yaw_rad=math.radians(90.0 - heading_deg))


def _nothing_left(run_dir: Path, header: Header, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"replaces": header.plan_hash, "missed": []}) + "\n")
    else:
        print(f"{run_dir}: nothing is left of plan {header.plan_hash}: all ground is processed or listed; no files")
