"""The thin shell round the tick: drain the wires, tick, send, record. Events wait here; none acts by itself."""

from typing import Protocol

import msgspec
import numpy as np

from firmware_bridge.mavlink import adapters
from firmware_bridge.ports import BytePort
from firmware_bridge.types import ControllerHello, ControllerStatus, GnssFix, ImuSample, Observation, OperatorFrame
from vehicle.config.required_depth import agreed_m
from vehicle.contracts.errors import InputError
from vehicle.contracts.geometry import Ring
from vehicle.contracts.messages import Event, Inputs, Mode, VehicleReport
from vehicle.contracts.plan import Plan
from vehicle.contracts.units import TICK_NS
from vehicle.control.state import VehicleState
from vehicle.control.tick import tick
from vehicle.host.clock import Clock
from vehicle.records.writer import Recorder, TickRecord
from vehicle.runtime.taken import boundary_of, bounded, taken, withdrawn
from vehicle.telemetry.station_frame import station_frame

UNARMED = (Mode.BOOT, Mode.DISARMED)
AUTO = (Mode.AUTO_MOVE, Mode.AUTO_WORK)
MOVING = (Mode.READY, Mode.MANUAL, *AUTO, Mode.RECOVERY, Mode.STOPPING)
"""It moves, or one act leads there."""
OVERRUN_NS = 3 * TICK_NS // 2
"""From one step to the next: half a period is jitter, more means that a beat was missed."""


class Listener(Protocol):
    """Whoever is told beside the wires: telemetry, a progress bar. Must return at once."""

    def offer(self, report: VehicleReport) -> None:
        """A report was made."""
        ...

    def event(self, event: Event) -> None:
        """Something worth a line happened."""
        ...


class Inbox:
    """Bytes of both wires -> the inputs of the next tick: the newest of each source, every operator frame in order."""

    def __init__(self) -> None:
        self._controller = adapters.MessageReader(adapters.HOST_DECODERS)
        self._operator = adapters.MessageReader(adapters.VEHICLE_DECODERS)

    def inputs(self, controller_in: bytes, operator_in: bytes, overrun: bool, recording: bool = True) -> Inputs:
        """Never raises on what the wires bring; also what a replay calls."""
        newest: dict[type, object] = {}
        bad_before = self._controller.bad_frames
        for message in self._controller.feed(controller_in):
            newest[type(message)] = message
        frames = self._operator.feed(operator_in)
        return Inputs(
            status=newest.get(ControllerStatus),  # type: ignore[arg-type]  # keyed by its own type
            imu=newest.get(ImuSample),  # type: ignore[arg-type]
            gnss=newest.get(GnssFix),  # type: ignore[arg-type]
            hello=newest.get(ControllerHello),  # type: ignore[arg-type]
            operator=tuple(frame for frame in frames if isinstance(frame, OperatorFrame)),
            observations=tuple(frame for frame in frames if isinstance(frame, Observation)),
            bad_frames=self._controller.bad_frames - bad_before,
            overrun=overrun,
            recording=recording,
        )


class _Taking(msgspec.Struct, frozen=True):
    """What waits for the next tick, or for a disarmed one."""

    plan: Plan | None
    boundary_m: tuple[Ring, ...]


class VehicleLoop:
    """Owns the state between ticks. `step` is synchronous, so the same code runs in real and in virtual time."""

    def __init__(
        self,
        state: VehicleState,
        controller: BytePort,
        operator: BytePort,
        recorder: Recorder,
        listeners: tuple[Listener, ...] = (),
    ) -> None:
        self.state = state
        self._controller, self._operator = controller, operator
        self._recorder, self._listeners = recorder, listeners
        self._inbox = Inbox()
        self._last_ns: int | None = None
        self._sequence = 0
        self._taking: _Taking | None = None
        self._bound = False

    def take_plan(self, plan: Plan | None, boundary_m: tuple[Ring, ...] | None = None) -> str:
        """Drive this plan, or none, inside this boundary; "" or why not.

        The boundary binds with the next tick in which the machine stands stopped: none changes under one that moves
        or may. The plan is taken while it is disarmed, so perhaps later; the one before, where it is another, is
        withdrawn at once, unless a mission is driving.
        """
        if plan is not None and plan.datum != self.state.datum:
            return "it counts from another datum than this machine's record"
        if plan is not None:
            try:
                agreed_m({"plan": plan.required_depth_m, "vehicle": self.state.config.mission.required_depth_m})
            except InputError as refusal:
                return str(refusal)
        rings_m = boundary_of(plan) if boundary_m is None else boundary_m
        try:
            bounded(self.state, rings_m)
        except InputError as refusal:
            return str(refusal)
        self._taking = _Taking(plan, rings_m)
        self._bound = True
        return ""

    @property
    def takes_later(self) -> bool:
        """A plan waits until the machine is disarmed."""
        return self._taking is not None and self.state.gate.mode not in UNARMED

    def _planned(self, now_ns: int) -> None:
        """Between two ticks."""
        taking = self._taking
        if taking is None:
            return
        mode, held = self.state.gate.mode, self.state.mission.plan
        if self._bound and mode not in MOVING:
            self._bound = False
            self._bind(taking.boundary_m, now_ns)
        if mode not in UNARMED:
            if held is not None and mode not in AUTO and taking.plan != held:
                self.state = withdrawn(self.state)
                self._say(now_ns, "plan", "plan withdrawn")
            return
        self._taking = None
        if taking.plan == held:  # a job that stands somewhere in this plan goes on from there
            if held is not None:
                self._say(now_ns, "plan", f"plan {held.plan_hash}")
            return
        self.state = taken(self.state, taking.plan, taking.boundary_m)
        words = f"plan {taking.plan.plan_hash}" if taking.plan is not None else "plan withdrawn"
        self._say(now_ns, "plan", words)

    def _bind(self, boundary_m: tuple[Ring, ...], now_ns: int) -> None:
        before = self.state.gate.fence
        self.state = bounded(self.state, boundary_m)
        after = self.state.gate.fence
        if after is None and before is None:
            return
        if after is None:
            self._say(now_ns, "fence", "fence: none binds")
        elif before is None or not np.array_equal(before, after):
            self._say(now_ns, "fence", f"fence: {len(after)} edges bind")

    def _say(self, now_ns: int, kind: str, words: str) -> None:
        told = Event(t_ns=now_ns, tick=self.state.tick, kind=kind, text=words)
        self._recorder.event(told)
        for listener in self._listeners:
            listener.event(told)

    def step(self, now_ns: int) -> None:
        """One tick, at 50 Hz."""
        self._planned(now_ns)
        controller_in, operator_in = self._controller.read(), self._operator.read()
        # Judged here and not by who calls: whatever kept this tick waiting, what lay in the inbox meanwhile is old.
        overrun = self._last_ns is not None and now_ns - self._last_ns > OVERRUN_NS
        self._last_ns = now_ns
        recording = self._recorder.healthy
        inputs = self._inbox.inputs(controller_in, operator_in, overrun, recording)
        self.state, outputs = tick(self.state, inputs, now_ns)
        self._sequence = (self._sequence + 1) & 0xFF
        controller_out = adapters.encode_command(outputs.command, self._sequence)
        self._controller.write(controller_out)
        self._recorder.tick(
            TickRecord(self.state.tick, now_ns, controller_in, operator_in, controller_out, overrun, recording)
        )
        for result in outputs.results:
            self._operator.write(adapters.encode_observation_result(result, self._sequence))
        if outputs.report is not None:
            self._tell(outputs.report)
        for event in outputs.events:
            self._recorder.event(event)
            for listener in self._listeners:
                listener.event(event)

    def _tell(self, report: VehicleReport) -> None:
        frame = station_frame(report, self.state.datum)
        self._operator.write(adapters.encode_vehicle(frame, self._sequence))
        self._recorder.report(report)
        for listener in self._listeners:
            listener.offer(report)

    async def run(self, clock: Clock) -> None:
        """Tick on an absolute 20 ms grid until cancelled; a late tick is told to the next one, never hidden."""
        deadline_ns = clock.now_ns()
        while True:
            await clock.sleep_until_ns(deadline_ns)
            self.step(clock.now_ns())
            deadline_ns += TICK_NS
            late_ns = clock.now_ns() - deadline_ns
            if late_ns > 0:
                deadline_ns += (late_ns // TICK_NS + 1) * TICK_NS
