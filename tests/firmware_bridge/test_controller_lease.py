"""Session, lease, neutral latch: nothing drives without a live command, and no stop leads back to motion by itself."""

import ctypes
import math
from typing import Any

import pytest

from firmware_bridge.mavlink import _dialect as d
from tests.firmware_bridge.controller_bench import HASH, Bench, config

BOOT, SAFE, RUN, FAULT, ESTOP = range(5)
DRIVE: dict[str, Any] = {"track_left": 0.5, "track_right": 0.25, "rotor_speed": 40.0}


def moving(bench: Bench) -> bool:
    return bool(bench.out.track_left_mps or bench.out.track_right_mps or bench.out.rotor_speed_radps)


def assert_all_off(bench: Bench) -> None:
    out = bench.out
    assert not moving(bench)
    assert not out.brake_release
    assert not out.kill_release
    assert out.tool_mode == d.FLAIL_TOOL_MODE_HOLD


def test_outputs_are_safe_from_power_up_on(bench: Bench) -> None:
    assert_all_off(bench)
    bench.step()
    assert_all_off(bench)
    assert bench.state() == BOOT


def test_without_a_handshake_no_command_drives(bench: Bench) -> None:
    bench.drive(5)
    bench.drive(20, **DRIVE)
    assert bench.state() == BOOT
    assert_all_off(bench)


@pytest.mark.parametrize("place", range(8))
def test_another_configuration_is_not_driven(bench: Bench, place: int) -> None:
    other = bytearray(HASH)
    other[place] ^= 0x10
    bench.hello(bytes(other))
    bench.drive(5)
    bench.drive(5, **DRIVE)
    assert bench.state() == BOOT
    assert_all_off(bench)


@pytest.mark.parametrize("version", [0, 1, 3])
def test_another_protocol_is_not_driven(bench: Bench, version: int) -> None:
    bench.hello(protocol_version=version)
    bench.drive(5)
    assert bench.state() == BOOT


def test_hello_is_answered_with_who_it_is(bench: Bench) -> None:
    bench.hello()
    assert bench.sent[-1] == {
        "": "FLAIL_HELLO", "#": 0, "firmware_version": 0x000200, "protocol_version": 2, "watchdog_ms": 200,
        "boot_count": 17, "config_hash": HASH,
    }  # fmt: skip
    bench.step()
    assert bench.state() == SAFE


def test_neutral_comes_before_motion(bench: Bench) -> None:
    bench.hello()
    bench.step()
    bench.drive(20, **DRIVE)
    assert bench.state() == SAFE
    assert not moving(bench)
    bench.drive(1)
    assert bench.state() == RUN
    bench.drive(1, **DRIVE)
    assert bench.out.brake_release
    assert bench.out.track_left_mps == pytest.approx(0.005)


@pytest.mark.parametrize("axis", ["track_left", "track_right", "rotor_speed"])
def test_neutral_means_every_axis(bench: Bench, axis: str) -> None:
    bench.hello()
    bench.step()
    bench.drive(3, **{axis: 0.01})
    assert bench.state() == SAFE


def test_neutral_before_the_handshake_does_not_count(bench: Bench) -> None:
    bench.drive(3)
    bench.hello()
    bench.step()
    bench.drive(3, **DRIVE)
    assert bench.state() == SAFE


@pytest.mark.parametrize("valid_for_ms", [1, 37, 150])
def test_a_lease_ends_on_its_millisecond(bench: Bench, valid_for_ms: int) -> None:
    bench.ready()
    bench.drive(100, **DRIVE)
    bench.command(**DRIVE, valid_for_ms=valid_for_ms)
    for left_ms in range(valid_for_ms - 1, 0, -1):
        bench.step(ms=1)
        assert bench.out.rotor_speed_radps > 0.0, left_ms
    bench.step(ms=1)
    assert bench.out.rotor_speed_radps == 0.0
    assert bench.command(sequence=bench.sequence)["state"] == SAFE
    assert bench.status["flags"] & d.FLAIL_CONTROLLER_FLAGS_LEASE_EXPIRED


def test_a_lease_of_nothing_stops(bench: Bench) -> None:
    bench.ready()
    bench.drive(20, **DRIVE)
    bench.command(**DRIVE, valid_for_ms=0)
    bench.step(ms=1)
    assert bench.state() == SAFE
    assert bench.out.rotor_speed_radps == 0.0


def test_the_watchdog_caps_what_a_command_asks(library: ctypes.CDLL) -> None:
    bench = Bench(library, config(watchdog_ms=60)).ready()
    bench.drive(20, **DRIVE)
    bench.command(**DRIVE, valid_for_ms=150)
    bench.step(59, ms=1)
    assert bench.state() == RUN
    bench.step(ms=1)
    assert bench.state() == SAFE


def test_no_stop_leads_back_to_motion_without_neutral(bench: Bench) -> None:
    bench.ready()
    bench.drive(50, **DRIVE)
    bench.step(20)
    for _ in range(200):
        bench.drive(1, **DRIVE)
        assert bench.out.rotor_speed_radps == 0.0
        assert abs(bench.out.track_left_mps) <= 0.25
    assert bench.state() == SAFE
    assert not moving(bench)
    assert bench.status["flags"] & d.FLAIL_CONTROLLER_FLAGS_LEASE_EXPIRED
    bench.drive(1)
    assert bench.state() == RUN
    assert not bench.command(sequence=bench.sequence)["flags"] & d.FLAIL_CONTROLLER_FLAGS_LEASE_EXPIRED
    bench.drive(1, **DRIVE)
    assert moving(bench)


def test_repeated_and_older_sequences_renew_nothing(bench: Bench) -> None:
    bench.ready()
    bench.drive(10, **DRIVE)
    newest = bench.sequence
    for offset in (0, -1, -1000, -(2**31) + 1, 2**31):
        assert bench.command(**DRIVE, sequence=(newest + offset) & 0xFFFFFFFF)["command_sequence"] == newest
    bench.sequence = newest
    bench.step(15)
    assert bench.state() == SAFE


def test_sequences_wrap(bench: Bench) -> None:
    bench.ready()
    bench.hello()
    bench.step()
    assert bench.command(sequence=0xFFFFFFFE)["command_sequence"] == 0xFFFFFFFE
    bench.step()
    assert bench.command(sequence=0x00000001)["command_sequence"] == 1
    bench.step(51)
    assert bench.command(sequence=0x7FFFFFFF)["command_sequence"] == 0x7FFFFFFF
    bench.step()
    assert bench.state() == RUN
    assert bench.command(sequence=0x7FFFFFFF + 0x7FFFFFFF)["command_sequence"] == 0xFFFFFFFE


def test_a_new_session_drops_the_lease_and_forgets_the_sequence(bench: Bench) -> None:
    bench.ready()
    bench.drive(40, **DRIVE)
    bench.hello()
    bench.step()
    assert bench.state() == SAFE
    assert bench.out.rotor_speed_radps == 0.0
    bench.step(10)
    assert bench.status["command_age_ms"] == 65_535
    assert bench.command(**DRIVE, sequence=1)["command_sequence"] == 1
    bench.step(40)
    assert bench.state() == SAFE
    bench.drive(1)
    assert bench.state() == RUN


def test_a_new_session_asks_for_its_own_neutral(bench: Bench) -> None:
    bench.hello()
    bench.step()
    bench.command(valid_for_ms=0)
    bench.step()
    bench.hello()
    bench.drive(5, **DRIVE)
    assert bench.state() == SAFE


def test_the_callers_are_told_what_was_accepted(bench: Bench) -> None:
    class Hello(ctypes.LittleEndianStructure):
        _pack_ = 1
        _fields_ = [
            ("firmware_version", ctypes.c_uint32),
            ("protocol_version", ctypes.c_uint16),
            ("watchdog_ms", ctypes.c_uint16),
            ("boot_count", ctypes.c_uint16),
            ("config_hash", ctypes.c_char * 8),
        ]

    bench.library.fc_hello.restype = ctypes.c_bool
    assert bench.library.fc_hello(bench.node, ctypes.byref(Hello(0, 2, 0, 0, HASH)))
    assert not bench.library.fc_hello(bench.node, ctypes.byref(Hello(0, 3, 0, 0, HASH)))

    assert bench.told(sequence=5)
    assert not bench.told(sequence=5)
    assert not bench.told(sequence=4)
    assert not bench.told(sequence=6, track_left=math.nan)
    assert bench.told(sequence=6)


def test_a_foreign_host_ends_the_session(bench: Bench) -> None:
    bench.ready()
    bench.drive(40, **DRIVE)
    bench.hello(b"otherone")
    bench.step()
    assert bench.state() == BOOT
    assert_all_off(bench)


WRONG: list[dict[str, Any]] = [
    *({axis: bad} for axis in ("track_left", "track_right") for bad in (math.nan, math.inf, 5.01, -5.01)),
    *({"rotor_speed": bad} for bad in (math.nan, -math.inf, 300.1, -300.1)),
    *({"tool_value": bad} for bad in (math.nan, 3.01, -3.01)),
    {"valid_for_ms": 261},
    {"flags": 128},
    {"tool_mode": 3},
    {"engine_mode": 5},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_command_out_of_range_renews_nothing(bench: Bench, wrong: dict[str, Any]) -> None:
    bench.ready()
    bench.drive(1, **DRIVE)
    accepted = bench.sequence
    for _ in range(15):
        status = bench.command(**DRIVE | wrong)
        assert status["command_sequence"] == accepted
        assert status["fault_bits"] == d.FLAIL_FAULT_COMMAND
        bench.step()
    bench.sequence = accepted
    assert bench.state() == SAFE


@pytest.mark.parametrize(
    "edge",
    [
        {"track_left": 5.0, "track_right": -5.0},
        {"rotor_speed": 300.0},
        {"rotor_speed": -300.0},
        {"tool_value": 3.0},
        {"tool_value": -3.0},
        {"flags": 0x2F},
        {"flags": 0x3F},
        {"flags": 0x6F},
        {"valid_for_ms": 260},
        {"tool_mode": 2, "engine_mode": 3},
        {"engine_mode": 4},
    ],
    ids=str,
)
def test_the_limits_themselves_are_accepted(bench: Bench, edge: dict[str, Any]) -> None:
    bench.ready()
    assert bench.command(**edge)["command_sequence"] == bench.sequence
    assert bench.status["fault_bits"] == 0


def test_every_command_is_answered_at_once_and_silence_at_ten_hertz(bench: Bench) -> None:
    bench.ready()
    counts = []
    for _ in range(50):
        bench.step()
        counts.append(len(bench.sent))
    assert counts[-1] - counts[0] == 5 - (counts[0] != counts[-1] - 5)
    numbers = [message["status_count"] for message in bench.sent if message[""] == "FLAIL_STATUS"]
    assert numbers == list(range(len(numbers)))
    assert [message["#"] for message in bench.sent] == [n & 0xFF for n in range(len(bench.sent))]


def test_command_age_is_counted_and_saturates(bench: Bench) -> None:
    bench.ready()
    bench.command()
    bench.step(7, ms=3)
    assert bench.command(sequence=bench.sequence)["command_age_ms"] == 21
    bench.step(ms=65_513)
    assert bench.command(sequence=bench.sequence)["command_age_ms"] == 65_534
    bench.step(ms=1)
    assert bench.command(sequence=bench.sequence)["command_age_ms"] == 65_535
    bench.step(ms=5)
    assert bench.command(sequence=bench.sequence)["command_age_ms"] == 65_535


@pytest.mark.parametrize("old_ms", [0, 1, 80, 149])
def test_a_command_dies_by_this_clock_counted_from_its_stamp(bench: Bench, old_ms: int) -> None:
    bench.ready()
    bench.drive(50, **DRIVE)
    bench.command(**DRIVE, controller_time_ms=(bench.now_ms - old_ms) & 0xFFFFFFFF)
    bench.step(149 - old_ms, ms=1)
    assert bench.state() == RUN
    bench.step(ms=1)
    assert bench.state() == SAFE


@pytest.mark.parametrize("off_ms", [150, 151, 70_000, 2**31, -1, -20, -(2**31) + 1])
def test_a_command_that_was_dead_on_its_way_drives_nothing_and_its_answer_says_so(bench: Bench, off_ms: int) -> None:
    bench.ready()
    bench.drive(20, **DRIVE)
    status = bench.command(**DRIVE, controller_time_ms=(bench.now_ms - off_ms) & 0xFFFFFFFF)
    assert (status["command_sequence"], status["state"]) == (bench.sequence, SAFE)
    assert status["flags"] & d.FLAIL_CONTROLLER_FLAGS_LEASE_EXPIRED
    assert status["applied_rotor"] == 0.0
    for _ in range(40):
        bench.step(ms=1)
        assert bench.state() == SAFE, "nor does it come alive when its time has come"


def test_a_stamp_that_never_changes_renews_nothing(bench: Bench) -> None:
    """What came back to the host stopped coming, and nobody tells it: its commands die with their stamp."""
    bench.ready()
    stamp_ms = bench.now_ms
    for _ in range(14):
        bench.command(**DRIVE, controller_time_ms=stamp_ms)
        assert bench.state() == RUN
        bench.step()
    bench.command(**DRIVE, controller_time_ms=stamp_ms)
    bench.step()
    assert bench.state() == SAFE


def test_after_its_receipt_no_command_outlives_the_watchdog_whatever_its_stamp_grants(bench: Bench) -> None:
    bench.ready()
    bench.drive(20, **DRIVE)
    bench.command(**DRIVE, valid_for_ms=260)
    bench.step(199, ms=1)
    assert bench.state() == RUN
    bench.step(ms=1)
    assert bench.state() == SAFE


@pytest.mark.parametrize("how", ["lease", "hello", "kill"])
def test_a_stop_of_its_own_is_shown_for_half_a_second_whatever_comes(bench: Bench, how: str) -> None:
    bench.ready()
    bench.drive(20, **DRIVE)
    if how == "lease":
        bench.command(**DRIVE, valid_for_ms=0)
    elif how == "hello":
        bench.hello()
        bench.step()
    else:
        bench.command(flags=d.FLAIL_COMMAND_FLAGS_KILL)
        bench.drive(1, flags=d.FLAIL_COMMAND_FLAGS_RESET)
    shown_ms = 0 if how == "lease" else 10
    while bench.state() == SAFE:
        bench.command()
        bench.step(ms=1)
        shown_ms += 1
        assert shown_ms < 600
    assert 499 <= shown_ms <= 512


def test_the_end_of_a_run_is_told_at_once(bench: Bench) -> None:
    bench.ready()
    bench.command(**DRIVE, valid_for_ms=33)
    bench.step(32, ms=1)
    assert bench.status["state"] == RUN
    answers = len(bench.sent)
    bench.step(ms=1)
    assert len(bench.sent) == answers + 1
    assert bench.status["state"] == SAFE
    bench.step(20, ms=1)
    assert len(bench.sent) == answers + 1
