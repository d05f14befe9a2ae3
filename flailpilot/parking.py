"""`flailpilot plan --to-parking RUN`, `--back-to-work RUN`: a plan that only drives, over safe and swept ground."""

import json
import sys
from pathlib import Path

import msgspec

from flailpilot.exit_status import DONE
from flailpilot.options import PlanOptions, WayOptions
from flailpilot.plan_progress import planning_limit
from flailpilot.planning import asked_footprint, asked_site, check_limits, free_folder, written
from flailpilot.resume import (
    PLAN,
    config_of,
    craters_of,
    on_its_swath,
    place_of,
    record_of,
    recorded_craters,
    seals_of,
    settings_of,
    swept_ground,
)
from flailpilot.resumed_task import refuse_task_options
from flailpilot.run_folder import make_folder, older_plan_told, refuse_a_run
from vehicle.config.load import load_machine
from vehicle.config.vehicle import MachineConfig, footprint
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Plan
from vehicle.contracts.plan_times import length_m
from vehicle.planning.coverage.closing import resting_on
from vehicle.planning.coverage.parking import kept_out_since, parking_goals
from vehicle.planning.coverage.settings import Goal
from vehicle.planning.coverage.way_plan import WayRequest, way_plan
from vehicle.planning.files.stored import load_plan, plan_of_run
from vehicle.planning.site.site import Site
from vehicle.records import journal
from vehicle.runtime.way_back import work_goal


def run(asked: PlanOptions, way: WayOptions) -> int:
    """Plan the way and write its files.

    Raises InputError with one line if there is no way: then no file is written, and nothing moves.
    """
    with older_plan_told(asked.out):
        refuse_task_options(asked, way.option)
        machine = load_machine(asked.machine)
        check_limits(machine, asked.overlap_m, asked.time_limit_s)
        site = asked_site(asked)
        header, record, notes = record_of((way.run,), site)
        work = driven_plan(way.run, record.plan_hash, site, machine)
        goals: tuple[Goal, ...]
        if way.back:
            goals = (work_goal(work, record.job, journal.rebuilt(record), config_of(machine, header)),)
        else:
            goals = parking_goals(site)
        pose, note = place_of(way.run, way.at, record, site)
        notes.append(note)
        craters = kept_out_since(work, site) + recorded_craters(record)
        craters += craters_of(way.craters, site) if way.craters is not None else ()
        settings = settings_of(asked, machine, header)
        request = WayRequest(
            site_hash=site.site_hash,
            swept=swept_ground(journal.bearing(record)),
            pose=on_its_swath(pose, work),
            goals=goals,
            craters=craters,
            error_m=header.k_sigma * settings.tool_sigma_m,
        )
        site = msgspec.structs.replace(site, repairs=(*filter(None, notes), *site.repairs))
        shape = asked_footprint(machine, settings, asked.soil_mj_per_m3)
        refuse_a_run(asked.out)
        with planning_limit(asked.time_limit_s, quiet=asked.as_json) as limit:
            plan = resting_on(way_plan(site, shape, settings, request, limit), seals_of((way.run,)))
        make_folder(asked.out)
        folder = free_folder(asked.out, plan, site, as_json=asked.as_json)
    written(plan, site, folder, asked)
    _tell(plan, site, folder, "to the work" if way.back else "to the parking", as_json=asked.as_json)
    return DONE


def driven_plan(run_dir: Path, plan_hash: str, site: Site, machine: MachineConfig) -> Plan:
    """Return the plan of the work in a run's folder.

    Raises InputError if the folder holds another one, or none.
    """
    shape = footprint(machine)
    plan = (
        load_plan(run_dir / PLAN, site, shape, older=True)
        if (run_dir / PLAN).is_dir()
        else plan_of_run(run_dir, plan_hash, site, shape)
    )
    if plan_hash and plan.plan_hash != plan_hash:
        raise InputError(f"{run_dir}: the record is of plan {plan_hash}, {PLAN}/ holds {plan.plan_hash}")
    return plan


def _tell(plan: Plan, site: Site, folder: Path, where: str, *, as_json: bool) -> None:
    way_m = sum(length_m(segment) for segment in plan.segments)
    if as_json:
        facts = {
            "plan_hash": plan.plan_hash,
            "site_hash": plan.site_hash,
            "folder": str(folder),
            "way_m": round(way_m, 2),
            "time_s": round(plan.time_s, 1),
            "repairs": list(site.repairs),
        }
        sys.stdout.write(json.dumps(facts) + "\n")
        return
    for repair in site.repairs:
        print(f"repaired: {repair}")
    print(f"{where}: {way_m:.1f} m in {plan.time_s / 60.0:.1f} min, tool up, rotor off; plan {plan.plan_hash}")
    print(f"files in {folder}; nothing moves before the vehicle holds this plan and START is pressed")
