"""An operator who does what a text names, act by act, on a scenario; each act is kept with the words that named it.

The simulated console beside it does nothing by itself. `heard` counts the edges that rose in the frames which the
vehicle took, so a test can tell that no other act was done.
"""

from collections import Counter
from typing import Final

import msgspec

from campaign.fault_scenario import FaultScenario
from campaign.sim_operator import Goal
from firmware_bridge.mavlink import adapters
from firmware_bridge.types import Observation, ObservationKind, ObservationVerdict, OperatorEdge
from tests.campaign.text_reader import WAITS, Act, Row, acts_in, merged, reasons
from vehicle.contracts.detonation import AP_CLASS, PICTURE_GOOD
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_reasons import codes, names
from vehicle.contracts.units import TICK_S

EDGES: Final = {
    Act.RELEASE_ESTOP: OperatorEdge.RELEASE_ESTOP,
    Act.TAKE: OperatorEdge.TAKE,
    Act.ACKNOWLEDGE: OperatorEdge.ACKNOWLEDGE,
    Act.RESET: OperatorEdge.RESET,
    Act.DISARM: OperatorEdge.DISARM,
    Act.START_ENGINE: OperatorEdge.ENGINE_START,
    Act.ARM: OperatorEdge.ARM,
    Act.RECOVERY: OperatorEdge.RECOVERY,
    Act.START: OperatorEdge.MISSION_START,
    Act.STOP: OperatorEdge.STOP,
    Act.ENGINE_OFF: OperatorEdge.ESTOP,
}
PRESS_S, PAUSE_S = 0.3, 0.7
"""A press; the half second that the page asks for between two of them, and a little more."""
RESTS_RADPS, RESTS_S = 0.1, 10.0
"""Rotor at rest: *0 rpm for 10 s*."""
STATION: Final = 41
AGAIN_MOST: Final = 2
STOPPED: Final = (Mode.HOLD, Mode.ESTOP, Mode.FAULT)


class TextOperator:
    """Drives `drill` alone. `done`: acts, with the words that named them. `rounds`: how often steps were done."""

    def __init__(self, drill: FaultScenario) -> None:
        self.drill, self.hands = drill, drill.hands
        self.hands.goal = Goal.REST
        self.done: list[tuple[Act, str]] = []
        self.rounds = 1
        self.heard: Counter[OperatorEdge] = Counter()
        self._edges, self._told = OperatorEdge.NONE, 0
        self._page = reasons()

    def run(self, seconds: float) -> None:
        """Look on for this time."""
        for _ in range(round(seconds / TICK_S)):
            self._step()

    def until_mode(self, modes: tuple[Mode, ...], limit_s: float) -> bool:
        """Look on until the gate is in one of the modes; False if that takes longer."""
        for _ in range(round(limit_s / TICK_S)):
            if self.drill.mode in modes:
                return True
            self._step()
        return self.drill.mode in modes

    def _step(self) -> None:
        self.drill.step()
        for frame in self.drill.state.wire.operator:
            for edge in OperatorEdge:
                self.heard[edge] += bool(edge & frame.edges & ~self._edges)
            self._edges = frame.edges

    @property
    def shown(self) -> tuple[Row, ...]:
        """The rows of docs/FAILSAFE.md of the stops on the screen, the worst first."""
        seen = self.hands.seen
        assert seen is not None, "a screen"
        bits = seen.reasons | seen.reasons_high << 64
        assert len(codes(bits)) == len(names(bits))
        return tuple(self._page[name] for name in names(bits) if self._page[name].again)

    def hands_off(self) -> None:
        """*Centre both sticks. Release hold-to-run.*"""
        self.hands.hold_stuck, self.hands.stick = False, None

    def do(self, act: Act, words: str) -> None:
        """Do one act that these words name. Raises AssertionError if they name no such act."""
        assert act in acts_in(words), f"{words!r} does not name {act}"
        self.done.append((act, words))
        if act is Act.PLAN:
            self._recovery_plan()
        elif act is Act.RESTS:
            self._rests()
        elif act is Act.PICTURE_GOOD:
            self.tell(ObservationKind.DETONATION_CLASS, AP_CLASS, PICTURE_GOOD, station_id=1)
        else:
            self.press(EDGES[act], 1.2 if act is Act.TAKE else PRESS_S)

    def press(self, edge: OperatorEdge, seconds: float = PRESS_S) -> None:
        """Press and let go."""
        self.hands.pressed = edge
        self.run(seconds)
        self.hands.pressed = OperatorEdge.NONE
        self.run(PAUSE_S)

    def follow(self, rows: tuple[Row, ...]) -> None:
        """Do the steps of these rows; as long as the screen then still shows a stop, its steps again, at most twice."""
        self._steps(rows)
        for _ in range(AGAIN_MOST):
            if self.drill.mode not in STOPPED or not self.shown:
                return
            self.rounds += 1
            self._steps(self.shown)

    def _steps(self, rows: tuple[Row, ...]) -> None:
        """TAKE first where nobody holds control, and the engine's start where it is off."""
        seen = self.hands.seen
        assert seen is not None
        words = " | ".join(f"{row.says} | {row.again}" for row in rows)
        if seen.lease_holder != self.hands.station.station_id:
            self.do(Act.TAKE, words if Act.TAKE in acts_in(words) else "TAKE comes first")
        self.hands_off()
        self.run(max((float(seconds) for seconds in WAITS.findall(words)), default=0.0))
        off = any(row.engine_off or row.name == "engine_stall" for row in rows)
        for act in merged(rows):
            self.do(act, words)
            if act is Act.RESET and off:
                self.drill.start_engine()  # *the recovery plan does, or the maker's own remote starter*
                self.run(3.0)

    def drive(self, stick: float, limit_s: float = 20.0, way_m: float = 0.1) -> bool:
        """Press hold-to-run, then the stick; whether the machine has moved so far."""
        self.hands.hold_stuck = True
        self.run(0.5)
        self.hands.stick = stick
        moved = self._moves(limit_s, way_m)
        self.hands_off()
        return moved

    def start(self, limit_s: float = 30.0) -> bool:
        """START with hold-to-run pressed and sticks centred; whether the machine has moved."""
        self.hands.hold_stuck = True
        self.run(0.5)
        self.press(OperatorEdge.MISSION_START)
        return self.until_mode((Mode.AUTO_MOVE, Mode.AUTO_WORK), limit_s) and self._moves(limit_s)

    def _moves(self, limit_s: float, way_m: float = 0.1) -> bool:
        tracks = self.drill.world.tracks
        east_m, north_m = tracks.east_m, tracks.north_m
        for _ in range(round(limit_s / TICK_S)):
            self._step()
            if (tracks.east_m - east_m) ** 2 + (tracks.north_m - north_m) ** 2 >= way_m**2:
                return True
        return False

    def _recovery_plan(self) -> None:
        """The end of it at the machine, by the table of docs/OPERATION.md: E-stop pressed, released, reset button."""
        self.drill.process.press_chain()
        self.run(0.5)
        self.drill.world.controller.reset_at_machine()
        self.run(0.5)

    def _rests(self) -> None:
        rested_s = 0.0
        for _ in range(round(120.0 / TICK_S)):
            seen = self.hands.seen
            speed = seen.rotor_speed_radps if seen is not None else None
            rested_s = rested_s + TICK_S if speed is not None and abs(speed) <= RESTS_RADPS else 0.0
            if rested_s >= RESTS_S:
                return
            self._step()
        raise AssertionError("the rotor does not come to rest")

    def tell(
        self,
        kind: ObservationKind,
        value: float = 0.0,
        text: str = "",
        *,
        station_id: int = STATION,
        who: str = "",
        observation: Observation | None = None,
    ) -> str:
        """Send an observation until it is answered; return the refusal, "" if it is on record."""
        self._told += 1
        base = observation or Observation(
            station_id=0, session_id=0, sequence=0, kind=kind, value=value, who=who or "team leader", text=text
        )
        told = msgspec.structs.replace(
            base, station_id=station_id, session_id=self.drill.state.session_id, sequence=self._told
        )
        for _ in range(20):
            self.drill.radio.station.write(adapters.encode_observation(told))
            self.run(0.3)
            for answer in self.drill.state.checks.answers:
                if (answer.station_id, answer.sequence) == (station_id, self._told):
                    return answer.text or "refused" if answer.result is ObservationVerdict.REFUSED else ""
        return "no answer"
