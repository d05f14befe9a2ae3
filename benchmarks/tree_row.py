"""A field beside a tree row, where RTK fixed is lost 30 times an hour: `python benchmarks/tree_row.py [--beside DIR]`.

The unchanged stack in virtual time, with the scripted operator, who follows the texts: one plan of 40 m x 8 m, driven
to its end. The receiver claims RTK float for 1 to 6 s at seeded moments, and errs as float does. The operator needs
1.5 s (`--notice`) to notice a stop or that a WAIT may go on, and 2 s (`--act`) from one act to the next. Of each run:

  m2 per hour        credited inside the record, by the time from the first ARM to the end of the plan
  full stops         of the mission, each left by RESET, ARM, START
  WAITs              of the mission, and how many of them went on by START
  presses            of the operator, ATTENTION among them
  metres by stick    driven in MANUAL or RECOVERY, as it truly was
  false credit, m2   credited and not truly worked: must be 0

`--losses 0` drives the same field without any: the bound of what an answer to a loss can reach. With `--beside`
another checkout, which has a `.venv` of its own, drives the same field under the same losses, one that has no WAIT too.
Exit status 1: a plan that was not finished, or false credit.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # of the checkout that is measured, and nothing of another one
    sys.path[0] = sys.argv[2] if sys.argv[1:2] == ["--checkout"] else str(Path(__file__).resolve().parents[1])

from benchmarks.turns import Figures, in_turns, table
from campaign.run import Observer, Told
from firmware_bridge.types import FixType, OperatorEdge
from flailpilot.simulate import plan_settings, planned_footprint
from sim import operator, sim_stack
from sim.scenario import Scenario
from sim.sim_stack import SimStack, assemble
from sim.virtual_time import Phase, VirtualClock, run_virtual
from vehicle.config.load import load_machine
from vehicle.config.vehicle import MissionConfig
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.contracts.units import TICK_S
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.site.site import load_site
from vehicle.planning.task.whole import plan_whole

CHECKOUT = "--checkout"
LOSSES_PER_H, LOSS_S = 30.0, (1.0, 6.0)
LAT_DEG, LON_DEG, LENGTH_DEG, WIDTH_DEG = 39.99, 46.93, 0.000468, 0.000072
"""A field of 40 m from west to east and 8 m from south to north."""
LIMIT_S = 3600.0
LATER_S = 20.0
"""The first loss comes no sooner: the machine is armed and under way."""
DRIVING = ("AUTO_MOVE", "AUTO_WORK", "WAIT")
STOPPED = ("STOPPING", "HOLD", "ESTOP", "FAULT")
BY_STICK = (Mode.MANUAL, Mode.RECOVERY)


NOTICE_S, ACT_S = 1.5, 2.0
"""A stop, or that a WAIT may go on, is noticed; an act, and the look at what it did."""
FRAME_S = 0.05


class Person(operator.ScriptedOperator):
    """The scripted operator with a person's reaction to a stop."""

    notice_frames = round(NOTICE_S / FRAME_S)
    _frames = 0

    def _choose(self, mode: Mode, *more: Any) -> None:
        self._frames = self._frames + 1 if mode.name in STOPPED else 0
        if not 0 < self._frames < self.notice_frames:
            super()._choose(mode, *more)


def slowed(notice_s: float = NOTICE_S, act_s: float = ACT_S) -> None:
    """Give every operator of this process a person's reactions."""
    operator.PAUSE_FRAMES = round(act_s / FRAME_S)
    Person.notice_frames = operator.NOTICE_FRAMES = round(notice_s / FRAME_S)
    sim_stack.ScriptedOperator = Person  # type: ignore[misc, attr-defined]


def losses(seed: int, per_h: float = LOSSES_PER_H, until_s: float = LIMIT_S) -> tuple[tuple[float, float], ...]:
    """When the fix goes and when it comes again [s], that often in an hour on average; none begins within another."""
    draw, t_s, found = random.Random(seed), LATER_S, []
    while per_h > 0.0 and t_s < until_s:
        t_s += draw.expovariate(per_h / 3600.0)
        back_s = t_s + draw.uniform(*LOSS_S)
        found.append((t_s, back_s))
        t_s = back_s
    return tuple(found)


def field(folder: Path) -> Path:
    """The site's file."""
    east, north = LON_DEG + LENGTH_DEG, LAT_DEG + WIDTH_DEG
    ring = [[LON_DEG, LAT_DEG], [east, LAT_DEG], [east, north], [LON_DEG, north], [LON_DEG, LAT_DEG]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    area = {"type": "Feature", "properties": {"role": "work_area", "name": "tree row"}, "geometry": shape}
    site = {"type": "FeatureCollection", "outside": "safe", "tripwires": "possible", "features": [area]}
    path = folder / "tree_row.geojson"
    path.write_text(json.dumps(site), encoding="utf-8")
    return path


class TreeRow:
    """Takes the fix away and gives it back; once a tick before the world."""

    def __init__(self, rig: SimStack, moments: tuple[tuple[float, float], ...]) -> None:
        self._rig, self._moments = rig, list(moments)

    def step(self, now_ns: int) -> None:
        """One tick."""
        t_s = now_ns / 1e9
        while self._moments and t_s >= self._moments[0][1]:
            self._moments.pop(0)
        lost = bool(self._moments) and t_s >= self._moments[0][0]
        self._rig.world.gnss.fix = FixType.RTK_FLOAT if lost else FixType.RTK_FIXED


class Meter:
    """Counts what the run cost the operator; once a tick, after the vehicle."""

    def __init__(self, rig: SimStack) -> None:
        self._rig = rig
        self._before, self._edges = Mode.BOOT, OperatorEdge.NONE
        self._armed_tick: int | None = None
        self._end_tick = 0
        self.stops = self.waits = self.gone_on = self.presses = 0
        self.stick_m = 0.0

    def step(self, now_ns: int) -> None:
        """One tick."""
        del now_ns
        state = self._rig.vehicle.state
        before, mode = self._before, state.gate.mode
        done = state.mission.phase is MissionPhase.DONE
        if mode is not before:
            self._changed(before.name, mode.name, done=done)
        if mode is Mode.READY and self._armed_tick is None:
            self._armed_tick = state.tick
        if not done:
            self._end_tick = state.tick
        if mode in BY_STICK:
            self.stick_m += abs(self._rig.world.truth().speed_mps) * TICK_S
        for frame in state.wire.operator:
            self.presses += 0 if done else (frame.edges & ~self._edges).bit_count()
            self._edges = frame.edges
        self._before = mode

    def _changed(self, before: str, after: str, *, done: bool) -> None:
        if before in DRIVING and after in STOPPED and not done:
            self.stops += 1
        self.waits += after == "WAIT"
        self.gone_on += before == "WAIT" and after in DRIVING

    @property
    def time_s(self) -> float:
        """From the first ARM to the end of the plan."""
        return (self._end_tick - (self._armed_tick or 0)) * TICK_S


def driven(seed: int, per_h: float = LOSSES_PER_H, notice_s: float = NOTICE_S, act_s: float = ACT_S) -> Figures:
    """One run: the plan to its end, or an hour; so many losses an hour; a person of this pace."""
    moments = losses(seed, per_h)
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(
            name="tree-row", machine="memat", site=str(field(Path(folder))), seed=seed, checks="made",
            mission=MissionConfig(required_depth_m=0.15),
        )  # fmt: skip
        site, machine = load_site(Path(scenario.site), "safe"), load_machine("memat")
    settings = plan_settings(scenario, machine)
    plan = plan_whole(site, planned_footprint(scenario, machine), settings, WorkLimit(settings.time_limit_s), {})
    begun_s = time.process_time()
    slowed(notice_s, act_s)

    async def main(_: VirtualClock) -> tuple[SimStack, Observer, Meter]:
        told = Told()
        rig = assemble(scenario, machine, plan, (told,))
        observer, meter = Observer(rig, told, site, plan, scenario, None), Meter(rig)
        rig.barrier.subscribe(Phase.WORLD - 1, TreeRow(rig, moments).step)
        rig.barrier.subscribe(Phase.OBSERVE, observer.step)
        rig.barrier.subscribe(Phase.OBSERVE, meter.step)
        await rig.barrier.run(round(LIMIT_S / TICK_S))
        observer.truth.flush()
        return rig, observer, meter

    rig, observer, meter = run_virtual(main)
    ledger = rig.vehicle.state.ledger
    return {
        "m2 per hour": ledger.credited_m2 / (meter.time_s / 3600.0),
        "full stops": meter.stops,
        "WAITs": meter.waits,
        "WAITs that went on": meter.gone_on,
        "presses": meter.presses,
        "metres by stick": meter.stick_m,
        "false credit, m2": observer.truth.false_credit_m2(ledger),
        "minutes": meter.time_s / 60.0,
        "losses of the fix": sum(went_s < meter.time_s for went_s, _ in moments),
        "broken invariants": len(observer.invariants.breaches),
        "finished": observer.done_tick >= 0,
        "processor s": time.process_time() - begun_s,
    }


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--losses", type=float, default=LOSSES_PER_H, help="of RTK fixed, an hour")
    parser.add_argument("--notice", type=float, default=NOTICE_S, help="of a stop or a WAIT that may go on [s]")
    parser.add_argument("--act", type=float, default=ACT_S, help="from one act of the operator to the next [s]")
    parser.add_argument("--beside", type=Path, help="another checkout")
    parser.add_argument(CHECKOUT, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.checkout is not None:
        print(json.dumps(driven(options.seed, options.losses, options.notice, options.act)))
        return 0

    def command(checkout: Path) -> list[str]:
        python = checkout / ".venv/bin/python"
        names = ("seed", "losses", "notice", "act")
        chosen = [word for name in names for word in (f"--{name}", str(getattr(options, name)))]
        return [str(python), str(Path(__file__).resolve()), CHECKOUT, str(checkout), *chosen]

    beside = options.beside.resolve() if options.beside is not None else None
    ours, theirs = in_turns(command, beside, 1, None)
    print("\n".join(table(ours, theirs)))
    good = all(row["finished"] and row["false credit, m2"] == 0.0 for row in ours)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
