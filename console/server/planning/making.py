"""Makes plans for the page, in a worker process: options of a machine, the plan, and what the page shows of it."""

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec
import shapely

from console.server.planning.names import ASKED, SHOWN, plain_name
from console.server.planning.sites import SiteRequest, read, rings_of, site_rows
from vehicle.config.depth_margin import shortfall
from vehicle.config.footprint import footprint
from vehicle.config.load import load_machine, machine_names
from vehicle.config.required_depth import DEFAULT_DEPTH_M, LEAST_DEPTH_M, agreed_m
from vehicle.config.vehicle import MachineConfig, MissionConfig
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Plan, Segment, SegmentKind, Untreatable, UntreatableReason
from vehicle.contracts.plan_times import times_of
from vehicle.planning.coverage.closing import is_whole
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.files.stored import write_stored
from vehicle.planning.site.site import Site
from vehicle.planning.task.whole import plan_whole
from vehicle.runtime.tool_bounds import planned_bounds

TOLD_EACH_S: Final = 0.5
OVERLAP_STEP_M: Final = 0.005
"""A value typed with two decimals is accepted as the minimum if it rounds to it."""

Tell = Callable[[float, str], None]
"""Called with the used share of the planning time, 0 to 1, and a text."""


class PlanRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The page's request. `outside` and `tripwires` have no default: the user must choose them.

    `overlap_m` None: the computed value. `folder`: where the plan is written.
    """

    site: SiteRequest
    machine: str
    folder: str
    outside: str | None = None
    tripwires: str | None = None
    tool: str | None = None
    depth_m: float | None = None
    overlap_m: float | None = None
    limit_s: float = 120.0


class Reporting(WorkLimit):
    """A work limit that reports progress whenever the planner asks for it; work is counted in seconds."""

    def __init__(self, limit_s: float, tell: Tell) -> None:
        super().__init__(limit_s)
        self._tell, self._whole_s, self._told_s = tell, limit_s, -TOLD_EACH_S

    def __call__(self) -> bool:
        """Whether the time for planning is up."""
        spent_s = self.spent_s()
        if spent_s - self._told_s >= TOLD_EACH_S:
            self._told_s = spent_s
            self._tell(min(1.0, spent_s / self._whole_s), f"{spent_s:.0f} s of at most {self._whole_s:.0f} s")
        return super().__call__()


def machines() -> list[dict[str, Any]]:
    """Return every complete machine profile with its tools and options; incomplete ones are left out."""
    found = []
    for name in machine_names():
        try:
            machine = load_machine(name)
        except InputError:
            continue
        tools = sorted(getattr(machine, "tools", {}) or {})
        settings = settings_of(machine, None, DEFAULT_DEPTH_M)
        found.append(
            {
                "name": name,
                "title": machine.name,
                "tools": tools,
                "width_m": machine.tracks.outer_width_m,
                "slope_max_deg": round(math.degrees(machine.limits.slope_max_rad), 1),
                "tool_width_m": machine.tool.width_m,
                "depth_max_m": machine.tool.depth_max_m,
                "depth_default_m": DEFAULT_DEPTH_M,
                "overlap_least_m": least_overlap_m(settings),
            }
        )
    return found


def settings_of(machine: MachineConfig, overlap_m: float | None, depth_m: float | None) -> PlanSettings:
    """Return the planner's settings for a machine."""
    return PlanSettings(
        overlap_m=overlap_m,
        bounds=planned_bounds(machine),
        slope_max_rad=machine.limits.slope_max_rad,
        required_depth_m=DEFAULT_DEPTH_M if depth_m is None else depth_m,
        required_depth_assumed=depth_m is None,
    )


def least_overlap_m(settings: PlanSettings) -> float:
    """Overlap [m] that the credit rule needs in the worst direction: 2 (k sigma + e) + reach of a cell."""
    free = msgspec.structs.replace(settings, overlap_m=None)
    return free.overlap_at_m(0.25 * math.pi)


def planned(asked: PlanRequest, tell: Tell) -> dict[str, Any]:
    """Plan, write the plan, its site file and the page's data into the folder, and return the plan's name.

    Raises:
        InputError: One sentence: a choice is missing, site and machine do not fit, or the site cannot be read.
    """
    check_chosen(asked)
    folder = Path(asked.folder)
    asked = msgspec.structs.replace(asked, site=_kept(asked.site, folder))
    (folder / ASKED).write_bytes(msgspec.json.encode(asked))
    machine = load_machine(asked.machine, asked.tool)
    site = read(msgspec.structs.replace(asked.site, outside=asked.outside, tripwires=asked.tripwires))
    depth_m = agreed_m({asked.site.name: site.required_depth_m, "the depth asked for": asked.depth_m})
    settings = settings_of(machine, asked.overlap_m, depth_m)
    check_depth(machine, depth_m)
    check_overlap(machine, settings)
    mission = MissionConfig(required_depth_m=DEFAULT_DEPTH_M if depth_m is None else depth_m)
    plan = plan_whole(site, footprint(machine, mission), settings, Reporting(asked.limit_s, tell))
    write_stored(plan, folder)
    (folder / SHOWN).write_bytes(msgspec.json.encode({"name": asked.site.name, **shown(plan, site)}))
    return {"hash": plan.plan_hash}


def _kept(site: SiteRequest, folder: Path) -> SiteRequest:
    """Keep the site file beside its plan, so that the planned site stays readable when the drawing changes."""
    path = folder / plain_name(site.name)
    if not path.exists():
        path.write_bytes(Path(site.path).read_bytes())
    return msgspec.structs.replace(site, path=str(path))


def check_chosen(asked: PlanRequest) -> None:
    """Check the choices without default. Raises InputError if one is missing."""
    if asked.outside not in ("safe", "unknown"):
        raise InputError("Choose what the ground outside the work area is: safe or unknown")
    if asked.tripwires not in ("possible", "none"):
        raise InputError("Choose whether trip-wires are possible, or there are none")
    if not 0.0 < asked.limit_s <= 3_600.0:  # False for NaN too
        raise InputError(f"{asked.limit_s:g} s for planning: choose up to an hour")


def check_depth(machine: MachineConfig, depth_m: float | None) -> None:
    """Check the depth. Raises InputError if the tool cannot reach it or cannot prove it."""
    if depth_m is None:
        return
    deepest_m = machine.tool.depth_max_m
    if not LEAST_DEPTH_M <= depth_m <= deepest_m:  # False for NaN too
        raise InputError(
            f"Required depth {depth_m:g} m: {machine.name} works from {LEAST_DEPTH_M:g} m down to {deepest_m:g} m"
        )
    if short := shortfall(MissionConfig(required_depth_m=depth_m), machine):
        raise InputError(f"Required depth {depth_m:g} m cannot be proven: {short}")


def depth_of(plan: Plan) -> float:
    """Return the required depth [m] of a plan. Raises InputError if an older program made it and did not say it."""
    if plan.required_depth_m is None:
        raise InputError("The plan does not say its required depth: plan the site again")
    return plan.required_depth_m


def check_overlap(machine: MachineConfig, settings: PlanSettings) -> None:
    """Check the overlap. Raises InputError if it is too small to prove seams, or not smaller than the tool."""
    if settings.overlap_m is None:
        return
    least_m = least_overlap_m(settings)
    if not settings.overlap_m >= least_m - OVERLAP_STEP_M:  # False for NaN too
        raise InputError(
            f"Overlap {settings.overlap_m:g} m: below {least_m:.2f} m the seams between swaths cannot be proven"
        )
    if not settings.overlap_m < machine.tool.width_m:
        raise InputError(
            f"Overlap {settings.overlap_m:g} m: it must be below the width of the tool, {machine.tool.width_m:g} m"
        )


# --- what the page shows ---------------------------------------------------------------------------------------------
def shown(plan: Plan, site: Site) -> dict[str, Any]:
    """Return a plan for the page: path with times, figures to compare, unworkable places, certificate."""
    machine = msgspec.to_builtins(plan.machine)
    return {
        "hash": plan.plan_hash,
        "site_hash": plan.site_hash,
        "site": site_rows(site),
        "machine": {**machine, "width_m": plan.machine.track_outer_width_m},
        "area_m2": plan.area_m2,
        "time_s": plan.time_s,
        "bound_s": plan.bound_s,
        "overlap_m": plan.overlap_m,
        "overlap_m2": overlap_m2(plan),
        "outside": plan.outside,
        "tripwires": site.tripwires,
        "required_depth_m": plan.required_depth_m,
        "required_depth_assumed": plan.required_depth_assumed,
        "whole": is_whole(plan),
        "certificate": msgspec.to_builtins(plan.certificate),
        "segments": segment_rows(plan),
        "turns": sum(segment.kind is SegmentKind.TURN for segment in plan.segments),
        "swaths": sum(segment.kind is SegmentKind.SWATH for segment in plan.segments),
        "unworkable": unworkable_rows(plan),
        "unworkable_m2": sum(row.area_m2 for row in plan.untreatable if not beyond_task(row)),
        "not_in_task_m2": sum(row.area_m2 for row in plan.untreatable if beyond_task(row)),
    }


def beyond_task(row: Untreatable) -> bool:
    """Return the ground between the strips of a survey; the plan says nothing about it, and it may be workable."""
    return row.reason is UntreatableReason.NOT_IN_TASK


def segment_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return segments in order with their start times; `wait_s` passes before each moves, `settle_s` after it."""
    rows, start_s, swath = [], 0.0, 0
    for segment, time in zip(plan.segments, times_of(plan.segments, plan.machine), strict=True):
        is_swath = segment.kind is SegmentKind.SWATH
        swath += is_swath
        rows.append(
            {
                "seq": segment.seq,
                "kind": segment.kind.value,
                "swath": swath if is_swath else None,
                "points": [[round(x, 3), round(y, 3)] for x, y in segment.points_m],
                "yaw_rad": round(segment.yaw_start_rad, 6),
                "turn_rad": round(segment.turn_rad, 6),
                "start_s": round(start_s, 2),
                "takes_s": round(time.whole_s, 2),
                "wait_s": round(time.before_s, 2),
                "settle_s": round(time.after_s, 2),
            }
        )
        start_s += time.whole_s
    return rows


def overlap_m2(plan: Plan) -> float:
    """Ground that swaths pass more than once [m2]: the sum of their strips less the area they cover."""
    strips = [strip_of(segment, plan) for segment in plan.segments if segment.kind is SegmentKind.SWATH]
    return float(sum(strip.area for strip in strips) - shapely.union_all(strips).area) if strips else 0.0


def strip_of(segment: Segment, plan: Plan) -> Any:
    """Return the ground that the tool passes in a swath, as a shapely polygon."""
    ahead_m, yaw = plan.machine.tool_ahead_m, segment.yaw_start_rad
    moved = [(x + ahead_m * math.cos(yaw), y + ahead_m * math.sin(yaw)) for x, y in segment.points_m]
    lines = [line for line in pairwise(moved) if line[0] != line[1]]
    return shapely.buffer(shapely.MultiLineString(lines), 0.5 * plan.machine.tool_width_m, cap_style="flat")


def unworkable_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return the places that the machine does not work, the largest first."""
    rows = sorted(plan.untreatable, key=lambda row: -row.area_m2)
    found = []
    for row in rows:
        shape = shapely.Polygon(row.rings_m[0], row.rings_m[1:])
        at = shape.representative_point()
        rings = rings_of(shape)
        found.append({"reason": row.reason.value, "area_m2": row.area_m2, "rings": rings, "at": [at.x, at.y]})
    return found
