"""Planned beside simulated hours: `python -m benchmarks.coverage.driven SITE... [--machine NAME] [--out FILE]`.

Each site is planned for the machine as `flailpilot sim` plans it and driven in virtual time; the team makes the checks
that are due. Seconds are split by what is done: work, ready (spin up, lower, raise), turns, moves, reverse. Standing
for a stop or an operator is shown apart and not counted. Exit status 1 where a plan is off by more than 3 %, or a
mission did not end. Some 80 seconds of one core for an hour of the machine.
"""

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

from campaign.run import Outcome, run_mission
from flailpilot.simulate import plan_settings, planned_footprint
from sim.scenario import Scenario
from vehicle.config.load import load_machine
from vehicle.config.vehicle import MissionConfig
from vehicle.contracts.messages import Event, MissionPhase
from vehicle.contracts.plan import Plan, SegmentKind
from vehicle.contracts.plan_times import times_of
from vehicle.contracts.sockets import ControllerAdapter, TickRecord
from vehicle.contracts.units import TICK_S
from vehicle.control.state import VehicleState
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.files.totals import READY, SPLIT
from vehicle.planning.site.site import load_site

OFF_MAX = 0.03
LIMIT_S = 120.0
STANDING = (MissionPhase.IDLE, MissionPhase.PAUSED, MissionPhase.DONE)
MAKING_READY = (MissionPhase.SPIN_UP, MissionPhase.LOWER, MissionPhase.RAISE)
STANDS = "stands"


class Unkept:
    """A recorder that keeps nothing."""

    name, healthy = "unkept", True

    def note(self, event: Event) -> None:
        """Nothing."""

    def begin(self, state: VehicleState, controller: ControllerAdapter) -> None:
        """Nothing."""

    def accept(self, record: TickRecord) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Phases:
    """A sink that counts ticks by what is done in them."""

    name = "phases"

    def __init__(self, plan: Plan) -> None:
        self._kinds = [segment.kind for segment in plan.segments]
        self.seconds: dict[str, float] = defaultdict(float)

    def accept(self, record: TickRecord) -> None:
        """One tick."""
        mission = record.state.mission
        if mission.phase in STANDING:
            self.seconds[STANDS] += TICK_S
        elif mission.phase in MAKING_READY:
            self.seconds[READY] += TICK_S
        else:
            self.seconds[SPLIT[self._kinds[mission.index]]] += TICK_S


def planned_split(plan: Plan) -> dict[str, float]:
    """Seconds of a plan by what is done."""
    split: dict[str, float] = defaultdict(float)
    for segment, time in zip(plan.segments, times_of(plan.segments, plan.machine), strict=True):
        split[SPLIT[segment.kind]] += time.moving_s
        split[READY] += time.before_s + time.after_s
    return split


def driven(path: Path, machine_name: str) -> dict[str, object]:
    """One site: planned and driven seconds, and what the run says of its ground."""
    machine = load_machine(machine_name)
    mission = MissionConfig(required_depth_m=0.15)
    scenario = Scenario(
        name=path.stem, machine=machine_name, site=str(path), mission=mission, checks="operator", sim_max_s=1e6
    )
    site = load_site(path)
    shape = planned_footprint(scenario, machine)
    plan = plan_site(site, shape, plan_settings(scenario, machine), WorkLimit(LIMIT_S))
    phases = Phases(plan)
    outcome: Outcome = run_mission(scenario, machine, site, plan, Unkept(), sinks=(phases,))
    planned = planned_split(plan)
    counted_s = sum(value for key, value in phases.seconds.items() if key != STANDS)
    return {
        "site": path.stem,
        "area_m2": round(plan.area_m2),
        "swaths": sum(segment.kind is SegmentKind.SWATH for segment in plan.segments),
        "finished": outcome.finished,
        "planned_s": {key: round(value, 1) for key, value in planned.items()},
        "driven_s": {key: round(value, 1) for key, value in phases.seconds.items()},
        "off": round(plan.time_s / counted_s - 1.0, 5),
        "stops": len(outcome.stops),
        "breaches": len(outcome.breaches),
        "false_credit_m2": outcome.false_credit_m2,
    }


def told(row: dict[str, object]) -> str:
    """One site in lines."""
    planned, found = row["planned_s"], row["driven_s"]
    assert isinstance(planned, dict)
    assert isinstance(found, dict)
    lines = [f"{row['site']}: {row['area_m2']} m2, {row['swaths']} swaths, {float(str(row['off'])):+.2%} off"]
    lines += [
        f"  {key:8s} planned {planned[key]:9.1f} s, driven {found.get(key, 0.0):9.1f} s" for key in sorted(planned)
    ]
    return "\n".join([*lines, f"  {STANDS:8s} {found.get(STANDS, 0.0):.1f} s, {row['stops']} stops"])


def main() -> int:
    """Run the sites in order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sites", type=Path, nargs="+")
    parser.add_argument("--machine", default="memat")
    parser.add_argument("--out", type=Path, help="rows are appended to this file, a JSON object a line")
    asked = parser.parse_args()
    bad = 0
    for path in asked.sites:
        row = driven(path, asked.machine)
        print(told(row), flush=True)
        bad += abs(float(str(row["off"]))) > OFF_MAX or not row["finished"]
        if asked.out is not None:
            with asked.out.open("a", encoding="utf-8") as out:
                out.write(json.dumps(row) + "\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
