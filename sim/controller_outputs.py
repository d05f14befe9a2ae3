"""Output stage of the controller twin: ramps, brake, rotor drive, tool servo.

It follows a live command. Without one it stops by itself: tracks to zero, rotor off, tool held.
"""

import math

import msgspec

from firmware_bridge.types import EngineMode, ReceivedCommand, ToolMode
from sim.engine_plant import EnginePlant
from sim.flail_plant import FlailPlant
from sim.sensors import ToolSensors
from vehicle.config.vehicle import MachineConfig
from vehicle.contracts.units import NS_PER_S

_SHUTDOWN, _START, _IDLE = EngineMode.SHUTDOWN, EngineMode.START, EngineMode.IDLE  # see `sim.controller`
_HOLD, _DEPTH = ToolMode.HOLD, ToolMode.DEPTH
BRAKE_BELOW_MPS = 0.05
OVERSPEED_RATIO = 1.05
"""The controller limits set-points to the profile's limits times this, whatever the host asks for."""
CRANK_BRAKED_MS = 1000
ENGINE_RESTS_RADPS, ENGINE_RUNS_RADPS = 5.0, 60.0
"""The starter turns an engine at rest, once the brakes were on for so long, and no longer than until it runs."""


class OutputParams(msgspec.Struct, frozen=True, kw_only=True):
    """Constants of the firmware: T_BRAKE, the rotor speed below which it stands, and the gain of the tool servo."""

    t_brake_s: float = 4.0
    rotor_still_radps: float = 5.0
    servo_gain_1ps: float = 3.0


class OutputStage:
    """Set-points as applied at the valves; `brake`: the parking brake, `arm_rate_mps`: speed of the tool."""

    def __init__(
        self,
        machine: MachineConfig,
        params: OutputParams,
        sensors: ToolSensors,
        flail: FlailPlant,
        engine: EnginePlant,
    ) -> None:
        self._machine, self._params = machine, params
        self._sensors, self._flail, self._engine = sensors, flail, engine
        tracks = machine.tracks
        self._accel_mps2, self._decel_mps2 = tracks.accel_mps2, tracks.decel_mps2
        self._belt_max_mps = OVERSPEED_RATIO * (
            max(tracks.transit_speed_mps, tracks.reverse_speed_mps) + tracks.pivot_rate_radps * tracks.gauge_m / 2.0
        )
        self._rotor_max_radps = OVERSPEED_RATIO * machine.tool.rotor_speed_radps
        spin_up_s = machine.tool.spin_up_s
        self._rotor_ramp_radps2 = machine.tool.rotor_speed_radps / spin_up_s if spin_up_s > 0.0 else math.inf
        self.left_mps = self.right_mps = self.rotor_radps = self.arm_rate_mps = 0.0
        self.brake = True
        self.horn = self.beacon = self.suppression = self.gnss_restart = False
        self._stopping_ns = 0
        self._t_brake_ns = round(params.t_brake_s * NS_PER_S)
        crank_s = machine.engine.crank_s if machine.engine.console_start else 0.0
        self._crank_max_ms = round(1000.0 * crank_s)
        self._released_ms = self._unasked_ms = self._now_ms = 0
        self._starter_asked = False

    def advance(self, command: ReceivedCommand | None, step_s: float) -> None:
        """Follow `command` for `step_s`; None stops: ramp to zero, rotor off, tool held, engine idle."""
        if command is None:
            self._tracks(0.0, 0.0, brake=True, step_s=step_s)
            self.rotor_radps = self.arm_rate_mps = 0.0
            self._engine.command(EngineMode.IDLE)
            return
        self._tracks(command.track_left_mps, command.track_right_mps, brake=command.brake, step_s=step_s)
        self._rotor(command.rotor_speed_radps, step_s)
        self._tool(command)
        standing = self.left_mps == 0.0 == self.right_mps and self._slow()
        waits = command.engine is _SHUTDOWN and not standing
        bars = command.engine is _START and not self._may_crank()
        self._engine.command(_IDLE if waits or bars else command.engine)

    def watch(self, now_ms: int) -> None:
        """Note when the brakes were last open, before a step changes them."""
        self._now_ms = now_ms
        if not self.brake:
            self._released_ms = now_ms

    def ask_starter(self, *, asked: bool) -> None:
        """Note since when a live command asks for the starter without a break."""
        self._starter_asked = asked
        if not asked:
            self._unasked_ms = self._now_ms

    def _may_crank(self) -> bool:
        """As `may_crank` of the C reference; unknown is not at rest."""
        now_ms, engine = self._now_ms, self._engine
        most_radps = ENGINE_RUNS_RADPS if engine.cranking else ENGINE_RESTS_RADPS
        return (
            self._starter_asked
            and now_ms - self._unasked_ms < self._crank_max_ms
            and self.brake
            and now_ms - self._released_ms >= CRANK_BRAKED_MS
            and self.rotor_radps == 0.0
            and self._slow()
            and abs(self._sensors.rotor_radps) < self._params.rotor_still_radps
            and abs(engine.speed_radps) <= most_radps
        )

    def signal(self, command: ReceivedCommand, *, live: bool, commanded: bool) -> None:
        """Set horn and lights, in every state; once driven, a machine without a live command warns people near it."""
        self.horn = live and command.horn
        self.beacon = commanded and (not live or command.beacon)
        self.suppression = self.suppression or (live and command.suppression)
        self.gnss_restart = live and command.gnss_restart

    def cut(self) -> None:
        """Switch all outputs off at once: spring brakes close, valves close, the starter stands."""
        self._engine.cranking = False
        self.left_mps = self.right_mps = self.rotor_radps = self.arm_rate_mps = 0.0
        self.brake = True

    def _tracks(self, left_mps: float, right_mps: float, *, brake: bool, step_s: float) -> None:
        """Drive the belts. Brakes open only to drive; they close on request at standstill or after T_BRAKE."""
        if brake:
            left_mps = right_mps = 0.0
        up_mps, down_mps = self._accel_mps2 * step_s, self._decel_mps2 * step_s
        self.left_mps = _ramp(self.left_mps, self._capped_mps(left_mps), up_mps, down_mps)
        self.right_mps = _ramp(self.right_mps, self._capped_mps(right_mps), up_mps, down_mps)
        if left_mps != 0.0 or right_mps != 0.0:
            self.brake, self._stopping_ns = False, 0
            return
        # whole nanoseconds: a sum of seconds as floats reaches T_BRAKE one step late
        self._stopping_ns += round(step_s * NS_PER_S)
        if brake and (self._slow() or self._stopping_ns >= self._t_brake_ns):
            self.brake = True
        if self.brake:
            self.left_mps = self.right_mps = 0.0

    def _capped_mps(self, wanted_mps: float) -> float:
        cap_mps = self._belt_max_mps
        return wanted_mps if -cap_mps <= wanted_mps <= cap_mps else max(-cap_mps, min(cap_mps, wanted_mps))

    def _slow(self) -> bool:
        return abs(self._sensors.left_mps) < BRAKE_BELOW_MPS and abs(self._sensors.right_mps) < BRAKE_BELOW_MPS

    def _rotor(self, wanted_radps: float, step_s: float) -> None:
        """Drive the rotor: up from its present speed within the spin-up time; down or off at once."""
        wanted_radps = max(0.0, min(self._rotor_max_radps, wanted_radps))
        from_radps = max(self.rotor_radps, self._sensors.rotor_radps)
        self.rotor_radps = min(wanted_radps, from_radps + self._rotor_ramp_radps2 * step_s)

    def _tool(self, command: ReceivedCommand) -> None:
        if command.tool_mode is _HOLD or not self._engine.running:
            self.arm_rate_mps = 0.0
            return
        depth_m = -self._flail.arm_m if self._sensors.depth_lost else self._sensors.depth_m
        wanted_m = command.tool_value_m if command.tool_mode is _DEPTH else -command.tool_value_m
        wanted_m = min(wanted_m, self._machine.tool.depth_max_m)
        self.arm_rate_mps = self._params.servo_gain_1ps * (depth_m - wanted_m)


def _ramp(applied_mps: float, wanted_mps: float, up_mps: float, down_mps: float) -> float:
    """Return the next set-point: away from zero by `up_mps`, towards it by `down_mps`; a reversal stops at zero."""
    if applied_mps * wanted_mps < 0.0:
        wanted_mps = 0.0
    if wanted_mps == applied_mps:
        return wanted_mps + 0.0  # never -0.0
    if abs(wanted_mps) >= abs(applied_mps):
        return math.copysign(min(abs(wanted_mps), abs(applied_mps) + up_mps), wanted_mps) if wanted_mps else 0.0
    return math.copysign(max(abs(wanted_mps), abs(applied_mps) - down_mps), applied_mps)
