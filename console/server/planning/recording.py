"""The record for the page and for files: totals, gaps by reason, hours, depths; in a worker process.

The figures come from the same functions as all other reports. Unknown values are left out; hours and events are those
that this console observed.
"""

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from console.server.planning import ledger_file
from vehicle.config.load import assemble_vehicle, load_machine
from vehicle.config.vehicle import MissionConfig, VehicleConfig
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import Event
from vehicle.contracts.plan import (
    Certificate,
    MachineFootprint,
    Plan,
    Segment,
    SegmentKind,
    Untreatable,
    UntreatableReason,
)
from vehicle.contracts.skipped import SkippedSwath
from vehicle.control.state import LedgerState
from vehicle.reports import gaps
from vehicle.reports.facts import STATEMENT, JobFacts
from vehicle.reports.gaps import Found, GapReason
from vehicle.reports.layers import depths_cm
from vehicle.reports.results import write_all

NO_SITE: Final = "The plan on the vehicle is not known yet: its record cannot be computed"
NO_AREA: Final = "The vehicle has not sent its work area: missed ground cannot be computed here"
GAPS_SHOWN: Final = 200
DIGITS: Final = 6
"""Decimals of a square metre; smaller areas come from rounding at borders."""
NO_PROOF: Final = Certificate(
    missed_nominal_m2=float("nan"),
    missed_shrunk_m2=float("nan"),
    missed_bitmap_m2=float("nan"),
    missed_shrunk_bitmap_m2=float("nan"),
    cross_track_budget_m=float("nan"),
)
"""Certificate of a plan that was not made here; the vehicle holds the real one."""


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """Shapely polygons of the vehicle's site."""

    name: str
    work_area: Any
    keep_out: Any
    safe_ground: Any
    benchmarks_m: tuple[tuple[float, float], ...] = ()


class RecordRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`site`: as GET /api/site gives it; `ledger`: the file of `ledger_file`; `seen`: the console's own observations.

    `plan_file`: the plan as made here, None if made elsewhere. `skips`: swaths that people left out. `simulated` is
    printed on every page.
    """

    site: dict[str, Any]
    ledger: str
    simulated: bool
    vehicle_id: str = "vehicle"
    seen: dict[str, Any] = {}
    plan_file: str | None = None
    skips: tuple[SkippedSwath, ...] = ()
    organisation: str = ""
    operator: str = ""
    task_id: str = ""


def shown(asked: RecordRequest) -> dict[str, Any]:
    """Return the data of the Record view. Raises InputError if plan or record is unknown."""
    facts = facts_of(asked)
    found = facts.found
    return {
        "plan_hash": facts.plan.plan_hash,
        "totals": totals(facts),
        "gaps": gap_rows(found),
        "pieces": [piece(gap) for gap in found.gaps[:GAPS_SHOWN]],
        "hours": asked.seen.get("hours", {}),
        "events": asked.seen.get("events", []),
        "depths": depth_rows(facts.ledger, facts.cell_m),
        "required_depth_m": facts.config.mission.required_depth_m,
        "unworkable": [
            {"reason": row.reason.value, "area_m2": row.area_m2}
            for row in facts.plan.untreatable
            if row.area_m2 >= 0.005
        ],
        "statement": STATEMENT,
        "simulated": facts.simulated,
    }


def totals(facts: JobFacts) -> dict[str, float]:
    """Return areas [m2], as defined in `vehicle/reports/gaps.py`.

    `area_m2` is the sum of processed, missed, listed and not in the task.
    """
    found = facts.found
    areas_m2 = {
        "area_m2": found.area_m2,
        "processed_m2": found.processed_m2,
        "provisional_m2": facts.provisional_m2,
        "missed_m2": found.missed_m2,
        "below_depth_m2": found.below_depth_m2,
        "passed_m2": max(0.0, found.swept_not_credited_m2 - found.below_depth_m2),
        "listed_m2": found.listed_m2,
        "not_in_task_m2": found.not_in_task_m2,
        "withdrawn_m2": found.withdrawn_m2,
    }
    return {name: round(area_m2, DIGITS) for name, area_m2 in areas_m2.items()}


def gap_rows(found: Found) -> list[dict[str, Any]]:
    """Return missed ground by reason, in the order of the reasons."""
    rows = []
    for reason in GapReason:
        areas = [gap.area_m2 for gap in found.gaps if gap.reason is reason]
        if areas:
            text = gaps.REASON_TEXT[reason]
            rows.append({"reason": reason.value, "area_m2": sum(areas), "pieces": len(areas), "text": text})
    return rows


def piece(gap: gaps.Gap) -> dict[str, Any]:
    """Return one gap for the map."""
    rings = [np.round(np.array(ring), 3).tolist() for ring in gap.rings_m]
    return {"reason": gap.reason.value, "area_m2": gap.area_m2, "rings": rings, "note": gap.note}


def depth_rows(ledger: LedgerState, cell_m: float) -> list[dict[str, float]]:
    """Return the processed area by whole centimetre of proven depth."""
    counts = depths_cm(ledger)
    return [{"depth_cm": int(n), "area_m2": float(counts[n]) * cell_m**2} for n in np.flatnonzero(counts)]


def written(asked: RecordRequest, folder: Path) -> list[str]:
    """Write every file of the record into a folder; return their names. Raises InputError if a value is unknown."""
    folder.mkdir(parents=True, exist_ok=True)
    return [path.name for path in write_all(folder, facts_of(asked))]


# --- facts -----------------------------------------------------------------------------------------------------------
def facts_of(asked: RecordRequest) -> JobFacts:
    """Return all facts for reports. Raises InputError if plan or record is unknown."""
    ledger, head = ledger_file.read(Path(asked.ledger))
    if not asked.site.get("hash"):
        raise InputError(NO_SITE)
    ground, plan = ground_of(asked.site), plan_of(asked)
    if head.plan_hash != plan.plan_hash:
        raise InputError(f"the record is of plan {head.plan_hash}, but the vehicle's site is of plan {plan.plan_hash}")
    if ground.work_area.is_empty:
        raise InputError(NO_AREA)
    config = config_of(asked, plan, head.cell_m)
    found = gaps.find(ground.work_area, ground.keep_out, plan, ledger, config, asked.skips)
    seen = asked.seen
    return JobFacts(
        site=ground,
        plan=plan,
        config=config,
        ledger=ledger,
        found=found,
        time_s=float(seen.get("time_s", 0.0)),
        simulated=asked.simulated,
        phase_s=dict(seen.get("hours", {})),
        trail_m=tuple((float(x), float(y)) for x, y in seen.get("trail_m", [])),
        events=tuple(event_of(row) for row in seen.get("events", [])),
        organisation=asked.organisation,
        operator=asked.operator,
        task_id=asked.task_id,
        start_utc=str(seen.get("start_utc", "")),
        end_utc=str(seen.get("end_utc", "")),
        time_source="the console's clock" if seen.get("start_utc") else "",
        status="as seen by the console",
        remarks=("Hours, way and events are those that this console saw; the vehicle's own record holds all of them.",),
    )


def event_of(row: dict[str, Any]) -> Event:
    """Convert an event that the console observed."""
    return Event(
        t_ns=int(float(row.get("t_s", 0.0)) * 1e9),
        tick=int(row.get("tick", 0)),
        kind=str(row.get("kind", "note")),
        text=str(row.get("text", "")),
        east_m=row.get("e"),
        north_m=row.get("n"),
    )


def ground_of(site: dict[str, Any]) -> Ground:
    """Return the areas of a site by role."""
    by_role: dict[str, list[Any]] = {}
    for area in site.get("areas", []):
        if area.get("rings"):
            by_role.setdefault(area["role"], []).append(shapely.Polygon(area["rings"][0], area["rings"][1:]))

    def all_of(*roles: str) -> Any:
        return shapely.union_all([shape for role in roles for shape in by_role.get(role, [])])

    marks = [area for area in site.get("areas", []) if area.get("role") != "parking"]
    points = [tuple(area["point"]) for area in marks if area.get("point")]
    return Ground(
        name=str(site.get("name") or "site"),
        work_area=all_of("work_area"),
        keep_out=all_of("keep_out"),
        safe_ground=all_of("safe_ground", "access", "parking"),
        benchmarks_m=tuple((float(x), float(y)) for x, y in points),
    )


def plan_of(asked: RecordRequest) -> Plan:
    """Return the plan as made here, else the part that the vehicle sent. Raises InputError if the site has no plan."""
    if asked.plan_file is not None:
        return msgspec.json.decode(Path(asked.plan_file).read_bytes(), type=Plan)
    site = asked.site
    try:
        return told_plan(site)
    except (KeyError, TypeError, ValueError, msgspec.ValidationError) as error:
        raise InputError(f"the plan on the vehicle cannot be read ({error})") from None


def told_plan(site: dict[str, Any]) -> Plan:
    """Build a plan from the vehicle's data: swaths and unworked places, without transits and without certificate."""
    fields = MachineFootprint.__struct_fields__
    machine = {name: site["machine"].get(name, 0.0) for name in fields}
    rows = [
        Untreatable(
            reason=UntreatableReason(row["reason"]),
            rings_m=tuple(tuple((float(x), float(y)) for x, y in ring) for ring in row["rings"]),
            area_m2=float(shapely.Polygon(row["rings"][0], row["rings"][1:]).area),
        )
        for row in site.get("unworkable", [])
    ]
    swaths = [one for one in site.get("swaths", []) if one.get("kind", "swath") == "swath"]
    ground = ground_of(site)
    return Plan(
        datum=LocalFrame(*site["datum"]),
        site_hash=str(site.get("site_hash", "")),
        plan_hash=str(site["hash"]),
        machine=msgspec.convert({**machine, "name": site["machine"].get("name", "vehicle")}, MachineFootprint),
        segments=tuple(segment_of(one, machine) for one in swaths),
        untreatable=tuple(rows),
        certificate=NO_PROOF,
        area_m2=float(shapely.difference(ground.work_area, ground.keep_out).area),
        overlap_m=0.0,
        outside="unknown",
        outside_assumed=True,
        keep_out_m=(),
        unproven_m=(),
        time_s=0.0,
        bound_s=0.0,
    )


def segment_of(row: dict[str, Any], machine: dict[str, Any]) -> Segment:
    """Convert a swath sent by the vehicle."""
    (x0, y0), (x1, y1) = row["from"], row["to"]
    yaw = float(np.arctan2(y1 - y0, x1 - x0))
    return Segment(
        seq=int(row["n"]),
        kind=SegmentKind.SWATH,
        tool_down=True,
        points_m=((float(x0), float(y0)), (float(x1), float(y1))),
        yaw_start_rad=yaw,
        yaw_end_rad=yaw,
        speed_mps=float(machine.get("working_speed_mps", 0.0)),
    )


def config_of(asked: RecordRequest, plan: Plan, cell_m: float) -> VehicleConfig:
    """Return the configuration of the record, as far as the figures need it.

    Raises:
        InputError: Nobody says the required depth, or the vehicle names a machine that this console does not know.
    """
    depth_m = plan.required_depth_m or asked.site.get("required_depth_m")
    if not depth_m:
        raise InputError("Neither the plan nor the vehicle says the required depth: plan the site again")
    mission = MissionConfig(cell_m=cell_m, required_depth_m=float(depth_m))
    return assemble_vehicle("the console", asked.vehicle_id, load_machine(plan.machine.name), mission)
