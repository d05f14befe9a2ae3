"""Random missions with silent errors, recorded as runs: the sums of every report add up, and no credit is false.

    python -m benchmarks.report_sums --missions 300 --seed 1 --out runs/report_sums.jsonl

The missions are those of `benchmarks/trials/envelope.py`. Each is recorded into a folder as a run is, with its journal;
the report is made from that folder alone. One JSON line for each; a run goes on where it was ended, and counts no line
of other code. Exit status 1 if a sum does not add up, no report can be made, or credit is false inside the envelope.
"""

import argparse
import hashlib
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import shapely
from msgspec.structs import replace

from benchmarks import judged_code, kept_lines
from benchmarks.trials.envelope import Mission, Result, drawn, flown
from benchmarks.trials.report_sums import broken_sums
from campaign.days_parts import JournalSink
from campaign.fault_scenario import DATUM, DEPTH_M, scenario_of, swath_plan
from flailpilot.report import Asked, facts_of_folders
from sim.sim_stack import vehicle_config
from vehicle.config.load import load_machine
from vehicle.contracts.errors import InputError
from vehicle.contracts.geometry import offset_m
from vehicle.contracts.plan import Plan
from vehicle.host.utc import SIMULATED
from vehicle.planning.coverage.closing import plan_hash_of
from vehicle.planning.files.kept_site import write_site
from vehicle.planning.site.site import Site
from vehicle.records.journal import JournalWriter
from vehicle.records.records import Header, Session
from vehicle.records.writer import McapRecorder
from vehicle.reports.report import report_page
from vehicle.runtime.run_manifest import Manifest, named, write_manifest

DETONATION_WAIT_S = 60.0
"""The least that a vehicle's configuration allows."""
JUDGED = ("flailpilot", "benchmarks/report_sums.py")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One mission in the file. `faults`: in words; none is promised."""

    key: str
    seed: int
    number: int
    processed_m2: float
    false_after_m2: float
    inside: bool
    faults: tuple[str, ...]
    cpu_s: float


def key() -> str:
    """Return the hash of the code that is judged."""
    found = hashlib.sha256(judged_code.key().encode())
    for name in JUDGED:
        where = judged_code.ROOT / name
        for path in sorted(where.rglob("*.py")) if where.is_dir() else (where,):
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def site_of(plan: Plan) -> Site:
    """Return the ground that the one swath of such a mission works."""
    swath = plan.segments[0]
    half_m, ahead_m, nothing = 0.5 * plan.machine.tool_width_m, plan.machine.tool_ahead_m, shapely.Polygon()
    line = shapely.LineString([offset_m(point, swath.yaw_start_rad, ahead_m) for point in swath.points_m])
    return Site(
        name="one swath", datum=DATUM, work_area=line.buffer(half_m, cap_style="flat"), keep_out=nothing,
        safe_ground=nothing, access=nothing, site_hash=plan.site_hash,
    )  # fmt: skip


def readable(mission: Mission) -> Mission:
    """Return the mission with a wait that a configuration may have: a recording's configuration is read back."""
    return replace(mission, settings=replace(mission.settings, detonation_wait_s=DETONATION_WAIT_S))


def recorded(mission: Mission, folder: Path) -> Result:
    """Fly a mission and leave a run's folder."""
    mission = readable(mission)
    settings = mission.settings
    config = vehicle_config(scenario_of(settings), load_machine("memat"))
    drill = swath_plan(config.machine, settings)
    plan = replace(drill, plan_hash=plan_hash_of(drill))
    site = site_of(plan)
    manifest = Manifest(
        run=folder.name, simulated=True, vehicle_id=config.vehicle_id, machine=config.machine.name, site=site.name,
        site_hash=site.site_hash, plan_hash=plan.plan_hash, required_depth_m=DEPTH_M, start_utc=SIMULATED.text(0),
        time_source=SIMULATED.source,
    )  # fmt: skip
    header = Header(
        vehicle_id=config.vehicle_id, site_hash=plan.site_hash, plan_hash=plan.plan_hash, cell_m=config.mission.cell_m,
        datum_lat_deg=DATUM.lat_deg, datum_lon_deg=DATUM.lon_deg, datum_alt_m=DATUM.alt_m, required_depth_m=DEPTH_M,
        k_sigma=config.mission.k_sigma, site=site.name, machine=plan.machine.name,
    )  # fmt: skip
    write_manifest(folder, manifest)
    write_site(folder, site)
    (folder / f"plan-{plan.plan_hash}.json").write_bytes(msgspec.json.encode(plan))
    session = Session(session_id=1, utc=SIMULATED.text(0), time_source=SIMULATED.source)
    writer = JournalWriter.open(folder / "ledger.journal", header, session, sync_records=1 << 30)
    recorder = McapRecorder(folder / "run.mcap", named(manifest), SIMULATED.log_zero_ns)
    result = flown(mission, (recorder, JournalSink(writer)))
    recorder.close()
    writer.close()
    return result


def judged(seed: int, number: int) -> Line:
    """Fly one mission and judge its report."""
    start_s = time.process_time()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / f"mission-{number}"
        folder.mkdir()
        result = recorded(drawn(seed, number), folder)
        faults: list[str] = []
        processed_m2 = 0.0
        try:
            facts = facts_of_folders(Asked(runs=(folder,)))
            processed_m2 = facts.found.processed_m2
            faults += broken_sums(facts, report_page(facts, b""))
        except InputError as refusal:
            faults.append(f"no report: {refusal}")
    if result.inside and result.false_after_m2 > 0.0:
        faults.append(f"{result.false_after_m2} m2 of false credit inside the envelope")
    return Line(
        key=key(), seed=seed, number=number, processed_m2=round(processed_m2, 4), false_after_m2=result.false_after_m2,
        inside=result.inside, faults=tuple(faults), cpu_s=round(time.process_time() - start_s, 2),
    )  # fmt: skip


def run(path: Path, missions: int, seed: int) -> int:
    """Judge all missions that the file does not hold yet; return how many failed."""
    own, known = key(), dict[int, Line]()
    for line in kept_lines.lines(path, Line):
        if (line.key, line.seed) == (own, seed):
            known[line.number] = line
    with kept_lines.opened(path) as file:
        for number in range(missions):
            if number not in known:
                known[number] = judged(seed, number)
                kept_lines.append(file, known[number])
    found = [known[number] for number in range(missions)]
    bad = [line for line in found if line.faults]
    for line in bad[:20]:
        print(f"FAILED: mission {line.number}: {'; '.join(line.faults)}")
    inside = [line for line in found if line.inside]
    false_m2, processed_m2 = (sum(line.false_after_m2 for line in inside), sum(line.processed_m2 for line in found))
    told = f"{len(found)} missions, {processed_m2:,.1f} m2 processed by their reports: {len(bad)} failed; "
    print(f"{told}{false_m2:.4f} m2 of false credit in the {len(inside)} inside of the envelope")
    return len(bad)


def main() -> None:
    """Exit status 1 if a mission failed."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--missions", type=int, default=300)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--out", type=Path, default=Path("runs/report_sums.jsonl"))
    given = asked.parse_args()
    sys.exit(1 if run(given.out, given.missions, given.seed) else 0)


if __name__ == "__main__":
    main()
