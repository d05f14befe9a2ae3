"""Three machines on one task for an hour, and a deminer who walks near one: `python benchmarks/three_machines.py`.

Three unchanged stacks in one virtual clock, in one frame, each with its own scripted operator, who follows the texts. A
simulated console tells each vehicle twice a second where the others are, from what the vehicles report. The work area
is three blocks in a row, 26 m apart: the rings (12 m) meet where two machines overrun facing ends. A leaves its block
after some minutes for the parking; its base is checked and its record closed. B works its own block, is handed a plan
of what A left, which it must refuse, takes over A's record by its seal, starts again, and works the rest of A's block.

The truth judges in every tick. Prints:

  overlaps in motion, s   two rings overlapped while one of the two machines moved: must be 0
  by people, s            the same with the deminer's ring: must be 0
  used before, looks      tracks stood on ground that only another machine had worked, not taken over: must be 0
  used after, looks       the same after the record was taken over; looked at five times a second
  plans refused           plans on ground of another that were refused before
  stops by rings          of each machine, and the starts that rings refused
  m2                      processed, by each machine's own record; false credit must be 0

Exit status 1 if a figure that must be 0 is not, or nothing of A's block was finished by B.
"""

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.trials.task_of_three import (
    CONSOLE_ID,
    DEMINER_ID,
    NAMES,
    NEAR_M,
    PARKING_M,
    PEOPLE_M,
    Layout,
    Machine,
    Scene,
    scene_of,
)
from console.client.rings import TELL_NS, ring_of
from console.client.view import ConsoleView
from console.server.planning.replanning import swept_of
from firmware_bridge.types import NeighbourFrame, NeighbourKind
from flailpilot.run_masks import Processed
from sim.checker import base_check, hammer_count
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.contracts.plan import Plan, RecordSeal
from vehicle.contracts.units import TICK_NS, TICK_S
from vehicle.control.ground import raster
from vehicle.control.safety.tracks import STANDSTILL_MPS
from vehicle.control.state import VehicleState
from vehicle.planning.coverage.closing import resting_on
from vehicle.planning.coverage.replan import ReplanRequest, Rings, replan
from vehicle.planning.coverage.settings import Goal, StartPose
from vehicle.planning.coverage.way_plan import WayRequest, way_plan
from vehicle.records import journal, taking_over
from vehicle.reports import gaps


class Team:
    """Team leader and operators: A leaves, its record is closed, B takes it over and works the rest of A's block."""

    def __init__(self, machines: dict[str, Machine], scene: Scene, leave_s: float) -> None:
        self.machines, self.scene, self.leave_s = machines, scene, leave_s
        self.refusals: list[str] = []
        self.seal = ""
        self.taken_s: float | None = None
        self.rest: Plan | None = None
        self._steps: list[Callable[[int], bool]] = [
            self._a_leaves,
            self._a_drives_out,
            self._a_is_parked,
            self._a_is_closed,
            self._b_is_done,
            self._b_is_refused,
            self._b_takes_over,
            self._b_drives,
        ]
        self._since_ns = 0

    def step(self, now_ns: int) -> None:
        """The next thing that is to be done, when it can be."""
        for one in self.machines.values():
            busy = one.name == "B" and self._steps
            if one.state.mission.phase is MissionPhase.DONE and not busy:
                one.operator.finish()
        if self._steps and self._steps[0](now_ns):
            self._steps.pop(0)
            self._since_ns = now_ns

    def _a_leaves(self, now_ns: int) -> bool:
        if now_ns < self.leave_s * 1e9:
            return False
        self.machines["A"].operator.leave()
        return True

    def _a_drives_out(self, _now_ns: int) -> bool:
        a, site, settings = self.machines["A"], self.scene.site, self.scene.settings
        if a.state.gate.mode is not Mode.DISARMED:
            return False
        request = WayRequest(
            site_hash=site.site_hash,
            swept=swept_of(a.state.ledger, settings.cell_m),
            pose=pose_of(a.state),
            goals=(Goal(name="parking", east_m=PARKING_M[0], north_m=PARKING_M[1]),),
            error_m=settings.k_sigma * settings.tool_sigma_m,
        )
        a.parts.plans.assign(a.state, way_plan(site, a.plan.machine, settings, request))
        a.operator.go_on()
        return True

    def _a_is_parked(self, _now_ns: int) -> bool:
        a = self.machines["A"]
        if not a.operator.done or a.state.gate.mode is not Mode.DISARMED:
            return False
        a.observe(base_check(a.parts.world))
        a.observe(hammer_count(a.parts.world, a.machine.tool.hammer_count))
        return True

    def _a_is_closed(self, now_ns: int) -> bool:
        a = self.machines["A"]
        if now_ns - self._since_ns < 5e9:
            return False
        a.writer.sync()
        self.seal = journal.read(a.path).seal
        return True

    def _b_is_done(self, _now_ns: int) -> bool:
        b = self.machines["B"]
        if b.state.mission.phase is not MissionPhase.DONE:
            return False
        b.operator.leave()
        return True

    def _b_is_refused(self, _now_ns: int) -> bool:
        b = self.machines["B"]
        if b.state.gate.mode is not Mode.DISARMED:
            return False
        self.rest = self._rest()
        refused = b.parts.plans.assign(b.state, self.rest)
        self.refusals += [refused] if refused else []
        return True

    def _rest(self) -> Plan:
        a, b, site, settings = self.machines["A"], self.machines["B"], self.scene.site, self.scene.settings
        left = gaps.find(
            self.scene.layout.around(0).intersection(site.work_area),
            site.keep_out, a.plan, a.state.ledger, a.parts.config,
        )  # fmt: skip
        swept: tuple[Rings, ...] = tuple(ring for one in (a, b) for ring in swept_of(one.state.ledger, settings.cell_m))
        request = ReplanRequest(
            request_id=2,
            plan_hash=a.plan.plan_hash,
            site_hash=site.site_hash,
            missed=tuple(gap.rings_m for gap in left.gaps),
            swept=swept,
            pose=pose_of(b.state),
            error_m=settings.k_sigma * settings.tool_sigma_m,
        )
        made = replan(site, b.plan.machine, settings, request).plan
        seals = (RecordSeal(vehicle_id="A", seal=self.seal), RecordSeal(vehicle_id="B", seal=journal.read(b.path).seal))
        return resting_on(made, seals)

    def _b_takes_over(self, now_ns: int) -> bool:
        a, b = self.machines["A"], self.machines["B"]
        b.close()
        found = taking_over.checked(a.path, self.seal, b.header, b.path)
        taking_over.taken_over(a.path, found, b.path, journal.read(b.path), b.header, "team leader", "")
        b.restart(now_ns)
        self.taken_s = now_ns / 1e9
        return True

    def _b_drives(self, _now_ns: int) -> bool:
        b = self.machines["B"]
        if b.state.gate.mode is not Mode.DISARMED or self.rest is None:
            return False
        refused = b.parts.plans.assign(b.state, self.rest)
        assert not refused, refused
        b.operator.done = False
        b.operator.go_on()
        return True


def pose_of(state: VehicleState) -> StartPose:
    """Where a vehicle says that it stands."""
    east_m, north_m, yaw_rad = (float(value) for value in state.estimate.x[:3])
    return StartPose(east_m=east_m, north_m=north_m, yaw_rad=yaw_rad)


class Exchange:
    """The simulated console, twice a second; and the deminer's own station, which tells C alone."""

    def __init__(self, machines: dict[str, Machine], layout: Layout) -> None:
        self.machines, self.layout = machines, layout
        self._due_ns = 0

    def step(self, now_ns: int) -> None:
        """Tell each vehicle where the others are."""
        if now_ns < self._due_ns:
            return
        self._due_ns = now_ns + TELL_NS
        for one in self.machines.values():
            frame, heard_ns = one.heard
            ring = ring_of(one.name, ConsoleView(vehicle=frame, vehicle_age_ms=(now_ns - heard_ns) / 1e6))
            for other in self.machines.values():
                if ring is not None and other is not one:
                    other.tell(msgspec.structs.replace(ring, station_id=CONSOLE_ID))
        place_m = self.layout.deminer_m(now_ns / 1e9)
        lat_deg, lon_deg, _ = self.machines["C"].state.datum.geodetic_from_enu(*place_m)
        self.machines["C"].tell(
            NeighbourFrame(
                station_id=DEMINER_ID,
                name="deminer",
                kind=NeighbourKind.PEOPLE,
                lat_deg=lat_deg,
                lon_deg=lon_deg,
                radius_m=PEOPLE_M,
                speed_mps=0.5,
            )
        )


class Judge:
    """Sees the truth of every tick."""

    def __init__(self, machines: dict[str, Machine], scene: Scene) -> None:
        self.machines, self.layout, self.unproven = machines, scene.layout, scene.site.work_area
        shapely.prepare(self.unproven)
        self.overlaps = self.people = self.before = self.after = 0
        self.nearest_m = math.inf

    def step(self, now_ns: int) -> None:
        """One tick."""
        rows = [(one, one.parts.world.truth(), ring_m(one)) for one in self.machines.values()]
        for number, (_, true, own_m) in enumerate(rows):
            for _, other, other_m in rows[number + 1 :]:
                left_m = math.hypot(true.east_m - other.east_m, true.north_m - other.north_m) - own_m - other_m
                moves = max(abs(true.speed_mps), abs(other.speed_mps)) > STANDSTILL_MPS
                self.overlaps += left_m < 0.0 and moves
                self.nearest_m = min(self.nearest_m, left_m) if moves else self.nearest_m
        _, true, own_m = rows[-1]
        east_m, north_m = self.layout.deminer_m(now_ns / 1e9)
        near = math.hypot(true.east_m - east_m, true.north_m - north_m) < own_m + PEOPLE_M
        self.people += near and abs(true.speed_mps) > STANDSTILL_MPS
        if (now_ns // TICK_NS) % 10 == 0:
            for one in self.machines.values():
                self._ground(one)

    def _ground(self, one: Machine) -> None:
        """Whether tracks stand on ground that another machine alone has worked."""
        true, tracks = one.parts.world.truth(), one.machine.tracks
        places_m = under(tracks.length_m, tracks.outer_width_m, true.east_m, true.north_m, true.yaw_rad)
        places_m = places_m[shapely.contains_xy(self.unproven, places_m[:, 0], places_m[:, 1])]
        cell_m = one.parts.config.mission.cell_m
        ring = [(NEAR_M * math.cos(turn), NEAR_M * math.sin(turn)) for turn in np.arange(8) * math.pi / 4.0]
        for shift_m in ((0.0, 0.0), *ring):
            if len(places_m):
                own = raster.marked(one.state.ledger, places_m + shift_m, cell_m, raster.SWEPT)
                places_m = places_m[~own]
        for other in self.machines.values():
            if other is one or not len(places_m):
                continue
            if raster.marked(other.state.ledger, places_m, cell_m, raster.SWEPT).any():
                seal_known = bool(one.state.taken_over) and other.name == "A"
                self.after += seal_known
                self.before += not seal_known


def ring_m(one: Machine) -> float:
    """The ring that a machine has by its own report."""
    report = one.state.report
    return report.ring_m if report is not None and report.ring_m is not None else 0.0


def under(length_m: float, width_m: float, east_m: float, north_m: float, yaw_rad: float) -> Any:
    """(n, 2) places under both tracks' outer edges, east and north [m]."""
    grid = np.meshgrid(np.linspace(-0.5, 0.5, 5) * length_m, np.array((-0.5 * width_m, 0.5 * width_m)))
    along, across = (part.ravel() for part in grid)
    cos_yaw, sin_yaw = math.cos(yaw_rad), math.sin(yaw_rad)
    return np.stack([east_m + along * cos_yaw - across * sin_yaw, north_m + along * sin_yaw + across * cos_yaw], axis=1)


def driven(
    seed: int,
    minutes: float,
    leave_s: float,
    folder: Path,
    tell: Callable[[str], None],
    layout: Layout = Layout(),  # noqa: B008  # frozen
) -> dict[str, Any]:
    """One run; the figures by name."""
    begun_s = time.process_time()
    scene = scene_of(seed, layout, folder)
    machines = {name: Machine(name, scene, number, folder) for number, name in enumerate(NAMES)}
    team, exchange, judge = Team(machines, scene, leave_s), Exchange(machines, layout), Judge(machines, scene)
    now_ns = 0
    for tick in range(round(minutes * 60.0 / TICK_S)):
        now_ns += TICK_NS
        exchange.step(now_ns)
        for one in machines.values():
            one.step(now_ns)
        team.step(now_ns)
        judge.step(now_ns)
        if tick % 15_000 == 0:
            told = ", ".join(
                f"{one.name} {one.state.gate.mode.name} {one.state.ledger.credited_m2:.0f} m2"
                for one in machines.values()
            )
            tell(f"{now_ns / 60e9:5.1f} min: {told}")
    false_m2 = 0.0
    for one in machines.values():
        one.truth.flush()
        false_m2 += one.truth.false_credit_m2(one.state.ledger)
    b = machines["B"]
    return {
        "minutes": minutes,
        "overlaps in motion, s": judge.overlaps * TICK_S,
        "by people, s": judge.people * TICK_S,
        "least room between rings in motion, m": judge.nearest_m,
        "used before, looks": judge.before,
        "used after, looks": judge.after,
        "plans refused": len(team.refusals),
        "taken over after, min": None if team.taken_s is None else team.taken_s / 60.0,
        "stops by rings": {one.name: one.stops for one in machines.values()},
        "starts refused by rings": {one.name: one.refused for one in machines.values()},
        "stops": {one.name: one.operator.stops for one in machines.values()},
        "m2": {one.name: round(one.state.ledger.credited_m2, 1) for one in machines.values()},
        "m2 by B in A's block": round(processed_in(layout.around(0), b), 1),
        "false credit, m2": false_m2,
        "processor s": time.process_time() - begun_s,
    }


def processed_in(area: Any, one: Machine) -> float:
    """Area that a machine's own record claims within another [m2]."""
    return Processed(area, one.parts.config.mission.cell_m).area_m2(one.state.ledger)


def good(figures: dict[str, Any]) -> bool:
    """What must be 0 is, and the ground was taken over and used."""
    zero = ("overlaps in motion, s", "by people, s", "used before, looks", "false credit, m2")
    return (
        all(figures[name] == 0.0 for name in zero)
        and figures["plans refused"] > 0
        and figures["m2 by B in A's block"] > 0.0
    )


def said(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--leave", type=float, default=720.0, help="A leaves its block after so many seconds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = driven(
            options.seed, options.minutes, options.leave, Path(folder), lambda line: print(line, flush=True)
        )
    for name, value in figures.items():
        print(f"{name}: {value}")
    return 0 if good(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
