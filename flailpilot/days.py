"""`flailpilot days FILE`: a task of several days in simulation, its papers, and its area from the journal alone."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import shapely

from campaign.days import RECORD, Days, StuckError
from campaign.days_file import Days as DaysFile
from campaign.days_file import load_days
from flailpilot import resume
from flailpilot.exit_status import DONE, FAILED
from flailpilot.ledger_imports import SiteOptions, import_follow_up, import_release
from flailpilot.options import PlanOptions, ResumeOptions
from flailpilot.report import Asked, facts_of_folders, write_papers
from flailpilot.run_folder import JOURNAL, next_free
from flailpilot.run_masks import Processed
from flailpilot.simulate import plan_settings, planned_footprint
from sim.scenario import Scenario, site_path
from vehicle.config.load import load_machine, load_toml_model
from vehicle.config.task import load_task
from vehicle.config.vehicle import MachineConfig
from vehicle.contracts.plan import Plan
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.files.stored import load_plan
from vehicle.planning.site.site import Site, load_site
from vehicle.planning.task.whole import plan_whole
from vehicle.records import journal
from vehicle.runtime.verification import chain_of


class _Job(msgspec.Struct, frozen=True):
    """The file, where it lies, and what it names."""

    file: DaysFile
    beside: Path
    scenario: Scenario
    machine: MachineConfig
    site: Site
    site_file: Path
    out: Path


def run(path: Path, out: Path) -> int:
    """Drive all days, import what others did, make the papers, and check the record; exit status 1 if it is wrong.

    Raises:
        InputError: One line: what is wrong with a file.
    """
    job = _read(path, out)
    task = load_task(job.beside / job.file.task)
    settings = plan_settings(job.scenario, job.machine)
    shape = planned_footprint(job.scenario, job.machine)
    plan = plan_whole(job.site, shape, settings, WorkLimit(settings.time_limit_s))
    days = Days(job.scenario, job.machine, job.site, plan, task, job.out)
    runs: list[Path] = []
    try:
        for one in job.file.run:
            plan = _rest(job, runs) if one.rest else plan
            runs.append(days.drive(one, plan))
            print(f"{one.name}: {days.ledger.credited_m2:,.1f} m2 on record")
    except StuckError as stuck:
        print(f"the task did not come to its end: {stuck}; what was recorded is in {job.out}")
        return FAILED
    _imported(job, runs[-1])
    asked = Asked(
        runs=tuple(runs), kind="completion", visits=job.beside / job.file.visits, task=_ended(job, task.content)
    )
    facts = facts_of_folders(asked)
    (job.out / "report").mkdir()
    write_papers(job.out / "report", facts, pdf=True, public=True)
    alone_m2 = _from_the_journal_alone(job)
    false_m2, processed_m2 = days.false_credit_m2, facts.found.processed_m2
    print(
        f"processed {processed_m2:,.2f} of {facts.found.area_m2:,.2f} m2 (processed is not cleared) by the report, "
        f"{alone_m2:,.2f} m2 from the journal alone; falsely credited {false_m2:.4f} m2; {facts.status}"
    )
    print(_changed_byte(job))
    print(f"papers in {job.out / 'report'}")
    return DONE if false_m2 == 0.0 and abs(alone_m2 - processed_m2) < 1e-6 else FAILED


def _read(path: Path, out: Path) -> _Job:
    file = load_days(path)
    scenario_path = path.parent / file.scenario
    scenario = load_toml_model(scenario_path, Scenario)
    where = site_path(scenario, scenario_path)
    return _Job(
        file=file,
        beside=path.parent,
        scenario=scenario,
        machine=load_machine(scenario.machine),
        site=load_site(where, scenario.plan.outside),
        site_file=where,
        out=next_free(out, lambda folder, *, made: made or not any(folder.iterdir())),
    )


def _rest(job: _Job, runs: list[Path]) -> Plan:
    """Plan what all runs left, from where the machine stands; the files are those of `plan --resume`."""
    folder = job.out / f"plan-{len(runs) + 1}"
    asked = PlanOptions(
        site=job.site_file,
        machine=job.scenario.machine,
        out=folder,
        time_limit_s=plan_settings(job.scenario, job.machine).time_limit_s,
        depth_m=job.scenario.mission.required_depth_m,
        outside=job.scenario.plan.outside,
        soil_mj_per_m3=job.scenario.ground.soil_energy_mj_per_m3,
    )
    resume.run(asked, ResumeOptions(runs=tuple(runs)))
    return load_plan(folder, job.site, planned_footprint(job.scenario, job.machine))


def _imported(job: _Job, run: Path) -> None:
    """Import the follow-up layers and the documents of the authority into the newest run."""
    site = SiteOptions(job.site_file, job.scenario.plan.outside, None, None)
    for row in job.file.follow_up:
        said: Mapping[str, str] = {
            "team": row.team, "who": row.who, "when": row.when.isoformat(), "method": row.method, "result": row.result,
        }  # fmt: skip
        import_follow_up(run, job.beside / row.file, site, said)
    for paper in job.file.release:
        said = {
            "authority": paper.authority, "number": paper.number, "date": paper.date, "person": paper.person,
            "category": paper.category,
        }  # fmt: skip
        import_release(run, job.beside / paper.file, job.beside / paper.document, site, said)


def _ended(job: _Job, content: bytes) -> Path:
    """Write the task file as people bring it up to date for the completion report: the task has ended."""
    path = job.out / "task.toml"
    path.write_bytes(content.replace(b'status = "Ongoing"', b'status = "Completed"'))
    return path


def _from_the_journal_alone(job: _Job) -> float:
    """Processed area [m2] of the work area, from the journal's file and the site's alone, as an authority would."""
    masks = journal.rebuilt(journal.read(job.out / RECORD / JOURNAL))
    asked = shapely.difference(job.site.work_area, job.site.keep_out)
    return Processed(asked, job.scenario.mission.cell_m).area_m2(masks)


def _changed_byte(job: _Job) -> str:
    """Change one byte in a copy of the journal; return what the check of its chain says."""
    content = bytearray((job.out / RECORD / JOURNAL).read_bytes())
    content[len(content) // 3] ^= 1
    copy = job.out / RECORD / "changed.journal"
    copy.write_bytes(content)
    chain, _ = chain_of(copy)
    copy.unlink()
    return f"one byte of a copy was changed, byte {len(content) // 3:,}: {chain.broken or 'NOT NOTICED'}"
