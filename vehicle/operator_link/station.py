"""A ground station that does not speak our extension, as an operator's station: acts and sticks -> FLAIL_OPERATOR.

It may drive while its button is held, rotor off, under a cap; it may stop. What it asks for becomes frames that the
gate judges like any other: lease, neutral, edges, age. Nothing here can move anything by itself. A driving frame is
as old as the sticks it rests on; a neutral frame says "the station is there" and lasts as long as its heartbeats.
"""

from collections import deque
from enum import Enum

from firmware_bridge.types import OperatorEdge, OperatorFrame, ToolMode
from vehicle.messages import Mode
from vehicle.operator_link.picture import AUTO_MODES, STOPPED_MODES, Picture
from vehicle.operator_link.sticks import StickReader

NS_PER_S = 1_000_000_000
PERIOD_NS = 50_000_000
"""20 Hz, as a console sends."""
ALIVE_S = 2.0
"""A station that was not heard for so long holds nothing up any more."""
GOAL_S = 1.4
"""Stations wait 1.5 s for the armed heartbeat."""
SETTLE_NS = 120_000_000
"""Between two acts a report comes back (10 Hz)."""
ATTENTION_NS = 25 * NS_PER_S
DEADBAND = 0.05
"""Of `vehicle/drive/manual.py`: below it a stick means nothing."""
TICK_S = 0.02


class Goal(Enum):
    """What a command works towards over several frames."""

    NONE = "none"
    ARM = "arm"
    DISARM = "disarm"
    START = "start"


class Caps:
    """Full stick of a third-party station as a share of the machine's full stick, by the gate's own scaling."""

    def __init__(self, speed_mps: float, transit_mps: float, turn_radps: float, pivot_radps: float) -> None:
        self._drive = min(1.0, speed_mps / transit_mps)
        self._turn = min(1.0, turn_radps / pivot_radps)

    def drive(self, stick: float) -> float:
        """Stick that the machine reads as the capped speed."""
        return _rescaled(stick, self._drive)

    def turn(self, stick: float) -> float:
        """Stick that the machine reads as the capped turn."""
        return _rescaled(stick, self._turn)


def _rescaled(stick: float, share: float) -> float:
    if abs(stick) <= DEADBAND:
        return 0.0
    sign = 1.0 if stick > 0.0 else -1.0
    live = (min(1.0, abs(stick)) - DEADBAND) / (1.0 - DEADBAND)
    return sign * (DEADBAND + (1.0 - DEADBAND) * live * share)


class Station:
    """One third-party station's identity, goal and sticks."""

    def __init__(self, station_id: int, sticks: StickReader) -> None:
        self.station_id, self.sticks = station_id, sticks
        self.heard_ns = 0
        self.goal = Goal.NONE
        self._goal_until_ns = 0
        self._acts: deque[OperatorEdge] = deque()
        self._sequence = 0
        self._due_ns = self._settled_ns = self._attention_ns = 0
        self._reset_pressed = False
        self._mode = Mode.BOOT
        self._sampled_ns = -1
        self._samples = 0

    def alive(self, now_ns: int) -> bool:
        """Heard of late."""
        return now_ns - self.heard_ns <= ALIVE_S * NS_PER_S

    def pursue(self, goal: Goal, now_ns: int) -> None:
        """Begin; the goal is over when the vehicle is there, or after `GOAL_S`."""
        self.goal, self._goal_until_ns, self._reset_pressed = goal, now_ns + round(GOAL_S * NS_PER_S), False
        self._settled_ns = now_ns
        if goal is Goal.ARM:
            self.sticks.reset()

    def press(self, *edges: OperatorEdge) -> None:
        """Acts, one after another."""
        self._acts.extend(edges)

    def reached(self, picture: Picture, now_ns: int) -> bool | None:
        """True: there. False: given up. None: under way."""
        if self.goal is Goal.ARM:
            done = picture.armed and picture.holder == self.station_id
        elif self.goal is Goal.START:
            done = picture.mode in AUTO_MODES
        else:
            done = not picture.armed
        if done:
            self.goal = Goal.NONE
            return True
        if now_ns > self._goal_until_ns:
            self.goal = Goal.NONE
            return False
        return None

    def frame(self, picture: Picture, caps: Caps, tick: int, now_ns: int) -> OperatorFrame | None:
        """The next frame, 20 times a second while this station has anything to do with the vehicle."""
        if now_ns < self._due_ns:
            return None
        if self._mode is not picture.mode:
            if picture.mode in STOPPED_MODES or picture.mode is Mode.ESTOP:
                self.sticks.reset()
            self._mode = picture.mode
        self._choose(picture, now_ns)
        holds = picture.holder == self.station_id
        if not self._acts and not holds and self.goal is Goal.NONE:
            return None
        if not self._acts and not self.alive(now_ns):
            return None
        self._due_ns = now_ns + PERIOD_NS
        edge = self._acts.popleft() if self._acts else OperatorEdge.NONE
        return self._built(picture, caps, edge, tick, now_ns)

    def _choose(self, picture: Picture, now_ns: int) -> None:
        """The next act on the way to the goal; after each one the vehicle is asked what came of it."""
        if self._acts or now_ns < self._settled_ns:
            return
        edge = self._next_edge(picture, now_ns)
        if edge is not OperatorEdge.NONE:
            self._acts.extend((OperatorEdge.NONE, edge, OperatorEdge.NONE))
            self._settled_ns = now_ns + SETTLE_NS + 3 * PERIOD_NS

    def _next_edge(self, picture: Picture, now_ns: int) -> OperatorEdge:
        mode, holds = picture.mode, picture.holder == self.station_id
        if self.goal is Goal.ARM and not holds:
            return OperatorEdge.TAKE
        if self.goal is Goal.ARM and mode is Mode.DISARMED:
            self._reset_pressed = not self._reset_pressed
            return OperatorEdge.RESET if self._reset_pressed else OperatorEdge.ARM
        if self.goal is Goal.START and mode is Mode.READY:
            return OperatorEdge.ARM
        if self.goal is Goal.START and mode is Mode.MANUAL:
            return OperatorEdge.MISSION_START
        sticks = self.sticks.fresh(now_ns)
        if holds and mode is Mode.READY and self.goal is Goal.NONE and sticks is not None and sticks.hold:
            return OperatorEdge.ARM  # the button is the second act: from ready to driving by hand
        if picture.bench and mode in AUTO_MODES and now_ns - self._attention_ns > ATTENTION_NS:
            self._attention_ns = now_ns
            return OperatorEdge.ATTENTION
        return OperatorEdge.NONE

    def _built(self, picture: Picture, caps: Caps, edge: OperatorEdge, tick: int, now_ns: int) -> OperatorFrame:
        sticks = self.sticks.newest
        driving = picture.mode is Mode.MANUAL and edge is OperatorEdge.NONE and sticks is not None and sticks.hold
        starting = self.goal is Goal.START and picture.mode is Mode.MANUAL
        drive = turn = 0.0
        echo_tick = tick
        self._sequence += 1
        sampled_ns = now_ns
        if driving and sticks is not None:
            drive, turn = caps.drive(sticks.drive), caps.turn(sticks.turn)
            echo_tick = tick - int((now_ns - sticks.t_ns) / NS_PER_S / TICK_S) - int(sticks.age_s / TICK_S)
            sampled_ns = sticks.t_ns
        if sampled_ns != self._sampled_ns:
            self._sampled_ns, self._samples = sampled_ns, self._samples + 1
        report = picture.report
        return OperatorFrame(
            station_id=self.station_id,
            session_id=report.session_id if report is not None else 0,
            sequence=self._sequence,
            echo_tick=max(0, echo_tick),
            sample_count=self._samples,
            hold_to_run=driving or starting,
            drive=drive,
            turn=turn,
            rotor_request=False,
            tool_mode=ToolMode.HOLD,
            tool_value_m=0.0,
            edges=edge,
            battery_ratio=1.0,
            tilt_rad=0.0,
            video_age_ms=0,
        )
