"""What must hold in every tick of every scenario, whatever fails: judged from the controller, the truth and the radio.

It shares no code with the gate: it reads the operator's frames from the radio itself, and set-points at the controller.

W1 a belt gets a set-point only within 500 ms of the creation of the operator's frame that the vehicle holds in force.
W2 a belt gets a set-point only in a driving mode, or for the one tick that a command takes.
W3 after any stop a belt gets a set-point again only after neutral sticks, then RESET, then ARM, in this order, by a
   station that held the lease; the first time after neutral sticks and ARM. RECOVERY arms too, by its own act and into
   its own mode. After an E-stop from any console the holder's RELEASE comes before all these. A new process changes
   nothing of this, unless the stop came in the last 300 ms of the old one.
W4 the rotor is driven only in a driving mode, and in a WAIT.
W5 the tool is never raised or lowered outside a driving mode.
W6 200 ms after the process ended, hung or lost its line, nothing is driven.
W7 in ESTOP the kill line is pulled within 100 ms in which the controller can be reached, plus the delay that the line
   has for commands when they begin; and again within that time where the reset key at the machine let it go. The
   controller needs no command for an E-stop at the machine.
W8 in AUTO_MOVE the tracks move only with the tool up, unless the machine backs out of a swath.
W9 by stick a belt gets a set-point only while the frame in force has hold-to-run pressed.
W10 credited ground was truly worked (judged at the end).
W11 a WAIT moves nothing, ends within 20 s, and leads back to the mission only by START: `wait_watch.py`.
Where the machine may be: `ground_watch.py`.
"""

from typing import Protocol

from campaign.ground_watch import DOUBTS, GroundWatch
from campaign.invariants import Breach
from campaign.mark_watch import MarkWatch
from campaign.silent_way import SilentWay
from campaign.sim_operator import SimOperator
from campaign.wait_watch import NEUTRAL, WaitWatch
from firmware_bridge.mavlink import adapters
from firmware_bridge.types import Observation, OperatorEdge, OperatorFrame
from sim.line import SerialLine
from sim.process import VehicleProcess
from sim.truth import GroundTruth
from sim.world import Truth, World
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.contracts.units import NS_PER_MS, NS_PER_S, TICK_NS
from vehicle.control.state import VehicleState

AGE_MAX_NS = 500 * NS_PER_MS
DEATH_MAX_NS, KEPT_MAX_NS = 200 * NS_PER_MS, 300 * NS_PER_MS
KILL_MAX_TICKS = 5
UNDER_WAY_TICKS, HUNG_TICKS, LOST_TICKS = 2, 7, 10
"""A command written in one tick is obeyed in the next and seen in the one after. A line that loses frames may lose the
stop too; then the lease ends the command before it, 150 ms and a tick later. A controller that hangs at that moment
keeps its outputs until its own watchdog restarts it, 100 ms later."""
DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)
BY_STICK = (Mode.MANUAL, Mode.RECOVERY)
ARMED = (*DRIVING, Mode.WAIT)
"""Modes that a stop ends."""
TOOL_UP_M = 0.1
MOVING_MPS = 1e-6


class Debt:
    """What the holder's frames must still show before the machine may be told to move: neutral, RESET, ARM."""

    def __init__(self) -> None:
        self.neutral = self.armed = False
        self.reset = self.released = True
        self._stopped_ns = self._pressed_ns = 0
        self._edges: dict[int, tuple[int, OperatorEdge]] = {}

    def stop(self, now_ns: int) -> None:
        """Note a stop: all three are required again."""
        self.neutral = self.reset = self.armed = False
        self._stopped_ns = now_ns

    def restart(self, died_ns: int, *, in_motion: bool) -> None:
        """Note a new process: neutral and ARM are required again, and what an earlier stop requires if it was saved.

        A process that ended in a mode that may drive counts as a stop.
        """
        self.neutral = self.armed = False
        self.reset = (self.reset and not in_motion) or died_ns - self._stopped_ns <= KEPT_MAX_NS
        self.released = self.released or died_ns - self._pressed_ns <= KEPT_MAX_NS
        self._edges = {}

    def forget_arming(self) -> None:
        """Note a disarming without a stop: ARM is required again."""
        self.armed = False

    def hear(self, frame: OperatorFrame, holder: int, now_ns: int) -> OperatorEdge:
        """Process one frame as it reached the vehicle; return the acts that are new in it."""
        sequence, before = self._edges.get(frame.station_id, (-1, frame.edges))
        if frame.sequence <= sequence:
            return OperatorEdge.NONE
        self._edges[frame.station_id] = frame.sequence, frame.edges
        rising = frame.edges & ~before
        if frame.edges & OperatorEdge.ESTOP:
            self._pressed_ns = now_ns if self.released else self._pressed_ns
            self.released = False
        if frame.station_id != holder:
            return rising
        self.released = self.released or OperatorEdge.RELEASE_ESTOP in rising
        hands_off = abs(frame.drive) <= NEUTRAL and abs(frame.turn) <= NEUTRAL and not frame.hold_to_run
        self.neutral = self.neutral or hands_off
        self.reset = self.reset or (self.neutral and self.released and OperatorEdge.RESET in rising)
        arms = bool(rising & (OperatorEdge.ARM | OperatorEdge.RECOVERY))
        self.armed = self.armed or (self.neutral and self.reset and arms)
        return rising

    @property
    def open(self) -> tuple[str, ...]:
        """Return what is still required."""
        owed = (("release", self.released), ("neutral", self.neutral), ("reset", self.reset), ("arm", self.armed))
        return tuple(name for name, paid in owed if not paid)


class Watched(Protocol):
    """The parts that the monitor reads; it changes none of them."""

    world: World
    line: SerialLine
    process: VehicleProcess
    hands: SimOperator
    truth: GroundTruth

    @property
    def state(self) -> VehicleState:
        """State of the vehicle."""
        ...

    @property
    def time_s(self) -> float:
        """Time since the start [s]."""
        ...


class SafetyMonitor:
    """Keeps the first breach of each kind, and the figures of trials: end of the set-point, and rolling distance."""

    def __init__(self, drill: Watched) -> None:
        self._drill = drill
        self._ground, self._silent_way = GroundWatch(self._tell, drill.state.config), SilentWay()
        self._marks = MarkWatch()
        self._reader = adapters.MessageReader(adapters.VEHICLE_DECODERS)
        self._debt = Debt()
        self.breaches: list[Breach] = []
        self._told: set[str] = set()
        self._mode = self._before = Mode.BOOT
        self.waits = WaitWatch(self._tell)
        self._idle_ticks = self._rest_ticks = self._estop_ticks = self._unheld_ticks = self._driving_ticks = 0
        self._session = self.stops = self._kill_way_ticks = self._under_way_ticks = 0
        self._rolls_on = False
        self.created_ns = -AGE_MAX_NS
        self._alive_ns = self._ran_ns = 0
        self.setpoint_mps = 0.0
        self.stopped_ns = self.stop_created_ns = 0
        self._lapsed = False

    def _tell(self, name: str, text: str) -> None:
        if name not in self._told:
            self._told.add(name)
            self.breaches.append(Breach(t_s=self._drill.time_s, name=name, text=text))

    def step(self, now_ns: int, heard: bytes, true: Truth) -> None:
        """Judge one tick after the vehicle's. The controller now acts on what the vehicle knew a tick ago."""
        drill = self._drill
        controller, outputs = drill.world.controller, drill.world.controller.outputs
        self._under_way_ticks = max(0, self._under_way_ticks - 1)
        left, right = controller.setpoint_mps
        setpoint = max(abs(left), abs(right))
        if setpoint > MOVING_MPS:
            self._check_motion(now_ns, setpoint)
        elif self.setpoint_mps > MOVING_MPS:
            self.stopped_ns, self.stop_created_ns = now_ns, self.created_ns
        else:
            self._rolls_on = False
        self.setpoint_mps = setpoint
        self._check_idle(outputs.rotor_radps, outputs.arm_rate_mps)
        if self._mode is Mode.AUTO_MOVE and self._before is Mode.AUTO_MOVE:
            self._check_tool(setpoint, true)
        if self._estop_ticks > KILL_MAX_TICKS + self._kill_way_ticks and not controller.killed and self._reaches():
            self._tell("estop_without_kill", f"{self._estop_ticks} ticks in ESTOP")
        gate = drill.state.gate
        self._silent_way.step(drill.world, gate.session_id, told=bool((gate.active | gate.latched) & DOUBTS))
        depth_error_m, off_m = drill.world.tool_sensors.depth_offset_m, self._silent_way.off_m
        marked = self._marks.shown
        self._ground.step(drill.state, drill.world.tracks, true, self._mode, depth_error_m, off_m, marked=marked)
        self._follow(now_ns, heard)
        self._marks.step(drill.state, drill.world, true)

    def _grace_ticks(self) -> int:
        line = self._drill.line
        if line.unplugged or line.down_cut or line.flip_ratio > 0.0:
            return LOST_TICKS + line.down_ticks
        return (UNDER_WAY_TICKS if self._drill.world.controller.awake else HUNG_TICKS) + line.down_ticks

    def _reaches(self) -> bool:
        drill = self._drill
        cut = drill.line.unplugged or drill.line.down_cut
        return drill.process.runs and not cut and drill.world.controller.awake

    def _check_motion(self, now_ns: int, setpoint: float) -> None:
        age_ns = now_ns - self.created_ns
        if age_ns > AGE_MAX_NS:
            self._tell("drive_without_operator", f"frame {age_ns / NS_PER_MS:.0f} ms old at {setpoint:.3f} m/s")
        if self._idle_ticks > self._grace_ticks():
            self._tell("drive_outside_driving_mode", f"{setpoint:.3f} m/s in {self._mode.name}")
        # no restart: a command that was on its way when the stop came, until it ends
        self._rolls_on = self._rolls_on or self._under_way_ticks > 0
        if self._debt.open and not self._rolls_on:
            self._tell("restart_without_act", f"{setpoint:.3f} m/s, still required: {', '.join(self._debt.open)}")
        if self._unheld_ticks > LOST_TICKS:
            self._tell("drive_without_hold", f"{setpoint:.3f} m/s in {self._mode.name}")
        if now_ns - self._alive_ns > DEATH_MAX_NS:
            self._tell("drive_without_process", f"{(now_ns - self._alive_ns) / NS_PER_MS:.0f} ms after its last tick")

    def _check_idle(self, rotor_radps: float, arm_rate_mps: float) -> None:
        if rotor_radps > 0.0 and self._rest_ticks > self._grace_ticks():
            self._tell("rotor_outside_driving_mode", f"{rotor_radps:.1f} rad/s in {self._mode.name}")
        if arm_rate_mps != 0.0 and self._idle_ticks > self._grace_ticks():
            self._tell("tool_moved_in_stop", f"{arm_rate_mps:.3f} m/s in {self._mode.name}")

    def _check_tool(self, setpoint: float, true: Truth) -> None:
        backing = self._drill.state.mission.phase is MissionPhase.BACK_OFF
        up_m = -max(true.depths_m)
        if setpoint > MOVING_MPS and up_m < 0.5 * TOOL_UP_M and not backing:
            self._tell("move_with_tool_down", f"tool {up_m:.3f} m above ground at {setpoint:.3f} m/s")

    def _follow(self, now_ns: int, heard: bytes) -> None:
        """Update the monitor's own view to this tick."""
        drill = self._drill
        gate = drill.state.gate
        if gate.session_id != self._session:
            self._session = gate.session_id
            self._debt.restart(self._ran_ns, in_motion=self._driving_ticks * TICK_NS > KEPT_MAX_NS)
            self._before = self._mode = gate.mode
        for message in self._reader.feed(heard):
            if isinstance(message, Observation):
                self._marks.hear(message)
            if isinstance(message, OperatorFrame) and message.session_id == gate.session_id:
                self.waits.hear(message, self._debt.hear(message, gate.holder, now_ns), gate.holder)
        if drill.process.runs:
            self._ran_ns = now_ns
            self._driving_ticks = self._driving_ticks + 1 if gate.mode in DRIVING else 0
            self._alive_ns = self._alive_ns if drill.line.unplugged else now_ns
        frame = gate.frame
        if frame is not None and frame.station_id == drill.hands.station.station_id:
            self.created_ns = max(self.created_ns, drill.hands.created_ns.get(frame.sequence, self.created_ns))
        self.waits.step(self._mode, gate.mode, now_ns)
        if self._mode in ARMED and gate.mode not in ARMED:
            self._debt.stop(now_ns)
            self.stops += 1
            # no restart: the command given before the stop, until it ends
            self._rolls_on = self.setpoint_mps > MOVING_MPS
            self._under_way_ticks = UNDER_WAY_TICKS + drill.line.down_wait_ticks
        elif self._mode in DRIVING and drill.world.controller.lease_expired and not self._lapsed:
            self._debt.stop(now_ns)  # the controller's own stop counts as a stop, whatever the gate makes of it
        elif self._mode is Mode.READY and gate.mode is Mode.DISARMED:
            self._debt.forget_arming()
        self._lapsed = drill.world.controller.lease_expired
        self._before, self._mode = self._mode, gate.mode
        self._idle_ticks = 0 if gate.mode in DRIVING else self._idle_ticks + 1
        self._rest_ticks = 0 if gate.mode in ARMED else self._rest_ticks + 1
        unheld = gate.mode in BY_STICK and frame is not None and not frame.hold_to_run
        self._unheld_ticks = self._unheld_ticks + 1 if unheld else 0
        # a controller that has just started has its 100 ms too; until then its kill line is not released
        told = gate.mode is Mode.ESTOP and not drill.world.controller.killed and self._reaches()
        if told and self._estop_ticks == 0:
            self._kill_way_ticks = drill.line.down_wait_ticks
        self._estop_ticks = self._estop_ticks + 1 if told else 0

    def finish(self) -> tuple[Breach, ...]:
        """Return all breaches, after comparing the record with the truth."""
        false_m2 = self._drill.truth.false_credit_m2(self._drill.state.ledger)
        if false_m2 > 0.0:
            self._tell("false_credit", f"{false_m2:.4f} m2 credited that was not truly worked")
        return tuple(self.breaches)

    @property
    def latency_ms(self) -> float:
        """Time [ms] from the creation of the frame in force at the last stop to the set-point's end; NaN in motion."""
        if self.setpoint_mps > MOVING_MPS:
            return float("nan")
        return (self.stopped_ns - self.stop_created_ns) * 1e3 / NS_PER_S
