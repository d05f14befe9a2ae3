"""Plans sent by consoles: read, checked like a plan from a folder, and assigned; in a process beside the tick.

The plan must match its hash, have a valid
certificate, be made for that site and this machine, and use this vehicle's datum. Keep-outs of the vehicle's own site
stay in force.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final

import msgspec

from vehicle.config.drive import DriveFile
from vehicle.config.required_depth import agreed_m
from vehicle.config.vehicle import VehicleConfig, footprint
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.plan import Plan, PlanAssignment
from vehicle.control import plan_assignment
from vehicle.control.state import VehicleState
from vehicle.host.own_process import OwnProcess
from vehicle.operator_link.link import OperatorLink
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.operator_link.site_file import SiteArea
from vehicle.operator_link.staging import CHECKING, REFUSED, TAKEN, SiteSource, Stage, Staged, read_stage
from vehicle.polygons.boundary import Rings, joined, rings_of
from vehicle.runtime.own_site import OwnSite, settings_of
from vehicle.runtime.site_planning import SitePlanning

CHECK_S: Final = 300.0
"""Longest time of a check: a site file of another program may keep its reader busy for hours."""
ROLES: Final = ("work_area", "keep_out", "safe_ground", "access")


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that may be driven, with its site file, the areas of its site and the boundary of the machine."""

    plan: Plan
    source: SiteSource
    areas: tuple[SiteArea, ...]
    boundary_m: Rings


def judge(data: bytes, folder: Path, config: VehicleConfig, datum: LocalFrame, kept_out_m: Rings) -> Judged:
    """Read and check the plan; the executor decides in which process.

    Raises:
        InputError: One line: why this plan may not be driven.
    """
    from vehicle.planning.coverage.closing import check_certificate, plan_hash_of  # noqa: PLC0415
    from vehicle.planning.coverage.ground import kept_out  # noqa: PLC0415  # loads slowly
    from vehicle.planning.coverage.replan import check_site  # noqa: PLC0415
    from vehicle.planning.site.site import load_site  # noqa: PLC0415
    from vehicle.planning.task.whole import agreed_role  # noqa: PLC0415

    stage = read_stage(data)
    plan = stage.plan
    if words := Kept.PLAN.other(plan.format):
        raise InputError(words)
    if plan_hash_of(plan) != plan.plan_hash:
        raise InputError("the plan was changed since it was made; plan the site again")
    check_certificate(plan)
    folder.mkdir(parents=True, exist_ok=True)
    suffix = "".join(one for one in Path(stage.site_name).suffix if one.isalnum()) or "geojson"
    # by its content too: the site of a plan that is refused replaces no site of a plan that is driven
    path = folder / f"handed-over-{plan.plan_hash}-{hashlib.sha256(stage.site_base64).hexdigest()[:8]}.{suffix}"
    path.write_bytes(stage.site_base64)
    site = load_site(path, stage.outside, datum, stage.tripwires, feature=stage.feature, unmarked=stage.unmarked)
    if plan.datum != datum:
        raise InputError("the plan has another datum than this machine's record: plan it while connected")
    check_site(plan.site_hash, site)
    agreed_role(site, plan)
    agreed_m(
        {"the site": site.required_depth_m, "plan": plan.required_depth_m, "vehicle": config.mission.required_depth_m}
    )
    machine = footprint(config.machine)
    if plan.machine.differs_in(machine):
        raise InputError(f"the plan was made for {plan.machine.name}, this is {machine.name}: plan it for this one")
    boundary_m = joined((), plan.keep_out_m, rings_of(kept_out(site, settings_of(config))), kept_out_m)
    return Judged(plan=plan, source=source_of(stage), areas=areas_of(site), boundary_m=boundary_m)


def source_of(stage: Stage) -> SiteSource:
    """Return the site file of a plan, without the plan."""
    return SiteSource(**{name: getattr(stage, name) for name in SiteSource.__struct_fields__})


def areas_of(site: Any) -> tuple[SiteArea, ...]:
    """Return the polygons of a site by their role, and its parking points and benchmarks."""
    import shapely  # noqa: PLC0415  # loads slowly

    from vehicle.planning.coverage.parking import PARKING, parking_points  # noqa: PLC0415

    return (
        *(
            SiteArea(role=role, rings_m=rings_of(polygon))
            for role in ROLES
            for polygon in shapely.get_parts(getattr(site, role))
            if polygon.geom_type == "Polygon" and not polygon.is_empty
        ),
        *(SiteArea(role=PARKING, point_m=(mark.east_m, mark.north_m)) for mark in parking_points(site)),
        *(SiteArea(role="benchmark", point_m=place_m) for place_m in site.benchmarks_m),
    )


class StagedPlans:
    """`PlanTaker` of the vehicle program.

    Args:
        folder: Where the site files of plans are kept.
        hold: Holds this plan inside this boundary from the next tick that allows it; returns "" or the refusal.
        held: Returns the hash of the plan that the vehicle holds now.
        areas: Areas of sites by site hash; those of a plan that is taken are added.
        sources: Site files by site hash; that of a plan that is taken is added.
        tell: Sends a line to every station.
    """

    def __init__(
        self,
        config: VehicleConfig,
        datum: LocalFrame,
        folder: Path,
        hold: Callable[[Plan, Rings], str],
        held: Callable[[], str],
        areas: dict[str, tuple[SiteArea, ...]],
        sources: dict[str, SiteSource],
        tell: Callable[[str], None],
        *,
        own: OwnSite | None = None,
        make: Callable[[], Executor] = OwnProcess,
    ) -> None:
        self._config, self._datum, self._folder = config, datum, folder
        self._hold, self._held, self._areas, self._tell = hold, held, areas, tell
        self._sources = sources
        self._kept_out_m: Rings = own.kept_out_m if own is not None else ()
        self._make = make
        self._staged = Staged()
        self._waiting: bytes | None = None
        self._changed = asyncio.Event()

    @property
    def staged(self) -> Staged:
        """State of the newest plan; "taken" means that the vehicle holds it, not only that it was asked to."""
        one = self._staged
        if one.state == CHECKING and one.plan_hash and self._held() == one.plan_hash:
            self._staged = one = msgspec.structs.replace(one, state=TAKEN)
        return one

    def take(self, data: bytes) -> None:
        """Accept a plan for checking; a newer one replaces it."""
        self._staged, self._waiting = Staged(state=CHECKING), data
        self._changed.set()

    async def run(self) -> None:
        """Check the plans that arrive until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            data, self._waiting = self._waiting, None
            if data is None:
                continue
            answer = await self._judged(data)
            if answer is None or self._changed.is_set():
                continue  # a newer plan came
            if isinstance(answer, Judged):
                self._areas[answer.plan.site_hash] = answer.areas
                self._sources[answer.plan.site_hash] = answer.source
                refused = self._hold(answer.plan, answer.boundary_m)
                self._staged = Staged(
                    state=REFUSED if refused else CHECKING, plan_hash=answer.plan.plan_hash, text=refused
                )
                self._tell(refused or f"Plan {answer.plan.plan_hash} handed over")
            else:
                self._staged = Staged(state=REFUSED, text=answer)
                self._tell(f"Plan refused: {answer}")

    async def _judged(self, data: bytes) -> Judged | str | None:
        """Return the plan, or the reason for refusing it; None if a newer one came."""
        executor, loop = self._make(), asyncio.get_running_loop()
        newer, work = loop.create_task(self._changed.wait()), None
        try:
            work = loop.run_in_executor(
                executor, judge, data, self._folder, self._config, self._datum, self._kept_out_m
            )
            await asyncio.wait((work, newer), timeout=CHECK_S, return_when=asyncio.FIRST_COMPLETED)
            if newer.done():
                return None
            return work.result() if work.done() else f"its check took more than {CHECK_S:g} s; plan a smaller area"
        except InputError as refusal:
            return str(refusal).removeprefix(f"{self._folder}/")
        except Exception as error:  # noqa: BLE001  # an error in the reader must not stop the vehicle
            return f"it could not be read ({type(error).__name__})"
        finally:
            newer.cancel()
            if work is not None:
                work.cancel()
            with contextlib.suppress(Exception):
                executor.shutdown(wait=False, cancel_futures=True)


def staged_plans(
    file: DriveFile,
    state: VehicleState,
    own: OwnSite | None,
    link: OperatorLink,
    planning: SitePlanning,
    desk: MissionUpload,
    tell: Callable[[str], None],
    *,
    now: Callable[[], VehicleState],
) -> StagedPlans:
    """Build the `StagedPlans` and connect them to the link. `now`: the vehicle as it is now."""

    def hold(plan: Plan, boundary_m: Rings) -> str:
        if desk.site.survey is not None:  # else stations would read back a site that is not the one being driven
            return "a station's mission is held: clear it there first"
        if refused := plan_assignment.refusal(now(), PlanAssignment(plan=plan, boundary_m=boundary_m)):
            return refused  # the plan before it stays
        planning.take(plan, boundary_m)
        return ""

    def held_hash() -> str:
        plan = now().mission.plan
        return plan.plan_hash if plan is not None else ""

    areas = link.files.areas
    if own is not None:
        areas[own.place.site_hash] = areas_of(own.place)
        with contextlib.suppress(OSError):  # the site was read, but its file is gone: consoles get no plan to continue
            link.files.sources[own.place.site_hash] = SiteSource(
                site_base64=own.path.read_bytes(),
                site_name=own.path.name,
                outside=own.outside,
                feature=own.feature,
                unmarked=own.unmarked,
            )
        settings = settings_of(file.vehicle)
        withheld_m = settings.cross_track_m() - settings.tracking_error_m
        link.files.facts = msgspec.structs.replace(link.files.facts, withheld_m=withheld_m)
    made = StagedPlans(
        file.vehicle, state.datum, planning.folder, hold, held_hash, areas, link.files.sources, tell, own=own
    )
    link.files.taker = made
    return made
