"""The tracked machine: belts, slip, skid, side-slope creep, and the attitude that the ground gives it.

Planar motion on a 3-D surface. Body axes are forward-left-up. Roll and pitch follow the plane through four contact
points under the tracks, so the machine bridges what is shorter than its tracks. Forces are not integrated: a flail
drives at 0.06 to 0.3 m/s, where kinematics with slip describe all that matters for steering. Coefficients without a
published figure are assumed and can be changed; each one's effect is stated.
"""

import math

import msgspec

from sim.ground import Ground
from sim.noise import GaussMarkov, NormalRows
from vehicle.config.vehicle import TracksConfig
from vehicle.contracts.units import TICK_S

GRAVITY_MPS2 = 9.80665
BELT_STILL_MPS = 1e-3
"""Below this, with a zero set-point, static friction holds the belt, so that the machine stands."""
SLIP_MIN, SLIP_MAX = -0.5, 0.95


class PlantParams(msgspec.Struct, frozen=True, kw_only=True):
    """Assumed coefficients of running gear and soil, in the range of compact tracked machines.

    `slip_*_ratio`: share of belt travel lost on level ground. `slip_per_grade_ratio`: slip added per unit of sin(slope
    climbed); downhill it reduces slip. `slip_per_load_ratio`: slip added while cutting at the rotor's full power.
    `slip_wander_ratio`: 1-sigma of a slow variation (3 s) of each track's slip. `skid_ratio`: effective gauge over true
    gauge; in a skidding turn the instant centres of the belts lie outside the tracks. `icr_ahead_m`: distance of the
    pivot point ahead of the body origin; the tool's weight moves it forward. `crab_ratio`: sideways creep downhill per
    metre of belt travel and per unit of tan(side slope); 0.1 is 1.8 cm a metre at 10 degrees.
    """

    belt_lag_s: float = 0.15
    brake_decel_mps2: float = 4.0
    slip_left_ratio: float = 0.02
    slip_right_ratio: float = 0.02
    slip_per_grade_ratio: float = 0.2
    slip_per_load_ratio: float = 0.05
    slip_wander_ratio: float = 0.005
    slip_wander_tau_s: float = 3.0
    skid_ratio: float = 1.3
    icr_ahead_m: float = 0.05
    crab_ratio: float = 0.1


class Pose(msgspec.Struct, frozen=True, gc=False):
    """Planar pose of the body origin."""

    east_m: float
    north_m: float
    yaw_rad: float


class TrackPlant:
    """Belts and body; all attributes are true values, which leave `sim/` only through a sensor.

    `speed_mps` and `lateral_mps` lie in the plane of the tracks (forward, left), `level_mps` is the same velocity seen
    from above (along the heading, to its left). For faults: `stuck_left_mps` and `stuck_right_mps` (a jammed valve
    drives that belt), `brake_holds`, `slip_left_ratio`, `slip_right_ratio`.
    """

    def __init__(
        self,
        tracks: TracksConfig,
        params: PlantParams,
        ground: Ground,
        start: Pose,
        *,
        seed: int,
        step_s: float = TICK_S,
    ) -> None:
        self._ground = ground
        self._params = params
        self._step_s = step_s
        self._gauge_m = tracks.gauge_m * params.skid_ratio
        self._half_length_m = tracks.length_m / 2.0
        self._half_gauge_m = tracks.gauge_m / 2.0
        self._belt_gain = 1.0 - math.exp(-step_s / params.belt_lag_s)
        self._noise = NormalRows(seed, "plant.slip", 2)
        first = self._noise.row()
        self._wander = tuple(
            GaussMarkov(params.slip_wander_ratio, params.slip_wander_tau_s, step_s, normal) for normal in first
        )
        self.slip_left_ratio = params.slip_left_ratio
        self.slip_right_ratio = params.slip_right_ratio
        self.stuck_left_mps: float | None = None
        self.stuck_right_mps: float | None = None
        self.brake_holds = True
        self.east_m, self.north_m, self.yaw_rad = start.east_m, start.north_m, start.yaw_rad
        self.up_m = self.roll_rad = self.pitch_rad = 0.0
        self.belt_left_mps = self.belt_right_mps = 0.0
        self.speed_mps = self.lateral_mps = self.accel_mps2 = 0.0
        self.level_mps = (0.0, 0.0)
        self.roll_rate_radps = self.pitch_rate_radps = self.yaw_rate_radps = 0.0
        self._stand_on_ground()

    def step(self, set_left_mps: float, set_right_mps: float, *, brake: bool, load_ratio: float) -> None:
        """Advance one step with belt set-points [m/s], brake, and rotor load as a share of full power."""
        self._move_belts(set_left_mps, set_right_mps, brake=brake)
        noise = self._noise.row()
        moving = self.belt_left_mps != 0.0 or self.belt_right_mps != 0.0
        slip_left = self.slip_left_ratio + self._wander[0].step(noise[0])
        slip_right = self.slip_right_ratio + self._wander[1].step(noise[1])
        if not moving:
            self._rest()
            return
        ground_left_mps = self.belt_left_mps * (1.0 - self._slip(slip_left, self.belt_left_mps, load_ratio))
        ground_right_mps = self.belt_right_mps * (1.0 - self._slip(slip_right, self.belt_right_mps, load_ratio))
        self._integrate(ground_left_mps, ground_right_mps)

    def put(self, pose: Pose) -> None:
        """Set the machine down at a pose, standing."""
        self.east_m, self.north_m, self.yaw_rad = pose.east_m, pose.north_m, pose.yaw_rad
        self.belt_left_mps = self.belt_right_mps = 0.0
        self._rest()
        self._stand_on_ground()

    def point_m(self, ahead_m: float, left_m: float, up_m: float) -> tuple[float, float, float]:
        """Return east, north, up [m] of a body-fixed point."""
        axes = self._axes
        return (
            self.east_m + axes[0] * ahead_m + axes[3] * left_m + axes[6] * up_m,
            self.north_m + axes[1] * ahead_m + axes[4] * left_m + axes[7] * up_m,
            self.up_m + axes[2] * ahead_m + axes[5] * left_m + axes[8] * up_m,
        )

    @property
    def upright_ratio(self) -> float:
        """Cosine of the tilt; a vertical distance times this is the distance along the body's up axis."""
        return self._axes[8]

    @property
    def gravity_axes(self) -> tuple[float, float, float]:
        """Vertical components of the body's forward, left and up axes: specific force at rest over g."""
        return self._axes[2], self._axes[5], self._axes[8]

    @property
    def standing(self) -> bool:
        """Whether nothing moves."""
        return self.belt_left_mps == 0.0 and self.belt_right_mps == 0.0

    def _move_belts(self, set_left_mps: float, set_right_mps: float, *, brake: bool) -> None:
        set_left_mps = set_left_mps if self.stuck_left_mps is None else self.stuck_left_mps
        set_right_mps = set_right_mps if self.stuck_right_mps is None else self.stuck_right_mps
        if brake and self.brake_holds:
            drop_mps = self._params.brake_decel_mps2 * self._step_s
            self.belt_left_mps = _toward_zero(self.belt_left_mps, drop_mps)
            self.belt_right_mps = _toward_zero(self.belt_right_mps, drop_mps)
            return
        self.belt_left_mps = self._belt(self.belt_left_mps, set_left_mps)
        self.belt_right_mps = self._belt(self.belt_right_mps, set_right_mps)

    def _belt(self, speed_mps: float, set_mps: float) -> float:
        speed_mps += (set_mps - speed_mps) * self._belt_gain
        return 0.0 if set_mps == 0.0 and abs(speed_mps) < BELT_STILL_MPS else speed_mps

    def _slip(self, slip: float, belt_mps: float, load_ratio: float) -> float:
        """Slip of one track: climbing and cutting increase it, descending reduces it."""
        # FLU pitch is positive nose down, so a forward belt climbs by -sin(pitch).
        climb = -self._sin_pitch if belt_mps > 0.0 else self._sin_pitch
        slip += self._params.slip_per_grade_ratio * climb
        if belt_mps > 0.0:
            slip += self._params.slip_per_load_ratio * load_ratio
        return min(max(slip, SLIP_MIN), SLIP_MAX)

    def _integrate(self, ground_left_mps: float, ground_right_mps: float) -> None:
        step_s = self._step_s
        speed_mps = (ground_left_mps + ground_right_mps) / 2.0
        turn_radps = (ground_right_mps - ground_left_mps) / self._gauge_m
        sin_pitch, cos_pitch, sin_roll, cos_roll = self._sin_pitch, self._cos_pitch, self._sin_roll, self._cos_roll
        travel_mps = (abs(self.belt_left_mps) + abs(self.belt_right_mps)) / 2.0
        # FLU roll is positive right side down: downhill is then to the right, the negative side.
        creep_mps = -self._params.crab_ratio * travel_mps * sin_roll / cos_roll
        lateral_mps = creep_mps - turn_radps * self._params.icr_ahead_m
        forward_mps = speed_mps * cos_pitch + lateral_mps * sin_pitch * sin_roll
        leftward_mps = lateral_mps * cos_roll
        # The belts turn the body about its own up axis; this is the Euler rate of that turn.
        yaw_rate_radps = turn_radps * cos_roll / cos_pitch
        # The chord of an arc points along the heading half-way: exact to 1e-9 m for a 20 ms step.
        chord_rad = self.yaw_rad + yaw_rate_radps * step_s / 2.0
        sin_yaw, cos_yaw = math.sin(chord_rad), math.cos(chord_rad)
        self.east_m += (forward_mps * cos_yaw - leftward_mps * sin_yaw) * step_s
        self.north_m += (forward_mps * sin_yaw + leftward_mps * cos_yaw) * step_s
        self.yaw_rad = math.remainder(self.yaw_rad + yaw_rate_radps * step_s, math.tau)
        self.accel_mps2 = (speed_mps - self.speed_mps) / step_s
        self.speed_mps, self.lateral_mps = speed_mps, lateral_mps
        self.level_mps = (forward_mps, leftward_mps)
        roll_rad, pitch_rad = self.roll_rad, self.pitch_rad
        self._stand_on_ground()
        roll_dot = (self.roll_rad - roll_rad) / step_s
        pitch_dot = (self.pitch_rad - pitch_rad) / step_s
        self.roll_rate_radps = roll_dot - yaw_rate_radps * sin_pitch
        self.pitch_rate_radps = pitch_dot * cos_roll + yaw_rate_radps * sin_roll * cos_pitch
        self.yaw_rate_radps = yaw_rate_radps * cos_roll * cos_pitch - pitch_dot * sin_roll

    def _rest(self) -> None:
        self.accel_mps2 = -self.speed_mps / self._step_s
        self.speed_mps = self.lateral_mps = 0.0
        self.level_mps = (0.0, 0.0)
        self.roll_rate_radps = self.pitch_rate_radps = self.yaw_rate_radps = 0.0

    def _stand_on_ground(self) -> None:
        """Height, roll and pitch of the plane through the middle of the track's front, rear, left and right."""
        height_m = self._ground.height_m
        east_m, north_m, half_length_m, half_gauge_m = (
            self.east_m,
            self.north_m,
            self._half_length_m,
            self._half_gauge_m,
        )
        sin_yaw, cos_yaw = math.sin(self.yaw_rad), math.cos(self.yaw_rad)
        ahead_east_m, ahead_north_m = half_length_m * cos_yaw, half_length_m * sin_yaw
        left_east_m, left_north_m = -half_gauge_m * sin_yaw, half_gauge_m * cos_yaw
        front_m = height_m(east_m + ahead_east_m, north_m + ahead_north_m)
        rear_m = height_m(east_m - ahead_east_m, north_m - ahead_north_m)
        left_m = height_m(east_m + left_east_m, north_m + left_north_m)
        right_m = height_m(east_m - left_east_m, north_m - left_north_m)
        self.up_m = (front_m + rear_m + left_m + right_m) / 4.0
        self.pitch_rad = pitch_rad = math.atan((rear_m - front_m) / (2.0 * half_length_m))
        cos_pitch = math.cos(pitch_rad)
        # In Rz Ry Rx the roll axis is the pitched body: hence the cosine.
        self.roll_rad = roll_rad = math.atan((left_m - right_m) / (2.0 * half_gauge_m) * cos_pitch)
        sin_pitch, sin_roll, cos_roll = math.sin(pitch_rad), math.sin(roll_rad), math.cos(roll_rad)
        self._sin_pitch, self._cos_pitch, self._sin_roll, self._cos_roll = sin_pitch, cos_pitch, sin_roll, cos_roll
        self._axes = (
            cos_pitch * cos_yaw,
            cos_pitch * sin_yaw,
            -sin_pitch,
            cos_yaw * sin_pitch * sin_roll - sin_yaw * cos_roll,
            sin_yaw * sin_pitch * sin_roll + cos_yaw * cos_roll,
            cos_pitch * sin_roll,
            cos_yaw * sin_pitch * cos_roll + sin_yaw * sin_roll,
            sin_yaw * sin_pitch * cos_roll - cos_yaw * sin_roll,
            cos_pitch * cos_roll,
        )


def _toward_zero(speed_mps: float, drop_mps: float) -> float:
    return math.copysign(max(0.0, abs(speed_mps) - drop_mps), speed_mps) if speed_mps else 0.0
