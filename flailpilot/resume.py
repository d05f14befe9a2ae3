"""`flailpilot plan --resume RUN`: plans the remaining ground of a job from where the machine stands, by its record."""

import json
import math
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import shapely

from flailpilot.exit_status import DONE
from flailpilot.numbers import degrees
from flailpilot.options import PlanOptions, ResumeOptions
from flailpilot.plan_progress import planning_limit
from flailpilot.plan_told import tell
from flailpilot.planning import MISSED, asked_footprint, asked_site, check_limits, free_folder, written
from flailpilot.resumed_runs import check_journals, check_recorded
from flailpilot.resumed_task import refuse_survey, refuse_task_options
from flailpilot.run_folder import JOURNAL, RECORDING, make_folder, older_plan, older_plan_told, refuse_a_run
from vehicle.config.load import assemble_vehicle, load_machine
from vehicle.config.required_depth import agreed_m
from vehicle.config.vehicle import MachineConfig, MissionConfig, VehicleConfig, footprint
from vehicle.contracts.detonation import crater_m
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import AWAY_MAX_M, LocalFrame
from vehicle.contracts.ledger_types import LedgerStroke, Observed
from vehicle.contracts.plan import Plan, RecordSeal, SegmentKind
from vehicle.contracts.skipped import skips_of
from vehicle.contracts.units import NS_PER_S, wrap_rad
from vehicle.control.ground import raster
from vehicle.host.utc import EPOCH
from vehicle.planning.coverage.area import parts_of, shell_of
from vehicle.planning.coverage.certificate import rings_of
from vehicle.planning.coverage.closing import is_whole, resting_on
from vehicle.planning.coverage.replan import ReplanRequest, Rings, check_site, crater, for_good, replan
from vehicle.planning.coverage.settings import PlanSettings, StartPose
from vehicle.planning.files.stored import load_plan
from vehicle.planning.site.formats import read_site_file
from vehicle.planning.site.notes import Rank
from vehicle.planning.site.site import Site
from vehicle.planning.task.whole import agreed_role
from vehicle.records import journal, reader, several
from vehicle.records.records import Header
from vehicle.reports import gaps
from vehicle.runtime.tool_bounds import planned_bounds

PLAN = "plan"
ADVICE = "say where it stands: --at LAT,LON,HEADING in degrees"
STALE_S = 1.0
"""Reports come five times a second: a stroke newer than the last report by this was driven after it."""
SEAM_M = 0.001
"""Largest gap between consecutive strokes, which join except for rounding."""
SWATH_M, SWATH_RAD = 0.2, math.radians(5.0)
"""A machine nearer than this stands on the swath, which it follows to 3 cm."""

Point = tuple[float, float]


def run(asked: PlanOptions, resumed: ResumeOptions) -> int:
    """Plan the remaining ground and write the files; exit status 1 if the certificate shows missed ground."""
    with older_plan_told(asked.out):
        refuse_task_options(asked)
        for folder in resumed.runs:
            refuse_survey(folder / PLAN)
        machine = load_machine(asked.machine)
        check_limits(machine, asked.overlap_m, asked.time_limit_s)
        site = asked_site(asked)
        agreed_role(site)
        header, record, notes = record_of(resumed.runs, site)
        agreed_m(
            {
                "--depth": asked.depth_m,
                str(asked.site): site.required_depth_m,
                f"{resumed.newest}": header.required_depth_m,
            }
        )
        request, skipped = _request(resumed, site, machine, header, record, notes)
        notes += skipped
        site = msgspec.structs.replace(site, repairs=(*filter(None, notes), *site.repairs))
        if resumed.craters is not None:
            told = craters_of(resumed.craters, site)
            request = msgspec.structs.replace(request, craters=(*request.craters, *told))
        if not request.missed:
            _nothing_left(resumed.newest, header, older_plan(asked.out), skipped, as_json=asked.as_json)
            return DONE
        refuse_a_run(asked.out)
        make_folder(asked.out)
        settings = settings_of(asked, machine, header)
        shape = asked_footprint(machine, settings, asked.soil_mj_per_m3)
        with planning_limit(asked.time_limit_s, quiet=asked.as_json) as limit:
            plan = resting_on(replan(site, shape, settings, request, limit).plan, seals_of(resumed.runs))
        folder = free_folder(asked.out, plan, site, as_json=asked.as_json)
    written(plan, site, folder, asked)
    soil_said = asked.soil_mj_per_m3 is not None
    tell(plan, site, folder, as_json=asked.as_json, struck=limit.struck, soil_said=soil_said)
    return DONE if is_whole(plan) else MISSED


def record_of(runs: tuple[Path, ...], site: Site) -> tuple[Header, journal.Journal, list[str]]:
    """Return the ledger of all runs, and lines to report. Raises InputError if a run has none or is of another site."""
    path = runs[-1] / JOURNAL
    rows = [(run / JOURNAL, journal.read(run / JOURNAL)) for run in runs]
    check_journals(runs, [kept for _, kept in rows])
    found = several.together(rows)
    assert found.header is not None, "checked"
    try:
        check_site(found.site_hash, site)
    except InputError as refusal:
        raise InputError(f"{path}: {refusal}") from None
    datum = LocalFrame(found.header.datum_lat_deg, found.header.datum_lon_deg, found.header.datum_alt_m)
    if datum != site.datum:
        raise InputError(f"{path}: counts from another datum than {site.name}; plan this site anew")
    return found.header, found, [_torn_journal(*row) for row in rows]


def seals_of(runs: tuple[Path, ...]) -> tuple[RecordSeal, ...]:
    """Return whose records a plan of the rest rests on, each once, as they are now."""
    found: dict[RecordSeal, None] = {}
    for run_dir in runs:
        kept = journal.read(run_dir / JOURNAL)
        if kept.header is not None:
            found[RecordSeal(vehicle_id=kept.header.vehicle_id, seal=kept.seal)] = None
    return tuple(found)


def _request(
    resumed: ResumeOptions,
    site: Site,
    machine: MachineConfig,
    header: Header,
    record: journal.Journal,
    notes: list[str],
) -> tuple[ReplanRequest, list[str]]:
    """Return what is asked of the planner, and a line for each swath that people left out: it is not planned again."""
    run_dir, at = resumed.newest, resumed.at
    plan = load_plan(run_dir / PLAN, site, footprint(machine), older=True)
    if plan.plan_hash != record.plan_hash:
        raise InputError(f"{run_dir}: the record is of plan {record.plan_hash}, {PLAN}/ holds {plan.plan_hash}")
    agreed_m({f"{run_dir / PLAN}": plan.required_depth_m, f"{run_dir / JOURNAL}": header.required_depth_m})
    # ground that an earlier plan lists as not workable is not planned again and is not in the new plan
    earlier = [load_plan(run / PLAN, site, footprint(machine), older=True) for run in resumed.runs[:-1]]
    listed = msgspec.structs.replace(plan, untreatable=for_good(*earlier, plan))
    skips, config = skips_of(record.records), config_of(machine, header)
    found = gaps.find(site.work_area, site.keep_out, listed, journal.rebuilt(record), config, skips)
    pose, note = place_of(run_dir, at, record, site)
    notes.append(note)
    request = ReplanRequest(
        request_id=1,
        plan_hash=plan.plan_hash,
        site_hash=site.site_hash,
        missed=tuple(gap.rings_m for gap in found.gaps if not gap.note),
        swept=swept_ground(journal.bearing(record)),
        pose=on_its_swath(pose, plan),
        craters=recorded_craters(record),
        error_m=header.k_sigma * PlanSettings().tool_sigma_m,  # re-entry adds the absolute position error
    )
    return request, skipped_lines(found)


def skipped_lines(found: gaps.Found) -> list[str]:
    """Return a line for each swath that people left out and that is still to be worked, with its area and reason."""
    left_m2: dict[str, float] = {}
    for gap in found.gaps:
        if gap.note:
            left_m2[gap.note] = left_m2.get(gap.note, 0.0) + gap.area_m2
    return [f"skipped, {area_m2:,.1f} m2 not worked and not in this plan: {note}" for note, area_m2 in left_m2.items()]


def settings_of(asked: PlanOptions, machine: MachineConfig, header: Header) -> PlanSettings:
    """Return the planner's settings with the rule, cell and depth of a record."""
    return PlanSettings(
        overlap_m=asked.overlap_m,
        overrun_m=asked.overrun_m,
        bounds=planned_bounds(machine),
        k_sigma=header.k_sigma,
        cell_m=header.cell_m,
        slope_max_rad=machine.limits.slope_max_rad,
        required_depth_m=header.required_depth_m,
    )


def config_of(machine: MachineConfig, header: Header) -> VehicleConfig:
    """Return the configuration that a record was made with, as far as ground and credit need it."""
    mission = MissionConfig(required_depth_m=header.required_depth_m, cell_m=header.cell_m, k_sigma=header.k_sigma)
    return assemble_vehicle(JOURNAL, header.vehicle_id, machine, mission)


def recorded_craters(record: journal.Journal) -> tuple[Rings, ...]:
    """Return a keep-out round each large detonation of the record, whether the vehicle felt it or people told of it.

    The vehicle keeps its own tracks off them; another one knows of them only by the plan that rests on this record.
    """
    found = (crater_m(row) for row in record.records if isinstance(row, Observed))
    return tuple(crater(one[:2], one[2]) for one in dict.fromkeys(found) if one is not None)


def craters_of(path: Path, site: Site) -> tuple[Rings, ...]:
    """Read polygons from a file in any site format: tracks keep off them, even where the tool swept before.

    Raises:
        InputError: The file cannot be read, or a shape in it is no polygon.
    """
    found: list[Rings] = []
    raw = read_site_file(path)
    lost = next((line for line, rank in raw.ranks.items() if rank is Rank.LEFT_OUT), None)
    if lost is not None:
        raise InputError(f"{path}: {lost}; draw a polygon round each crater, or delete it")
    for feature in raw.features:
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
    """Return the ground that the engaged tool passed, to the millimetre: from the strokes, not from whole cells."""
    quads = [
        _corners(stroke, band.rear_m, band.front_m, band.right_m, band.left_m)
        for stroke in strokes
        for band in stroke.bands
        if band.flags & raster.SWEPT
    ]
    if not quads:
        return ()
    union = shapely.union_all(shapely.buffer(shapely.polygons(np.array(quads)), SEAM_M, join_style="mitre"))
    union = shapely.buffer(union, -SEAM_M, join_style="mitre")
    return tuple(rings_of(part) for part in shapely.get_parts(union) if part.geom_type == "Polygon" and part.area > 0.0)


def _corners(stroke: LedgerStroke, rear_m: float, front_m: float, right_m: float, left_m: float) -> list[Point]:
    """Return a band's corners in ENU; its sides are inclined by `slope` to the direction of driving."""
    sides = ((rear_m, right_m), (front_m, right_m), (front_m, left_m), (rear_m, left_m))
    leaning = [(along, across + stroke.slope * along) for along, across in sides]
    return [
        (
            stroke.east_m + stroke.forward_east * along - stroke.forward_north * across,
            stroke.north_m + stroke.forward_north * along + stroke.forward_east * across,
        )
        for along, across in leaning
    ]


def on_its_swath(pose: StartPose, plan: Plan) -> StartPose:
    """Move the pose of a machine within centimetres of a swath onto its line, along which it reverses out."""
    for segment in plan.segments:
        if segment.kind is not SegmentKind.SWATH:
            continue
        (x0, y0), yaw = segment.points_m[0], segment.yaw_start_rad
        east_m, north_m = pose.east_m - x0, pose.north_m - y0
        along_m = east_m * math.cos(yaw) + north_m * math.sin(yaw)
        across_m = north_m * math.cos(yaw) - east_m * math.sin(yaw)
        near = abs(across_m) <= SWATH_M and abs(wrap_rad(pose.yaw_rad - yaw)) <= SWATH_RAD
        if near and 0.0 <= along_m <= math.dist(segment.points_m[0], segment.points_m[-1]):
            return StartPose(east_m=x0 + along_m * math.cos(yaw), north_m=y0 + along_m * math.sin(yaw), yaw_rad=yaw)
    return pose


class Stand(msgspec.Struct, frozen=True):
    """The machine's last pose in a recording, with a remark; `note` is "" if the recording was closed.

    `t_ns`: the vehicle's time of that report.
    """

    pose: StartPose
    t_ns: int
    note: str


class _Place(msgspec.Struct, frozen=True):
    """The place in a report's estimate, for reports of any format."""

    valid: bool
    east_m: float
    north_m: float
    yaw_rad: float


class _Report(msgspec.Struct, frozen=True):
    t_ns: int
    estimate: _Place


def last_pose(path: Path) -> StartPose:
    """Return the pose in a recording's newest report. Raises InputError if no report has one."""
    return last_stand(path).pose


def last_stand(path: Path) -> Stand:
    """Return the last pose with its time and a remark. Raises InputError if no report has a pose."""
    try:
        found = reader.read(path, ("/report",))
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}; {ADVICE}") from None
    newest = found.newest.get("/report")
    try:
        report = msgspec.json.decode(newest.data, type=_Report) if newest is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        report = None
    if newest is None or report is None or not report.estimate.valid:
        raise InputError(f"{path}: none of its reports has the machine's position; {ADVICE}")
    place = report.estimate
    if not all(math.isfinite(value) for value in (place.east_m, place.north_m, place.yaw_rad)):
        raise InputError(f"{path}: its newest report has no valid position; {ADVICE}")
    note = ""
    if not found.whole:
        age_s = ((found.end_ns or newest.t_ns) - newest.t_ns) / NS_PER_S
        damaged = f", {found.damaged_chunks} pieces before it are damaged" if found.damaged_chunks else ""
        note = (
            f"{path}: not closed: it can be read to byte {found.read_bytes} of {found.total_bytes}{damaged}; its "
            f"newest report is of {report.t_ns / NS_PER_S:.1f} s{_utc_of(found, newest)}, {age_s:.1f} s before its "
            "end, and it is unknown what the machine did after that: check that it stands where the plan begins, or "
            f"{ADVICE}"
        )
    return Stand(StartPose(east_m=place.east_m, north_m=place.north_m, yaw_rad=place.yaw_rad), report.t_ns, note)


def _utc_of(found: reader.Recording, newest: reader.Newest) -> str:
    """Return the UTC time if the recording knew it; then its log times are UTC."""
    source = found.run.get("time_source", "")
    if not found.run.get("start_utc"):
        return ""
    moment = EPOCH + timedelta(microseconds=newest.t_ns // 1000)
    return f" ({moment:%Y-%m-%d %H:%M:%S} UTC, {source})"


def checked_stand(run_dir: Path, record: journal.Journal) -> Stand:
    """Return the machine's pose from its recording.

    Raises InputError if the journal shows that it drove on after that, or the recording is of another run.
    """
    path = run_dir / RECORDING
    check_recorded(run_dir, record)
    stand = last_stand(path)
    later_s = (journal.end_ns(record) - stand.t_ns) / NS_PER_S
    if later_s > STALE_S:
        raise InputError(
            f"{path}: its newest report is {later_s:.1f} s older than the newest stroke of {JOURNAL}: the machine "
            f"drove on after it; {ADVICE}"
        )
    return stand


def place_of(run_dir: Path, at: str | None, record: journal.Journal, site: Site) -> tuple[StartPose, str]:
    """Return where the machine stands: as `--at` says, else by its recording; and a remark, "" if there is none.

    Raises InputError as `told_pose` and `checked_stand`.
    """
    if at is not None:
        return told_pose(at, site), ""
    stand = checked_stand(run_dir, record)
    return stand.pose, stand.note


def _torn_journal(path: Path, record: journal.Journal) -> str:
    torn = journal.torn_text(path, record)
    return f"{torn}; ground worked after that is planned again" if torn else ""


def told_pose(at: str, site: Site) -> StartPose:
    """Return the pose of `--at`. Raises InputError if it is none, or is not near the site."""
    place = degrees(at, 3)
    if place is None:
        raise InputError(f"--at {at}: write LAT,LON,HEADING in degrees, such as 39.990012,46.930034,87.5")
    lat_deg, lon_deg, heading_deg = place
    east_m, north_m, _ = site.datum.enu_from_geodetic(lat_deg, lon_deg)
    if not math.hypot(east_m, north_m) < AWAY_MAX_M:
        turned = abs(lon_deg) <= 90.0 and math.hypot(*site.datum.enu_from_geodetic(lon_deg, lat_deg)[:2]) < AWAY_MAX_M
        why = ": latitude and longitude are swapped" if turned else ""
        raise InputError(f"--at {at}: is not near {site.name}{why}; write LAT,LON,HEADING in degrees")
    return StartPose(east_m=east_m, north_m=north_m, yaw_rad=math.radians(90.0 - heading_deg))


def _nothing_left(run_dir: Path, header: Header, older: str, skipped: list[str], *, as_json: bool) -> None:
    if as_json:
        told = {"replaces": header.plan_hash, "missed": [], **({"skipped": skipped} if skipped else {})}
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        print(
            f"{run_dir}: nothing is left of plan {header.plan_hash}: all ground is processed or listed; no files{older}"
        )
        for line in skipped:
            print(line)
