"""Encodes and decodes FLAIL_OPERATOR and FLAIL_VEHICLE: the frames between a station and the vehicle."""

from firmware_bridge.mavlink._dialect import (
    FLAIL_OPERATOR_FLAGS_HOLD_TO_RUN,
    FLAIL_OPERATOR_FLAGS_RELAYED,
    FLAIL_OPERATOR_FLAGS_ROTOR,
)
from firmware_bridge.mavlink.command_adapters import HOST_COMPONENT_ID, SYSTEM_ID
from firmware_bridge.mavlink.conventions import (
    NAN,
    heading_from_yaw_rad,
    optional_from_wire,
    saturated_u16,
    wire_from_optional,
    yaw_from_heading_rad,
)
from firmware_bridge.mavlink.framing import Frame, frame_bytes
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.operator_limits import TOOL_VALUE_MAX_M
from firmware_bridge.types import OperatorEdge, OperatorFrame, ToolMode, VehicleFrame

STATION_COMPONENT_ID = 190
"""MAV_COMP_ID_MISSIONPLANNER, which every ground station uses."""

_OPERATOR = SPEC_BY_NAME["FLAIL_OPERATOR"]
_VEHICLE = SPEC_BY_NAME["FLAIL_VEHICLE"]
_OPERATOR_SEED, _VEHICLE_SEED = _OPERATOR.seed, _VEHICLE.seed
_HOLD, _ROTOR, _RELAYED = (
    FLAIL_OPERATOR_FLAGS_HOLD_TO_RUN,
    FLAIL_OPERATOR_FLAGS_ROTOR,
    FLAIL_OPERATOR_FLAGS_RELAYED,
)
_TOOL_MODES = dict(enumerate(ToolMode))
_EDGE_BITS = sum(OperatorEdge)
_STOPS = int(OperatorEdge.STOP | OperatorEdge.ESTOP)
_edges_seen: dict[int, OperatorEdge] = {}
# pi as a float32 is a little above pi
_TILT_MAX_RAD = 3.1416


def encode_operator(frame: OperatorFrame, sequence: int | None = None, act_number: int = 0, act_tick: int = 0) -> bytes:
    """Return the frame of FLAIL_OPERATOR; the station's id is the header's system id and is not sent a second time.

    `act_number`: of the newest act in it, 0 if acts are not numbered; `act_tick`: tick shown when it was pressed.

    Raises:
        ValueError: A value that the vehicle would refuse: sticks beyond +-1, station 0, NaN.
    """
    if not (1 <= frame.station_id <= 255 and _in_range(frame)):
        raise ValueError(f"FLAIL_OPERATOR not sent: a value is not finite or out of range: {frame!r}")
    payload = _OPERATOR.packer.pack(
        frame.session_id,
        frame.sequence & 0xFFFFFFFF,
        frame.echo_tick & 0xFFFFFFFF,
        frame.sample_count & 0xFFFFFFFF,
        frame.edges,
        frame.drive,
        frame.turn,
        frame.tool_value_m,
        frame.battery_ratio,
        frame.tilt_rad,
        saturated_u16(frame.video_age_ms),
        (_HOLD if frame.hold_to_run else 0)
        | (_ROTOR if frame.rotor_request else 0)
        | (0 if frame.native else _RELAYED),
        frame.tool_mode,
        act_number,
        act_tick & 0xFFFFFFFF,
    )
    counter = frame.sequence if sequence is None else sequence
    return frame_bytes(_OPERATOR.header_id, _OPERATOR_SEED, payload, counter, frame.station_id, STATION_COMPONENT_ID)


def decode_operator(frame: Frame) -> OperatorFrame | None:
    """Return a station's frame; None if any value is out of range or unknown, and then nothing of it counts."""
    size, payload = _OPERATOR.max_length, frame.payload
    if len(payload) != size:
        payload = payload[:size].ljust(size, b"\0")
    session, sequence, tick, samples, edges, drive, turn, tool, battery, tilt, video, flags, mode, _, _ = (
        _OPERATOR.packer.unpack(payload)
    )
    tool_mode = _TOOL_MODES.get(mode)
    if tool_mode is None or flags > _HOLD | _ROTOR | _RELAYED or edges & ~_EDGE_BITS or frame.system_id == 0:
        return None
    edge = _edges_seen.get(edges)
    if edge is None:
        edge = _edges_seen[edges] = OperatorEdge(edges)
    message = OperatorFrame(
        station_id=frame.system_id,
        session_id=session,
        sequence=sequence,
        echo_tick=tick,
        sample_count=samples,
        hold_to_run=bool(flags & _HOLD),
        drive=drive,
        turn=turn,
        rotor_request=bool(flags & _ROTOR),
        tool_mode=tool_mode,
        tool_value_m=tool,
        edges=edge,
        battery_ratio=battery,
        tilt_rad=tilt,
        video_age_ms=video,
        native=not flags & _RELAYED,
    )
    return message if _in_range(message) else None


def stop_of(frame: Frame) -> OperatorEdge:
    """Return STOP and ESTOP of a FLAIL_OPERATOR, even if other values are impossible, as with a broken stick."""
    size = _OPERATOR.max_length
    return OperatorEdge(_OPERATOR.packer.unpack(frame.payload[:size].ljust(size, b"\0"))[4] & _STOPS)


def _in_range(frame: OperatorFrame) -> bool:
    """Whether all values are in range; False for NaN too, because every comparison with it is false."""
    return (
        -1.0 <= frame.drive <= 1.0
        and -1.0 <= frame.turn <= 1.0
        and -TOOL_VALUE_MAX_M <= frame.tool_value_m <= TOOL_VALUE_MAX_M
        and 0.0 <= frame.battery_ratio <= 1.0
        and -_TILT_MAX_RAD <= frame.tilt_rad <= _TILT_MAX_RAD
    )


def encode_vehicle(frame: VehicleFrame, sequence: int = 0) -> bytes:
    """Return the frame of FLAIL_VEHICLE; yaw becomes a heading, pitch changes from FLU to FRD."""
    payload = _VEHICLE.packer.pack(
        frame.session_id,
        frame.reasons,
        wire_from_optional(frame.lat_deg),
        wire_from_optional(frame.lon_deg),
        frame.tick & 0xFFFFFFFF,
        NAN if frame.yaw_rad is None else heading_from_yaw_rad(frame.yaw_rad),
        wire_from_optional(frame.speed_mps),
        wire_from_optional(frame.roll_rad),
        NAN if frame.pitch_rad is None else -frame.pitch_rad,
        wire_from_optional(frame.tool_height_m),
        wire_from_optional(frame.depth_m),
        wire_from_optional(frame.rotor_speed_radps),
        frame.cross_track_m,
        frame.along_m,
        frame.processed_m2,
        wire_from_optional(frame.sigma_m),
        saturated_u16(frame.operator_age_ms),
        saturated_u16(frame.segment_seq),
        saturated_u16(frame.segment_count),
        frame.mode,
        frame.rotor,
        frame.phase,
        frame.lease_holder,
        frame.worst_reason,
        frame.reasons_high,
        frame.ring_m or 0.0,
    )
    return frame_bytes(_VEHICLE.header_id, _VEHICLE_SEED, payload, sequence, SYSTEM_ID, HOST_COMPONENT_ID)


def decode_vehicle(frame: Frame) -> VehicleFrame:
    """Return what a station shows, in ENU and FLU, with None for unknown values."""
    size = _VEHICLE.max_length
    values = _VEHICLE.packer.unpack(frame.payload[:size].ljust(size, b"\0"))
    session_id, reasons, lat, lon, tick = values[:5]
    heading, speed, roll, pitch, height, depth, rotor_speed, cross_track, along, processed, sigma = values[5:16]
    age_ms, segment_seq, segment_count, mode, rotor, phase, lease_holder, worst_reason = values[16:24]
    reasons_high, ring = values[24:]
    heading_rad, pitch_rad = optional_from_wire(heading), optional_from_wire(pitch)
    return VehicleFrame(
        tick=tick,
        session_id=session_id,
        mode=mode,
        rotor=rotor,
        phase=phase,
        lease_holder=lease_holder,
        worst_reason=worst_reason,
        reasons=reasons,
        operator_age_ms=age_ms,
        lat_deg=optional_from_wire(lat),
        lon_deg=optional_from_wire(lon),
        yaw_rad=None if heading_rad is None else yaw_from_heading_rad(heading_rad),
        speed_mps=optional_from_wire(speed),
        roll_rad=optional_from_wire(roll),
        pitch_rad=None if pitch_rad is None else -pitch_rad,
        tool_height_m=optional_from_wire(height),
        depth_m=optional_from_wire(depth),
        rotor_speed_radps=optional_from_wire(rotor_speed),
        segment_seq=segment_seq,
        segment_count=segment_count,
        cross_track_m=cross_track,
        along_m=along,
        processed_m2=processed,
        sigma_m=optional_from_wire(sigma),
        reasons_high=reasons_high,
        ring_m=(optional_from_wire(ring) or None),
    )
