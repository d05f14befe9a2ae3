"""What the rules of belief and of the checks cost a team that works with honest sensors; it goes on where it was ended.

    python -m benchmarks.rule_costs runs/rule_costs.jsonl --budget-s 2700
    python -m benchmarks.rule_costs runs/rule_costs.jsonl --table

One line a unit is written to the file; units that it holds are not run again, so that an ended run goes on. The kinds
take turns, and no unit is begun once the budget of processor time is used up. Kinds:

- `clean`: the example site with RTK fixed and every check made: share of the treatable ground that the record claims.
- `depth`: the same with a depth sensor of 2 cm and 15 cm required.
- `field`: hours of the plan of the real field of 0.85 ha with its four holes, with the margins and with none.
- `hours`: minutes of work back and forth at 10 % true slip: ticks in which the gate would stop.
- `untroubled`: half hours of the same on slopes to 10 degrees, with 2 to 10 % of slip: what is withdrawn and what
  stops. Plants, sensors and estimate alone, without wires, gate and operator: 100 hours are 24 minutes of one core.
- `standing`, `moving`: a loss of 5 s to 10 min that comes back true: whether work goes on without a mark.
"""

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.belief_costs import goes_on
from benchmarks.trials.beliefs import BeliefRun, BeliefSettings
from campaign.outcome import RunFiles, job_facts, summary_of
from campaign.run import run_mission
from sim.scenario import Scenario
from vehicle.config.load import load_machine, load_toml_model
from vehicle.config.vehicle import footprint
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings, ToolBounds
from vehicle.planning.site.site import load_site
from vehicle.records.writer import McapRecorder
from vehicle.runtime.tool_bounds import planned_bounds

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = ROOT / "configs/scenarios/example.toml"
FIELD = ROOT.parent / "shared/data/fields/de_sh_0p85ha_4holes.geojson"
DEPTH_SIGMA_M = 0.02
AT_ONCE = 20
SPEEDS = (0.05, 0.1, 0.28)
SLIPS = (0.02, 0.05, 0.1)
SLOPES_DEG = (0.0, 3.0, 6.0, 10.0)
STRETCH_S, HALF_HOUR_S = 600.0, 1800.0
PLAN_S = 1800.0
WORKED = ("hours", "stop_ticks", "revokes")
Row = dict[str, Any]


class Unit(msgspec.Struct, frozen=True):
    """One line of the file."""

    kind: str
    number: int
    cpu_s: float
    facts: Row


def mission(seed: int, depth_sigma_m: float | None) -> Row:
    """The example site, driven whole."""
    scenario = load_toml_model(SCENARIO, Scenario).model_copy(update={"seed": seed, "checks": "made"})
    if depth_sigma_m is not None:
        sensors = scenario.sensors.model_copy(update={"depth_sigma_m": depth_sigma_m})
        scenario = scenario.model_copy(update={"sensors": sensors})
    machine = load_machine(scenario.machine)
    site = load_site(ROOT / "configs/sites/example.geojson")
    settings = PlanSettings(side_slope_rad=0.0873, bounds=planned_bounds(machine))
    plan = plan_site(site, footprint(machine), settings)
    with tempfile.TemporaryDirectory() as folder:
        outcome = run_mission(scenario, machine, site, plan, McapRecorder(Path(folder) / "run.mcap", {}))
        files = RunFiles(out_dir=Path(folder), scenario=scenario, site=site, plan=plan, outcome=outcome)
        summary = summary_of(files, job_facts(files).found, wall_s=1.0)
    treatable_m2 = summary.area_m2 - summary.untreatable_m2
    return {
        "finished": summary.finished,
        "treatable_m2": treatable_m2,
        "processed_m2": summary.processed_m2,
        "truth_m2": summary.truth_processed_m2,
        "false_m2": summary.false_credit_m2,
        "hours": summary.mission_time_s / 3600.0,
        "stops": [stop.reasons[0] for stop in summary.stops],
    }


def field(number: int) -> Row:
    """Unit 0 plans with no bound of errors that stay, 1 for a machine that is checked, 2 for one that nobody checks."""
    machine = load_machine("mematt")
    checked = number < 2
    bounds = planned_bounds(machine, checked=checked) if number else ToolBounds()
    settings = PlanSettings(bounds=bounds, slope_max_rad=machine.limits.slope_max_rad, time_limit_s=PLAN_S)
    plan = plan_site(load_site(FIELD), footprint(machine), settings)
    return {"bound_m": bounds.side_m, "hours": plan.time_s / 3600.0, "overlap_m": plan.overlap_m}


def hours(number: int) -> Row:
    """Ten minutes back and forth, with pauses."""
    speed_mps = SPEEDS[number % len(SPEEDS)]
    return back_and_forth(BeliefSettings(seed=100 + number, speed_mps=speed_mps, slip_ratio=0.1), STRETCH_S)


def untroubled(number: int) -> Row:
    """Half an hour of ordinary work."""
    settings = BeliefSettings(
        seed=1000 + number,
        speed_mps=SPEEDS[number % len(SPEEDS)],
        slip_ratio=SLIPS[number // len(SPEEDS) % len(SLIPS)],
        slope_deg=SLOPES_DEG[number % len(SLOPES_DEG)],
        slope_bearing_rad=float(number),
    )
    return back_and_forth(settings, HALF_HOUR_S)


def back_and_forth(settings: BeliefSettings, stretch_s: float) -> Row:
    """So long, with pauses between the ways."""
    run = BeliefRun(settings).run(5.0)
    stops = revokes = 0
    for way in itertools.cycle((1.0, -1.0)):
        if run.time_s >= stretch_s:
            break
        run.speed_mps = way * settings.speed_mps
        for _ in range(50 * 100):
            run.halted = False
            revokes += run.step().revoke_t_ns != 0
            stops += run.halted
        run.run(5.0, 0.0)
    return {"speed_mps": settings.speed_mps, "hours": run.time_s / 3600.0, "stop_ticks": stops, "revokes": revokes}


def losses(number: int, *, moving: bool) -> Row:
    """So many losses, and of how many the work went on."""
    first = 1 + number * AT_ONCE
    found = [goes_on(seed, moving=moving) for seed in range(first, first + AT_ONCE)]
    return {"losses": AT_ONCE, "on": sum(proven for proven, _ in found), "doubts_m": [doubt for _, doubt in found]}


KINDS: dict[str, tuple[int, Callable[[int], Row]]] = {
    "field": (3, field),
    "standing": (50, lambda number: losses(number, moving=False)),
    "moving": (50, lambda number: losses(number, moving=True)),
    "hours": (60, hours),
    "untroubled": (200, untroubled),
    "clean": (4, lambda number: mission(1 + number, None)),
    "depth": (4, lambda number: mission(1 + number, DEPTH_SIGMA_M)),
}


def known(path: Path) -> list[Unit]:
    """What the file holds; a last line that was cut is none."""
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return [msgspec.json.decode(line, type=Unit) for line in lines if line.endswith(b"\n")]


def turns(done: set[tuple[str, int]], kinds: Collection[str] = tuple(KINDS)) -> list[tuple[str, int]]:
    """The units of these kinds that are left, the kinds in turn by the share of each that is done."""
    every = [((number + 1) / KINDS[kind][0], kind, number) for kind in kinds for number in range(KINDS[kind][0])]
    return [(kind, number) for _, kind, number in sorted(every) if (kind, number) not in done]


def run(path: Path, budget_s: float, kinds: Collection[str] = tuple(KINDS)) -> None:
    """Until all is done or the budget is used up; a last line that was cut goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    path.write_bytes(b"".join(line for line in lines if line.endswith(b"\n")))
    begun_s = time.process_time()
    for kind, number in turns({(unit.kind, unit.number) for unit in known(path)}, kinds):
        before_s = time.process_time()
        if before_s - begun_s > budget_s:
            return
        facts = KINDS[kind][1](number)
        unit = Unit(kind, number, time.process_time() - before_s, facts)
        with path.open("ab") as stream:
            stream.write(msgspec.json.encode(unit) + b"\n")
        print(f"{kind} {number}: {unit.cpu_s:.0f} s of processor", flush=True)


def table(units: list[Unit]) -> list[str]:
    """A line a kind, as far as it was reached."""
    rows: dict[str, list[Row]] = {kind: [unit.facts for unit in units if unit.kind == kind] for kind in KINDS}
    lines = [f"field: {row['hours']:.2f} h with a bound of {row['bound_m']:.3f} m" for row in rows["field"]]
    for kind in ("standing", "moving"):
        count, on = (sum(row[name] for row in rows[kind]) for name in ("losses", "on"))
        lines.append(f"{kind}: {on} of {count} losses go on without a mark")
    worked_h, stops, revokes = (sum(row[name] for row in rows["hours"]) for name in WORKED)
    lines.append(f"hours: {worked_h:.2f} h at 10 % slip, {stops} ticks of a stop, {revokes} withdrawals")
    worked_h, stops, revokes = (sum(row[name] for row in rows["untroubled"]) for name in WORKED)
    lines.append(f"untroubled: {worked_h:.2f} h, {stops} ticks of a stop, {revokes} withdrawals")
    for kind in ("clean", "depth"):
        for row in rows[kind]:
            share = 100.0 * row["processed_m2"] / row["treatable_m2"]
            lines.append(
                f"{kind}: {row['processed_m2']:.1f} m2, {share:.2f} % of what can be treated, in {row['hours']:.2f} h, "
                f"false {row['false_m2']:.4f} m2, stops {row['stops']}"
            )
    return lines


def main() -> None:
    """Run, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("path", type=Path)
    parser.add_argument("--budget-s", type=float, default=2700.0)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=tuple(KINDS))
    parser.add_argument("--table", action="store_true")
    chosen = parser.parse_args()
    if not chosen.table:
        run(chosen.path, chosen.budget_s, chosen.kinds)
    print("\n".join(table(known(chosen.path))))


if __name__ == "__main__":
    main()
