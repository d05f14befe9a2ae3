"""A field with a belt of AP mines, a day's 30 small shocks in it: `python benchmarks/pmn_belt.py [--beside DIR]`.

The unchanged stack in virtual time, with the scripted operator, who follows the texts: one plan of 40 m x 8 m, driven
to its end. Thirty mines lie in a belt along its middle at seeded places. Each goes off once, when hammers at speed
strike the ground over it: the shock contact is closed for 0.3 s, and the sensor measures 10 to 25 g, between
the thresholds of the profile (8 and 30 g, chosen for the simulation). The operator needs 1.5 s to notice a stop or
that a WAIT may go on, 2.5 s to look at the picture, and 2 s from one act to the next. Prints of each run:

  m2 per hour        credited inside the record, by the time from the first ARM to the end of the plan
  full stops         of the mission, each left by the acts of its texts and START
  WAITs              of the mission, and how many of them went on by START
  presses            of the operator, words on the picture among them
  metres by stick    driven in MANUAL or RECOVERY, as it truly was
  false credit, m2   credited and not truly worked: must be 0

`--mines 0` drives the same field without any: the bound of what an answer to a shock can reach. With `--beside` another
checkout, which has a `.venv` of its own, drives the same field over the same mines; one that knows no thresholds stops
for each. Exit status 1: a plan that was not finished, or false credit.
"""

import argparse
import json
import math
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # of the checkout that is measured, and nothing of another one
    sys.path[0] = sys.argv[2] if sys.argv[1:2] == ["--checkout"] else str(Path(__file__).resolve().parents[1])

from benchmarks.tree_row import CHECKOUT, LAT_DEG, LIMIT_S, LON_DEG, Meter, Person, field, slowed
from benchmarks.turns import Figures, in_turns, table
from campaign.run import Observer, Told
from firmware_bridge.types import OperatorEdge
from flailpilot.simulate import plan_settings, planned_footprint
from sim import manual_text, operator, sim_stack
from sim.scenario import Scenario
from sim.sim_stack import SimStack, assemble
from sim.virtual_time import Phase, VirtualClock, run_virtual
from vehicle.config.load import load_machine
from vehicle.config.vehicle import MachineConfig, MissionConfig
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import TICK_S
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.site.site import load_site
from vehicle.planning.task.whole import plan_whole

MINES = 30
LENGTH_M, WIDTH_M = 40.0, 8.0
EDGE_M, BELT_M = 3.0, 3.0
"""The belt keeps off both ends of the field, and is so wide."""
PEAK_G = (10.0, 25.0)
SMALL_G, LARGE_G = 8.0, 30.0
CLOSED_S = 0.3
REACH_M = 0.1
"""Hammers strike the ground so far before and behind the rotor's axis."""
DEEP_M = 0.05

Place = tuple[float, float]


class Reader(Person):
    """The operator of the tree row, who also acknowledges what a text asks to be acknowledged, before RESET."""

    _acknowledged = False

    def _choose(self, mode: Mode, *more: Any) -> None:
        asked = OperatorEdge.ACKNOWLEDGE in manual_text.acts(more[-1]) and not self._acknowledged
        operator.ACTS[Mode.HOLD] = OperatorEdge.ACKNOWLEDGE if asked else OperatorEdge.RESET
        before = self.presses
        super()._choose(mode, *more)
        if mode is not Mode.HOLD:
            self._acknowledged = False
        elif self.presses > before:
            self._acknowledged = asked


def measured(machine: MachineConfig) -> MachineConfig:
    """The machine with thresholds, where its program knows any."""
    tool = machine.tool
    if "shock_small_g" not in type(tool).model_fields:
        return machine
    figures = {"shock_small_g": SMALL_G, "shock_large_g": LARGE_G}
    sources = machine.sources | {f"tool.{key}": "unverified: chosen for the simulation" for key in figures}
    return machine.model_copy(update={"tool": tool.model_copy(update=figures), "sources": sources})


def belt(seed: int, count: int) -> tuple[Place, ...]:
    """Where the mines lie: metres east and north of the field's south-west corner."""
    draw = random.Random(seed)
    middle = WIDTH_M / 2.0
    return tuple(
        (draw.uniform(EDGE_M, LENGTH_M - EDGE_M), draw.uniform(middle - BELT_M / 2.0, middle + BELT_M / 2.0))
        for _ in range(count)
    )


class Belt:
    """Lets the mines go off under the hammers; once a tick before the world. `gone`: how many did."""

    def __init__(self, rig: SimStack, mines: tuple[Place, ...], corner_m: Place, rotor_radps: float, seed: int) -> None:
        self._rig, self._rotor_radps = rig, rotor_radps
        self._mines = [(east + corner_m[0], north + corner_m[1]) for east, north in mines]
        self._draw = random.Random(seed + 1)
        self._until_s = -1.0
        self.gone = 0

    def step(self, now_ns: int) -> None:
        """One tick."""
        t_s, true, controller = now_ns / 1e9, self._rig.world.truth(), self._rig.world.controller
        strikes = true.depth_m > DEEP_M and true.rotor_radps > 0.5 * self._rotor_radps
        struck = [mine for mine in self._mines if strikes and under(mine, true.tool_left_m, true.tool_right_m)]
        if struck:
            self._mines = [mine for mine in self._mines if mine not in struck]
            self.gone += len(struck)
            self._until_s = t_s + CLOSED_S
            controller.shock_peak_g = self._draw.uniform(*PEAK_G)
        controller.shock = t_s < self._until_s
        if not controller.shock:
            controller.shock_peak_g = 0.0


def under(mine: Place, left_m: Place, right_m: Place) -> bool:
    """The mine lies between the ends of the tool, within reach of the hammers."""
    along_east, along_north = left_m[0] - right_m[0], left_m[1] - right_m[1]
    width_m = math.hypot(along_east, along_north)
    east, north = mine[0] - right_m[0], mine[1] - right_m[1]
    across_m = (east * along_east + north * along_north) / width_m
    ahead_m = (east * along_north - north * along_east) / width_m
    return 0.0 <= across_m <= width_m and abs(ahead_m) <= REACH_M


def driven(seed: int, count: int = MINES) -> Figures:
    """One run over so many mines: the plan to its end, or an hour."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(
            name="pmn-belt", machine="memat", site=str(field(Path(folder))), seed=seed, checks="made",
            mission=MissionConfig(required_depth_m=0.15),
        )  # fmt: skip
        site, machine = load_site(Path(scenario.site), "safe"), measured(load_machine("memat"))
    settings = plan_settings(scenario, machine)
    plan = plan_whole(site, planned_footprint(scenario, machine), settings, WorkLimit(settings.time_limit_s), {})
    east_m, north_m, _ = plan.datum.enu_from_geodetic(LAT_DEG, LON_DEG)
    begun_s = time.process_time()
    slowed()
    sim_stack.ScriptedOperator = Reader  # type: ignore[misc, attr-defined]

    async def main(_: VirtualClock) -> tuple[SimStack, Observer, Meter, Belt]:
        told = Told()
        rig = assemble(scenario, machine, plan, (told,))
        observer, meter = Observer(rig, told, site, plan, scenario, None), Meter(rig)
        mines = Belt(rig, belt(seed, count), (east_m, north_m), machine.tool.rotor_speed_radps, seed)
        rig.barrier.subscribe(Phase.WORLD - 1, mines.step)
        rig.barrier.subscribe(Phase.OBSERVE, observer.step)
        rig.barrier.subscribe(Phase.OBSERVE, meter.step)
        await rig.barrier.run(round(LIMIT_S / TICK_S))
        observer.truth.flush()
        return rig, observer, meter, mines

    rig, observer, meter, mines = run_virtual(main)
    ledger = rig.vehicle.state.ledger
    words = getattr(getattr(rig.operator, "_word", None), "said", 0)
    return {
        "m2 per hour": ledger.credited_m2 / (meter.time_s / 3600.0),
        "full stops": meter.stops,
        "WAITs": meter.waits,
        "WAITs that went on": meter.gone_on,
        "presses": meter.presses + words,
        "metres by stick": meter.stick_m,
        "false credit, m2": observer.truth.false_credit_m2(ledger),
        "minutes": meter.time_s / 60.0,
        "mines that went off": mines.gone,
        "broken invariants": len(observer.invariants.breaches),
        "finished": observer.done_tick >= 0,
        "processor s": time.process_time() - begun_s,
    }


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mines", type=int, default=MINES, help="in the belt")
    parser.add_argument("--beside", type=Path, help="another checkout")
    parser.add_argument(CHECKOUT, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.checkout is not None:
        print(json.dumps(driven(options.seed, options.mines)))
        return 0

    def command(checkout: Path) -> list[str]:
        python = checkout / ".venv/bin/python"
        chosen = ["--seed", str(options.seed), "--mines", str(options.mines)]
        return [str(python), str(Path(__file__).resolve()), CHECKOUT, str(checkout), *chosen]

    beside = options.beside.resolve() if options.beside is not None else None
    ours, theirs = in_turns(command, beside, 1, None)
    print("\n".join(table(ours, theirs)))
    good = all(row["finished"] and row["false credit, m2"] == 0.0 for row in ours)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
