"""`flailpilot sim`: a whole mission in virtual time, its files, and a progress bar."""

import contextlib
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from campaign.outcome import RunFiles, Summary, manifest_of, summary_of
from campaign.run import Progress as OnProgress
from campaign.run import run_mission
from flailpilot.addresses import host_port
from flailpilot.exit_status import DONE, FAILED
from flailpilot.options import SimOptions
from flailpilot.plan_told import NO_DEPTH, said
from flailpilot.report import beyond_text, to_do_text, write_papers
from flailpilot.run_facts import facts_of
from flailpilot.run_folder import make_folder, own_folder
from flailpilot.run_reading import read_run
from flailpilot.wall_rate import AtWallRate
from sim.scenario import Scenario, site_path
from sim.sim_stack import vehicle_config
from vehicle.config.load import load_machine, load_toml_model
from vehicle.config.required_depth import DEFAULT_DEPTH_M, agreed_m
from vehicle.config.task import TaskFile, load_task
from vehicle.config.telemetry import TelemetryConfig
from vehicle.config.vehicle import MachineConfig, MissionConfig, footprint
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import VehicleReport
from vehicle.contracts.plan import MachineFootprint, Plan
from vehicle.contracts.sockets import Sink
from vehicle.contracts.units import NS_PER_S, missed_text
from vehicle.host import utc
from vehicle.host.clock import elapsed_s
from vehicle.planning.coverage.closing import check_certificate, is_whole
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.files.export import write_plan_files
from vehicle.planning.files.kept_site import write_site
from vehicle.planning.files.stored import PLAN_FILE, load_plan
from vehicle.planning.site.site import Site, load_site
from vehicle.planning.task.whole import agreed_role, plan_whole
from vehicle.records.journal import JournalWriter
from vehicle.records.records import Header, Session
from vehicle.records.writer import McapRecorder
from vehicle.reports.facts import ReportKind
from vehicle.reports.gaps import Found
from vehicle.reports.html_parts import clock
from vehicle.runtime.run_manifest import Manifest, named, task_named, write_manifest, write_task
from vehicle.runtime.tool_bounds import planned_bounds
from vehicle.telemetry.embedded import EmbeddedBroker
from vehicle.telemetry.publisher import TelemetryPublisher
from vehicle.telemetry.schemas import Mission

SUMMARY = "summary.json"
MQTT = "1883"
TOOL_SIGMA_SHARE = 0.8
"""Ratio of 1-sigma at the tool's ends to the receiver's, from the estimator (docs/adr/2026-11-21-honest-sigma.md)."""


def run(asked: SimOptions) -> int:
    """Plan or read a plan, drive, write; exit status 1 if ground is missed, credit is false, or an invariant broken."""
    if asked.broker is not None:
        host_port("--broker", asked.broker, MQTT)  # refuses an invalid address before anything is planned or written
    task = load_task(asked.task) if asked.task is not None else None
    job = _read(asked)
    scenario, site, machine = job.scenario, job.site, load_machine(job.scenario.machine)
    if job.scenario_said:
        vehicle_config(scenario, machine)  # refuses a depth that does not fit before anything is written
    taken = load_plan(asked.plan, site, footprint(machine)) if asked.plan is not None else None
    scenario, depth_said = _with_depth(job, taken, asked, task)
    roles = {str(asked.task): task.task.role if task is not None else None}
    agreed_role(site, taken, roles)
    vehicle_config(scenario, machine)
    out_dir = _folder(asked.out, asked.plan, as_json=asked.as_json)
    plan = taken if taken is not None else _planned(site, scenario, machine, roles)
    check_certificate(plan)
    if asked.machine is None and not job.scenario_said:
        said(
            f"machine: {machine.name}, because none was named; choose another with --machine NAME",
            as_json=asked.as_json,
        )
    if not depth_said:
        said(NO_DEPTH, as_json=asked.as_json)
    _write_plan(plan, site, out_dir / "plan", asked.plan)
    manifest = _of_task(manifest_of(out_dir.name, scenario, machine, site, plan), task)
    write_manifest(out_dir, manifest)
    write_task(out_dir, task)
    write_site(out_dir, site)
    header = {"scenario": scenario.model_dump_json()} | named(manifest, with_folder=False) | task_named(task)
    recorder = McapRecorder(out_dir / "run.mcap", header, utc.SIMULATED.log_zero_ns)
    started_s = elapsed_s()
    with (
        _telemetry(scenario, machine, plan, asked.broker) as sinks,
        _progress(asked, plan, started_s) as on_progress,
    ):
        journal = _journal(out_dir, scenario, site, plan)
        outcome = run_mission(
            scenario, machine, site, plan, recorder, sinks=sinks, progress=on_progress, journal=journal
        )
    files = RunFiles(out_dir=out_dir, scenario=scenario, site=site, plan=plan, outcome=outcome)
    wall_s = elapsed_s() - started_s
    end_utc = utc.SIMULATED.text(round(outcome.sim_s * NS_PER_S))
    write_manifest(out_dir, msgspec.structs.replace(manifest, end_utc=end_utc))
    # the papers are made from the files alone, so that anybody with the files can make them again
    facts = facts_of((read_run(out_dir, site),), ReportKind.DAILY)
    summary = summary_of(files, facts.found, wall_s)
    write_papers(out_dir, facts, pdf=False, more={SUMMARY: summary_json(summary)})
    _tell(summary, facts.found, out_dir, as_json=asked.as_json)
    return DONE if summary.ok and is_whole(plan) else FAILED


class Job(msgspec.Struct, frozen=True):
    """The simulation job; `scenario_said`: a scenario file was given, else only a site."""

    scenario: Scenario
    site: Site
    scenario_said: bool


def _write_plan(plan: Plan, site: Site, folder: Path, taken: Path | None) -> None:
    """Write the plan's files; a plan read from a folder keeps its `plan.json` to the last byte.

    The hash of a plan of an earlier format is over the bytes of that file: a newly written file would not match it.
    """
    make_folder(folder)
    write_plan_files(plan, site, folder)
    if taken is not None:
        (folder / PLAN_FILE).write_bytes((taken / PLAN_FILE).read_bytes())


def _of_task(manifest: Manifest, task: TaskFile | None) -> Manifest:
    return manifest if task is None else msgspec.structs.replace(manifest, task=task.task.task_order or "")


def _with_depth(job: Job, plan: Plan | None, asked: SimOptions, task: TaskFile | None) -> tuple[Scenario, bool]:
    """Return the scenario with the one depth that scenario, site, plan, task and options give, and if one gives it.

    Raises:
        InputError: Two of them disagree.
    """
    mission = job.scenario.mission
    said_m = agreed_m(
        {
            "the scenario": mission.required_depth_m if job.scenario_said else None,
            job.scenario.site: job.site.required_depth_m,
            "--depth": asked.depth_m,
            str(asked.task): task.task.required_depth_m if task is not None else None,
            "the plan": plan.required_depth_m if plan is not None else None,
        }
    )
    if said_m is None:
        return job.scenario, False
    if not 0.0 < said_m < math.inf:
        raise InputError(f"--depth {said_m:g}: give metres above 0")
    return job.scenario.model_copy(update={"mission": mission.model_copy(update={"required_depth_m": said_m})}), True


def _read(asked: SimOptions) -> Job:
    if asked.scenario is not None:
        scenario = load_toml_model(asked.scenario, Scenario)
        where = asked.site or site_path(scenario, asked.scenario)
    elif asked.site is not None:
        mission = MissionConfig(required_depth_m=DEFAULT_DEPTH_M)
        scenario = Scenario(name=asked.site.stem, machine="memat", site=str(asked.site), mission=mission)
        where = asked.site
    else:
        raise InputError("sim: name a scenario file, or a site with --site")
    changes: dict[str, object] = {"site": str(where)}
    if asked.machine is not None:
        changes["machine"] = asked.machine
    if asked.seed is not None:
        changes["seed"] = asked.seed
    scenario = scenario.model_copy(update=changes)
    outside = asked.outside or scenario.plan.outside
    site = load_site(where, outside, feature=asked.feature, unmarked=asked.unmarked)
    return Job(scenario, site, asked.scenario is not None)


def _planned(site: Site, scenario: Scenario, machine: MachineConfig, roles: Mapping[str, str | None]) -> Plan:
    """Plan within the limit; ground that the limit leaves is listed, and the exit status shows it."""
    settings = plan_settings(scenario, machine)
    return plan_whole(site, planned_footprint(scenario, machine), settings, WorkLimit(settings.time_limit_s), roles)


def planned_footprint(scenario: Scenario, machine: MachineConfig) -> MachineFootprint:
    """Return the machine's footprint in the scenario's soil, at the scenario's depth."""
    soil, sigma_m = scenario.ground.soil_energy_mj_per_m3, scenario.sensors.depth_sigma_m
    return footprint(machine, scenario.mission, soil_mj_per_m3=soil, depth_sigma_m=sigma_m)


def _folder(wanted: Path, plan_dir: Path | None, *, as_json: bool) -> Path:
    folder = own_folder(wanted, plan_dir)
    if folder != wanted:
        said(f"{wanted} holds another run or plan, which stays as it is; this run goes to {folder}", as_json=as_json)
    return folder


def _journal(out_dir: Path, scenario: Scenario, site: Site, plan: Plan) -> JournalWriter:
    """Write the ledger's journal for `plan --resume`; flushed only at the end: no power fails in a simulation."""
    path = out_dir / "ledger.journal"
    mission, datum = scenario.mission, plan.datum
    header = Header(
        vehicle_id=scenario.name,
        site_hash=plan.site_hash,
        plan_hash=plan.plan_hash,
        cell_m=mission.cell_m,
        datum_lat_deg=datum.lat_deg,
        datum_lon_deg=datum.lon_deg,
        datum_alt_m=datum.alt_m,
        required_depth_m=mission.required_depth_m,
        k_sigma=mission.k_sigma,
        site=site.name,
        machine=plan.machine.name,
    )
    session = Session(session_id=1, utc=utc.SIMULATED.text(0), time_source=utc.SIMULATED.source)
    return JournalWriter.open(path, header, session, sync_records=1 << 30)


def plan_settings(scenario: Scenario, machine: MachineConfig) -> PlanSettings:
    """Return planner settings with the credit rule and the slope of the simulation."""
    return PlanSettings(
        k_sigma=scenario.mission.k_sigma,
        cell_m=scenario.mission.cell_m,
        tool_sigma_m=max(PlanSettings().tool_sigma_m, TOOL_SIGMA_SHARE * scenario.sensors.gnss_sigma_m),
        bounds=planned_bounds(machine, checked=scenario.checks != "none"),
        overlap_m=scenario.plan.overlap_m,
        side_slope_rad=math.radians(scenario.ground.slope_deg),
        slope_max_rad=machine.limits.slope_max_rad,
        required_depth_m=scenario.mission.required_depth_m,
    )


@contextlib.contextmanager
def _telemetry(
    scenario: Scenario, machine: MachineConfig, plan: Plan, broker: str | None
) -> Iterator[tuple[Sink, ...]]:
    """Yield a publisher to the named broker, or to one embedded in this run; neither can delay the tick."""
    with contextlib.ExitStack() as stack:
        if broker is None:
            embedded = stack.enter_context(EmbeddedBroker())
            host, port = embedded.host, embedded.port
        else:
            host, port = host_port("--broker", broker, MQTT)
        publisher = TelemetryPublisher(vehicle_config(scenario, machine), TelemetryConfig(host=host, port=port))
        mission_id = plan.plan_hash[:12]
        publisher.begin_mission(Mission(mission_id=mission_id, area_m2=plan.area_m2, datum=plan.datum))
        publisher.start()
        stack.callback(publisher.stop, 3.0)
        sink = AtWallRate(publisher, elapsed_s)
        stack.callback(sink.close)
        yield (sink,)


def _progress(asked: SimOptions, plan: Plan, started_s: float) -> contextlib.AbstractContextManager[OnProgress]:
    """Yield a progress bar on a terminal; without a terminal lines, if requested."""
    if asked.lines and not sys.stderr.isatty():
        return contextlib.nullcontext(_Lines(plan, started_s))
    return _bar(plan, started_s, quiet=asked.as_json)


class _Lines:
    """Prints a line for every tenth of the path."""

    def __init__(self, plan: Plan, started_s: float) -> None:
        self._plan, self._started_s, self._next = plan, started_s, 1

    def __call__(self, report: VehicleReport, sim_s: float) -> None:
        share = report.segment_seq / max(1, report.segment_count)
        if share * 10.0 < self._next:
            return
        self._next = int(share * 10.0) + 1
        ratio = sim_s / max(elapsed_s() - self._started_s, 1e-3)
        # the ledger also counts processed ground outside the work area
        done = f"{report.processed_m2:,.0f} m2 processed in and around {self._plan.area_m2:,.0f} m2"
        print(f"{share:4.0%} of the way, {done}, {clock(sim_s)} h of work, {ratio:.0f}x real time", flush=True)


@contextlib.contextmanager
def _bar(plan: Plan, started_s: float, *, quiet: bool) -> Iterator[OnProgress]:
    """Return a bar with area, estimated time, and speed of simulated time; on a terminal only."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} / {task.total:,.0f} m2"),
        TextColumn("time {task.fields[time]}  left {task.fields[left]}  {task.fields[ratio]:.0f}x real time"),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("processing", total=plan.area_m2, time="0:00", left="-", ratio=0.0)
        yield lambda report, sim_s: _advance(bar, task, plan, report, sim_s, elapsed_s() - started_s)


def _advance(bar: Progress, task: TaskID, plan: Plan, report: VehicleReport, sim_s: float, wall_s: float) -> None:
    share = report.segment_seq / max(1, report.segment_count)
    left_s = sim_s * (1.0 - share) / share if share > 0.0 else plan.time_s
    bar.update(
        task, completed=report.processed_m2, time=clock(sim_s), left=clock(left_s), ratio=sim_s / max(wall_s, 1e-3)
    )


def summary_json(summary: Summary) -> bytes:
    """Return `summary.json`: the facts of the run for programs."""
    return msgspec.json.format(msgspec.json.encode(msgspec.structs.asdict(summary) | {"ok": summary.ok}), indent=2)


def _tell(summary: Summary, found: Found, out_dir: Path, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write((out_dir / SUMMARY).read_text() + "\n")
        return
    print(
        f"processed {summary.processed_m2:,.1f} of {summary.area_m2:,.1f} m2 (processed is not cleared), missed "
        f"{missed_text(summary.missed_m2)} m2{to_do_text(found)}, listed and not processed {summary.listed_m2:.1f} m2"
        f"{beyond_text(found)}, false credit {summary.false_credit_m2:.4f} m2"
    )
    print(f"picture {out_dir / 'map.png'}, report {out_dir / 'report.html'}")
    print(
        f"{clock(summary.mission_time_s)} h at {summary.rate_m2_per_h:.0f} m2/h, {len(summary.stops)} stops; "
        f"simulated at {summary.speed_up:.0f}x real time; files in {out_dir}"
    )
    if not summary.finished:
        print("the mission did not end: see stops and events in summary.json and report.html")
    for breach in summary.invariant_violations:
        print(f"INVARIANT BROKEN at {breach.t_s:.1f} s: {breach.name}: {breach.text}")
