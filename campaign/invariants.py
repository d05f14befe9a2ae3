"""What must hold in every tick of every run, judged from ground truth; each breach is recorded.

Inv-1 no belt moves on command without a live lease: the operator's last valid frame is younger than the longest T_stop.
Inv-2 no belt set-point outside the driving modes.
Inv-3 no track and no tool over a keep-out.
Inv-4 inside the work area the tracks stand on ground that the tool has truly worked, or in the strip being opened.
Inv-5 in AUTO_MOVE the tool is up while the tracks move.
Inv-6 with unknown ground outside, neither track nor tool beyond what the site allows round its work area.
"""

import msgspec
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from campaign.rim_watch import RimWatch
from vehicle.contracts.geometry import rectangle_m
from vehicle.contracts.messages import Mode
from vehicle.contracts.plan import MachineFootprint
from vehicle.control.state import VehicleState

T_STOP_MAX_S = 0.5
"""The set-point is zero at the latest this long after the creation of the last valid frame (docs/SAFETY.md, T_stop)."""
DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)
CONTROLLER_S = 0.1
"""Time from the gate's zero set-point to the start of the controller's ramp: the wire and two ticks."""
GROUND_PERIOD_TICKS = 10
MOVING_MPS = 0.05
STANDSTILL_MPS = 0.02
"""A set-point below this is the end of the stopping ramp and no motion."""


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """One violated invariant."""

    t_s: float
    name: str
    text: str


class Invariants:
    """Counts breaches and keeps the first ones of each kind."""

    def __init__(
        self, machine: MachineFootprint, keep_outs: BaseGeometry, decel_mps2: float, rim: RimWatch | None = None
    ) -> None:
        self._machine = machine
        self._rim = rim
        # the lease limits the set-point; the controller's ramp after it, from transit speed to rest, has its own limit
        self._ramp_s = machine.transit_speed_mps / decel_mps2
        self._keep_outs = keep_outs
        shapely.prepare(self._keep_outs)
        self._boxes_m = [part.bounds for part in shapely.get_parts(keep_outs)]
        front_m = max(machine.track_length_m / 2.0, machine.tool_ahead_m + machine.tool_length_m)
        self._reach_m = front_m + max(machine.track_outer_width_m, machine.tool_width_m)
        self.breaches: list[Breach] = []
        self._told: set[str] = set()
        self._drove_t_s = 0.0

    def _tell(self, t_s: float, name: str, text: str) -> None:
        if name not in self._told:
            self._told.add(name)
            self.breaches.append(Breach(t_s=t_s, name=name, text=text))

    def check_command(self, state: VehicleState, applied_mps: float, operator_age_s: float, t_s: float) -> None:
        """Check Inv-1, Inv-2 and Inv-5: speed as the controller applies it, true age of the operator's frame."""
        if applied_mps < STANDSTILL_MPS:
            self._drove_t_s = t_s if state.gate.mode in DRIVING else self._drove_t_s
            return
        if state.gate.mode in DRIVING:
            self._drove_t_s = t_s
            if operator_age_s > T_STOP_MAX_S:
                text = f"operator frame {operator_age_s:.3f} s old at {applied_mps:.3f} m/s"
                self._tell(t_s, "drive_without_lease", text)
        elif t_s - self._drove_t_s > self._ramp_s + CONTROLLER_S:
            self._tell(t_s, "drive_outside_driving_mode", f"{applied_mps:.3f} m/s in {state.gate.mode.name}")
        status = state.wire.status
        if (
            state.gate.mode is Mode.AUTO_MOVE
            and status is not None
            and status.depth_m > 0.0
            and applied_mps > MOVING_MPS
        ):
            self._tell(t_s, "move_with_tool_down", f"depth {status.depth_m:.3f} m at {applied_mps:.3f} m/s")

    def check_ground(self, east_m: float, north_m: float, yaw_rad: float, t_s: float) -> None:
        """Check Inv-3 and Inv-6 with the true pose."""
        for name in self._rim.beyond(east_m, north_m, yaw_rad) if self._rim is not None else ():
            self._tell(t_s, name, f"at {east_m:.2f} E {north_m:.2f} N")
        if not self._near_keep_out(east_m, north_m):
            return
        machine = self._machine
        half_track = 0.5 * machine.track_length_m
        tracks = rectangle_m((east_m, north_m), yaw_rad, half_track, half_track, 0.5 * machine.track_outer_width_m)
        ahead = machine.tool_ahead_m
        tool = rectangle_m(
            (east_m, north_m),
            yaw_rad,
            ahead + 0.5 * machine.tool_length_m + 1e-3,
            -(ahead - 0.5 * machine.tool_length_m),
            0.5 * machine.tool_width_m,
        )
        for name, corners in (("track_over_keep_out", tracks), ("tool_over_keep_out", tool)):
            if self._keep_outs.intersects(Polygon(corners)):
                self._tell(t_s, name, f"at {east_m:.2f} E {north_m:.2f} N")

    def _near_keep_out(self, east_m: float, north_m: float) -> bool:
        """Whether a keep-out is within reach of machine and tool, by boxes; polygons take much longer."""
        reach_m = self._reach_m
        return any(
            low_east - reach_m <= east_m <= high_east + reach_m
            and low_north - reach_m <= north_m <= high_north + reach_m
            for low_east, low_north, high_east, high_north in self._boxes_m
        )
