"""Plans the way to the parking, and back to the work, from the console's copy of the record; in a worker process.

The planner is that of `flailpilot plan --to-parking` and `--back-to-work`. A way's folder names the folder of the plan
of the work and the segment in which it was left, so that the way back and the work itself can be handed over after it.
"""

from pathlib import Path
from typing import Any, Final

import msgspec

from console.server.planning import ledger_file
from console.server.planning.making import Reporting, Tell, depth_of, settings_of
from console.server.planning.making import shown as plan_shown
from console.server.planning.names import SHOWN, WORK
from console.server.planning.replanning import Point, made_in, swept_of, write_made
from console.server.planning.sites import read
from vehicle.config.footprint import footprint
from vehicle.config.load import assemble_vehicle, load_machine
from vehicle.config.vehicle import MissionConfig
from vehicle.contracts.detonation import CRATER_M
from vehicle.contracts.errors import InputError
from vehicle.contracts.geometry import along_cross_m
from vehicle.contracts.ledger_types import JobMark
from vehicle.contracts.plan import Plan, SegmentKind
from vehicle.planning.coverage.closing import resting_on
from vehicle.planning.coverage.parking import PARKING, kept_out_since, parking_goals
from vehicle.planning.coverage.replan import crater
from vehicle.planning.coverage.settings import Goal, PlanSettings, StartPose
from vehicle.planning.coverage.way_plan import WayRequest, way_plan
from vehicle.runtime.way_back import work_goal

BACK = "work"
BEGUN_M: Final = 0.3
"""Way in a swath from which on it counts as begun: before it, the way back leads to its start."""
TO: Final = (PARKING, BACK)


class WorkLeft(msgspec.Struct, frozen=True, kw_only=True):
    """Folder of the plan of the work, and the segment of it in which the machine left; beyond the last: it is done.

    `at_work`: in a swath, whether it was begun; None until the way to the parking is made, which sees it by the place.
    """

    made: str
    index: int = 0
    at_work: bool | None = None


class WayAsked(msgspec.Struct, frozen=True, kw_only=True):
    """`to`: one of `TO`. `work`: what was left. `pose`: east, north [m], yaw [rad]. `craters`: places kept out."""

    to: str
    work: WorkLeft
    ledger: str
    folder: str
    pose: tuple[float, float, float]
    craters: tuple[Point, ...] = ()
    limit_s: float = 120.0


def work_left(folder: Path) -> WorkLeft | None:
    """Return the work that a way's folder names; None if it is the folder of another plan."""
    try:
        return msgspec.json.decode((folder / WORK).read_bytes(), type=WorkLeft)
    except (OSError, ValueError, RecursionError):
        return None


def way_made(asked: WayAsked, tell: Tell) -> dict[str, Any]:
    """Plan the way and write its plan into the folder.

    Raises:
        InputError: One sentence: there is no way or no parking point, or the work is done.
    """
    if asked.to not in TO:
        raise InputError(f"a way to {asked.to!r}: it leads to {' or '.join(TO)}")
    work, first = made_in(Path(asked.work.made))
    ledger, head = ledger_file.read(Path(asked.ledger))
    site = read(msgspec.structs.replace(first.site, outside=first.outside, tripwires=first.tripwires))
    machine = load_machine(first.machine, first.tool)
    mission = MissionConfig(cell_m=head.cell_m, required_depth_m=depth_of(work))
    left = asked.work
    if left.at_work is None:
        left = msgspec.structs.replace(left, at_work=begun(work, left.index, asked.pose))
    goals: tuple[Goal, ...]
    if asked.to == BACK:
        config = assemble_vehicle("the console", "vehicle", machine, mission)
        goals = (work_goal(work, mark_of(work, left), ledger, config),)
    else:
        goals = parking_goals(site)
    radius_m = CRATER_M + 0.5 * machine.tool.width_m
    settings = msgspec.structs.replace(settings_of(machine, first.overlap_m, work.required_depth_m), cell_m=head.cell_m)
    request = WayRequest(
        site_hash=site.site_hash,
        swept=swept_of(ledger, head.cell_m),
        pose=StartPose(*asked.pose),
        goals=goals,
        craters=(*kept_out_since(work, site), *(crater(place, radius_m) for place in asked.craters)),
        error_m=settings.k_sigma * PlanSettings().tool_sigma_m,
    )
    plan = way_plan(site, footprint(machine), settings, request, Reporting(asked.limit_s, tell))
    plan = resting_on(plan, head.records)
    more = {"name": first.site.name, "to": asked.to, "work": Path(left.made).name}
    folder = Path(asked.folder)
    write_made(plan, first, folder)
    (folder / WORK).write_bytes(msgspec.json.encode(left))
    (folder / SHOWN).write_bytes(msgspec.json.encode({**more, **plan_shown(plan, site)}))
    return {"hash": plan.plan_hash, "time_s": plan.time_s}


def begun(work: Plan, index: int, pose: tuple[float, float, float]) -> bool:
    """Whether the machine stands in a swath of the work that it has begun, beyond its start."""
    if not 0 <= index < len(work.segments) or work.segments[index].kind is not SegmentKind.SWATH:
        return False
    segment = work.segments[index]
    along_m, across_m = along_cross_m(pose[:2], segment.points_m[0], segment.yaw_start_rad)
    return along_m > BEGUN_M and abs(across_m) < BEGUN_M


def mark_of(work: Plan, left: WorkLeft) -> JobMark:
    """Return the place of the work as the vehicle keeps it."""
    return JobMark(
        plan_hash=work.plan_hash,
        site_hash=work.site_hash,
        index=left.index,
        at_work=bool(left.at_work),
        done=left.index >= len(work.segments),
    )
