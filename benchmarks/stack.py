"""Whole-stack simulation: how many times real time, and where a tick goes.

CPU time of this process, wire codec and recorder on, example site. The split comes from a second run with a stopwatch
round each room; the stopwatches cost about a tenth, so shares are meant, not microseconds.
Prints one table: `python benchmarks/stack.py [--sim-seconds N] [--json]`; with `--beside CHECKOUT` another build takes
turns with this one, and of both only the speed is printed.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.turns import Figures, in_turns, python_of, table
from firmware_bridge.flail_adapter import FlailAdapter
from sim import sim_stack as rigs
from sim.operator import ScriptedOperator
from sim.radio import Radio
from sim.scenario import Scenario
from sim.station_wire import StationWire
from sim.virtual_time import VirtualClock, run_virtual
from sim.world import World
from vehicle.config.load import load_machine, load_toml_model
from vehicle.config.vehicle import footprint
from vehicle.contracts.units import TICK_S
from vehicle.control import report as reports
from vehicle.control.drive import follower
from vehicle.control.estimate import fusion
from vehicle.control.flail import governor
from vehicle.control.ledger import masks
from vehicle.control.mission import job
from vehicle.control.mission import task as wishes
from vehicle.control.safety import gate as safety
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.site.site import load_site
from vehicle.records.writer import McapRecorder
from vehicle.runtime import loop as loops

ROOT = Path(__file__).resolve().parents[1]
BUDGET_X = 100.0


def run(sim_s: float) -> tuple[float, int]:
    """CPU seconds and ticks of one run, spin-up and swaths included."""
    scenario = load_toml_model(ROOT / "configs/scenarios/example.toml", Scenario)
    machine = load_machine(scenario.machine)
    site = load_site(ROOT / "configs/sites/example.geojson")
    plan = plan_site(site, footprint(machine), PlanSettings())

    async def main(clock: VirtualClock) -> tuple[float, int]:
        del clock
        with tempfile.TemporaryDirectory() as folder:
            recorder = McapRecorder(Path(folder) / "run.mcap", {})
            rig = rigs.assemble(scenario, machine, plan, (recorder,))
            started = time.process_time()
            count = await rig.barrier.run(round(sim_s / TICK_S))
            recorder.close()
            return time.process_time() - started, count

    result: tuple[float, int] = run_virtual(main)
    return result


class Stopwatches:
    """Wraps functions so that their time is summed under a name."""

    def __init__(self) -> None:
        self.total_ns: dict[str, int] = {}
        self._undo: list[tuple[Any, str, Any]] = []

    def wrap(self, owner: Any, attribute: str, name: str) -> None:
        """Time every call of `owner.attribute` under `name`."""
        inner = getattr(owner, attribute)
        self._undo.append((owner, attribute, inner))
        totals = self.total_ns
        totals.setdefault(name, 0)

        def timed(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter_ns()  # a benchmark measures
            try:
                return inner(*args, **kwargs)
            finally:
                totals[name] += time.perf_counter_ns() - started

        setattr(owner, attribute, timed)

    def restore(self) -> None:
        """Take the stopwatches off."""
        for owner, attribute, inner in reversed(self._undo):
            setattr(owner, attribute, inner)


def split(sim_s: float) -> dict[str, float]:
    """Microseconds per tick by room, with the stopwatches on."""
    watches = Stopwatches()
    watches.wrap(fusion, "step", "estimate")
    watches.wrap(fusion, "estimate", "estimate")
    watches.wrap(job, "step", "mission")
    watches.wrap(wishes, "task", "mission")
    watches.wrap(follower, "step", "drive")
    watches.wrap(governor, "step", "flail")
    watches.wrap(governor, "request", "flail")
    watches.wrap(safety, "step", "safety gate")
    watches.wrap(masks, "step", "ledger")
    watches.wrap(reports, "report", "report")
    watches.wrap(FlailAdapter, "receive", "wire in (codec)")
    watches.wrap(StationWire, "drain", "wire in (codec)")
    watches.wrap(loops, "inputs_of", "wire in (codec)")
    watches.wrap(FlailAdapter, "encode", "wire out (codec)")
    watches.wrap(StationWire, "accept", "report to stations")
    watches.wrap(McapRecorder, "accept", "recorder")
    watches.wrap(World, "step", "simulated machine and its codec")
    watches.wrap(ScriptedOperator, "step", "simulated operator and its codec")
    watches.wrap(Radio, "step", "simulated radio")
    try:
        _, count = run(sim_s)
    finally:
        watches.restore()
    return {name: total / count / 1e3 for name, total in watches.total_ns.items()}


def beside(other: Path, sim_s: float, rounds: int, core: int | None) -> list[str]:
    """The lines of this build beside another one, whose own `benchmarks/stack.py` runs it."""

    def command(checkout: Path) -> list[str]:
        script = str(checkout / "benchmarks/stack.py")
        return [python_of(checkout), script, "--json", "--runs", "1", "--sim-seconds", str(sim_s)]

    def speeds(rows: list[Figures]) -> list[Figures]:
        return [{"us a tick": row["us_per_tick"], "speed, x real time": row["speed_up"]} for row in rows]

    ours, theirs = in_turns(command, other.resolve(), rounds, core)
    return table(speeds(ours), speeds(theirs))


def main() -> int:
    """Print the table; exit status 1 below the budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sim-seconds", type=float, default=400.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--beside", type=Path, help="another checkout")
    parser.add_argument("--core", type=int, default=None, help="with `--beside`: run all on this core")
    options = parser.parse_args()
    if options.beside is not None:
        print("\n".join(beside(options.beside, options.sim_seconds, options.runs, options.core)))
        return 0
    measured = sorted(run(options.sim_seconds) for _ in range(options.runs))
    cpu_s, count = measured[len(measured) // 2]
    rooms = split(options.sim_seconds / 2.0)
    speed_up, us_per_tick = count * TICK_S / cpu_s, cpu_s / count * 1e6
    if options.json:
        sys.stdout.write(json.dumps({"speed_up": speed_up, "us_per_tick": us_per_tick, "rooms_us": rooms}) + "\n")
    else:
        print(f"{speed_up:.0f}x real time, {us_per_tick:.0f} us a tick (median of {options.runs})")
        for name, spent_us in sorted(rooms.items(), key=lambda row: -row[1]):
            print(f"  {name:34s} {spent_us:6.1f} us")
    return 0 if speed_up >= BUDGET_X else 1


if __name__ == "__main__":
    raise SystemExit(main())
