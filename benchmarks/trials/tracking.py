"""How true the machine runs: cross-track of the rotor's centre and of the four track corners on one segment."""

import math

import msgspec

from sim.scenario import Scenario
from sim.sim_stack import SimStack, assemble
from sim.virtual_time import Phase, VirtualClock, run_virtual
from vehicle.config.vehicle import MachineConfig
from vehicle.contracts.geometry import Point, along_cross_m, offset_m
from vehicle.contracts.messages import MissionPhase
from vehicle.contracts.plan import Plan, Segment
from vehicle.contracts.units import TICK_S

CORNERS = ("front_left", "front_right", "rear_left", "rear_right")


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """Cross-track of one point against its own nominal line [m]."""

    rms_m: float
    max_m: float


class Tracking(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one run; `points` holds `rotor` and the four corners."""

    finished: bool
    speed_mps: float
    points: dict[str, Track]


def track(scenario: Scenario, machine: MachineConfig, plan: Plan, *, index: int = 0) -> Tracking:
    """Drive `plan` and judge its segment `index` while the machine moves along it, from the true pose."""

    async def main(clock: VirtualClock) -> Tracking:
        del clock
        rig = assemble(scenario, machine, plan)
        judge = _Judge(rig, plan.segments[index], index, machine)
        rig.barrier.subscribe(Phase.OBSERVE, judge.step)
        await rig.barrier.run(round(scenario.sim_max_s / TICK_S))
        return judge.result()

    result: Tracking = run_virtual(main)
    return result


class _Judge:
    def __init__(self, rig: SimStack, segment: Segment, index: int, machine: MachineConfig) -> None:
        self._rig, self._segment, self._index = rig, segment, index
        half_m, side_m = machine.tracks.length_m / 2.0, machine.tracks.outer_width_m / 2.0
        self._points: dict[str, Point] = {
            "rotor": (machine.tool.ahead_m, 0.0),
            "front_left": (half_m, side_m),
            "front_right": (half_m, -side_m),
            "rear_left": (-half_m, side_m),
            "rear_right": (-half_m, -side_m),
        }
        self._errors: dict[str, list[float]] = {name: [] for name in self._points}
        self._speeds: list[float] = []

    def step(self, now_ns: int) -> None:
        del now_ns
        mission = self._rig.vehicle.state.mission
        if mission.phase is MissionPhase.DONE:
            self._rig.barrier.stop()
        if mission.index != self._index or mission.phase not in (MissionPhase.WORK, MissionPhase.MOVE):
            return
        truth, segment = self._rig.world.truth(), self._segment
        self._speeds.append(abs(truth.speed_mps))
        for name, (ahead_m, left_m) in self._points.items():
            place = offset_m((truth.east_m, truth.north_m), truth.yaw_rad, ahead_m, left_m)
            _, cross_m = along_cross_m(place, segment.points_m[0], segment.yaw_start_rad)
            self._errors[name].append(cross_m - left_m)

    def result(self) -> Tracking:
        return Tracking(
            finished=self._rig.vehicle.state.mission.phase is MissionPhase.DONE,
            speed_mps=sorted(self._speeds)[len(self._speeds) // 2] if self._speeds else 0.0,
            points={
                name: Track(
                    rms_m=math.sqrt(sum(e * e for e in errors) / max(1, len(errors))),
                    max_m=max((abs(e) for e in errors), default=math.inf),
                )
                for name, errors in self._errors.items()
            },
        )
