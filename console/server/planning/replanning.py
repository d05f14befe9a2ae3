"""Plans the remaining ground of a task from the console's copy of the record; in a worker process.

The planner is that of `flailpilot plan --resume`: only missed ground, from where the machine stands. Ground whose cells
were swept completely bears the tracks, less the position error. Marks of detonations are keep-outs.
"""

from pathlib import Path
from typing import Any, Final

import msgspec
import shapely

from console.server.planning import ledger_file
from console.server.planning.making import PlanRequest, Reporting, Tell, depth_of, settings_of
from console.server.planning.making import shown as plan_shown
from console.server.planning.names import ASKED, SHOWN
from console.server.planning.sites import read
from vehicle.config.footprint import footprint
from vehicle.config.load import assemble_vehicle, load_machine
from vehicle.config.vehicle import MissionConfig
from vehicle.contracts.detonation import CRATER_M
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Plan
from vehicle.contracts.skipped import SkippedSwath
from vehicle.control.ground import raster, rasterise
from vehicle.control.state import LedgerState
from vehicle.planning.coverage.certificate import rings_of
from vehicle.planning.coverage.closing import resting_on
from vehicle.planning.coverage.replan import ReplanRequest, Rings, crater, for_good, replan
from vehicle.planning.coverage.settings import PlanSettings, StartPose
from vehicle.planning.files.stored import write_stored
from vehicle.reports import gaps

NOTHING_LEFT: Final = "Nothing is left of this plan: all ground is processed or listed"
NOT_MADE_HERE: Final = "The plan was not made by this console: plan what is left with `flailpilot plan --resume`"

Point = tuple[float, float]


class ReplanAsked(msgspec.Struct, frozen=True, kw_only=True):
    """`made`: folder of the plan to be continued; `pose`: east, north [m], yaw [rad] of the machine.

    `craters`: places that are kept out; `skips`: swaths that people left out, whose ground stays missed.
    """

    made: str
    ledger: str
    folder: str
    pose: tuple[float, float, float]
    craters: tuple[Point, ...] = ()
    skips: tuple[SkippedSwath, ...] = ()
    limit_s: float = 120.0


def replanned(asked: ReplanAsked, tell: Tell) -> dict[str, Any]:
    """Plan the remaining ground and write the plan into the folder.

    Raises:
        InputError: One sentence: nothing is left, the record is of another plan, or the machine cannot leave its place.
    """
    plan, first = made_in(Path(asked.made))
    ledger, head = ledger_file.read(Path(asked.ledger))
    if head.plan_hash != plan.plan_hash:
        raise InputError(NOT_MADE_HERE)
    site = read(msgspec.structs.replace(first.site, outside=first.outside, tripwires=first.tripwires))
    machine = load_machine(first.machine, first.tool)
    mission = MissionConfig(cell_m=head.cell_m, required_depth_m=depth_of(plan))
    config = assemble_vehicle("the console", "vehicle", machine, mission)
    listed = msgspec.structs.replace(plan, untreatable=for_good(plan))
    found = gaps.find(site.work_area, site.keep_out, listed, ledger, config, asked.skips)
    missed = tuple(gap.rings_m for gap in found.gaps if not gap.note)
    if not missed:
        raise InputError(NOTHING_LEFT)
    radius_m = CRATER_M + 0.5 * machine.tool.width_m
    settings = msgspec.structs.replace(settings_of(machine, first.overlap_m, plan.required_depth_m), cell_m=head.cell_m)
    request = ReplanRequest(
        request_id=1,
        plan_hash=plan.plan_hash,
        site_hash=site.site_hash,
        missed=missed,
        swept=swept_of(ledger, head.cell_m),
        pose=StartPose(*asked.pose),
        craters=tuple(crater(place, radius_m) for place in asked.craters),
        error_m=settings.k_sigma * PlanSettings().tool_sigma_m,
    )
    rest = replan(site, footprint(machine), settings, request, Reporting(asked.limit_s, tell)).plan
    rest = resting_on(rest, head.records)
    folder = Path(asked.folder)
    write_made(rest, first, folder)
    (folder / SHOWN).write_bytes(msgspec.json.encode({"name": first.site.name, **plan_shown(rest, site)}))
    return {"hash": rest.plan_hash, "replaces": plan.plan_hash}


def made_in(folder: Path) -> tuple[Plan, PlanRequest]:
    """Return the plan in a folder of this console, and its request. Raises InputError if it holds none."""
    try:
        plan = msgspec.json.decode((folder / "plan.json").read_bytes(), type=Plan)
        return plan, msgspec.json.decode((folder / ASKED).read_bytes(), type=PlanRequest)
    except (OSError, ValueError, RecursionError):
        raise InputError(NOT_MADE_HERE) from None


def write_made(plan: Plan, first: PlanRequest, folder: Path) -> None:
    """Write a plan that follows from an earlier one, with the request of that one. What the page shows comes last."""
    write_stored(plan, folder)
    (folder / ASKED).write_bytes(msgspec.json.encode(msgspec.structs.replace(first, folder=str(folder))))


def swept_of(ledger: LedgerState, cell_m: float) -> tuple[Rings, ...]:
    """Return the cells that the working tool passed completely, as polygons."""
    boxes = []
    for column, row, tile in raster.each(ledger.tiles):
        boxes += rasterise.outline((tile[raster.FLAGS] & raster.SWEPT) != 0, column, row, cell_m)
    union = shapely.union_all(boxes) if boxes else shapely.Polygon()
    return tuple(rings_of(part) for part in shapely.get_parts(union) if part.geom_type == "Polygon" and part.area > 0.0)
