"""The files of a run: summary.json, ledger.gpkg, map.png and report.html beside run.mcap."""

from pathlib import Path
from typing import Any

import msgspec

from campaign.invariants import Breach
from campaign.run import Outcome, Stop
from sim.scenario import Scenario
from vehicle.config.vehicle import MachineConfig
from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.plan import Plan
from vehicle.contracts.units import NS_PER_S
from vehicle.control.state import job_mark
from vehicle.host.program import program
from vehicle.host.utc import SIMULATED
from vehicle.planning.files.export import summary_of as plan_summary
from vehicle.planning.site.projected import loosely_known
from vehicle.planning.site.site import Site
from vehicle.reports import gaps
from vehicle.reports.ahead import swaths_ahead
from vehicle.reports.facts import JobFacts
from vehicle.reports.gaps import Found
from vehicle.runtime.run_manifest import Manifest

SECONDS_PER_HOUR = 3600.0


class RunFiles(msgspec.Struct, frozen=True, kw_only=True):
    """A finished run and the folder of its files."""

    out_dir: Path
    scenario: Scenario
    site: Site
    plan: Plan
    outcome: Outcome


def manifest_of(run: str, scenario: Scenario, machine: MachineConfig, site: Site, plan: Plan) -> Manifest:
    """Return the content of `run.json` at the start of a run; its end is not known yet."""
    return Manifest(
        run=run,
        program=program(),
        simulated=True,
        vehicle_id=scenario.name,
        machine=machine.name,
        site=site.name,
        site_hash=plan.site_hash,
        plan_hash=plan.plan_hash,
        required_depth_m=scenario.mission.required_depth_m,
        start_utc=SIMULATED.text(0),
        time_source=SIMULATED.source,
    )


def job_facts(files: RunFiles) -> JobFacts:
    """Return the facts from which summary, map, report and exports are made."""
    outcome, plan, state = files.outcome, files.plan, files.outcome.state
    found = gaps.find(
        files.site.work_area,
        files.site.keep_out,
        plan,
        state.ledger,
        outcome.config,
        ahead=None if outcome.finished else swaths_ahead(plan, job_mark(state.mission), state.ledger.stroke),
    )
    return JobFacts(
        site=files.site,
        plan=plan,
        config=outcome.config,
        ledger=outcome.state.ledger,
        found=found,
        time_s=outcome.sim_s,
        simulated=True,
        phase_s=outcome.phase_s,
        trail_m=outcome.trail_m,
        events=outcome.events,
        task_id=files.scenario.name,
        start_utc=SIMULATED.text(0),
        end_utc=SIMULATED.text(round(outcome.sim_s * NS_PER_S)),
        time_source=SIMULATED.source,
        status="completed" if outcome.finished else "suspended",
        warnings=files.site.warnings,
        remarks=tuple(filter(None, (loosely_known(files.site.source_system, files.site.source_accuracy_m),))),
    )


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a run.

    `missed_m2`: work area that is neither processed nor listed; `to_do_m2`: that to which a run that was ended early
    had not come, which is not missed. `listed_m2`: area that is listed and not processed; it is less than the polygons
    of `untreatable_m2` if a pass reached into them. `not_in_task_m2`: work area between the strips of a survey.
    `false_credit_m2`: compared with the truth.
    """

    format: int = Kept.RUN.number
    scenario: str
    site: str
    site_hash: str
    machine: str
    seed: int
    plan_hash: str
    required_depth_m: float
    simulated: bool
    start_utc: str
    end_utc: str
    time_source: str
    finished: bool
    area_m2: float
    processed_m2: float
    swept_m2: float
    provisional_m2: float
    withdrawn_m2: float
    truth_processed_m2: float
    false_credit_m2: float
    missed_m2: float
    missed: list[dict[str, Any]]
    to_do_m2: float
    listed_m2: float
    not_in_task_m2: float
    untreatable_m2: float
    untreatable: list[dict[str, Any]]
    mission_time_s: float
    plan_time_s: float
    rate_m2_per_h: float
    published_rate_m2_per_h: float
    hours: dict[str, float]
    stops: list[Stop]
    invariant_violations: list[Breach]
    warnings: list[str]
    wall_s: float
    sim_s: float
    speed_up: float

    @property
    def ok(self) -> bool:
        """Whether the task ended, nothing was missed or falsely claimed, and every invariant held."""
        return self.finished and self.missed_m2 == 0.0 and self.false_credit_m2 == 0.0 and not self.invariant_violations


def summary_of(files: RunFiles, found: Found, wall_s: float) -> Summary:
    """Return the summary; areas in m2, times in s."""
    outcome, plan = files.outcome, files.plan
    processed_m2 = found.processed_m2
    rate = processed_m2 / outcome.sim_s * SECONDS_PER_HOUR if outcome.sim_s > 0.0 else 0.0
    return Summary(
        scenario=files.scenario.name,
        site=files.site.name,
        site_hash=plan.site_hash,
        required_depth_m=outcome.config.mission.required_depth_m,
        simulated=True,
        start_utc=SIMULATED.text(0),
        end_utc=SIMULATED.text(round(outcome.sim_s * NS_PER_S)),
        time_source=SIMULATED.source,
        machine=outcome.config.machine.name,
        seed=files.scenario.seed,
        plan_hash=plan.plan_hash,
        finished=outcome.finished,
        area_m2=plan.area_m2,
        processed_m2=processed_m2,
        swept_m2=outcome.state.ledger.swept_m2,
        provisional_m2=outcome.state.ledger.open_cells * outcome.config.mission.cell_m**2,
        withdrawn_m2=outcome.state.ledger.withdrawn_cells * outcome.config.mission.cell_m**2,
        truth_processed_m2=outcome.truth_processed_m2,
        false_credit_m2=outcome.false_credit_m2,
        missed_m2=found.missed_m2,
        missed=gaps.rows(found.gaps, plan.datum),
        to_do_m2=found.to_do_m2,
        listed_m2=found.listed_m2,
        not_in_task_m2=found.not_in_task_m2,
        untreatable_m2=sum(part.area_m2 for part in plan.untreatable),
        untreatable=plan_summary(plan, files.site)["untreatable"],
        mission_time_s=outcome.sim_s,
        plan_time_s=plan.time_s,
        rate_m2_per_h=rate,
        published_rate_m2_per_h=outcome.config.machine.rates.published_m2_per_h,
        hours={phase: time_s / SECONDS_PER_HOUR for phase, time_s in sorted(outcome.phase_s.items())},
        stops=list(outcome.stops),
        invariant_violations=list(outcome.breaches),
        warnings=list(files.site.warnings),
        wall_s=wall_s,
        sim_s=outcome.sim_s,
        speed_up=outcome.sim_s / wall_s if wall_s > 0.0 else 0.0,
    )
