"""Golden frames, made by pymavlink alone: `python -m tests.firmware_bridge.golden` writes golden_frames.json.

Both this project's codec and the C controller are held against that file.
"""

import json
import math
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from firmware_bridge.mavlink import generate

FILE = Path(__file__).with_name("golden_frames.json")
NAN = math.nan

DRIVE = {
    "sequence": 70_001, "tick": 123_456, "track_left": 0.25, "track_right": 0.3125, "rotor_speed": 41.5,
    "tool_value": 0.15625, "controller_time_ms": 987_640, "valid_for_ms": 150, "flags": 4, "tool_mode": 2,
    "engine_mode": 2,
}  # fmt: skip
STATUS = {
    "time_boot_ms": 987_654, "command_sequence": 70_001, "fault_bits": 0, "track_left": 0.25, "track_right": 0.3125,
    "applied_left": 0.25, "applied_right": 0.3125, "applied_rotor": 41.5, "rotor_speed": 40.25, "rotor_torque": 912.5,
    "tool_height": -0.15625, "depth": 0.15625, "depth_sigma": 0.0078125, "engine_speed": 188.5, "engine_load": 0.5625,
    "hydraulic_pressure": 21_500_000.0, "hydraulic_temp": 61.5, "coolant_temp": 83.25, "supply_voltage": 25.75,
    "flags": 4, "command_age_ms": 3, "boot_count": 17, "status_count": 512, "state": 2, "depth_datum": 1,
    "fuel": 6_251,
    "shock_peak": 0.0,
}  # fmt: skip
GNSS = {
    "time_boot_ms": 987_600, "lat": 54.123456789, "lon": 9.654321987, "alt": 31.25, "sigma_horizontal": 0.015625,
    "sigma_vertical": 0.03125, "heading": 2.5, "heading_sigma": 0.0078125, "speed": 0.28125, "course": 2.4375,
    "correction_age": 1.5, "base_id": 1234, "fix": 6, "satellites": 23, "time_utc_us": 1_795_953_600_123_456,
    "heading_age_ms": 231, "heading_fix": 5, "restart_count": 3,
}  # fmt: skip
VEHICLE = {
    "session_id": 0x0123456789ABCDEF, "reasons": 0x8000000000000005, "lat": 54.123456789, "lon": 9.654321987,
    "tick": 123_456, "heading": 5.25, "speed": -0.25, "roll": 0.0625, "pitch": -0.09375, "tool_height": -0.125,
    "depth": 0.125, "rotor_speed": 40.25, "cross_track": -0.015625, "along": 17.5, "processed": 1234.5,
    "sigma": 0.0234375, "operator_age_ms": 65, "segment_seq": 12, "segment_count": 61, "mode": 5, "rotor": 2,
    "phase": 3, "lease_holder": 253, "worst_reason": 2, "reasons_high": 0x8000000000000003, "ring": 62.5,
}  # fmt: skip
OPERATOR = {
    "session_id": 0xFEDCBA9876543210, "sequence": 4_321, "echo_tick": 123_450, "sample_count": 8_642, "edges": 33,
    "drive": 0.75, "turn": -0.375, "tool_value": 0.125, "battery": 0.8125, "tilt": 0.21875, "video_age_ms": 85,
    "flags": 3, "tool_mode": 2, "act_number": 0x0102, "act_tick": 123_440,
}  # fmt: skip
IMU = {
    "time_boot_ms": 987_650, "roll_rate": 0.03125, "pitch_rate": -0.0625, "yaw_rate": 0.125, "accel_x": 0.5,
    "accel_y": -0.75, "accel_z": -9.8125, "roll": 0.0625, "pitch": -0.09375, "clip_count": 2,
}  # fmt: skip
HELLO = {
    "firmware_version": 0x010203, "protocol_version": 2, "watchdog_ms": 200, "boot_count": 17,
    "config_hash": [0xFD, 0x00, 0xFE, 0x12, 0x34, 0x00, 0x00, 0xFF],
}  # fmt: skip
OBSERVATION = {
    "session_id": 0xFEDCBA9876543210, "time_utc_us": 1_795_953_600_123_456, "lat": 54.123456789, "lon": 9.654321987,
    "sequence": 21, "value": 0.1875, "sigma": 0.015625, "kind": 0, "who": "supervisor", "text": "dry loam, m\u00fcrbe",
}  # fmt: skip
NEIGHBOUR = {
    "lat": 54.123456789, "lon": 9.654321987, "echo_tick": 123_450, "radius": 62.5, "speed": 0.28125, "age_ms": 231,
    "kind": 0, "name": "memat-2",
}  # fmt: skip

# name, message, frame sequence, system, component, fields
CASES: tuple[tuple[str, str, int, int, int, dict[str, Any]], ...] = (
    ("drive with the tool at depth", "FLAIL_COMMAND", 7, 1, 1, DRIVE),
    ("stop: all zero but the sequence", "FLAIL_COMMAND", 8, 1, 1, {**dict.fromkeys(DRIVE, 0), "sequence": 70_002}),
    ("kill", "FLAIL_COMMAND", 255, 1, 1, {**dict.fromkeys(DRIVE, 0), "sequence": 70_003, "flags": 17}),
    ("receiver to fix anew", "FLAIL_COMMAND", 11, 1, 1, {**dict.fromkeys(DRIVE, 0), "sequence": 70_004, "flags": 64}),
    ("every byte a marker", "FLAIL_COMMAND", 253, 253, 253, {
        **DRIVE, "sequence": 0xFDFDFDFD, "tick": 0xFDFDFDFD, "controller_time_ms": 0xFDFDFDFD,
        "valid_for_ms": 0xFDFD, "flags": 0xFDFD}),
    ("not a number", "FLAIL_COMMAND", 9, 1, 1, {**DRIVE, "track_left": NAN}),
    ("lease too long", "FLAIL_COMMAND", 10, 1, 1, {**DRIVE, "valid_for_ms": 261}),
    ("running", "FLAIL_STATUS", 1, 1, 25, STATUS),
    ("depth unknown", "FLAIL_STATUS", 2, 1, 25, {**STATUS, "depth": NAN, "depth_sigma": NAN, "depth_datum": 0}),
    ("a shock and its peak", "FLAIL_STATUS", 3, 1, 25, {**STATUS, "shock_peak": 18.5}),
    ("moving", "FLAIL_IMU", 3, 1, 25, IMU),
    ("fixed", "FLAIL_GNSS", 4, 1, 25, GNSS),
    ("no heading, no corrections", "FLAIL_GNSS", 5, 1, 25, {
        **GNSS, "heading": NAN, "heading_sigma": NAN, "correction_age": NAN, "fix": 3}),
    ("receiver that tells nothing of its heading", "FLAIL_GNSS", 6, 1, 25, {
        **GNSS, "time_utc_us": 0, "heading_age_ms": 0, "heading_fix": 0, "restart_count": 0}),
    ("controller says hello", "FLAIL_HELLO", 0, 1, 25, HELLO),
    ("host says hello", "FLAIL_HELLO", 0, 1, 1, {**HELLO, "boot_count": 0, "config_hash": [0] * 8}),
    ("held, arm and take", "FLAIL_OPERATOR", 225, 253, 190, OPERATOR),
    ("at work", "FLAIL_VEHICLE", 11, 1, 1, VEHICLE),
    ("pose unknown", "FLAIL_VEHICLE", 12, 1, 1, {
        **VEHICLE, "lat": NAN, "lon": NAN, "heading": NAN, "speed": NAN, "sigma": NAN}),
    ("reasons of the first 64 only", "FLAIL_VEHICLE", 13, 1, 1, {**VEHICLE, "reasons_high": 0, "ring": 0.0}),
    ("depth read with a rod", "FLAIL_OBSERVATION", 21, 253, 190, OBSERVATION),
    ("words without a place", "FLAIL_OBSERVATION", 22, 253, 190, {
        **OBSERVATION, "sequence": 22, "kind": 5, "value": 0.0, "sigma": NAN, "lat": NAN, "lon": NAN,
        "time_utc_us": 0}),
    ("refused", "FLAIL_OBSERVATION_RESULT", 14, 1, 1, {
        "sequence": 21, "target_system": 253, "result": 2, "text": "no session of this station"}),
    ("another machine's ring", "FLAIL_NEIGHBOUR", 23, 253, 190, NEIGHBOUR),
    ("ground station", "HEARTBEAT", 1, 255, 190, {
        "custom_mode": 0, "type": 6, "autopilot": 8, "base_mode": 0, "system_status": 4, "mavlink_version": 3}),
    ("text", "STATUSTEXT", 2, 1, 1, {"severity": 4, "text": "Arm: neutral not seen", "id": 0, "chunk_seq": 0}),
)  # fmt: skip


def oracle_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """The same, as pymavlink's constructors want them."""
    return {k: v.encode() if isinstance(v, str) else v for k, v in fields.items()}


def oracle_frame(oracle: ModuleType, case: tuple[str, str, int, int, int, dict[str, Any]]) -> bytes:
    """The frame as pymavlink packs it."""
    _, message, sequence, system, component, fields = case
    by_name = {cls.msgname: cls for cls in oracle.mavlink_map.values()}
    sender = oracle.MAVLink(None, srcSystem=system, srcComponent=component)
    sender.seq = sequence
    known = {k: v for k, v in fields.items() if k in by_name[message].fieldnames}
    return bytes(by_name[message](**oracle_fields(known)).pack(sender))


def rows(oracle: ModuleType) -> list[dict[str, Any]]:
    """What the file holds. NaN is written as null."""
    return [
        {
            "name": case[0],
            "message": case[1],
            "sequence": case[2],
            "system": case[3],
            "component": case[4],
            "hex": oracle_frame(oracle, case).hex(),
            "fields": {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in case[5].items()},
        }
        for case in CASES
    ]


def main() -> None:
    """Write the file anew."""
    with tempfile.TemporaryDirectory() as folder:
        module = generate.load_module(generate.run_mavgen(Path(folder)), "flail_oracle")
        FILE.write_text(json.dumps(rows(module), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
