"""`flailpilot plan`: site and machine in, plan files out."""

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from flailpilot.exit_status import DONE
from flailpilot.options import PlanOptions
from flailpilot.plan_progress import planning_limit
from flailpilot.plan_task import asked_wish
from flailpilot.plan_told import said, tell
from flailpilot.run_folder import make_folder, older_plan_told, plan_folder, refuse_a_run
from vehicle.config.depth_margin import shortfall
from vehicle.config.load import load_machine
from vehicle.config.pace import SOIL_ASSUMED_MJ_PER_M3, SOIL_MAX_MJ_PER_M3, SOIL_MIN_MJ_PER_M3
from vehicle.config.required_depth import DEFAULT_DEPTH_M, LEAST_DEPTH_M, agreed_m
from vehicle.config.task import Task, load_task
from vehicle.config.vehicle import MachineConfig, MissionConfig, footprint
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import MachineFootprint, Plan
from vehicle.host import utc
from vehicle.host.clock import utc_now
from vehicle.planning.coverage.closing import is_whole
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.files.export import names_of, write_plan_files
from vehicle.planning.site.projected import checked_frame
from vehicle.planning.site.site import Site, load_site
from vehicle.planning.task.planned import plan_task
from vehicle.runtime.tool_bounds import planned_bounds

MISSED = 1


def run(asked: PlanOptions) -> int:
    """Plan and write the files; exit status 1 if the certificate shows missed ground or time ran out."""
    with older_plan_told(asked.out):
        machine = load_machine(asked.machine)
        check_limits(machine, asked.overlap_m, asked.time_limit_s)
        check_depth("--depth", asked.depth_m, machine)
        site = asked_site(asked)
        task = load_task(asked.task).task if asked.task is not None else None
        required_m = _required_m(asked, site, task)
        check_depth(f"{asked.site if site.required_depth_m else asked.task}: required depth", required_m, machine)
        wish = asked_wish(asked, site, task)
        settings = PlanSettings(
            overlap_m=asked.overlap_m,
            overrun_m=asked.overrun_m,
            bounds=planned_bounds(machine),
            slope_max_rad=machine.limits.slope_max_rad,
            required_depth_m=DEFAULT_DEPTH_M if required_m is None else required_m,
            required_depth_assumed=required_m is None,
        )
        shape = asked_footprint(machine, settings, asked.soil_mj_per_m3)
        refuse_a_run(asked.out)
        make_folder(asked.out)
        with planning_limit(asked.time_limit_s, quiet=asked.as_json) as limit:
            plan = plan_task(site, shape, settings, wish, limit)
        folder = free_folder(asked.out, plan, site, as_json=asked.as_json)
    written(plan, site, folder, asked)
    soil_said = asked.soil_mj_per_m3 is not None
    tell(plan, site, folder, as_json=asked.as_json, struck=limit.struck, soil_said=soil_said)
    return DONE if is_whole(plan) else MISSED


def _required_m(asked: PlanOptions, site: Site, task: Task | None) -> float | None:
    """Return the depth on which site, command line and task file agree; None if none states one.

    Raises InputError if two disagree.
    """
    in_task = task.required_depth_m if task is not None else None
    return agreed_m({str(asked.site): site.required_depth_m, "--depth": asked.depth_m, str(asked.task): in_task})


def asked_site(asked: PlanOptions) -> Site:
    """Read the site file with the given options.

    Raises:
        InputError: One line: what is wrong with the file or an option.
    """
    frame = checked_frame(asked.base_frame)
    return load_site(asked.site, asked.outside, base_frame=frame, feature=asked.feature, unmarked=asked.unmarked)


def check_depth(speaker: str, depth_m: float | None, machine: MachineConfig) -> None:
    """Check the depth. Raises InputError if it is invalid, or the tool cannot reach it or cannot prove it."""
    deepest_m = machine.tool.depth_max_m
    if depth_m is not None and not LEAST_DEPTH_M <= depth_m <= deepest_m:  # False for NaN too
        raise InputError(
            f"{speaker} {depth_m:g}: {machine.name} works down to {deepest_m:g} m; "
            f"choose one from {LEAST_DEPTH_M:g} m to that"
        )
    if depth_m is not None and (short := shortfall(MissionConfig(required_depth_m=depth_m), machine)):
        raise InputError(f"{speaker}: cannot be proven: {short}")


def asked_footprint(machine: MachineConfig, settings: PlanSettings, soil_mj_per_m3: float | None) -> MachineFootprint:
    """Return the footprint for this soil and the depth of the settings.

    Raises InputError for an impossible soil value.
    """
    if soil_mj_per_m3 is not None and not SOIL_MIN_MJ_PER_M3 <= soil_mj_per_m3 <= SOIL_MAX_MJ_PER_M3:  # False for NaN
        raise InputError(
            f"--soil {soil_mj_per_m3:g}: soil takes {SOIL_MIN_MJ_PER_M3:g} to {SOIL_MAX_MJ_PER_M3:g} MJ/m3; write "
            "1 for loose, 7 for hard dry clay"
        )
    mission = MissionConfig(required_depth_m=settings.required_depth_m or DEFAULT_DEPTH_M)
    soil = SOIL_ASSUMED_MJ_PER_M3 if soil_mj_per_m3 is None else soil_mj_per_m3
    return footprint(machine, mission, soil_mj_per_m3=soil)


def check_limits(machine: MachineConfig, overlap_m: float | None, limit_s: float) -> None:
    """Check overlap and time limit. Raises InputError if one is impossible."""
    if overlap_m is not None and not 0.0 <= overlap_m < machine.tool.width_m:  # False for NaN too
        raise InputError(
            f"--overlap {overlap_m:g}: must lie between 0 and the tool's width of {machine.tool.width_m:g} m"
        )
    if not limit_s > 0.0:
        raise InputError(f"--time-limit {limit_s:g}: give the seconds that planning may take, above 0")


def free_folder(wanted: Path, plan: Plan, site: Site, *, as_json: bool) -> Path:
    """Return a folder for the files; another plan in the wanted folder is kept, and this is reported."""
    folder = plan_folder(wanted, names_of(plan, site.name))
    if folder != wanted:
        said(f"{wanted} holds another plan, which stays as it is; this one goes to {folder}", as_json=as_json)
    return folder


def written(plan: Plan, site: Site, out_dir: Path, asked: PlanOptions) -> None:
    """Write all files of a plan, with a progress bar on a terminal."""
    with Progress(console=Console(stderr=True), disable=asked.as_json or not sys.stderr.isatty()) as bar:
        task = bar.add_task("writing the plan", total=1.0)
        write_plan_files(
            plan, site, out_dir, lambda share: bar.update(task, completed=share), now_text(), poses=asked.poses
        )


def now_text() -> str:
    """Return UTC by this computer's clock, for people; "" if the clock was never set."""
    return utc.by_computer(utc_now(), 0, synchronised=False).text(0)
