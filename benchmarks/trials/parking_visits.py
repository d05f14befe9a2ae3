"""A shift with parkings in one world: who drives the ways by stick, and who plans and supervises them."""

from collections import deque
from time import process_time
from typing import Any, Final

import msgspec

from benchmarks.tree_row import FRAME_S, Person
from benchmarks.trials.parkings import Place, sticks
from console.client.station import Controls
from console.server.planning.replanning import swept_of
from firmware_bridge.mavlink import adapters
from firmware_bridge.ports import BytePort
from firmware_bridge.types import OperatorEdge, ToolMode
from sim.checker import hammer_count
from sim.operator import Script
from sim.sim_stack import SimStack
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.contracts.plan import Plan, Segment
from vehicle.contracts.units import TICK_S
from vehicle.control.state import VehicleState, job_mark
from vehicle.planning.coverage.parking import parking_goals
from vehicle.planning.coverage.settings import Goal, PlanSettings, StartPose
from vehicle.planning.coverage.way_plan import WayRequest, way_plan
from vehicle.planning.site.site import Site
from vehicle.runtime.way_back import work_goal

LOOKS_S: Final = 0.4
"""What a person sees, and answers with a stick, is so old."""
RAISED_M, ABOUT_M = 0.3, 0.05
STICK: Final = 0.6
"""Furthest that the person puts the drive stick: 0.67 m/s of a MEMATT, by cameras, over ground that has borders."""
PLANS_S: Final = 15.0
"""From the question for a way until it is handed over: the planning, and a look at the way and its minutes."""
BAY_S: Final = 20.0
PAGE_ACTS: Final = 2
"""Presses on the page for a plan: what is asked for, or chosen; and that it is handed over."""
TO_THE_STICK: Final = {
    Mode.AUTO_MOVE: OperatorEdge.STOP,
    Mode.AUTO_WORK: OperatorEdge.STOP,
    Mode.HOLD: OperatorEdge.RESET,
    Mode.READY: OperatorEdge.ARM,
    Mode.DISARMED: OperatorEdge.ARM,
}
"""How a person comes from a mission, or from the bay, to driving by stick."""


class Driver(Person):
    """The operator of the tree row, who can also drive a way by stick; sees the machine on the map, somewhat late.

    `by_stick`: wants to drive by stick. `legs`: the way that is left to drive, as the person has it in the head.
    """

    def __init__(self, port: BytePort, script: Script) -> None:
        super().__init__(port, script)
        self.by_stick = False
        self.legs: list[Segment] = []
        self._map: deque[Any] = deque(maxlen=round(LOOKS_S / FRAME_S))
        self.place_of: Any = None

    @property
    def arrived(self) -> bool:
        """The way is driven, and the map shows the machine at rest."""
        seen = self._seen
        return not self.legs and seen is not None and abs(seen.speed_mps or 0.0) < 0.02

    def _choose(self, mode: Mode, *more: Any) -> None:
        if not self.by_stick:
            super()._choose(mode, *more)
            return
        act = TO_THE_STICK.get(mode, OperatorEdge.NONE)
        if act is not OperatorEdge.NONE:
            self._press, self._press_left, self._pause = act, 3, round(2.0 / FRAME_S)
            self.presses += 1

    def _controls(self) -> Controls:
        found = super()._controls()
        seen = self._seen
        if not self.by_stick or seen is None:
            return found
        self._map.append(seen)
        if seen.mode != Mode.MANUAL or not self.legs:
            return found
        if (seen.tool_height_m or 0.0) < RAISED_M - ABOUT_M:
            return msgspec.structs.replace(found, hold_to_run=True, tool_mode=ToolMode.HEIGHT, tool_value_m=RAISED_M)
        drive, turn = self._driven(self._map[0], abs(seen.speed_mps or 0.0))
        return msgspec.structs.replace(found, hold_to_run=True, drive=drive, turn=turn)

    def _driven(self, shown: Any, speed_mps: float) -> tuple[float, float]:
        if shown.lat_deg is None or shown.yaw_rad is None:
            return 0.0, 0.0
        here: Place = self.place_of(shown)
        found = sticks(self.legs[0], here, STICK)
        if found is not None:
            return found
        if speed_mps < 0.02:  # stands, then goes on to the next piece
            self.legs.pop(0)
        return 0.0, 0.0


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """The field and its plan. `due_m2`: when the machine goes to the parking. `supervised`: by planned ways."""

    site: Site
    work: Plan
    settings: PlanSettings
    due_m2: tuple[float, ...]
    supervised: bool


class Visits:
    """Sends the machine to the parking and back; `step` once a tick, after the vehicle has decided."""

    def __init__(self, rig: SimStack, scene: Scene) -> None:
        self.rig, self.scene, self.operator = rig, scene, rig.operator
        self.due, self.where = list(scene.due_m2), "work"
        self.parkings = self.page_acts = self.told = 0
        self.planning_s: list[float] = []
        self._next: Plan | None = None
        self._wait_ticks = 0
        self._leaves = False
        if isinstance(self.operator, Driver):
            self.operator.place_of = self._place

    def _place(self, shown: Any) -> Place:
        east_m, north_m, _ = self.scene.work.datum.enu_from_geodetic(shown.lat_deg, shown.lon_deg, 0.0)
        return east_m, north_m, shown.yaw_rad

    def step(self, now_ns: int) -> None:
        """One tick."""
        del now_ns
        state = self.rig.vehicle.state
        if self._wait_ticks > 0:
            self._wait_ticks -= 1
        elif self.where == "work":
            self._at_work(state)
        elif self.where == "bay":
            self._in_the_bay(state)
        elif self.scene.supervised:
            self._supervised(state)
        else:
            self._by_stick(state)

    def _at_work(self, state: VehicleState) -> None:
        if state.mission.phase is MissionPhase.DONE:
            self.operator.finish()
            if state.gate.mode is Mode.DISARMED:
                self.rig.barrier.stop()
        elif self.due and state.ledger.credited_m2 >= self.due[0]:
            self.due.pop(0)
            self._to("there")

    def _to(self, where: str) -> None:
        self.where, self._leaves = where, True
        if self.scene.supervised:
            self.operator.leave()
        else:
            assert isinstance(self.operator, Driver)
            self.operator.by_stick = True

    def _way(self, state: VehicleState) -> Plan:
        begun_s = process_time()
        scene, settings = self.scene, self.scene.settings
        mark = state.job_left if state.job_left is not None else job_mark(state.mission)
        back = self.where == "back"
        goals: tuple[Goal, ...] = (
            (work_goal(scene.work, mark, state.ledger, state.config),) if back else parking_goals(scene.site)
        )
        request = WayRequest(
            site_hash=scene.site.site_hash,
            swept=swept_of(state.ledger, settings.cell_m),
            pose=StartPose(*(float(value) for value in state.estimate.x[:3])),
            goals=goals,
            error_m=settings.k_sigma * settings.tool_sigma_m,
        )
        plan = way_plan(scene.site, scene.work.machine, settings, request)
        self.planning_s.append(process_time() - begun_s)
        return plan

    def _by_stick(self, state: VehicleState) -> None:
        operator = self.operator
        assert isinstance(operator, Driver)
        if state.gate.mode is not Mode.MANUAL:
            return
        if self._leaves:
            self._leaves, operator.legs = False, list(self._way(state).segments)
        elif operator.arrived:
            operator.by_stick = False
            if self.where == "there":
                operator.leave()
                self.where = "bay"
            else:
                self.where = "work"

    def _supervised(self, state: VehicleState) -> None:
        """To DISARMED, ask for the way, look at it, hand it over, drive it."""
        if not self._leaves:
            if state.mission.phase is MissionPhase.DONE:
                self.operator.leave()
                self._leaves = self.where == "back"
                self.where = "bay" if self.where == "there" else "again"
        elif state.gate.mode is not Mode.DISARMED:
            return
        elif self._next is None:
            again = self.where == "again"
            self._next = self.scene.work if again else self._way(state)
            self._wait_ticks = 0 if again else round(PLANS_S / TICK_S)
        elif state.mission.plan == self._next:
            self._leaves, self._next = False, None
            self.where = "work" if self.where == "again" else self.where
            self.operator.go_on()
        elif state.waiting is None:
            refused = self.rig.plans.assign(state, self._next)
            assert not refused, refused
            self.page_acts += PAGE_ACTS

    def _in_the_bay(self, state: VehicleState) -> None:
        if state.gate.mode is not Mode.DISARMED:
            return
        if self.told == self.parkings:
            self.told += 1
            self._count(state)
            self._wait_ticks = round(BAY_S / TICK_S)
            return
        self.parkings = self.told
        self.operator.go_on()
        self._to("back")

    def _count(self, state: VehicleState) -> None:
        """Tell the count of the hammers."""
        rig = self.rig
        told = msgspec.structs.replace(
            hammer_count(rig.world, rig.config.machine.tool.hammer_count),
            session_id=state.session_id,
            sequence=self.told,
        )
        self.operator._port.write(adapters.encode_observation(told))  # noqa: SLF001  # the same radio
