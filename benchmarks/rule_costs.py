"""What the rules of belief and of the checks cost a team that works with honest sensors; it goes on where it was ended.

    python -m benchmarks.rule_costs runs/rule_costs.jsonl --budget-s 2700
    python -m benchmarks.rule_costs runs/rule_costs.jsonl --table

One line a unit is written to the file; units that it holds are not run again, so that an ended run goes on. The kinds
take turns, and no unit is begun once the budget of processor time is used up. Kinds:

- `clean`: the example site with RTK fixed and every check made: share of the treatable ground that the record claims.
- `depth`: the same with a depth sensor of 2 cm and 15 cm required.
- `field`: hours of the plan of the real field of 0.85 ha with its four holes, with the margins and with none.

Losses that come back true and hours of ordinary work are a part of `make proof` (`benchmarks/ordinary_work.py`).
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import msgspec

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
PLAN_S = 1800.0
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


KINDS: dict[str, tuple[int, Callable[[int], Row]]] = {
    "field": (3, field),
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
