"""Encodes and decodes FLAIL_STATUS, FLAIL_IMU and FLAIL_GNSS; FRD and NED on the wire, FLU and ENU inside.

A decoder returns None if a value is not finite and its type has no word for unknown, or if a number is not in its
table. The frame then counts as refused; its source gets old, and its age stops the machine. An unknown reading of
FLAIL_STATUS stays NaN (docs/adr/2026-11-21-unknown-readings-stay-nan), so that one dead gauge does not hide the state
of the E-stop chain.
"""

import math

from firmware_bridge.mavlink.command_adapters import CONTROLLER_COMPONENT_ID, SYSTEM_ID
from firmware_bridge.mavlink.conventions import (
    NAN,
    fuel_from_wire,
    heading_from_yaw_rad,
    saturated_u16,
    wire_from_fuel,
    yaw_from_heading_rad,
)
from firmware_bridge.mavlink.framing import Frame, frame_bytes
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import (
    ControllerFlag,
    ControllerState,
    ControllerStatus,
    DepthDatum,
    FixType,
    GnssFix,
    ImuSample,
)

_STATUS = SPEC_BY_NAME["FLAIL_STATUS"]
_IMU = SPEC_BY_NAME["FLAIL_IMU"]
_GNSS = SPEC_BY_NAME["FLAIL_GNSS"]
_STATUS_SEED, _IMU_SEED, _GNSS_SEED = (spec.seed for spec in (_STATUS, _IMU, _GNSS))
_STATES = dict(enumerate(ControllerState))
_DATUMS = dict(enumerate(DepthDatum))
# a table, because making an IntFlag costs 1 us; other bits mean another protocol version and are refused
_FLAGS = tuple(ControllerFlag(bits) for bits in range(256))
# 7 (static) and 8 (PPP) are better than DGPS but are not RTK, and only RTK may credit ground
_FIXES = {**dict(enumerate(FixType)), 7: FixType.DGPS, 8: FixType.DGPS}
_FINITE = math.isfinite


def encode_status(status: ControllerStatus, sequence: int = 0) -> bytes:
    """Return the frame of FLAIL_STATUS."""
    payload = _STATUS.packer.pack(
        status.time_ms & 0xFFFFFFFF,
        status.command_sequence & 0xFFFFFFFF,
        status.fault_bits,
        status.track_left_mps,
        status.track_right_mps,
        status.applied_left_mps,
        status.applied_right_mps,
        status.applied_rotor_radps,
        status.rotor_speed_radps,
        status.rotor_torque_nm,
        status.tool_height_m,
        status.depth_m,
        status.depth_sigma_m,
        status.engine_speed_radps,
        status.engine_load_ratio,
        status.hydraulic_pressure_pa,
        status.hydraulic_temp_degc,
        status.coolant_temp_degc,
        status.supply_voltage_v,
        status.flags,
        saturated_u16(status.command_age_ms),
        status.boot_count & 0xFFFF,
        status.status_count & 0xFFFF,
        status.state,
        status.depth_datum,
        wire_from_fuel(status.fuel_ratio),
        status.shock_peak_g,
    )
    return frame_bytes(_STATUS.header_id, _STATUS_SEED, payload, sequence, SYSTEM_ID, CONTROLLER_COMPONENT_ID)


def decode_status(frame: Frame) -> ControllerStatus | None:
    """Return a controller's answer to a command."""
    size, payload = _STATUS.max_length, frame.payload
    if len(payload) != size:
        payload = payload[:size].ljust(size, b"\0")
    values = _STATUS.packer.unpack(payload)
    state, datum, flags = _STATES.get(values[23]), _DATUMS.get(values[24]), values[19]
    if state is None or datum is None or flags > 255:
        return None
    # one sum shows whether any of the sixteen floats is not finite
    if not _FINITE(sum(values[3:19])) and not _readable(values[3:19]):
        return None
    return ControllerStatus(
        time_ms=values[0],
        boot_count=values[21],
        command_sequence=values[1],
        state=state,
        flags=_FLAGS[flags],
        command_age_ms=values[20],
        track_left_mps=values[3],
        track_right_mps=values[4],
        applied_left_mps=values[5],
        applied_right_mps=values[6],
        rotor_speed_radps=values[8],
        rotor_torque_nm=values[9],
        tool_height_m=values[10],
        depth_m=values[11],
        depth_sigma_m=values[12],
        engine_speed_radps=values[13],
        engine_load_ratio=values[14],
        hydraulic_pressure_pa=values[15],
        hydraulic_temp_degc=values[16],
        coolant_temp_degc=values[17],
        supply_voltage_v=values[18],
        fault_bits=values[2],
        applied_rotor_radps=values[7],
        depth_datum=datum,
        status_count=values[22],
        fuel_ratio=fuel_from_wire(values[25]),
        shock_peak_g=values[26],
    )


def _readable(floats: tuple[float, ...]) -> bool:
    """Whether the floats can be used: NaN is an unknown reading, but an applied set-point is always known."""
    return not any(map(math.isinf, floats)) and _FINITE(sum(floats[2:5]))


def encode_imu(sample: ImuSample, sequence: int = 0) -> bytes:
    """Return the frame of FLAIL_IMU, turned from FLU to FRD: y and z change sign."""
    payload = _IMU.packer.pack(
        sample.time_ms & 0xFFFFFFFF,
        sample.roll_rate_radps,
        -sample.pitch_rate_radps,
        -sample.yaw_rate_radps,
        sample.accel_x_mps2,
        -sample.accel_y_mps2,
        -sample.accel_z_mps2,
        sample.roll_rad,
        -sample.pitch_rad,
        sample.clip_count & 0xFFFF,
    )
    return frame_bytes(_IMU.header_id, _IMU_SEED, payload, sequence, SYSTEM_ID, CONTROLLER_COMPONENT_ID)


def decode_imu(frame: Frame) -> ImuSample | None:
    """Return gyro, specific force and tilt in FLU."""
    size, payload = _IMU.max_length, frame.payload
    if len(payload) != size:
        payload = payload[:size].ljust(size, b"\0")
    time_ms, roll_rate, pitch_rate, yaw_rate, x, y, z, roll, pitch, clip_count = _IMU.packer.unpack(payload)
    if not _FINITE(roll_rate + pitch_rate + yaw_rate + x + y + z + roll + pitch):
        return None
    return ImuSample(
        time_ms=time_ms,
        yaw_rate_radps=-yaw_rate,
        roll_rate_radps=roll_rate,
        pitch_rate_radps=-pitch_rate,
        accel_x_mps2=x,
        accel_y_mps2=-y,
        accel_z_mps2=-z,
        roll_rad=roll,
        pitch_rad=-pitch,
        clip_count=clip_count,
    )


def encode_gnss(fix: GnssFix, sequence: int = 0) -> bytes:
    """Return the frame of FLAIL_GNSS; yaw and course become headings."""
    known = fix.yaw_rad is not None
    payload = _GNSS.packer.pack(
        fix.lat_deg,
        fix.lon_deg,
        fix.time_ms & 0xFFFFFFFF,
        fix.alt_m,
        fix.sigma_horizontal_m,
        fix.sigma_vertical_m,
        heading_from_yaw_rad(fix.yaw_rad) if fix.yaw_rad is not None else NAN,
        fix.yaw_sigma_rad if known else NAN,
        fix.speed_mps,
        heading_from_yaw_rad(fix.course_rad),
        fix.correction_age_s if _FINITE(fix.correction_age_s) else NAN,
        fix.base_id & 0xFFFF,
        fix.fix,
        fix.satellites,
        fix.time_utc_us or 0,
        0 if fix.heading_age_ms is None else saturated_u16(fix.heading_age_ms + 1),
        fix.heading_fix or 0,
        fix.restart_count,
    )
    return frame_bytes(_GNSS.header_id, _GNSS_SEED, payload, sequence, SYSTEM_ID, CONTROLLER_COMPONENT_ID)


def decode_gnss(frame: Frame) -> GnssFix | None:
    """Return antenna position and ENU yaw. A heading without its sigma is an unknown heading."""
    size, payload = _GNSS.max_length, frame.payload
    if len(payload) != size:
        payload = payload[:size].ljust(size, b"\0")
    values = _GNSS.packer.unpack(payload)
    lat, lon, time_ms, alt, sigma_h, sigma_v, heading, heading_sigma, speed, course, age, base, kind = values[:13]
    satellites, time_utc_us, heading_age_ms, heading_kind, restarts = values[13:]
    fix, heading_fix = _FIXES.get(kind), _FIXES.get(heading_kind)
    if (
        fix is None
        or heading_fix is None
        or not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0)
        or sigma_h < 0.0
        or sigma_v < 0.0
    ):
        return None
    if not _FINITE(alt + sigma_h + sigma_v + speed + course):
        return None
    known = _FINITE(heading + heading_sigma) and heading_sigma >= 0.0
    return GnssFix(
        time_ms=time_ms,
        fix=fix,
        satellites=satellites,
        lat_deg=lat,
        lon_deg=lon,
        alt_m=alt,
        sigma_horizontal_m=sigma_h,
        sigma_vertical_m=sigma_v,
        yaw_rad=yaw_from_heading_rad(heading) if known else None,
        # an angle whose sigma is half a turn is unknown
        yaw_sigma_rad=heading_sigma if known else math.pi,
        speed_mps=speed,
        course_rad=yaw_from_heading_rad(course),
        correction_age_s=age if _FINITE(age) else math.inf,
        base_id=base,
        # a controller that sends none of the four leaves zeros, which mean nothing
        time_utc_us=time_utc_us or None,
        heading_fix=heading_fix or None,
        heading_age_ms=heading_age_ms - 1 if heading_age_ms else None,
        restart_count=restarts,
    )
