"""Tool and rotor: inertia, load by the power balance, arm, depth below the undisturbed ground, lost hammers.

Power balance v = eta P / (e W d): cutting a trench of width W and depth d at speed v takes e W d v. All attributes are
true values, which leave `sim/` only through a sensor.
"""

import math

import msgspec

from sim.ground import Ground
from sim.noise import generator
from sim.plant import GRAVITY_MPS2, TrackPlant
from vehicle.config.vehicle import ToolConfig
from vehicle.contracts.units import TICK_S


class FlailParams(msgspec.Struct, frozen=True, kw_only=True):
    """Assumed coefficients of rotor, arm and soil; none is published.

    `bite_exponent`: a slower rotor takes longer bites, and soil in longer bites takes less energy per volume: energy
    scales with (speed / working speed) ** bite_exponent, so the power balance is exact at working speed. `drag_ratio`:
    air drag over bearing friction at working speed, which shapes the run-down. `cutting_ratio`: share of the working
    speed below which hammers do not cut and the tool cannot enter the ground. `contact_m`: depth to which a standing
    tool sinks by its own weight. `reverse_load_ratio`: load when driven backwards through its own trench. `draught_pa`:
    horizontal resistance of a blade or plough per frontal area; `grip_ratio`: share of the weight that the tracks can
    push.
    """

    bite_exponent: float = 0.5
    drag_ratio: float = 1.5
    governor_tau_s: float = 0.2
    arm_lag_s: float = 0.1
    cutting_ratio: float = 0.5
    contact_m: float = 0.02
    reverse_load_ratio: float = 0.2
    draught_pa: float = 60_000.0
    grip_ratio: float = 0.5


class FlailPlant:
    """Rotor and tool arm.

    `arm_m`: height of the tool's lower edge above the plane under the tracks. `depths_m`: depth below the undisturbed
    ground at left end, middle and right end, negative in the air. For faults: `rotor_stuck_radps` (the rotor drive runs
    whatever is commanded), `drive_speed_ratio` (the drive reaches this share of the commanded speed), `power_ratio`,
    `arm_drift_mps`, `lose_hammers`.
    """

    def __init__(
        self,
        tool: ToolConfig,
        mass_kg: float,
        params: FlailParams,
        ground: Ground,
        *,
        seed: int,
        step_s: float = TICK_S,
    ) -> None:
        self._tool, self._params, self._ground, self._step_s = tool, params, ground, step_s
        self.width_m = tool.width_m
        self.working_radps = tool.rotor_speed_radps
        self.full_power_w = tool.rotor_efficiency_ratio * tool.rotor_power_w
        self._grip_n = params.grip_ratio * mass_kg * GRAVITY_MPS2
        self._arm_gain = 1.0 - math.exp(-step_s / params.arm_lag_s)
        # Free run-down w' = -(a + b w^2) ends after atan(sqrt(r)) w0 / (a sqrt(r)) seconds, with r = b w0^2 / a.
        root = math.sqrt(params.drag_ratio)
        spin_down_s = max(tool.spin_down_s, step_s)
        self._friction_radps2 = self.working_radps * math.atan(root) / (root * spin_down_s)
        self._drag_1prad = self._friction_radps2 * params.drag_ratio / max(self.working_radps, 1.0) ** 2
        self.rotor_radps = self.drive_torque_nm = self.soil_power_w = self.load_ratio = 0.0
        self.arm_m, self.arm_rate_mps = tool.height_max_m, 0.0
        self.depths_m = (-self.arm_m,) * 3
        self.rotor_stuck_radps: float | None = None
        self.power_ratio = self.drive_speed_ratio = 1.0
        self.arm_drift_mps = 0.0
        self.lost_hammers: tuple[int, ...] = ()
        self._hammer_draw = generator(seed, "flail.hammers")

    @property
    def cutting(self) -> bool:
        """Whether the tool is fast enough to cut; a blade always is."""
        return self.rotor_radps >= self._params.cutting_ratio * self.working_radps

    def step(self, body: TrackPlant, rotor_set_radps: float, arm_rate_mps: float, *, engine_ratio: float) -> None:
        """Advance one step; `engine_ratio` is engine speed over its working speed, 0 when it stands."""
        self._move_arm(arm_rate_mps)
        self._measure_depth(body)
        self._load(body)
        if self.working_radps > 0.0:
            stuck = self.rotor_stuck_radps
            set_radps = rotor_set_radps * self.drive_speed_ratio if stuck is None else stuck
            self._spin(set_radps, engine_ratio * self.power_ratio)

    def lose_hammers(self, count: int) -> None:
        """Break off `count` more of the remaining hammers, chosen by the run's seed."""
        left = [hammer for hammer in range(self._tool.hammer_count) if hammer not in self.lost_hammers]
        broken = self._hammer_draw.permutation(left)[:count].tolist()
        self.lost_hammers = tuple(sorted((*self.lost_hammers, *broken)))

    def lost_stripes_m(self) -> tuple[tuple[float, float], ...]:
        """Return stripes (from, to) [m] left of the tool's middle that no hammer cuts any more.

        Hammers are in lateral tracks of `hammers_per_track`, so a stripe is left only where a track has lost all of
        them.
        """
        per_track = max(1, self._tool.hammers_per_track)
        track_count = self._tool.hammer_count // per_track
        if track_count == 0:
            return ()
        pitch_m, right_m = self._tool.width_m / track_count, -self._tool.width_m / 2.0
        missing = [0] * track_count
        for hammer in self.lost_hammers:
            missing[hammer % track_count] += 1
        bare = [track for track in range(track_count) if missing[track] >= per_track]
        return tuple((right_m + track * pitch_m, right_m + (track + 1) * pitch_m) for track in bare)

    def line_m(self, body: TrackPlant) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return east and north [m] of the left and right end of the tool's cutting line."""
        half_m, ahead_m = self._tool.width_m / 2.0, self._tool.ahead_m
        left, right = body.point_m(ahead_m, half_m, self.arm_m), body.point_m(ahead_m, -half_m, self.arm_m)
        return left[:2], right[:2]

    def _move_arm(self, rate_mps: float) -> None:
        limit_mps = self._tool.lift_rate_mps
        self.arm_rate_mps += (max(-limit_mps, min(limit_mps, rate_mps)) - self.arm_rate_mps) * self._arm_gain
        rate_mps = self.arm_rate_mps if abs(self.arm_rate_mps) > 1e-4 or rate_mps != 0.0 else 0.0
        rate_mps += self.arm_drift_mps
        if rate_mps < 0.0 and not self.cutting:
            # A standing rotor rests on the ground: the arm goes no lower than the weight of the tool presses it.
            rate_mps = max(rate_mps, min(0.0, (max(self.depths_m) - self._params.contact_m) / self._step_s))
        arm_m = self.arm_m + rate_mps * self._step_s
        self.arm_m = max(-self._tool.depth_max_m - 0.05, min(self._tool.height_max_m, arm_m))

    def _measure_depth(self, body: TrackPlant) -> None:
        ahead_m, half_m, arm_m = self._tool.ahead_m, self._tool.width_m / 2.0, self.arm_m
        upright = body.upright_ratio
        height_m = self._ground.height_m
        left = body.point_m(ahead_m, half_m, arm_m)
        right = body.point_m(ahead_m, -half_m, arm_m)
        # The cutting edge is straight: its middle is the mean of its ends.
        east_m, north_m, up_m = (left[0] + right[0]) / 2.0, (left[1] + right[1]) / 2.0, (left[2] + right[2]) / 2.0
        self.depths_m = (
            (height_m(left[0], left[1]) - left[2]) * upright,
            (height_m(east_m, north_m) - up_m) * upright,
            (height_m(right[0], right[1]) - right[2]) * upright,
        )

    def _load(self, body: TrackPlant) -> None:
        depth_m = (self.depths_m[0] + self.depths_m[1] + self.depths_m[2]) / 3.0
        if depth_m <= 0.0:
            self.soil_power_w = self.load_ratio = 0.0
            return
        area_m2 = self._tool.width_m * depth_m
        if self.working_radps == 0.0:
            draught_n = self._params.draught_pa * area_m2 if body.speed_mps > 0.0 else 0.0
            self.soil_power_w, self.load_ratio = 0.0, draught_n / self._grip_n
            return
        east_m, north_m, _ = body.point_m(self._tool.ahead_m, 0.0, 0.0)
        speed_mps = body.speed_mps if body.speed_mps > 0.0 else -body.speed_mps * self._params.reverse_load_ratio
        self.soil_power_w = self._ground.specific_energy_jpm3(east_m, north_m) * area_m2 * speed_mps
        self.load_ratio = min(2.0, self.soil_power_w / self.full_power_w)

    def _spin(self, set_radps: float, power_ratio: float) -> None:
        working, speed = self.working_radps, self.rotor_radps
        inertia = self._tool.rotor_inertia_kgm2
        # Below 30 % of the working speed hammers drag rather than cut: torque no longer rises as the rotor slows.
        slow = max(speed, 0.3 * working)
        bite = (slow / working) ** self._params.bite_exponent
        load_nm = self.soil_power_w * bite / slow if speed > 0.0 else 0.0
        self.drive_torque_nm = 0.0
        if set_radps > 0.0 and power_ratio > 0.0:
            # Pump relief caps torque at that of half the working speed.
            limit_nm = power_ratio * self.full_power_w / max(speed, 0.5 * working)
            wanted_nm = load_nm + inertia * (set_radps - speed) / self._params.governor_tau_s
            self.drive_torque_nm = max(0.0, min(limit_nm, wanted_nm))
        if self.drive_torque_nm > 0.0:
            # Friction is part of the efficiency while the rotor is driven.
            change = (self.drive_torque_nm - load_nm) / inertia
        else:
            change = -(self._friction_radps2 + self._drag_1prad * speed * speed) - load_nm / inertia
        self.rotor_radps = max(0.0, speed + change * self._step_s)
