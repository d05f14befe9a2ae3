"""Output of `flailpilot plan`: hours by activity, ground left for manual teams, assumptions."""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from flailpilot.plan_task import task_lines
from vehicle.config.required_depth import DEFAULT_DEPTH_M
from vehicle.contracts.plan import Plan, UntreatableReason
from vehicle.contracts.plan_times import sweep_speed_mps
from vehicle.contracts.units import place_text
from vehicle.planning.files.export import summary_of
from vehicle.planning.files.totals import planned_m2
from vehicle.planning.site.projected import DRIVEN_TO_M, loosely_known
from vehicle.planning.site.site import Site

NO_DEPTH = f"required depth: {DEFAULT_DEPTH_M:g} m, the default: give required_depth_m in the site file, or --depth"


def said(line: str, *, as_json: bool) -> None:
    """Print assumed values; on stderr if a program reads the JSON on stdout."""
    print(line, file=sys.stderr if as_json else sys.stdout)


def tell(plan: Plan, site: Site, out_dir: Path, *, as_json: bool, struck: bool = False, soil_said: bool = True) -> None:
    """Print a plan for people, or its whole summary as JSON; `struck`: Ctrl-C ended planning."""
    summary = summary_of(plan, site)
    if as_json:
        more = {"folder": str(out_dir), "stopped_by_operator": struck}
        sys.stdout.write(json.dumps({**msgspec.to_builtins(summary), **more}) + "\n")
        return
    _tell_site(plan, site)
    _tell_cut(plan, summary, struck=struck)
    if outside_m2 := summary["swept_outside_m2"]:
        far = f", up to {summary['swept_outside_furthest_m']:g} m out" if plan.outside == "unknown" else ""
        print(f"{outside_m2:,.0f} m2 beyond the work area are swept with it{far}")
    if plan.machine.pace is not None and not soil_said:
        print(
            f"soil: {plan.machine.pace.soil_mj_per_m3:g} MJ/m3 assumed, worked at "
            f"{sweep_speed_mps(plan.machine):.2f} m/s; --soil gives another, and other hours"
        )
    for line in (*task_lines(plan), hours_line(plan, summary), *left_lines(summary)):
        print(line)
    print(f"missed {plan.certificate.missed_nominal_m2:.1f} m2; files in {out_dir}")


def _tell_site(plan: Plan, site: Site) -> None:
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


def _tell_cut(plan: Plan, summary: dict[str, Any], *, struck: bool) -> None:
    """Report ground left by the limit, by Ctrl-C, or because nothing could be worked."""
    unplanned_m2 = summary["untreatable_m2"].get(UntreatableReason.PLANNING_TIME.value, 0.0)
    if unplanned_m2 and struck:
        print(f"warning: planning was stopped by Ctrl-C with {unplanned_m2:,.0f} m2 not planned; plan again")
    elif unplanned_m2:
        print(f"warning: planning was ended by its limit with {unplanned_m2:,.0f} m2 not planned; raise --time-limit")
    elif struck:
        print("planning was stopped by Ctrl-C: the plan is complete, but the search for a better one was ended")
    if not plan.segments:
        print("warning: the plan has no pass, because nothing could be worked: all ground is listed; see plan.png")


def hours_line(plan: Plan, summary: dict[str, Any]) -> str:
    """Return area, hours, and hours by activity."""
    parts = ", ".join(f"{name} {seconds / 3600.0:.1f}" for name, seconds in summary["time_split_s"].items())
    share = 100.0 * plan.bound_s / plan.time_s if plan.time_s else 0.0
    return (
        f"{planned_m2(plan):,.0f} of {plan.area_m2:,.0f} m2 in {plan.time_s / 3600.0:.1f} h "
        f"({parts}; sweeping alone {share:.0f} %), "
        f"{summary['swaths']} swaths, overlap {plan.overlap_m:.2f} m"
    )


def left_lines(summary: dict[str, Any]) -> list[str]:
    """Return the number of places left for manual teams, and the area outside all survey strips."""
    left, totals = summary["left_for_manual_teams"], dict(summary["untreatable_m2"])
    beyond_m2 = totals.pop(UntreatableReason.NOT_IN_TASK.value, 0.0)
    lines = (
        [f"not in this task: {beyond_m2:,.1f} m2 between the strips; the plan says nothing about them"]
        if beyond_m2
        else []
    )
    if not left["places"]:
        return [*lines, "not workable by machine: none"]
    reasons = ", ".join(f"{reason.replace('_', ' ')} {area_m2:.1f}" for reason, area_m2 in totals.items())
    places = "1 place" if left["places"] == 1 else f"{left['places']} places"
    return [*lines, f"not workable by machine, left for manual teams: {places}, {left['m2']:,.1f} m2 ({reasons})"]
