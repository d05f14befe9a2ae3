"""What the gate measures for itself."""

import math
from typing import Any

import msgspec
import pytest

from firmware_bridge.types import ControllerFlag, FixType
from tests.builders import gnss, imu, status
from tests.control.safety.gate_inputs import BEATS, CONFIG, HELLO, NOW_NS, ROTORLESS, TICK, configured, gate_inputs
from vehicle.control.safety.gate_inputs import GateInputs
from vehicle.control.safety.measurements import Measurements, measure, stands_now
from vehicle.control.shock import Shock
from vehicle.control.state import DriftState, MonitorState, RotorWatch, WireState

WORKING = CONFIG.machine.tool.rotor_speed_radps
OLD = MonitorState(beats_ns=BEATS, boot_count=1, base_id=7)
MS = 1_000_000


def sensed(now: GateInputs, broken: int = 0) -> Measurements:
    return measure(now, broken)[1]


def old(**changes: object) -> MonitorState:
    return msgspec.structs.replace(OLD, **changes)


def test_a_status_counts_up_to_the_time_out() -> None:
    assert sensed(gate_inputs(wire={"status_t_ns": NOW_NS - 150 * MS})).status is not None
    late = sensed(gate_inputs(wire={"status_t_ns": NOW_NS - 150 * MS - 1}, status_=status(flags=ControllerFlag.FIRE)))
    assert late.status is None
    assert late.flags == 0
    assert not late.standing
    assert not late.rotor_stopped
    assert not late.at_speed
    assert math.isnan(late.fastest_mps)


@pytest.mark.parametrize(
    ("changes", "rest_ticks", "stands"),
    [
        ({}, 0, True),
        ({"status": None}, 50, None),
        ({"status_t_ns": NOW_NS - 150 * MS}, 0, True),
        ({"status_t_ns": NOW_NS - 150 * MS - 1}, 50, None),
        ({"status": status(track_left_mps=0.2)}, 49, False),
        ({"status": status(track_left_mps=math.nan)}, 49, False),
        ({"status": status(track_left_mps=math.nan)}, 50, True),
        ({"gnss": gnss(0.0, 0.0, 0.0, 0.0, speed_mps=0.5)}, 0, False),
        ({"gnss": gnss(0.0, 0.0, 0.0, 0.0, speed_mps=0.5), "gnss_t_ns": NOW_NS - 500 * MS}, 0, False),
        ({"gnss": gnss(0.0, 0.0, 0.0, 0.0, speed_mps=0.5), "gnss_t_ns": NOW_NS - 500 * MS - 1}, 0, True),
    ],
)
def test_others_than_the_gate_ask_whether_it_stands(
    changes: dict[str, object], rest_ticks: int, stands: bool | None
) -> None:
    values: dict[str, Any] = {"status": status(), "status_t_ns": NOW_NS, "gnss_t_ns": NOW_NS} | changes
    assert stands_now(WireState(**values), rest_ticks, CONFIG, NOW_NS) is stands


def test_flags_are_a_plain_number() -> None:
    flags = sensed(gate_inputs(status_=status(flags=ControllerFlag.FIRE | ControllerFlag.SHOCK))).flags
    assert flags == 6
    assert type(flags) is int


@pytest.mark.parametrize(
    ("age_ms", "fix", "heard"),
    [
        (0, FixType.RTK_FIXED, True),
        (500, FixType.RTK_FIXED, True),
        (501, FixType.RTK_FIXED, False),
        (0, FixType.FIX_3D, True),
        (0, FixType.FIX_2D, False),
    ],
)
def test_gnss_counts_while_it_is_fresh_and_has_a_fix(age_ms: int, fix: FixType, heard: bool) -> None:
    now = gate_inputs(gnss_=gnss(0.0, 0.0, 0.0, 0.3, fix=fix, speed_mps=0.7), wire={"gnss_t_ns": NOW_NS - age_ms * MS})
    assert (sensed(now).gnss is not None) is heard
    assert (sensed(now).speed_mps == pytest.approx(0.58)) is heard
    assert sensed(now).standing is not heard


def test_the_gap_is_the_time_since_the_last_tick() -> None:
    assert sensed(gate_inputs()).gap_ns == 20 * MS
    assert sensed(gate_inputs(now_ns=NOW_NS + 90 * MS)).gap_ns == 110 * MS
    assert sensed(gate_inputs(monitor=MonitorState())).gap_ns == 0


def test_row_75_starts_are_told_in_the_first_tick_only() -> None:
    assert sensed(gate_inputs(monitor=MonitorState(), state={"boots_recent": 4})).boots_recent == 4
    assert sensed(gate_inputs(state={"boots_recent": 4})).boots_recent == 0


def test_speed_and_stand() -> None:
    moving = sensed(gate_inputs(status_=status(track_left_mps=0.4, track_right_mps=0.2)))
    assert moving.speed_mps == pytest.approx(0.3)
    assert moving.fastest_mps == 0.4
    assert not moving.standing
    assert sensed(gate_inputs()).standing


@pytest.mark.parametrize(("height_m", "up"), [(0.1, True), (0.0999, False), (math.nan, False), (-0.2, False)])
def test_the_tool_is_up_where_it_is_measured_up(height_m: float, up: bool) -> None:
    assert sensed(gate_inputs(status_=status(tool_height_m=height_m))).tool_up is up


def test_a_lost_controller_has_no_tool_up() -> None:
    assert not sensed(gate_inputs(status_=status(tool_height_m=0.3), wire={"status_t_ns": 0})).tool_up


@pytest.mark.parametrize(
    ("ratio", "at_speed", "stopped"),
    [
        (0.0, False, True),
        (0.1, False, True),
        (-0.1, False, True),
        (0.1001, False, False),
        (-0.2, False, False),
        (0.8999, False, False),
        (0.9, True, False),
        (1.2, True, False),
        (math.nan, False, False),
    ],
)
def test_the_rotor_is_what_is_measured(ratio: float, at_speed: bool, stopped: bool) -> None:
    seen = sensed(gate_inputs(status_=status(rotor_speed_radps=ratio * WORKING)))
    assert (seen.at_speed, seen.rotor_stopped) == (at_speed, stopped)


def test_at_speed_is_the_missions_ratio() -> None:
    strict = configured("mission", rotor_at_speed_ratio=0.95)
    assert not sensed(gate_inputs(status_=status(rotor_speed_radps=0.94 * WORKING), config=strict)).at_speed


def test_a_tool_without_rotor_is_always_ready_and_at_rest() -> None:
    for now in (gate_inputs(config=ROTORLESS), gate_inputs(config=ROTORLESS, wire={"status_t_ns": 0})):
        assert sensed(now).at_speed
        assert sensed(now).rotor_stopped


@pytest.mark.parametrize(
    ("monitor", "ratio", "off_s", "slow_s"),
    [
        ({}, 0.5, 2.0, 0.0),
        ({}, 0.0, 0.0, 0.0),
        ({"rotor_rested": True}, 0.5, 0.0, 0.0),
        ({"rotor_on": True}, 0.5, 0.0, 2.0),
        ({"rotor_on": True}, 1.0, 0.0, 0.0),
    ],
)
def test_how_long_the_rotor_was_told(monitor: dict[str, object], ratio: float, off_s: float, slow_s: float) -> None:
    now = gate_inputs(monitor=old(rotor_tick=TICK - 100, **monitor), status_=status(rotor_speed_radps=ratio * WORKING))
    assert (sensed(now).rotor_off_s, sensed(now).rotor_slow_s) == (off_s, slow_s)


@pytest.mark.parametrize(
    ("before", "now_ratio", "dropped"),
    [(1.0, 0.701, False), (1.0, 0.699, True), (0.0, 1.0, False), (math.nan, 0.0, False)],
)
def test_row_59_no_rotor_loses_a_third_in_a_tick(before: float, now_ratio: float, dropped: bool) -> None:
    now = gate_inputs(monitor=old(rotor_ratio=before), status_=status(rotor_speed_radps=now_ratio * WORKING))
    assert sensed(now).rotor_dropped is dropped


def test_row_59_exactly_the_limit_is_no_drop() -> None:
    now = gate_inputs(monitor=old(rotor_ratio=0.3), status_=status(rotor_speed_radps=0.0))
    assert not sensed(now).rotor_dropped


@pytest.mark.parametrize(
    ("monitor", "ratio", "unasked"),
    [
        ({"rotor_rested": True}, 0.0501, True),
        ({"rotor_rested": True}, -0.0501, True),
        ({"rotor_rested": True}, 0.05, False),
        ({"rotor_rested": True, "rotor_on": True}, 0.5, False),
        ({}, 0.5, False),
        ({"rotor_rested": True}, math.nan, False),
    ],
)
def test_row_61_a_rotor_that_rested_turns_unasked(monitor: dict[str, object], ratio: float, unasked: bool) -> None:
    now = gate_inputs(monitor=old(**monitor), status_=status(rotor_speed_radps=ratio * WORKING))
    assert sensed(now).rotor_unasked is unasked


@pytest.mark.parametrize(
    ("changes", "agreed"),
    [
        ({}, True),
        ({"protocol_version": 3}, False),
        ({"protocol_version": 1}, False),
        ({"watchdog_ms": 200}, True),
        ({"watchdog_ms": 201}, False),
        ({"watchdog_ms": 1}, True),
        ({"watchdog_ms": 0}, False),
        ({"config_hash": b"other..."}, False),
    ],
)
def test_row_41_the_handshake(changes: dict[str, object], agreed: bool) -> None:
    assert sensed(gate_inputs(wire={"hello": msgspec.structs.replace(HELLO, **changes)})).handshake is agreed


def test_row_41_no_handshake_is_none() -> None:
    assert not sensed(gate_inputs(wire={"hello": None})).handshake


def test_row_35_a_controller_that_counts_another_start_was_reset() -> None:
    assert sensed(gate_inputs(status_=status(boot_count=2))).booted
    assert not sensed(gate_inputs(status_=status(boot_count=1))).booted
    assert not sensed(gate_inputs(status_=status(boot_count=2), monitor=old(boot_count=-1))).booted
    assert not sensed(gate_inputs(status_=status(boot_count=2), wire={"status_t_ns": 0})).booted


def test_for_how_long_a_source_repeats_itself() -> None:
    now = gate_inputs(monitor=measure(gate_inputs(), 0)[0], status_=status(status_count=5))
    monitor = msgspec.structs.replace(
        now.state.monitor, status_tick=TICK - 3, imu_tick=TICK - 4, gnss_tick=TICK - 5, depth_tick=TICK - 6
    )
    again = gate_inputs(monitor=monitor, status_=status(status_count=5))
    seen = sensed(again)
    assert (seen.status_same_ticks, seen.imu_same_ticks, seen.gnss_same_ticks, seen.depth_same_ticks) == (3, 4, 5, 6)
    stale = gate_inputs(monitor=monitor, status_=status(status_count=5), wire={"status_t_ns": 0})
    assert sensed(stale).status_same_ticks == 0


def test_the_mismatch_is_against_the_expected_set_points() -> None:
    applied = status(applied_left_mps=0.5, applied_right_mps=0.5)
    assert sensed(gate_inputs(status_=applied)).mismatch
    assert not sensed(
        gate_inputs(status_=applied, monitor=old(expected_mps=(0.5, 0.5)), state={"set_mps": (0.5, 0.5)})
    ).mismatch
    assert not sensed(gate_inputs(status_=applied, wire={"status_t_ns": 0})).mismatch


def test_row_47_another_base_is_seen_once_one_is_known() -> None:
    assert not sensed(gate_inputs()).base_changed
    assert sensed(gate_inputs(monitor=old(base_id=8))).base_changed
    assert not sensed(gate_inputs(monitor=old(base_id=-1))).base_changed


def test_clips_and_chain_and_drift_are_passed_on() -> None:
    assert sensed(gate_inputs(imu_=imu(clip_count=1))).clipped
    assert not sensed(gate_inputs(imu_=imu(clip_count=1), monitor=old(clip_count=1))).clipped
    assert sensed(gate_inputs(status_=status(flags=ControllerFlag.ESTOP_CHAIN_OPEN))).chain_latched
    assert not sensed(gate_inputs()).chain_latched
    assert sensed(gate_inputs(monitor=old(drift=DriftState(known=True, left_m=0.31)))).drifted
    assert not sensed(gate_inputs()).drifted
    assert not sensed(gate_inputs()).fenced_out
    fenced = gate_inputs(
        monitor=old(room_ahead_m=0.0, room_behind_m=0.0), state={"fence": [[0, 0, 1, 1]]}, tick=TICK + 1
    )
    assert sensed(fenced).fenced_out


def test_the_worse_tilt_error_counts_whatever_its_sign() -> None:
    for error in ((0.3, 0.1), (-0.3, 0.1), (0.1, 0.3), (0.1, -0.3)):
        seen = sensed(gate_inputs(monitor=old(tilt_error_rad=error), imu_=None))
        assert seen.tilt_error_rad == 0.3


def course(speed: float, course_rad: float, yaw_rad: float | None, gnss_mps: float = 0.5) -> float:
    fix = gnss(0.0, 0.0, 0.0, yaw_rad, speed_mps=gnss_mps, course_rad=course_rad)
    return sensed(gate_inputs(gnss_=fix, status_=status(track_left_mps=speed, track_right_mps=speed))).course_error_rad


OFFSET = CONFIG.machine.gnss.heading_offset_rad


def test_row_49_the_course_agrees_with_the_antennas_or_it_does_not() -> None:
    assert course(0.5, 0.7, 0.7 + OFFSET) == pytest.approx(0.0)
    assert course(0.5, 0.9, 0.7 + OFFSET) == pytest.approx(0.2)
    assert course(0.5, 0.5, 0.7 + OFFSET) == pytest.approx(0.2)
    assert course(-0.5, 0.7, 0.7 + OFFSET) == pytest.approx(math.pi)
    assert course(-0.5, 0.7 - math.pi, 0.7 + OFFSET) == pytest.approx(0.0, abs=1e-9)
    assert course(0.5, 0.7 + math.tau, 0.7 + OFFSET) == pytest.approx(0.0, abs=1e-9)


def test_row_49_the_antennas_mounting_counts() -> None:
    turned = configured("gnss", heading_offset_deg=30.0)
    fix = gnss(0.0, 0.0, 0.0, 0.7 + math.radians(30.0), speed_mps=0.5, course_rad=0.7)
    now = gate_inputs(gnss_=fix, status_=status(track_left_mps=0.5, track_right_mps=0.5), config=turned)
    assert sensed(now).course_error_rad == pytest.approx(0.0, abs=1e-9)


def test_row_49_at_a_stand_the_course_says_nothing() -> None:
    assert course(0.15, 2.0, OFFSET) == 0.0
    assert course(-0.15, 0.0, OFFSET) == 0.0
    assert course(0.151, 2.0, OFFSET) == pytest.approx(2.0)
    assert course(-0.151, 2.0, OFFSET) == pytest.approx(math.pi - 2.0)
    assert course(0.5, 2.0, OFFSET, gnss_mps=0.15) == 0.0
    assert course(0.5, 2.0, OFFSET, gnss_mps=0.151) == pytest.approx(2.0)
    assert course(0.5, 2.0, None) == 0.0
    assert course(math.nan, 2.0, OFFSET) == 0.0


def test_row_49_a_pivot_has_no_course() -> None:
    fix = gnss(0.0, 0.0, 0.0, 0.0, speed_mps=0.5, course_rad=2.0)
    now = gate_inputs(gnss_=fix, status_=status(track_left_mps=-0.5, track_right_mps=0.5))
    assert sensed(now).course_error_rad == 0.0
    assert sensed(gate_inputs(gnss_=fix, wire={"status_t_ns": 0})).course_error_rad == 0.0
    assert (
        sensed(gate_inputs(gnss_=None, status_=status(track_left_mps=0.5, track_right_mps=0.5))).course_error_rad == 0.0
    )


def test_broken_sticks_are_remembered() -> None:
    assert measure(gate_inputs(), 2)[0].broken_ticks == (TICK, TICK)


def test_row_47_two_bases_on_one_channel_are_told_from_one_that_was_replaced() -> None:
    def told(*heard: tuple[int, int]) -> list[bool]:
        """`heard`: tick and id of the base."""
        monitor, found = MonitorState(beats_ns=BEATS), []
        for tick, base_id in heard:
            now = gate_inputs(gnss_=gnss(1.0, 2.0, 0.0, 0.3, base_id=base_id), monitor=monitor, tick=tick)
            monitor, measured = measure(now, 0)
            found.append(measured.two_bases)
        return found

    assert told((1000, 12), (1001, 57), (1002, 57)) == [False, False, False], "replaced once"
    assert told((1000, 12), (1001, 57), (1002, 12), (4001, 12), (4002, 12)) == [False, False, True, True, False]
    assert told((1000, 12), (1001, 0), (1002, 12), (1003, 0), (1004, 12)) == [False] * 5, "none told is no other one"
    assert told((1000, 12), (1001, 57), (4001, 12)) == [False, False, True]
    assert told((1000, 12), (1001, 57), (4002, 12)) == [False, False, False]
    assert told((1000, 12), (1001, 57), (5000, 12), (5001, 57)) == [False, False, False, True], "the last two count"


@pytest.mark.parametrize(
    ("changes", "boot_count", "weight"),
    [
        ({}, 2, Shock.LARGE),
        ({"depth_m": 0.001}, 2, Shock.LARGE),
        ({"depth_m": math.nan}, 2, Shock.LARGE),
        ({"rotor_on": False, "rotor_ratio": math.nan}, 2, Shock.LARGE),
        ({}, 1, Shock.NONE),
        ({"boot_count": -1}, 2, Shock.NONE),
        ({"depth_m": 0.0}, 2, Shock.NONE),
        ({"depth_m": -0.3}, 2, Shock.NONE),
        ({"rotor_on": False, "rotor_rested": True}, 2, Shock.NONE),
    ],
)
def test_a_controller_that_restarted_while_the_rotor_worked_the_ground_felt_a_large_shock(
    changes: dict[str, object], boot_count: int, weight: Shock
) -> None:
    at_work: dict[str, object] = {"rotor_on": True, "rotor_ratio": 1.0, "depth_m": 0.15}
    now = gate_inputs(status_=status(boot_count=boot_count), monitor=old(**(at_work | changes)))
    assert sensed(now).shock is weight
    assert sensed(gate_inputs(status_=None, monitor=old(**(at_work | changes)))).shock is Shock.NONE


def test_row_55_a_rotor_that_is_doubted_is_measured_as_that() -> None:
    watch = RotorWatch(still_tick=1, doubt_tick=1)
    at_work = status(rotor_speed_radps=CONFIG.machine.tool.rotor_speed_radps, depth_m=0.2)
    assert sensed(gate_inputs(monitor=old(rotor_watch=watch), status_=at_work)).rotor_doubted
    assert not sensed(gate_inputs(status_=at_work)).rotor_doubted
