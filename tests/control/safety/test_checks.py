"""Every interlock at its threshold: the fact that raises its reason, and the nearest one that does not."""

import math

import pytest

from firmware_bridge.types import ControllerState, DepthDatum, FixType, ToolMode
from tests.control.safety.check_facts import (
    ARMED,
    AUTO,
    BRAKE_S,
    DOWN_S,
    HEALTHY,
    MISSION,
    NAN,
    PITCH,
    ROLL,
    UP_S,
    F,
    R,
    X,
    facts,
    holds,
    only_in,
    safety,
)
from tests.control.safety.gate_inputs import configured
from vehicle.contracts.messages import Due, MissionPhase, Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.safety import checks
from vehicle.control.safety.rings import Rings
from vehicle.control.shock import Shock

WORKS_BY_STICK: dict[str, object] = {"n.at_speed": False, "n.rotor_ran": True, "s.depth_m": 0.001}
TABLE: dict[StopReason, list[tuple[dict[str, object], bool]]] = {
    R.ESTOP_MACHINE: [({"n.chain_latched": True}, True)],
    R.FIRE: [({"n.flags": int(F.FIRE)}, True), ({"n.flags": int(~F.FIRE)}, False)],
    R.ROLL_OVER: [
        ({"e.roll_rad": math.radians(60.0)}, False),
        ({"e.roll_rad": math.radians(60.001)}, True),
        ({"e.roll_rad": -math.radians(60.001)}, True),
        ({"e.pitch_rad": math.radians(60.0)}, False),
        ({"e.pitch_rad": math.radians(60.001)}, True),
        ({"e.pitch_rad": -math.radians(60.001)}, True),
    ],
    R.ROTOR_UNREQUESTED: [({"n.rotor_unasked": True}, True)],
    R.ROTOR_STUCK_ON: [
        ({"n.rotor_off_s": DOWN_S + 4.0, "n.rotor_stopped": False}, False),
        ({"n.rotor_off_s": DOWN_S + 4.001, "n.rotor_stopped": False}, True),
        ({"n.rotor_off_s": DOWN_S + 4.001, "n.rotor_stopped": True}, False),
    ],
    R.CONTROLLER_HUNG: [({"n.status_same_ticks": 9}, False), ({"n.status_same_ticks": 10}, True)],
    R.CONTROLLER_RESET: [({"n.booted": True}, True)],
    R.CONTROLLER_STOPPED: [
        *only_in(ARMED, {"s.state": ControllerState.SAFE}),
        *only_in(ARMED, {"s.state": ControllerState.BOOT}),
        ({"s.state": ControllerState.FAULT}, False),
        ({"s.state": ControllerState.ESTOP}, False),
    ],
    R.SETPOINT_MISMATCH: only_in(ARMED, {"n.mismatch": True}),
    R.ROTOR_NOT_STOPPING: [
        ({"n.rotor_off_s": DOWN_S, "n.rotor_stopped": False}, False),
        ({"n.rotor_off_s": DOWN_S + 0.001, "n.rotor_stopped": False}, True),
        ({"n.rotor_off_s": DOWN_S + 0.001, "n.rotor_stopped": True}, False),
        (
            {
                "n.rotor_off_s": 6.001,
                "n.rotor_stopped": False,
                "f.machine": configured("tool", spin_down_s=3.0).machine,
            },
            True,
        ),
        (
            {"n.rotor_off_s": 6.0, "n.rotor_stopped": False, "f.machine": configured("tool", spin_down_s=3.0).machine},
            False,
        ),
        (
            {
                "n.rotor_off_s": 12.0,
                "n.rotor_stopped": False,
                "f.machine": configured("tool", spin_down_s=10.0).machine,
            },
            False,
        ),
        (
            {
                "n.rotor_off_s": 12.001,
                "n.rotor_stopped": False,
                "f.machine": configured("tool", spin_down_s=10.0).machine,
            },
            True,
        ),
    ],
    R.HYDRAULIC_PRESSURE_LOST: [
        ({"s.hydraulic_pressure_pa": 1.0e6}, False),
        ({"s.hydraulic_pressure_pa": 0.999e6}, True),
        ({"s.hydraulic_pressure_pa": 0.0, "s.engine_speed_radps": 60.0}, False),
        ({"s.hydraulic_pressure_pa": 0.0, "s.engine_speed_radps": 60.1}, True),
        ({"s.hydraulic_pressure_pa": NAN}, False),
    ],
    R.ENGINE_OVERSPEED: [
        ({"s.engine_speed_radps": 260.0}, False),
        ({"s.engine_speed_radps": 260.1}, True),
        ({"s.engine_speed_radps": 160.0, "f.mode": Mode.HOLD, "f.rest_s": 3.02}, False),
        ({"s.engine_speed_radps": 160.1, "f.mode": Mode.HOLD, "f.rest_s": 3.02}, True),
        ({"s.engine_speed_radps": 160.1, "f.mode": Mode.HOLD, "f.rest_s": 3.0}, False),
        ({"s.engine_speed_radps": 160.1, "f.mode": Mode.MANUAL, "f.rest_s": 9.0}, False),
    ],
    R.OIL_PRESSURE_LOW: [
        ({"n.flags": int(F.OIL_PRESSURE_LOW)}, True),
        ({"n.flags": int(~F.OIL_PRESSURE_LOW)}, False),
        ({"n.flags": int(F.OIL_PRESSURE_LOW), "s.engine_speed_radps": 60.0}, False),
    ],
    R.OVERHEATED: [
        ({"s.hydraulic_temp_degc": 105.0}, False),
        ({"s.hydraulic_temp_degc": 105.1}, True),
        ({"s.coolant_temp_degc": 115.0}, False),
        ({"s.coolant_temp_degc": 115.1}, True),
        ({"s.coolant_temp_degc": NAN, "s.hydraulic_temp_degc": NAN}, False),
    ],
    R.CONTROLLER_FAULT: [
        ({"s.state": ControllerState.FAULT}, True),
        ({"s.state": ControllerState.SAFE}, False),
        *only_in(tuple(mode for mode in Mode if mode is not Mode.ESTOP), {"n.flags": int(F.KILL)}),
        ({"n.flags": int(~F.KILL)}, False),
    ],
    R.LINK_FLAPPING: only_in(ARMED, {"f.flapping": True}),
    R.CONSOLE_FROZEN: [
        *only_in(ARMED, {"f.sample_age_ms": 300}),
        ({"f.sample_age_ms": 299}, False),
    ],
    R.STICK_FAULT: [({"f.stick_faults": True}, True)],
    R.CONSOLE_BATTERY_EMPTY: [
        ({"o.battery_ratio": 0.05}, False),
        ({"o.battery_ratio": 0.0499}, True),
        ({"o.battery_ratio": NAN}, True),
    ],
    R.CONSOLE_TILTED: [
        ({"o.tilt_rad": math.radians(60.0)}, False),
        ({"o.tilt_rad": -math.radians(60.001)}, True),
        ({"o.tilt_rad": math.radians(60.001)}, True),
        ({"o.tilt_rad": NAN}, True),
    ],
    R.VIDEO_STALE: [
        *only_in((Mode.MANUAL, Mode.RECOVERY, *MISSION), {"o.video_age_ms": 501}),
        ({"o.video_age_ms": 500}, False),
        ({"o.video_age_ms": 65534}, True),
        ({"o.video_age_ms": 65535}, False),
    ],
    R.DUPLICATE_STATION: [({"f.clone": True}, True)],
    R.ARM_UNUSED: [({"f.unused_s": 60.0}, False), ({"f.unused_s": 60.02}, True)],
    R.CONTROLLER_LOST: [({"n.status": None}, True)],
    R.LINE_DELAY: [({"n.line_ms": 200}, False), ({"n.line_ms": 201}, True)],
    R.HANDSHAKE: [({"n.handshake": False}, True)],
    R.WIRE_ERRORS: [({"f.wire_errors": True}, True)],
    R.TRACK_SENSOR: [
        ({"s.fault_bits": int(X.TRACK_LEFT_SENSOR)}, True),
        ({"s.fault_bits": int(X.TRACK_RIGHT_SENSOR)}, True),
        ({"s.fault_bits": int(~(X.TRACK_LEFT_SENSOR | X.TRACK_RIGHT_SENSOR))}, False),
        ({"s.applied_left_mps": 0.3}, True),
        ({"s.applied_left_mps": 0.3, "s.engine_speed_radps": 60.0}, False),
        ({"s.applied_left_mps": 0.3, "s.track_left_mps": 0.3}, False),
        ({"s.track_left_mps": NAN, "s.engine_speed_radps": 0.0}, True),
        ({"s.track_right_mps": NAN, "s.engine_speed_radps": NAN}, True),
    ],
    R.TILT_DISAGREES: [({"n.tilt_error_rad": 0.15}, False), ({"n.tilt_error_rad": 0.1501}, True)],
    R.TILT_UNKNOWN: [
        ({"e.imu_age_s": 0.2}, False),
        ({"e.imu_age_s": 0.2001}, True),
        ({"n.imu_same_ticks": 9}, False),
        ({"n.imu_same_ticks": 10}, True),
        ({"e.roll_rad": NAN}, True),
        ({"e.pitch_rad": NAN}, True),
        ({"e.roll_rad": -1.0}, False),
    ],
    R.SLOPE: [
        ({"e.roll_rad": ROLL}, False),
        ({"e.roll_rad": ROLL * 1.001}, True),
        ({"e.roll_rad": -ROLL * 1.001}, True),
        ({"e.pitch_rad": PITCH}, False),
        ({"e.pitch_rad": PITCH * 1.001}, True),
        ({"e.pitch_rad": -PITCH * 1.001}, True),
        ({"e.roll_rad": NAN}, True),
    ],
    R.ROTOR_SPIN_UP: [
        ({"n.rotor_slow_s": UP_S}, False),
        ({"n.rotor_slow_s": UP_S + 0.001}, True),
        ({"n.rotor_slow_s": UP_S + 0.001, "f.mode": Mode.AUTO_WORK}, False),
        ({"n.rotor_slow_s": UP_S + 0.001, "f.mode": Mode.AUTO_MOVE}, True),
        ({"n.rotor_slow_s": 8.0, "f.machine": configured("tool", spin_up_s=4.0).machine}, False),
        ({"n.rotor_slow_s": 8.001, "f.machine": configured("tool", spin_up_s=4.0).machine}, True),
        ({"n.rotor_slow_s": 13.0, "f.machine": configured("tool", spin_up_s=10.0).machine}, False),
        ({"n.rotor_slow_s": 13.001, "f.machine": configured("tool", spin_up_s=10.0).machine}, True),
    ],
    R.ROTOR_SAG: [
        *only_in((Mode.AUTO_WORK,), {"n.at_speed": False}),
        ({"f.mode": Mode.AUTO_WORK, "n.at_speed": True}, False),
        *only_in((Mode.MANUAL, Mode.AUTO_WORK), WORKS_BY_STICK),
        ({**WORKS_BY_STICK, "n.at_speed": True}, False),
        ({**WORKS_BY_STICK, "n.rotor_ran": False}, False),
        ({**WORKS_BY_STICK, "s.depth_m": 0.0}, False),
        ({**WORKS_BY_STICK, "s.depth_m": NAN}, True),
        ({**WORKS_BY_STICK, "o.tool_mode": ToolMode.HOLD}, True),
        ({**WORKS_BY_STICK, "o.tool_mode": ToolMode.DEPTH, "o.tool_value_m": 0.2}, True),
        ({**WORKS_BY_STICK, "o.tool_mode": ToolMode.HEIGHT, "o.tool_value_m": 0.01}, False),
        ({**WORKS_BY_STICK, "o.tool_mode": ToolMode.HEIGHT, "o.tool_value_m": 0.0}, True),
        ({**WORKS_BY_STICK, "o.tool_mode": ToolMode.HEIGHT, "o.tool_value_m": NAN}, True),
        ({**WORKS_BY_STICK, "f.frame": None}, True),
    ],
    R.ROTOR_OVERSPEED: [({"n.rotor_ratio": 1.1}, False), ({"n.rotor_ratio": 1.1001}, True)],
    R.ROTOR_SENSOR: [
        ({"n.rotor_dropped": True}, True),
        ({"n.rotor_doubted": True}, True),
        ({"n.rotor_ratio": NAN}, True),
        ({"s.fault_bits": int(X.ROTOR_SENSOR)}, True),
        ({"s.fault_bits": int(~X.ROTOR_SENSOR)}, False),
    ],
    R.DETONATION: [
        ({"n.shock": Shock.LARGE}, True),
        ({"n.shock": Shock.SMALL}, False),
        ({"n.shock": Shock.SMALL, "f.shock_again": True}, True),
        ({"f.shock_again": True}, False),
        ({"f.shock_heavier": True}, True),
    ],
    R.SHOCK_SMALL: [({"n.shock": Shock.SMALL}, True), ({"n.shock": Shock.LARGE}, False)],
    R.ENGINE_STALL: [
        *only_in(ARMED, {"s.engine_speed_radps": 29.9}),
        ({"s.engine_speed_radps": 30.0}, False),
        ({"s.engine_speed_radps": NAN}, False),
    ],
    R.TOO_HOT: [
        ({"s.hydraulic_temp_degc": 95.0}, False),
        ({"s.hydraulic_temp_degc": 95.1}, True),
        ({"s.coolant_temp_degc": 108.0}, False),
        ({"s.coolant_temp_degc": 108.1}, True),
    ],
    R.SUPPLY_LOW: [
        ({"s.supply_voltage_v": 21.0}, False),
        ({"s.supply_voltage_v": 20.99}, True),
        ({"s.supply_voltage_v": NAN}, False),
    ],
    R.LOOP_STALL: [({"n.gap_ns": 99_999_999}, False), ({"n.gap_ns": 100_000_000}, True)],
    R.MOVED_WHILE_BRAKED: [
        *only_in((Mode.DISARMED, Mode.READY, Mode.HOLD), {"n.fastest_mps": 0.2001}),
        ({"f.mode": Mode.HOLD, "n.fastest_mps": 0.2}, False),
        ({"f.mode": Mode.WAIT, "f.wait_s": BRAKE_S, "n.fastest_mps": 0.2001}, False),
        ({"f.mode": Mode.WAIT, "f.wait_s": BRAKE_S + 0.02, "n.fastest_mps": 0.2001}, True),
    ],
    R.TRACK_STUCK: [
        *only_in(
            tuple(mode for mode in Mode if mode not in (Mode.DISARMED, Mode.READY, Mode.HOLD)),
            {"s.track_left_mps": 0.21},
        ),
        ({"s.track_left_mps": 0.2}, False),
    ],
    R.BOOT_LOOP: [({"n.boots_recent": 3}, False), ({"n.boots_recent": 4}, True)],
    R.CONFIG_ENVELOPE: [({"f.envelope": False}, True)],
    R.MAINTENANCE: [({"f.safety": safety(maintenance=True)}, True)],
    R.GNSS_LOST: [
        ({"e.gnss_age_s": 0.5}, False),
        ({"e.gnss_age_s": 0.501}, True),
        ({"e.gnss_age_s": NAN}, True),
        ({"n.gnss_same_ticks": 100}, False),
        ({"n.gnss_same_ticks": 101}, True),
    ],
    R.POSITION_FLOAT: [({"e.fix": FixType.RTK_FLOAT}, True), ({"e.fix": FixType.RTK_FIXED}, False)],
    R.POSITION_UNPROVEN: [({"e.position_proven": False}, True)],
    R.POSITION_JUMP: [
        ({"e.innovation_ratio": 1.0}, False),
        ({"e.innovation_ratio": 1.001}, True),
        ({"e.innovation_ratio": NAN}, True),
        ({"e.position_doubted": True}, True),
    ],
    R.POSITION_STUCK: [({"e.position_stuck": True}, True)],
    R.HEADING_STUCK: [({"e.heading_stuck": True}, True)],
    R.HEADING_DISAGREES: [({"e.heading_doubted": True}, True)],
    R.POSITION_DRIFT: [({"n.drifted": True}, True)],
    R.WRONG_BASE: [
        ({"n.base_changed": True}, True),
        ({"f.safety": safety(base_id=8)}, True),
        ({"f.safety": safety(base_id=7)}, False),
        ({"f.safety": safety(base_id=0)}, False),
    ],
    R.HEADING_LOST: [
        ({"g.yaw_rad": None}, True),
        ({"e.heading_doubted": True}, True),
        ({"n.course_error_rad": math.radians(60.0)}, False),
        ({"n.course_error_rad": math.radians(60.01)}, True),
    ],
    R.TOOL_HEIGHT_UNKNOWN: [
        ({"s.depth_datum": DepthDatum.ARM_ANGLE}, True),
        ({"s.depth_datum": DepthDatum.UNKNOWN}, True),
        ({"s.tool_height_m": NAN}, True),
        ({"s.depth_m": NAN}, True),
        ({"s.depth_sigma_m": NAN}, True),
        ({"f.mode": Mode.AUTO_WORK, "n.depth_same_ticks": 50}, True),
        ({"f.mode": Mode.AUTO_WORK, "n.depth_same_ticks": 49}, False),
        ({"f.mode": Mode.AUTO_MOVE, "n.depth_same_ticks": 50}, False),
    ],
    R.TRACK_SLIP: [
        *only_in(AUTO, {"n.advance_mps": 0.5, "g.speed_mps": 0.1}),
        ({"f.mode": Mode.AUTO_WORK, "n.advance_mps": -0.5, "g.speed_mps": 0.1}, True),
        ({"f.mode": Mode.AUTO_WORK, "n.advance_mps": 0.15, "g.speed_mps": 0.0}, False),
        ({"f.mode": Mode.AUTO_WORK, "n.advance_mps": 0.151, "g.speed_mps": 0.0}, True),
        ({"f.mode": Mode.AUTO_WORK, "n.advance_mps": 0.5, "g.speed_mps": 0.15}, False),
        ({"f.mode": Mode.AUTO_WORK, "n.advance_mps": 0.5, "g.speed_mps": 0.1499}, True),
    ],
    R.FENCE: [({"n.fenced_out": True}, True)],
    R.FENCE_UNWATCHED: [
        ({"f.fenced": True, "e.valid": False}, True),
        ({"f.fenced": True, "e.valid": True}, False),
        ({"f.fenced": False, "e.valid": False}, False),
    ],
    R.UNPROCESSED_GROUND: [({"f.tracks_supported": False}, True), ({"f.tracks_supported": True}, False)],
    R.ATTENTION: [({"f.asked_s": 19.98}, False), ({"f.asked_s": 20.0}, True)],
    R.ATTENTION_LATE: [({"f.asked_s": 9.98}, False), ({"f.asked_s": 10.0}, True)],
    R.ATTENTION_ASKED: [({"f.asked_s": -0.02}, False), ({"f.asked_s": 0.0}, True)],
    R.MISSION_LEFT: [
        *only_in(MISSION, {"f.phase": MissionPhase.IDLE}),
        *(
            (dict[str, object]({"f.mode": Mode.AUTO_MOVE, "f.phase": phase}), phase in ("idle", "paused", "done"))
            for phase in MissionPhase
        ),
    ],
    R.RING_OVERLAP: [({"n.rings": Rings(overlap=True)}, True), ({"n.rings": Rings(near=True, silent=True)}, False)],
    R.RING_NEAR: [({"n.rings": Rings(near=True)}, True), ({"n.rings": Rings(overlap=True, silent=True)}, False)],
    R.NEIGHBOUR_SILENT: [({"n.rings": Rings(silent=True)}, True), ({"n.rings": Rings(overlap=True)}, False)],
    R.TWO_BASES: [({"n.two_bases": True}, True), ({"n.base_changed": True}, False)],
    R.LINK_SLOW: [*only_in(ARMED, {"f.age_ms": 200}), ({"f.age_ms": 199}, False)],
    R.IMU_NOISY: [({"n.clipped": True}, True)],
    R.CORRECTIONS_OLD: [
        ({"g.correction_age_s": 30.0}, False),
        ({"g.correction_age_s": 30.1}, True),
        ({"g.correction_age_s": math.inf}, True),
        ({"g.correction_age_s": NAN}, True),
    ],
    R.TICKS_LATE: [({"f.late": True}, True)],
    R.VIDEO_LATE: [
        ({"o.video_age_ms": 299}, False),
        ({"o.video_age_ms": 300}, True),
        ({"o.video_age_ms": 65534}, True),
        ({"o.video_age_ms": 65535}, False),
    ],
    R.HOT: [
        ({"s.hydraulic_temp_degc": 85.0}, False),
        ({"s.hydraulic_temp_degc": 85.1}, True),
        ({"s.coolant_temp_degc": 100.0}, False),
        ({"s.coolant_temp_degc": 100.1}, True),
        ({"s.coolant_temp_degc": NAN}, True),
        ({"s.hydraulic_temp_degc": NAN}, True),
    ],
    R.LINK_AGEING: [*only_in(ARMED, {"f.age_ms": 151}), ({"f.age_ms": 150}, False)],
    R.CONSOLE_BATTERY_LOW: [
        ({"o.battery_ratio": 0.2}, False),
        ({"o.battery_ratio": 0.1999}, True),
        ({"o.battery_ratio": NAN}, True),
    ],
    R.CONSOLE_TILTING: [
        ({"o.tilt_rad": math.radians(60.0)}, False),
        ({"o.tilt_rad": -math.radians(60.001)}, True),
        ({"o.tilt_rad": NAN}, True),
    ],
    R.SUPPLY_WARN: [
        ({"s.supply_voltage_v": 22.5}, False),
        ({"s.supply_voltage_v": 22.49}, True),
        ({"s.supply_voltage_v": NAN}, True),
    ],
    R.SLOPE_NEAR: [
        ({"e.roll_rad": ROLL * 0.799}, False),
        ({"e.roll_rad": ROLL * 0.801}, True),
        ({"e.pitch_rad": -PITCH * 0.801}, True),
        ({"e.pitch_rad": NAN}, True),
    ],
    R.SECOND_STATION: [({"f.rival": True}, True)],
    R.BAD_FRAMES: [({"f.dropped_frames": True}, True)],
    R.STATUS_DISORDER: [({"f.disorder": True}, True)],
    R.IMPOSSIBLE_VALUE: [({"f.impossible": True}, True)],
    R.RECORDING_LOST: [({"f.recording": False}, True)],
    R.BASE_UNCHECKED: [({"f.due": Due(base=True)}, True)],
    R.CHECK_DUE: [({"f.due": Due(check=True)}, True)],
    R.DEPTH_CONTRADICTS: [({"f.due": Due(depth_contradicts=True)}, True)],
    R.DEPTH_CHECK_DUE: [({"f.due": Due(depth=True)}, True)],
    R.HAMMER_COUNT_DUE: [({"f.due": Due(hammers=True)}, True)],
    R.STICKS_MOVED: only_in((Mode.MANUAL, Mode.RECOVERY), {"f.neutral_seen": False}),
}
BY_THE_MACHINE = {R.ESTOP_CONSOLE, R.RUNAWAY, R.LINK_LOST, R.LEASE_RELEASED, R.OPERATOR_STOP}
"""Reasons that the discrete machine gives itself."""
BY_A_RESTART = {R.RESTARTED_IN_MOTION}
"""And what the program knows of the one before it."""
TICKS = {
    # onset and lingering in ticks of 20 ms, written here once more so that no edit of the table passes unseen
    R.ROLL_OVER: (10, 0),
    R.ROTOR_UNREQUESTED: (10, 0),
    R.SETPOINT_MISMATCH: (15, 0),
    R.HYDRAULIC_PRESSURE_LOST: (10, 0),
    R.ENGINE_OVERSPEED: (15, 0),
    R.OIL_PRESSURE_LOW: (25, 0),
    R.OVERHEATED: (50, 0),
    R.CONTROLLER_FAULT: (10, 0),
    R.CONSOLE_TILTED: (100, 0),
    R.DUPLICATE_STATION: (1, 250),
    R.TRACK_SENSOR: (25, 0),
    R.SLOPE: (25, 0),
    R.ROTOR_SAG: (150, 0),
    R.ROTOR_OVERSPEED: (10, 0),
    R.ENGINE_STALL: (10, 0),
    R.TOO_HOT: (50, 0),
    R.SUPPLY_LOW: (250, 0),
    R.MOVED_WHILE_BRAKED: (10, 0),
    R.TRACK_STUCK: (10, 0),
    R.POSITION_UNPROVEN: (25, 0),
    R.POSITION_JUMP: (12, 250),
    R.HEADING_LOST: (10, 0),
    R.TOOL_HEIGHT_UNKNOWN: (25, 0),
    R.TRACK_SLIP: (150, 0),
    R.MISSION_LEFT: (5, 0),
    R.IMU_NOISY: (1, 50),
    R.TICKS_LATE: (1, 50),
    R.RING_NEAR: (1, 50),
    R.HOT: (50, 0),
    R.CONSOLE_TILTING: (50, 0),
    R.SUPPLY_WARN: (250, 0),
    R.SLOPE_NEAR: (25, 0),
    R.SECOND_STATION: (1, 50),
    R.BAD_FRAMES: (1, 50),
    R.IMPOSSIBLE_VALUE: (1, 50),
    R.RECORDING_LOST: (25, 50),
    R.STICKS_MOVED: (25, 0),
}


@pytest.mark.parametrize(("reason", "rows"), TABLE.items())
def test_the_reason_at_its_threshold(reason: StopReason, rows: list[tuple[dict[str, object], bool]]) -> None:
    assert not holds(reason, {})
    for changes, expected in rows:
        assert holds(reason, changes) is expected, changes


def test_every_reason_is_either_checked_or_given_by_the_machine() -> None:
    assert set(TABLE) | BY_THE_MACHINE | BY_A_RESTART == set(R)
    assert not set(TABLE) & BY_THE_MACHINE


def test_a_healthy_machine_raises_nothing() -> None:
    assert checks.raised(HEALTHY) == 0


@pytest.mark.parametrize("reason", R)
def test_times(reason: StopReason) -> None:
    assert checks.TIMES[reason] == TICKS.get(reason, (1, 0))


def test_without_a_source_its_reasons_are_silent_and_the_loss_is_told() -> None:
    lost = facts({"n.status": None, "n.gnss": None, "f.frame": None, "n.flags": 0xFFFF, "n.status_same_ticks": 99})
    assert checks.raised(lost) == 1 << R.CONTROLLER_LOST


def test_the_tables_hold_each_reason_once() -> None:
    rows = [check.reason for table in (checks.ALWAYS, checks.STATUS, checks.GNSS, checks.FRAME) for check in table]
    assert set(rows) == set(TABLE)
    assert len(rows) == len(set(rows))
