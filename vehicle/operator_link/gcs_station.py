"""A ground station that does not speak our extension, as an operator's station: acts and sticks become FLAIL_OPERATOR.

It may drive while its button is held, with the rotor off and under a speed cap, and it may stop. What it asks for
becomes frames that the gate judges like all others: lease, neutral, acts, age. Nothing in this module can move
anything by itself. A driving frame is as old as the sticks in it. A neutral frame says that the station is there, and
lasts as long as its heartbeats.
"""

from collections import deque

from firmware_bridge.operator_limits import STICK_CENTRE
from firmware_bridge.types import OperatorEdge, OperatorFrame
from vehicle.contracts.messages import AUTO_MODES, Mode
from vehicle.contracts.units import NS_PER_S
from vehicle.operator_link.plain_frames import plain_frame
from vehicle.operator_link.pursuit import LASTS_S, TOWARDS_MOTION, End, Goal, Pursuit
from vehicle.operator_link.sticks import StickReader, Sticks
from vehicle.operator_link.vehicle_view import STOPPED_MODES, Cause, VehicleView

PERIOD_NS = 50_000_000
"""20 Hz, as a console sends."""
QUICK_NS = 20_000_000
"""Between the frames of one act: a tick, so that an arming is answered well within a second."""
ALIVE_S = 2.0
"""A station that was not heard for so long holds nothing up any more."""
SETTLE_NS = 80_000_000
"""At least so long between two acts; and a report has come back."""
PAUSE_NS = 520_000_000
"""The gate counts acts that lead towards motion only half a second apart."""
OPENING = OperatorEdge.RESET | OperatorEdge.ARM | OperatorEdge.MISSION_START | OperatorEdge.RECOVERY
OWN_STOP = frozenset({"operator_stop"})
"""A disarm stops, so this one is no news to whoever sent it."""
FADED_NS = 250_000_000
"""A station that repeats an unchanged stick every 200 ms is heard; the gate takes 300 ms for a frozen one."""
PROVEN_NS = 1_150_000_000
"""A link that has just begun must be whole for a second before the gate lets it drive."""
BY_STICK = (Mode.MANUAL, Mode.RECOVERY)
STARTS_FROM = (Mode.MANUAL, Mode.WAIT)
ATTENTION_NS = 25 * NS_PER_S
"""Of `vehicle/control/drive/manual.py`: below it a stick means nothing."""
TICK_S = 0.02


TOWARDS = {
    (Goal.BACK_OUT, Mode.READY): OperatorEdge.RECOVERY,
    (Goal.START, Mode.READY): OperatorEdge.ARM,
    (Goal.START, Mode.MANUAL): OperatorEdge.MISSION_START,
    (Goal.START, Mode.WAIT): OperatorEdge.MISSION_START,
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
    if abs(stick) <= STICK_CENTRE:
        return 0.0
    sign = 1.0 if stick > 0.0 else -1.0
    live = (min(1.0, abs(stick)) - STICK_CENTRE) / (1.0 - STICK_CENTRE)
    return sign * (STICK_CENTRE + (1.0 - STICK_CENTRE) * live * share)


class GcsStation:
    """Identity, goal and sticks of one third-party station."""

    def __init__(self, station_id: int, sticks: StickReader, met_ns: int = 0) -> None:
        self.station_id, self.sticks, self.met_ns = station_id, sticks, met_ns
        self.heard_ns = self.stopped_stamp = self.newest_stamp = 0
        self._pursuit: Pursuit | None = None
        self._following: Pursuit | None = None
        self._prepared = self._acknowledged = False
        self._acts: deque[OperatorEdge] = deque()
        self._sequence = 0
        self._due_ns = self._settled_ns = self._attention_ns = 0
        self._opened_ns = -PAUSE_NS
        self._echo_tick = 0
        self._act_tick = -1
        self._drove = False
        self._taken_ns = 0
        self._mode = Mode.BOOT
        self._sampled_ns = -1
        self._samples = 0

    def alive(self, now_ns: int) -> bool:
        """Heard of late."""
        return now_ns - self.heard_ns <= ALIVE_S * NS_PER_S

    @property
    def goal(self) -> Goal:
        """What it works towards now."""
        return self._pursuit.goal if self._pursuit is not None and self._pursuit.open else Goal.NONE

    def pursue(self, goal: Goal, now_ns: int, told: frozenset[Cause] = frozenset()) -> Pursuit:
        """Begin; over when the vehicle is there, when its time is up, or at the next stop. One goal at a time."""
        current = self._pursuit
        if current is not None and current.open:
            if current.goal is goal:
                return current
            if goal is Goal.ARM and current.goal is Goal.DISARM:
                return self._after(Pursuit(goal, now_ns + round(LASTS_S[goal] * NS_PER_S)))
            current.end = End.CANCELLED
        self._pursuit = Pursuit(goal, now_ns + round(LASTS_S[goal] * NS_PER_S), told)
        self._settled_ns, self._prepared, self._acknowledged = now_ns, False, False
        self._acts.clear()
        if goal in (Goal.ARM, Goal.BACK_OUT):
            self.sticks.reset()
        return self._pursuit

    def _after(self, following: Pursuit) -> Pursuit:
        """An arming that came while the disarm before it is still under way follows it."""
        if self._following is None or not self._following.open:
            self._following = following
        return self._following

    def stopped(self, stamp: int) -> None:
        """It stopped by a frame with this stamp: what was made before that comes too late, sticks as well."""
        self.stopped_stamp = max(self.stopped_stamp, stamp)
        self.sticks.newer(stamp)

    def cancel(self, *, emergency: bool) -> None:
        """A stop was accepted: nothing that leads towards motion goes on, and neutral must be seen again.

        A disarm goes on after a stop. After an emergency stop it does not: given before, it would release what its
        station had not heard of.
        """
        self.sticks.reset()
        if self._following is not None and self._following.open:
            self._following.end = End.CANCELLED
        if self.goal is Goal.DISARM and not emergency:
            return
        self._acts.clear()
        if self._pursuit is not None and self._pursuit.open:
            self._pursuit.end = End.CANCELLED

    def settle(self, view: VehicleView, now_ns: int) -> None:
        """No goal outlives its time, whether or not anybody waits for it."""
        following = self._following
        if following is not None and following.open:
            if now_ns > following.until_ns:
                following.end = End.LATE
            elif self._pursuit is None or not self._pursuit.open:
                self._follow(following, now_ns)
        pursuit = self._pursuit
        if pursuit is None or not pursuit.open:
            return
        reached = view.fresh and self._there(view)
        if not reached and now_ns <= pursuit.until_ns:
            return
        pursuit.end = End.REACHED if reached else End.LATE
        if pursuit.goal in TOWARDS_MOTION:
            self._acts.clear()

    def _follow(self, following: Pursuit, now_ns: int) -> None:
        self._following = None
        if self._pursuit is not None and self._pursuit.end is not End.REACHED:
            following.end = End.LATE
            return
        self._pursuit, self._settled_ns = following, now_ns
        self._acts.clear()
        self.sticks.reset()

    def _there(self, view: VehicleView) -> bool:
        if self.goal is Goal.ARM:
            return view.armed and view.holder == self.station_id
        if self.goal is Goal.START:
            return view.mode in AUTO_MODES
        if self.goal is Goal.BACK_OUT:
            return view.mode is Mode.RECOVERY
        return not view.shows_armed and (self._acknowledged or not view.waits_for_acknowledge)

    def frame(self, view: VehicleView, caps: Caps, tick: int, now_ns: int) -> OperatorFrame | None:
        """The next frame, 20 times a second while this station has anything to do with the vehicle."""
        self.settle(view, now_ns)
        if now_ns < self._due_ns:
            return None
        if self._mode is not view.mode:
            if view.mode in STOPPED_MODES or view.mode is Mode.ESTOP:
                self.sticks.reset()
            self._mode = view.mode
        self._choose(view, now_ns)
        holds = view.holder == self.station_id
        if not self._acts and not holds and self.goal in (Goal.NONE, Goal.DISARM):
            return None
        if not self._acts and not self.alive(now_ns):
            return None
        edge = self._acts.popleft() if self._acts else OperatorEdge.NONE
        if edge is not OperatorEdge.NONE:
            self._act_tick = tick
        if self._drove and self._faded(now_ns):
            return None
        self._due_ns = now_ns + (QUICK_NS if self._acts else PERIOD_NS)
        return self._built(view, caps, edge, tick, now_ns)

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

    def _choose(self, view: VehicleView, now_ns: int) -> None:
        """The next act on the way to the goal; after each one the vehicle is asked what came of it.

        Nothing is decided by what was reported before the last act, or before a stop: an ARM on an old report could be
        the second one.
        """
        report = view.report
        if self._acts or now_ns < self._settled_ns or not view.fresh or report is None:
            return
        if report.tick <= self._act_tick:
            return
        edge = self._next_edge(view, now_ns)
        if edge & OPENING:
            if now_ns - self._opened_ns < PAUSE_NS:
                return
            self._opened_ns = now_ns
        if edge is not OperatorEdge.NONE:
            self._acts.extend((OperatorEdge.NONE, edge, OperatorEdge.NONE))
            self._settled_ns = now_ns + SETTLE_NS

    def _next_edge(self, view: VehicleView, now_ns: int) -> OperatorEdge:
        mode, holds = view.mode, view.holder == self.station_id
        if self.goal is Goal.DISARM:
            return self._disarming(view, now_ns, holds=holds)
        if self.goal is Goal.ARM and not holds:
            self._taken_ns = now_ns
            return OperatorEdge.TAKE
        if self.goal is Goal.ARM and mode is Mode.DISARMED:
            return OperatorEdge.ARM
        if mode is Mode.READY and now_ns - self._taken_ns < PROVEN_NS:
            return OperatorEdge.NONE
        towards = TOWARDS.get((self.goal, mode))
        if towards is not None:
            return towards
        sticks = self.sticks.fresh(now_ns)
        if holds and mode is Mode.READY and self.goal is Goal.NONE and sticks is not None and sticks.hold:
            return OperatorEdge.ARM  # the button is the second act: from ready to driving by stick
        if view.bench and mode in AUTO_MODES and now_ns - self._attention_ns > ATTENTION_NS:
            self._attention_ns = now_ns
            return OperatorEdge.ATTENTION
        return OperatorEdge.NONE

    def _disarming(self, view: VehicleView, now_ns: int, *, holds: bool) -> OperatorEdge:
        """A disarm stops, and acknowledges and resets what its station had been told of; never what came since."""
        pursuit, mode = self._pursuit, view.mode
        if pursuit is None or mode in (Mode.BOOT, Mode.STOPPING):
            return OperatorEdge.NONE
        if view.armed:
            return OperatorEdge.STOP
        news = {cause for cause in view.causes - pursuit.told if cause[0] not in OWN_STOP}
        if news or view.held_by_another(self.station_id):
            pursuit.end = End.NEWS
            return OperatorEdge.NONE
        if not holds:
            self._taken_ns = now_ns
            return OperatorEdge.TAKE
        return self._acknowledging(view, mode)

    def _acknowledging(self, view: VehicleView, mode: Mode) -> OperatorEdge:
        if mode is not Mode.HOLD and self._prepared:
            self._prepared = False
            return OperatorEdge.RESET
        self._prepared = self._acknowledged = True
        edge = OperatorEdge.ACKNOWLEDGE if view.waits_for_acknowledge else OperatorEdge.NONE
        if mode is Mode.HOLD:
            return edge | OperatorEdge.DISARM
        if mode is Mode.ESTOP:
            return edge | OperatorEdge.RELEASE_ESTOP
        return edge

    def _built(self, view: VehicleView, caps: Caps, edge: OperatorEdge, tick: int, now_ns: int) -> OperatorFrame | None:
        sticks = self.sticks.newest
        starting = self.goal is Goal.START and view.mode in STARTS_FROM
        held = view.fresh and view.mode in BY_STICK and edge is OperatorEdge.NONE and sticks is not None and sticks.hold
        drive = turn = 0.0
        driving = False
        sampled_ns, echo_tick = now_ns, tick
        if held and sticks is not None:
            driving, echo_tick = self._begin(sticks, tick, now_ns)
            if driving:
                drive, turn, sampled_ns = caps.drive(sticks.drive), caps.turn(sticks.turn), sticks.t_ns
        self._drove = driving
        # no more than one of each a tick: the same station over a new connection goes on where it was
        self._sequence = max(self._sequence + 1, tick)
        self._echo_tick = max(self._echo_tick, echo_tick)
        if sampled_ns != self._sampled_ns:
            self._sampled_ns, self._samples = sampled_ns, max(self._samples + 1, tick)
        report = view.report
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
