"""A ground station that does not speak our extension, as an operator's station: acts and sticks -> FLAIL_OPERATOR.

It may drive while its button is held, rotor off, under a cap; it may stop. What it asks for becomes frames that the
gate judges like any other: lease, neutral, edges, age. Nothing here can move anything by itself. A driving frame is
as old as the sticks it rests on; a neutral frame says "the station is there" and lasts as long as its heartbeats.
"""

from collections import deque
from enum import Enum

from firmware_bridge.types import OperatorEdge, OperatorFrame
from vehicle.messages import Mode
from vehicle.operator_link.loop_port import plain_frame
from vehicle.operator_link.picture import AUTO_MODES, STOPPED_MODES, Picture
from vehicle.operator_link.sticks import StickReader, Sticks

NS_PER_S = 1_000_000_000
PERIOD_NS = 50_000_000
"""20 Hz, as a console sends."""
ALIVE_S = 2.0
"""A station that was not heard for so long holds nothing up any more."""
GOAL_S = 3.0
"""A fresh arming takes 0.6 s (stations wait 1.5 s for the armed heartbeat), one after a stop two pauses more."""
SETTLE_NS = 120_000_000
"""Between two acts a report comes back (10 Hz)."""
PAUSE_NS = 560_000_000
"""The gate counts acts that lead towards motion only half a second apart."""
OPENING = frozenset({OperatorEdge.RESET, OperatorEdge.ARM, OperatorEdge.MISSION_START, OperatorEdge.RECOVERY})
FADED_NS = 250_000_000
"""A station that repeats an unchanged stick every 200 ms is heard; the gate takes 300 ms for a frozen one."""
PROVEN_NS = 1_500_000_000
"""A link that has just begun must be whole for a second before the gate lets it drive."""
BY_HAND = (Mode.MANUAL, Mode.RECOVERY)
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
    BACK_OUT = "back out"


TOWARDS = {
    (Goal.BACK_OUT, Mode.READY): OperatorEdge.RECOVERY,
    (Goal.START, Mode.READY): OperatorEdge.ARM,
    (Goal.START, Mode.MANUAL): OperatorEdge.MISSION_START,
}
"""The next act towards a goal, once the vehicle is held and the link has proved itself."""


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
        self._reached = False
        self._acts: deque[OperatorEdge] = deque()
        self._sequence = 0
        self._due_ns = self._settled_ns = self._attention_ns = 0
        self._tries = 0
        self._opened_ns = -PAUSE_NS
        self._echo_tick = 0
        self._drove = False
        self._taken_ns = 0
        self._mode = Mode.BOOT
        self._sampled_ns = -1
        self._samples = 0

    def alive(self, now_ns: int) -> bool:
        """Heard of late."""
        return now_ns - self.heard_ns <= ALIVE_S * NS_PER_S

    def pursue(self, goal: Goal, now_ns: int) -> None:
        """Begin; the goal is over when the vehicle is there, or after `GOAL_S`."""
        self.goal, self._goal_until_ns, self._tries = goal, now_ns + round(GOAL_S * NS_PER_S), 0
        self._settled_ns = now_ns
        if goal in (Goal.ARM, Goal.BACK_OUT):
            self.sticks.reset()

    def press(self, *edges: OperatorEdge) -> None:
        """Acts, one after another."""
        self._acts.extend(edges)

    def reached(self, picture: Picture, now_ns: int) -> bool | None:
        """True: there. False: given up. None: under way."""
        if self.goal is not Goal.NONE:
            if self._there(picture):
                self.goal, self._reached = Goal.NONE, True
            elif now_ns > self._goal_until_ns:
                self.goal, self._reached = Goal.NONE, False
            else:
                return None
        return self._reached

    def _there(self, picture: Picture) -> bool:
        if self.goal is Goal.ARM:
            return picture.armed and picture.holder == self.station_id
        if self.goal is Goal.START:
            return picture.mode in AUTO_MODES
        if self.goal is Goal.BACK_OUT:
            return picture.mode is Mode.RECOVERY
        return not picture.armed

    def frame(self, picture: Picture, caps: Caps, tick: int, now_ns: int) -> OperatorFrame | None:
        """The next frame, 20 times a second while this station has anything to do with the vehicle."""
        self.reached(picture, now_ns)  # no goal outlives its time, whether or not anybody waits for it
        if now_ns < self._due_ns:
            return None
        if self._mode is not picture.mode:
            if picture.mode in STOPPED_MODES or picture.mode is Mode.ESTOP:
                self.sticks.reset()
            self._mode = picture.mode
        self._choose(picture, now_ns)
        holds = picture.holder == self.station_id
        if not self._acts and not holds and self.goal in (Goal.NONE, Goal.DISARM):
            return None
        if not self._acts and not self.alive(now_ns):
            return None
        edge = self._acts.popleft() if self._acts else OperatorEdge.NONE
        if self._drove and self._faded(now_ns):
            return None
        self._due_ns = now_ns + PERIOD_NS
        return self._built(picture, caps, edge, tick, now_ns)

    def _faded(self, now_ns: int) -> bool:
        """The button was held when its stream broke off: silence, so that the link counts as lost, and not neutral."""
        sticks = self.sticks.newest
        return sticks is not None and sticks.hold and now_ns - sticks.t_ns > FADED_NS

    def _begin(self, sticks: Sticks, tick: int, now_ns: int) -> tuple[bool, int]:
        """Whether this sample may drive, and the tick at which it was made; ticks echoed never fall.

        A sample keeps the age that it had at first use. The next one of a drive is no older than the one before it; a
        drive begins only with a sample that is newer than our last neutral frame.
        """
        if self._drove and sticks.t_ns == self._sampled_ns:
            return True, self._echo_tick
        made_tick = tick - int(((now_ns - sticks.t_ns) / NS_PER_S + sticks.age_s) / TICK_S)
        if self._drove or made_tick >= self._echo_tick:
            return True, max(made_tick, self._echo_tick)
        return False, self._echo_tick

    def _choose(self, picture: Picture, now_ns: int) -> None:
        """The next act on the way to the goal; after each one the vehicle is asked what came of it."""
        if self._acts or now_ns < self._settled_ns:
            return
        edge = self._next_edge(picture, now_ns)
        if edge in OPENING:
            if now_ns - self._opened_ns < PAUSE_NS:
                return
            self._opened_ns = now_ns
            self._tries += 1
        if edge is not OperatorEdge.NONE:
            self._acts.extend((OperatorEdge.NONE, edge, OperatorEdge.NONE))
            self._settled_ns = now_ns + SETTLE_NS + 3 * PERIOD_NS

    def _next_edge(self, picture: Picture, now_ns: int) -> OperatorEdge:
        mode, holds = picture.mode, picture.holder == self.station_id
        if self.goal is Goal.ARM and not holds:
            self._taken_ns = now_ns
            return OperatorEdge.TAKE
        if self.goal is Goal.ARM and mode is Mode.DISARMED:
            return OperatorEdge.RESET if self._tries % 2 else OperatorEdge.ARM
        if mode is Mode.READY and now_ns - self._taken_ns < PROVEN_NS:
            return OperatorEdge.NONE
        towards = TOWARDS.get((self.goal, mode))
        if towards is not None:
            return towards
        sticks = self.sticks.fresh(now_ns)
        if holds and mode is Mode.READY and self.goal is Goal.NONE and sticks is not None and sticks.hold:
            return OperatorEdge.ARM  # the button is the second act: from ready to driving by hand
        if picture.bench and mode in AUTO_MODES and now_ns - self._attention_ns > ATTENTION_NS:
            self._attention_ns = now_ns
            return OperatorEdge.ATTENTION
        return OperatorEdge.NONE

    def _built(self, picture: Picture, caps: Caps, edge: OperatorEdge, tick: int, now_ns: int) -> OperatorFrame | None:
        sticks = self.sticks.newest
        starting = self.goal is Goal.START and picture.mode is Mode.MANUAL
        held = picture.mode in BY_HAND and edge is OperatorEdge.NONE and sticks is not None and sticks.hold
        drive = turn = 0.0
        driving = False
        sampled_ns, echo_tick = now_ns, tick
        if held and sticks is not None:
            driving, echo_tick = self._begin(sticks, tick, now_ns)
            if driving:
                drive, turn, sampled_ns = caps.drive(sticks.drive), caps.turn(sticks.turn), sticks.t_ns
        self._drove = driving
        self._sequence += 1
        self._echo_tick = max(self._echo_tick, echo_tick)
        if sampled_ns != self._sampled_ns:
            self._sampled_ns, self._samples = sampled_ns, self._samples + 1
        report = picture.report
        return plain_frame(
            station_id=self.station_id,
            session_id=report.session_id if report is not None else 0,
            sequence=self._sequence,
            echo_tick=self._echo_tick,
            sample_count=self._samples,
            hold_to_run=driving or starting,
            drive=drive,
            turn=turn,
            edges=edge,
        )
