"""`flailpilot plan`: site and machine in, plan files out."""

import json
import sys
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import Progress

from flailpilot.exit_status import DONE
from flailpilot.options import PlanOptions
from flailpilot.run_folder import make_folder, older_plan_told, plan_folder, refuse_a_run
from vehicle.config.depth_margin import shortfall
from vehicle.config.load import load_machine
from vehicle.config.required_depth import DEFAULT_DEPTH_M, agreed_m
from vehicle.config.vehicle import MachineConfig, MissionConfig, footprint
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Plan, UntreatableReason
from vehicle.contracts.units import place_text
from vehicle.host import utc
from vehicle.host.clock import utc_now
from vehicle.planning.coverage.closing import is_whole
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.files.export import names_of, summary_of, write_plan_files
from vehicle.planning.site.projected import DRIVEN_TO_M, checked_frame, loosely_known
from vehicle.planning.site.site import Site, load_site
from vehicle.runtime.tool_bounds import planned_bounds

MISSED = 1
NO_DEPTH = f"required depth: {DEFAULT_DEPTH_M:g} m, the default: give required_depth_m in the site file, or --depth"


def run(asked: PlanOptions) -> int:
    """Plan and write the files; exit status 1 where the certificate says that ground is missed or time ran out."""
    with older_plan_told(asked.out):
        machine = load_machine(asked.machine)
        check_limits(machine, asked.overlap_m, asked.time_limit_s)
        check_depth("--depth", asked.depth_m, machine)
        site = asked_site(asked)
        required_m = agreed_m({str(asked.site): site.required_depth_m, "--depth": asked.depth_m})
        check_depth(f"{asked.site}: required depth", required_m, machine)
        refuse_a_run(asked.out)
        make_folder(asked.out)
        settings = PlanSettings(
            overlap_m=asked.overlap_m,
            overrun_m=asked.overrun_m,
            bounds=planned_bounds(machine),
            slope_max_rad=machine.limits.slope_max_rad,
            required_depth_m=DEFAULT_DEPTH_M if required_m is None else required_m,
            required_depth_assumed=required_m is None,
        )
        plan = plan_site(site, footprint(machine), settings, WorkLimit(asked.time_limit_s))
        folder = free_folder(asked.out, plan, site, as_json=asked.as_json)
    written(plan, site, folder, asked)
    tell(plan, site, folder, as_json=asked.as_json)
    return DONE if is_whole(plan) else MISSED


def asked_site(asked: PlanOptions) -> Site:
    """The site file, read as the options say.

    Raises:
        InputError: One line: what is wrong with the file or an option.
    """
    frame = checked_frame(asked.base_frame)
    return load_site(asked.site, asked.outside, base_frame=frame, feature=asked.feature, unmarked=asked.unmarked)


def check_depth(speaker: str, depth_m: float | None, machine: MachineConfig) -> None:
    """Raises InputError for a depth that the tool does not reach, that could not be proven with it, or that is none."""
    if depth_m is not None and not 0.0 < depth_m <= machine.tool.depth_max_m:  # False for NaN too
        raise InputError(
            f"{speaker} {depth_m:g}: {machine.name} works down to {machine.tool.depth_max_m:g} m; choose one up to that"
        )
    if depth_m is not None and (short := shortfall(MissionConfig(required_depth_m=depth_m), machine)):
        raise InputError(f"{speaker}: cannot be proven: {short}")


def said(line: str, *, as_json: bool) -> None:
    """What was taken because nobody said it; beside the JSON where a program reads that."""
    print(line, file=sys.stderr if as_json else sys.stdout)


def check_limits(machine: MachineConfig, overlap_m: float | None, limit_s: float) -> None:
    """Raises InputError for an overlap or a time limit that means nothing."""
    if overlap_m is not None and not 0.0 <= overlap_m < machine.tool.width_m:  # False for NaN too
        raise InputError(
            f"--overlap {overlap_m:g}: must lie between 0 and the tool's width of {machine.tool.width_m:g} m"
        )
    if not limit_s > 0.0:
        raise InputError(f"--time-limit {limit_s:g}: give the seconds that planning may take, above 0")


def free_folder(wanted: Path, plan: Plan, site: Site, *, as_json: bool) -> Path:
    """Where the files go: another plan in the wanted folder stays as it is, and that is said."""
    folder = plan_folder(wanted, names_of(plan, site.name))
    if folder != wanted:
        said(f"{wanted} holds another plan, which stays as it is; this one goes to {folder}", as_json=as_json)
    return folder


def written(plan: Plan, site: Site, out_dir: Path, asked: PlanOptions) -> None:
    """All files of a plan, with a bar on a terminal."""
    with Progress(console=Console(stderr=True), disable=asked.as_json or not sys.stderr.isatty()) as bar:
        task = bar.add_task("writing the plan", total=1.0)
        write_plan_files(
            plan, site, out_dir, lambda share: bar.update(task, completed=share), now_text(), poses=asked.poses
        )


def now_text() -> str:
    """UTC by this computer's clock, for people; "" where that was never set."""
    return utc.by_computer(utc_now(), 0, synchronised=False).text(0)


def tell(plan: Plan, site: Site, out_dir: Path, *, as_json: bool) -> None:
    """What a person wants to know of a plan, or the whole summary for a program."""
    summary = summary_of(plan, site)
    if as_json:
        sys.stdout.write(json.dumps({**msgspec.to_builtins(summary), "folder": str(out_dir)}) + "\n")
        return
    for warning in site.warnings:
        print(f"warning: {warning}")
    for repair in site.repairs:
        if repair not in site.warnings:
            print(f"repaired: {repair}")
    print(f"the site lies at {place_text(plan.datum.lat_deg, plan.datum.lon_deg)}")
    if plan.required_depth_assumed:
        print(NO_DEPTH)
    if loose := loosely_known(site.source_system, site.source_accuracy_m):
        print(f"warning: {loose}; worse than {DRIVEN_TO_M:g} m is planned but not driven")
    totals: dict[str, float] = summary["untreatable_m2"]
    unplanned_m2 = totals.get(UntreatableReason.PLANNING_TIME.value, 0.0)
    if unplanned_m2:
        print(f"warning: planning was ended by its limit with {unplanned_m2:,.0f} m2 not planned; raise --time-limit")
    if not plan.segments:
        print("warning: no pass in it, nothing could be worked: all ground is listed; see plan.png")
    if outside_m2 := summary["swept_outside_m2"]:
        far = f", up to {summary['swept_outside_furthest_m']:g} m out" if plan.outside == "unknown" else ""
        print(f"{outside_m2:,.0f} m2 beyond the work area are swept with it{far}")
    reasons = ", ".join(f"{area_m2:.1f} {reason}" for reason, area_m2 in totals.items())
    print(
        f"{plan.area_m2:,.0f} m2 in {plan.time_s / 3600.0:.1f} h, {len(plan.segments)} segments, overlap "
        f"{plan.overlap_m:.2f} m; not workable by machine, m2: {reasons or 'none'}; missed "
        f"{plan.certificate.missed_nominal_m2:.1f} m2; files in {out_dir}"
    )
