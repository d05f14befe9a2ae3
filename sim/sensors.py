"""Sensors: RTK GNSS on its lever arm, IMU with tilt, encoders, depth. True values in, readings out.

Noise is drawn in blocks from one generator per sensor. A 1-sigma value is the total of a white part and a slow part
(first-order Gauss-Markov): RTK errors of multipath and troposphere last a minute, and no averaging removes them. The
reported sigma is this total, as that of an honest receiver.
"""

import math
from collections import deque

import msgspec

from firmware_bridge.types import RESTART_NEVER, FixType, GnssFix, ImuSample
from sim.noise import GaussMarkov, NormalRows
from sim.plant import GRAVITY_MPS2, TrackPlant
from vehicle.config.vehicle import GnssConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.units import TICK_S, wrap_rad

FLOAT_FACTOR = 20.0
"""Error of an RTK float solution relative to a fixed one: 2 cm become 40 cm."""
AUTONOMOUS_SIGMA_M = 1.5
GYRO_RANGE_RADPS = math.radians(300.0)
"""Largest rate that the gyro can measure."""


class SensorParams(msgspec.Struct, frozen=True, kw_only=True):
    """1-sigma noise of every sensor, and the share of it that is slow.

    `*_slow_ratio`: sigma of the slow part over the total (0.6 leaves 0.8 white). `gnss_latency_ticks`: ticks between an
    epoch and its arrival. `refix_s`: time without a fixed solution after a request to fix anew. The IMU samples every
    tick (50 Hz), GNSS every `gnss_period_ticks` (10 Hz). The gyro's bias starts at random and walks (per root second).
    With the rotor at speed the accelerometers vibrate by `vibration_mps2`.
    """

    gnss_period_ticks: int = 5
    gnss_latency_ticks: int = 0
    gnss_sigma_m: float = 0.02
    gnss_slow_ratio: float = 0.6
    gnss_tau_s: float = 60.0
    heading_sigma_rad: float = math.radians(0.2)
    heading_slow_ratio: float = 0.3
    heading_tau_s: float = 60.0
    velocity_sigma_mps: float = 0.03
    satellites: int = 24
    base_id: int = 1
    refix_s: float = 12.0
    gyro_sigma_radps: float = math.radians(0.05)
    gyro_bias_sigma_radps: float = math.radians(0.02)
    gyro_walk_radps: float = math.radians(0.001)
    tilt_sigma_rad: float = math.radians(0.1)
    tilt_slow_ratio: float = 0.6
    tilt_tau_s: float = 20.0
    accel_sigma_mps2: float = 0.05
    vibration_mps2: float = 0.8
    encoder_sigma_mps: float = 0.002
    rotor_sigma_radps: float = 0.1
    depth_sigma_m: float = 0.007
    depth_slow_ratio: float = 0.7
    depth_tau_s: float = 5.0


def white_part(sigma: float, slow_ratio: float) -> float:
    """Return the sigma of the white part that gives `sigma` together with the slow part."""
    return sigma * math.sqrt(1.0 - slow_ratio * slow_ratio)


class GnssSensor:
    """Dual-antenna RTK receiver. Its attributes for faults hold until they are set back.

    `fix` (claimed by the receiver: float has and reports 20 times the error), `silent`, `jump_m` (east, north: a moved
    base or a spoofer, not reported), `wrong_fix_m` (the same by wrong integers: fixing anew ends it), `restarts`
    (False: it cannot fix anew on request), `frozen` (the position stays, jittering by `jitter_m`; with `speed_frozen`
    the speed is zero too), `lever_off_m` (forward, left: the antenna is elsewhere than in the profile), `heading_lost`,
    `heading_jump_rad` (pi for a swapped baseline), `heading_frozen` (jittering by `heading_jitter_rad`),
    `correction_age_s`, `base_id`, `utc_zero_us` (UTC of time 0; None: it does not tell the time).
    """

    def __init__(
        self, params: SensorParams, mount: GnssConfig, datum: LocalFrame, *, seed: int, step_s: float = TICK_S
    ) -> None:
        self._params, self._mount, self._datum = params, mount, datum
        self._noise = NormalRows(seed, "sensor.gnss", 9)
        self._jitter = NormalRows(seed, "sensor.gnss.jitter", 3)
        first = self._noise.row()
        period_s, tau_s = params.gnss_period_ticks * step_s, params.gnss_tau_s
        slow_m = params.gnss_sigma_m * params.gnss_slow_ratio
        slow_rad = params.heading_sigma_rad * params.heading_slow_ratio
        self._slow_east = GaussMarkov(slow_m, tau_s, period_s, first[0])
        self._slow_north = GaussMarkov(slow_m, tau_s, period_s, first[1])
        self._slow_up = GaussMarkov(2.0 * slow_m, tau_s, period_s, first[2])
        self._slow_yaw = GaussMarkov(slow_rad, params.heading_tau_s, period_s, first[3])
        self._white_m = white_part(params.gnss_sigma_m, params.gnss_slow_ratio)
        self._white_rad = white_part(params.heading_sigma_rad, params.heading_slow_ratio)
        self._course_rad = 0.0
        self._under_way: deque[tuple[int, GnssFix]] = deque()
        self.fix = FixType.RTK_FIXED
        self.silent = self.heading_lost = False
        self.jump_m = self.wrong_fix_m = (0.0, 0.0)
        self.frozen = self.speed_frozen = self.heading_frozen = False
        self.lever_off_m = (0.0, 0.0)
        self.utc_zero_us: int | None = None
        self.jitter_m = self.heading_jitter_rad = 0.0
        self.heading_jump_rad = 0.0
        self.restarts = True
        self._asked = False
        self._restart_count = 0
        self._fixed_from_tick = 0
        self._last: GnssFix | None = None
        self._still: GnssFix | None = None
        self.correction_age_s, self.base_id = 1.0, params.base_id

    def ask(self, tick: int, *, asked: bool) -> None:
        """Take the controller's request to fix anew; at its rising edge the solution is given up."""
        rises, self._asked = asked and not self._asked, asked
        if rises and self.restarts:
            self._restart_count = self._restart_count % 254 + 1
            self._fixed_from_tick = tick + round(self._params.refix_s / TICK_S)
            self.wrong_fix_m = (0.0, 0.0)

    def sample(self, body: TrackPlant, tick: int, time_ms: int) -> GnssFix | None:
        """Return the fix that arrives in this tick, or None; it carries the time of its epoch."""
        if tick % self._params.gnss_period_ticks == 0:
            kept = self.fix
            self.fix = min(kept, FixType.RTK_FLOAT) if tick < self._fixed_from_tick else kept
            measured = self._stood(self._measure(body, time_ms))
            self.fix, self._last = kept, measured
            self._under_way.append((tick + self._params.gnss_latency_ticks, measured))
        if not self._under_way or self._under_way[0][0] > tick:
            return None
        fix = self._under_way.popleft()[1]
        return None if self.silent else fix

    def _stood(self, fix: GnssFix) -> GnssFix:
        """Return the fix with frozen values; the receiver claims the same as before."""
        last = self._last
        if last is None or not (self.frozen or self.heading_frozen):
            self._still = None
            return fix
        if self._still is None:
            self._still = last
        still, draw = self._still, self._jitter.row()
        changes: dict[str, float | None] = {}
        if self.frozen:
            east_m, north_m, up_m = self._datum.enu_from_geodetic(still.lat_deg, still.lon_deg, still.alt_m)
            place = (east_m + self.jitter_m * draw[0], north_m + self.jitter_m * draw[1], up_m)
            lat_deg, lon_deg, alt_m = self._datum.geodetic_from_enu(*place)
            changes |= {"lat_deg": lat_deg, "lon_deg": lon_deg, "alt_m": alt_m} if self.jitter_m else {}
            changes |= {} if self.jitter_m else {"lat_deg": still.lat_deg, "lon_deg": still.lon_deg}
            changes |= {"speed_mps": 0.0} if self.speed_frozen else {}
        if self.heading_frozen and still.yaw_rad is not None and fix.yaw_rad is not None:
            changes["yaw_rad"] = still.yaw_rad + self.heading_jitter_rad * draw[2]
        return msgspec.structs.replace(fix, **changes)

    def _measure(self, body: TrackPlant, time_ms: int) -> GnssFix:
        params, mount, noise = self._params, self._mount, self._noise.row()
        factor = self._error_factor()
        white_m = self._white_m
        east_m, north_m, up_m = body.point_m(
            mount.antenna_x_m + self.lever_off_m[0], mount.antenna_y_m + self.lever_off_m[1], mount.antenna_z_m
        )
        east_m += self.jump_m[0] + self.wrong_fix_m[0] + factor * (white_m * noise[0] + self._slow_east.step(noise[1]))
        north_m += (
            self.jump_m[1] + self.wrong_fix_m[1] + factor * (white_m * noise[2] + self._slow_north.step(noise[3]))
        )
        up_m += factor * (2.0 * white_m * noise[4] + self._slow_up.step(noise[5]))
        yaw_noise_rad = self._white_rad * noise[6] + self._slow_yaw.step(noise[7])
        lat_deg, lon_deg, alt_m = self._datum.geodetic_from_enu(east_m, north_m, up_m)
        yaw_rad = None
        if not self.heading_lost and self.fix >= FixType.RTK_FLOAT:
            yaw_rad = wrap_rad(body.yaw_rad + mount.heading_offset_rad + self.heading_jump_rad + yaw_noise_rad)
        return GnssFix(
            time_ms=time_ms,
            fix=self.fix,
            satellites=params.satellites if self.fix > FixType.NO_FIX else 0,
            lat_deg=lat_deg,
            lon_deg=lon_deg,
            alt_m=alt_m,
            sigma_horizontal_m=factor * params.gnss_sigma_m,
            sigma_vertical_m=2.0 * factor * params.gnss_sigma_m,
            yaw_rad=yaw_rad,
            yaw_sigma_rad=params.heading_sigma_rad,
            speed_mps=abs(math.hypot(*body.level_mps) + params.velocity_sigma_mps * noise[8]),
            course_rad=self._course(body),
            correction_age_s=self.correction_age_s,
            base_id=self.base_id,
            restart_count=self._restart_count if self.restarts else RESTART_NEVER,
            time_utc_us=self.utc_zero_us + time_ms * 1000 if self.utc_zero_us is not None else None,
        )

    def _error_factor(self) -> float:
        """Return the error relative to a fixed solution; without RTK it is that of an autonomous fix."""
        if self.fix is FixType.RTK_FIXED:
            return 1.0
        if self.fix is FixType.RTK_FLOAT:
            return FLOAT_FACTOR
        return AUTONOMOUS_SIGMA_M / self._params.gnss_sigma_m if self._params.gnss_sigma_m > 0.0 else 1.0

    def _course(self, body: TrackPlant) -> float:
        """Return the direction of motion [rad]; at standstill the last one, as receivers do."""
        if not body.standing:
            forward_mps, leftward_mps = body.level_mps
            self._course_rad = wrap_rad(body.yaw_rad + math.atan2(leftward_mps, forward_mps))
        return self._course_rad


class ImuSensor:
    """Gyro, accelerometers and tilt. For faults: `silent`, `stuck`, `tilt_offset_rad` (roll, pitch)."""

    def __init__(self, params: SensorParams, *, seed: int, step_s: float = TICK_S) -> None:
        self._params = params
        self._noise = NormalRows(seed, "sensor.imu", 11)
        first = self._noise.row()
        self._bias_radps = params.gyro_bias_sigma_radps * first[0]
        self._walk_radps = params.gyro_walk_radps * math.sqrt(step_s)
        slow_rad = params.tilt_sigma_rad * params.tilt_slow_ratio
        self._slow_roll = GaussMarkov(slow_rad, params.tilt_tau_s, step_s, first[1])
        self._slow_pitch = GaussMarkov(slow_rad, params.tilt_tau_s, step_s, first[2])
        self._white_rad = white_part(params.tilt_sigma_rad, params.tilt_slow_ratio)
        self._last: ImuSample | None = None
        self._clip_count = 0
        self.silent = self.stuck = False
        self.tilt_offset_rad = (0.0, 0.0)

    def sample(self, body: TrackPlant, rotor_ratio: float, time_ms: int) -> ImuSample | None:
        """Return the sample of this tick; `rotor_ratio`: rotor speed over working speed."""
        params, noise = self._params, self._noise.row()
        self._bias_radps += self._walk_radps * noise[0]
        sigma_radps = params.gyro_sigma_radps
        yaw_rate_radps = body.yaw_rate_radps + self._bias_radps + sigma_radps * noise[1]
        if abs(yaw_rate_radps) > GYRO_RANGE_RADPS:
            yaw_rate_radps = math.copysign(GYRO_RANGE_RADPS, yaw_rate_radps)
            self._clip_count += 1
        shake_mps2 = params.accel_sigma_mps2 + params.vibration_mps2 * rotor_ratio
        forward_z, left_z, up_z = body.gravity_axes
        sample = ImuSample(
            time_ms=time_ms,
            yaw_rate_radps=yaw_rate_radps,
            roll_rate_radps=body.roll_rate_radps + sigma_radps * noise[2],
            pitch_rate_radps=body.pitch_rate_radps + sigma_radps * noise[3],
            accel_x_mps2=body.accel_mps2 + GRAVITY_MPS2 * forward_z + shake_mps2 * noise[4],
            accel_y_mps2=GRAVITY_MPS2 * left_z + shake_mps2 * noise[5],
            accel_z_mps2=GRAVITY_MPS2 * up_z + shake_mps2 * noise[6],
            roll_rad=body.roll_rad
            + self.tilt_offset_rad[0]
            + self._white_rad * noise[7]
            + self._slow_roll.step(noise[8]),
            pitch_rad=body.pitch_rad
            + self.tilt_offset_rad[1]
            + self._white_rad * noise[9]
            + self._slow_pitch.step(noise[10]),
            clip_count=self._clip_count,
        )
        if self.stuck and self._last is not None:
            sample = msgspec.structs.replace(self._last, time_ms=time_ms)
        self._last = sample
        return None if self.silent else sample


class ToolSensors:
    """Encoders of belts and rotor, and the depth sensor, which measures the surface ahead of the rotor.

    The depth reading is the smallest of the tool's ends and middle, because it is claimed for the whole width. For
    faults: `left_gain` and `right_gain` (0: dead; NaN: dead, and the controller knows it; -1: reversed), `rotor_gain`,
    `rotor_frozen` (the shown speed stays, jittering by `rotor_jitter_radps`), `depth_offset_m`, `depth_lost`.
    """

    def __init__(self, params: SensorParams, *, seed: int, step_s: float = TICK_S) -> None:
        self._params = params
        self._noise = NormalRows(seed, "sensor.tool", 5)
        first = self._noise.row()
        self._slow = GaussMarkov(params.depth_sigma_m * params.depth_slow_ratio, params.depth_tau_s, step_s, first[0])
        self._white_m = white_part(params.depth_sigma_m, params.depth_slow_ratio)
        self.left_gain = self.right_gain = self.rotor_gain = 1.0
        self.rotor_frozen, self.rotor_jitter_radps = False, 0.0
        self._rotor_still_radps: float | None = None
        self.depth_offset_m, self.depth_lost = 0.0, False
        self.left_mps = self.right_mps = self.rotor_radps = self.depth_m = 0.0
        self.depth_sigma_m = params.depth_sigma_m

    def sample(self, body: TrackPlant, rotor_radps: float, depths_m: tuple[float, float, float]) -> None:
        """Measure in this tick; a lost depth keeps its last value, and `depth_lost` tells the controller."""
        params, noise = self._params, self._noise.row()
        self.left_mps = self.left_gain * _encoder(body.belt_left_mps, params.encoder_sigma_mps * noise[0])
        self.right_mps = self.right_gain * _encoder(body.belt_right_mps, params.encoder_sigma_mps * noise[1])
        self._still(noise[2])
        if self._rotor_still_radps is None:
            self.rotor_radps = self.rotor_gain * max(0.0, _encoder(rotor_radps, params.rotor_sigma_radps * noise[2]))
        depth_m = min(depths_m) + self.depth_offset_m + self._white_m * noise[3] + self._slow.step(noise[4])
        if not self.depth_lost:
            self.depth_m = depth_m

    def _still(self, noise: float) -> None:
        """Hold the rotor's speed where it was last shown, for as long as its sensor is frozen."""
        if not self.rotor_frozen:
            self._rotor_still_radps = None
            return
        if self._rotor_still_radps is None:
            self._rotor_still_radps = self.rotor_radps
        self.rotor_radps = self._rotor_still_radps + self.rotor_jitter_radps * noise


def _encoder(speed: float, noise: float) -> float:
    """Return an encoder's reading; a standing shaft gives no counts, so no noise."""
    return speed + noise if speed != 0.0 else 0.0
