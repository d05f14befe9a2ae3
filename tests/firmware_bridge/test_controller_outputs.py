"""Ramps, brakes, tool, engine, signals, and the guard below them all."""

import copy
import ctypes
import math
from itertools import pairwise
from typing import Any

import pytest

from firmware_bridge.mavlink import _dialect as d
from tests.firmware_bridge.controller_bench import Bench

BOOT, SAFE, RUN, FAULT, ESTOP = range(5)
BRAKE = d.FLAIL_COMMAND_FLAGS_BRAKE


def test_speed_ramps_up_by_accel_and_down_by_decel(bench: Bench) -> None:
    bench.ready()
    for n in range(1, 60):
        bench.drive(1, track_left=0.25, track_right=-0.2)
        assert bench.out.track_left_mps == pytest.approx(min(0.25, 0.005 * n), abs=1e-5)
        assert bench.out.track_right_mps == pytest.approx(-min(0.2, 0.005 * n), abs=1e-5)
    for n in range(1, 40):
        bench.drive(1, track_left=0.1, track_right=0.0)
        assert bench.out.track_left_mps == pytest.approx(max(0.1, 0.25 - 0.01 * n), abs=1e-5)
        assert bench.out.track_right_mps == pytest.approx(-max(0.0, 0.2 - 0.01 * n), abs=1e-5)


def test_reversing_slows_down_by_decel_and_speeds_up_by_accel(bench: Bench) -> None:
    bench.ready()
    bench.drive(40, track_left=0.2, track_right=0.2)
    speeds = []
    for _ in range(60):
        bench.drive(1, track_left=-0.2, track_right=-0.2)
        speeds.append(bench.out.track_left_mps)
    changes = [after - before for before, after in pairwise([0.2, *speeds])]
    assert all(change >= -0.0101 for change in changes)
    assert changes[5] == pytest.approx(-0.01, abs=1e-5)
    assert speeds[-1] == pytest.approx(-0.2)
    assert next(n for n, speed in enumerate(speeds) if speed < -0.001) >= 20
    assert changes[30] == pytest.approx(-0.005, abs=1e-5)


def test_the_machines_own_limits_hold_whatever_is_asked(bench: Bench) -> None:
    bench.ready()
    bench.drive(400, track_left=5.0, track_right=-5.0, rotor_speed=300.0)
    assert bench.out.track_left_mps == pytest.approx(1.0)
    assert bench.out.track_right_mps == pytest.approx(-1.0)
    assert bench.out.rotor_speed_radps == pytest.approx(100.0)
    bench.drive(900, rotor_speed=-300.0)
    assert bench.out.rotor_speed_radps == 0.0, "no rotor is driven backwards"


def test_a_late_step_does_not_jump(bench: Bench) -> None:
    bench.ready()
    bench.command(track_left=1.0)
    bench.step(ms=140)
    assert bench.out.track_left_mps == pytest.approx(0.025)


def test_the_rotors_drive_is_gained_slowly_and_lost_at_once(bench: Bench) -> None:
    bench.ready()
    for n in range(1, 30):
        bench.drive(1, rotor_speed=10.0)
        assert bench.out.rotor_speed_radps == pytest.approx(min(10.0, 0.5 * n))
    bench.drive(1, rotor_speed=9.8)
    assert bench.out.rotor_speed_radps == pytest.approx(9.8)
    bench.drive(1, rotor_speed=0.0)
    assert bench.out.rotor_speed_radps == 0.0


def test_a_stop_ramps_the_tracks_and_brakes_at_standstill(bench: Bench) -> None:
    bench.ready()
    bench.drive(80, track_left=0.3, track_right=0.28, rotor_speed=30.0, tool_mode=2, tool_value=0.1)
    bench.step(15)
    speeds = [bench.out.track_left_mps]
    while bench.out.brake_release:
        assert bench.out.rotor_speed_radps == 0.0
        assert bench.out.tool_mode == d.FLAIL_TOOL_MODE_HOLD
        assert bench.out.tool_value_m == 0.0
        bench.step()
        speeds.append(bench.out.track_left_mps)
    assert len(speeds) > 20
    assert all(0 <= before - after <= 0.0101 for before, after in pairwise(speeds[:-1]))
    assert speeds[-2] < 0.06
    assert bench.out.track_left_mps == bench.out.track_right_mps == 0.0
    assert bench.out.kill_release
    assert bench.out.engine_mode == d.FLAIL_ENGINE_MODE_IDLE


@pytest.mark.parametrize("speeds", [(0.05, 0.0), (0.0, -0.05), (math.nan, 0.0), (0.0, math.nan), (-0.3, 0.3)], ids=str)
def test_brakes_close_at_t_brake_where_standstill_is_not_proven(bench: Bench, speeds: tuple[float, float]) -> None:
    bench.ready()
    bench.drive(2, track_left=0.1, track_right=0.1)
    bench.ideal = False
    bench.inputs.track_left_mps, bench.inputs.track_right_mps = speeds
    bench.command(flags=BRAKE)
    stopped_ms = bench.now_ms
    while bench.out.brake_release:
        bench.drive(1, flags=BRAKE)
        if (bench.now_ms - stopped_ms) & 0xFFFFFFFF > 1_000:
            assert bench.out.track_left_mps == bench.out.track_right_mps == 0.0
    assert (bench.now_ms - stopped_ms) & 0xFFFFFFFF == 4_000


def test_below_standstill_speed_the_brake_closes_at_once(bench: Bench) -> None:
    bench.ready()
    bench.drive(2, track_left=0.1, track_right=0.1)
    bench.ideal = False
    bench.inputs.track_left_mps, bench.inputs.track_right_mps = 0.049, -0.049
    bench.drive(1, flags=BRAKE)
    assert not bench.out.brake_release
    assert bench.out.track_left_mps == bench.out.track_right_mps == 0.0


def test_while_braked_by_command_nothing_drives_and_the_rotor_may(bench: Bench) -> None:
    bench.ready()
    bench.drive(30, track_left=0.5, track_right=0.5, rotor_speed=10.0, flags=BRAKE)
    assert bench.state() == RUN
    assert not bench.out.brake_release
    assert bench.out.track_left_mps == 0.0
    assert bench.out.rotor_speed_radps == pytest.approx(10.0)
    bench.drive(1, track_left=0.5)
    assert bench.out.brake_release
    assert bench.out.track_left_mps > 0.0


@pytest.mark.parametrize(
    ("mode", "asked", "given"),
    [
        (0, 0.3, 0.0),
        (1, 0.3, 0.3),
        (1, 0.6, 0.5),
        (1, -0.3, -0.25),
        (2, 0.2, 0.2),
        (2, 0.3, 0.25),
        (2, -0.6, -0.5),
    ],
)
def test_tool_modes_and_their_limits(bench: Bench, mode: int, asked: float, given: float) -> None:
    bench.ready()
    bench.drive(1, tool_mode=mode, tool_value=asked)
    assert bench.out.tool_mode == mode
    assert bench.out.tool_value_m == pytest.approx(given)


def test_engine_follows_is_kept_and_idles_in_a_stop(bench: Bench) -> None:
    bench.ready()
    bench.drive(1, engine_mode=d.FLAIL_ENGINE_MODE_WORK)
    assert bench.out.engine_mode == d.FLAIL_ENGINE_MODE_WORK
    bench.drive(1, engine_mode=d.FLAIL_ENGINE_MODE_KEEP)
    assert bench.out.engine_mode == d.FLAIL_ENGINE_MODE_WORK
    bench.drive(1, engine_mode=d.FLAIL_ENGINE_MODE_IDLE)
    assert bench.out.engine_mode == d.FLAIL_ENGINE_MODE_IDLE
    bench.drive(1, engine_mode=d.FLAIL_ENGINE_MODE_WORK)
    bench.step(15)
    assert bench.out.engine_mode == d.FLAIL_ENGINE_MODE_IDLE


def test_shutdown_waits_for_the_brake_and_lasts(bench: Bench) -> None:
    off = d.FLAIL_ENGINE_MODE_SHUTDOWN
    bench.ready()
    bench.drive(20, track_left=0.2, track_right=0.2, engine_mode=d.FLAIL_ENGINE_MODE_WORK)
    while bench.out.brake_release:
        bench.drive(1, engine_mode=off, flags=BRAKE)
        if bench.out.brake_release:
            assert bench.out.engine_mode == d.FLAIL_ENGINE_MODE_IDLE
    bench.drive(1, engine_mode=off, flags=BRAKE)
    assert bench.out.engine_mode == off
    bench.step(30)
    assert bench.out.engine_mode == off
    bench.step(50)
    bench.drive(2, engine_mode=d.FLAIL_ENGINE_MODE_KEEP)
    assert bench.state() == RUN
    assert bench.out.engine_mode == off
    bench.drive(1, engine_mode=d.FLAIL_ENGINE_MODE_IDLE)
    assert bench.out.engine_mode == d.FLAIL_ENGINE_MODE_IDLE


def test_shutdown_is_heard_without_neutral_too(bench: Bench) -> None:
    bench.hello()
    bench.step()
    bench.drive(1, track_left=0.1, engine_mode=d.FLAIL_ENGINE_MODE_SHUTDOWN)
    assert bench.state() == SAFE
    assert bench.out.engine_mode == d.FLAIL_ENGINE_MODE_SHUTDOWN


def test_shutdown_asked_by_a_command_that_ended_is_not_heard(bench: Bench) -> None:
    bench.hello()
    bench.step()
    bench.command(engine_mode=d.FLAIL_ENGINE_MODE_SHUTDOWN, valid_for_ms=0)
    bench.step()
    assert bench.out.engine_mode == d.FLAIL_ENGINE_MODE_IDLE


def test_signals_follow_and_warn_when_nobody_commands(bench: Bench) -> None:
    bench.ready()
    assert (bench.out.horn, bench.out.beacon, bench.out.suppression) == (False, False, False)
    bench.drive(1, flags=d.FLAIL_COMMAND_FLAGS_HORN)
    assert (bench.out.horn, bench.out.beacon, bench.out.suppression) == (True, False, False)
    bench.drive(1, flags=d.FLAIL_COMMAND_FLAGS_BEACON)
    assert (bench.out.horn, bench.out.beacon, bench.out.suppression) == (False, True, False)
    bench.drive(1, flags=d.FLAIL_COMMAND_FLAGS_SUPPRESSION)
    assert (bench.out.horn, bench.out.beacon, bench.out.suppression) == (False, False, True)
    bench.drive(1, flags=d.FLAIL_COMMAND_FLAGS_HORN)
    assert bench.out.suppression, "once released, extinguishing goes on"
    bench.step(20)
    assert (bench.out.horn, bench.out.beacon, bench.out.suppression) == (False, True, True)
    assert bench.command(sequence=bench.sequence)["flags"] & d.FLAIL_CONTROLLER_FLAGS_SUPPRESSION


def test_signals_work_before_the_handshake_and_when_killed(bench: Bench) -> None:
    bench.step()
    assert not bench.out.beacon
    bench.drive(1, flags=d.FLAIL_COMMAND_FLAGS_HORN | d.FLAIL_COMMAND_FLAGS_BEACON)
    assert (bench.out.horn, bench.out.beacon) == (True, True)
    flags = d.FLAIL_COMMAND_FLAGS_KILL | d.FLAIL_COMMAND_FLAGS_SUPPRESSION | d.FLAIL_COMMAND_FLAGS_HORN
    bench.drive(1, flags=flags)
    assert bench.state() == ESTOP
    assert (bench.out.horn, bench.out.suppression) == (True, True)


def test_the_guard_below_lets_no_stale_output_through(bench: Bench, library: ctypes.CDLL) -> None:
    bench.ready()
    bench.drive(50, track_left=0.2, rotor_speed=20.0, engine_mode=2)

    def guarded(after_ms: int) -> Any:
        return library.fc_guard(ctypes.byref(bench.out), ctypes.c_uint32((bench.now_ms + after_ms) & 0xFFFFFFFF))

    for after_ms in (0, 10, 49, 50):
        assert bytes(guarded(after_ms)) == bytes(copy.copy(bench.out)), after_ms
    for after_ms in (51, 1_000, 2**31, 2**32 - 1):
        assert bytes(guarded(after_ms)) == b"\0" * ctypes.sizeof(bench.out), after_ms


def test_status_reports_each_measurement_in_its_place(bench: Bench) -> None:
    bench.ready()
    bench.drive(3, track_left=0.5, track_right=0.25, rotor_speed=10.0)
    bench.ideal = False
    measured = {
        "track_left": 0.5, "track_right": 0.25, "rotor_speed": 9.5, "rotor_torque": 800.0, "tool_height": 0.125,
        "depth": 0.0625, "depth_sigma": 0.015625, "engine_speed": 190.0, "engine_load": 0.75,
        "hydraulic_pressure": 2.0e7, "hydraulic_temp": 60.5, "coolant_temp": 80.5, "supply_voltage": 25.5,
    }  # fmt: skip
    names = [field[0] for field in bench.inputs._fields_][:13]
    for name, value in zip(names, measured.values(), strict=True):
        setattr(bench.inputs, name, value)
    bench.inputs.depth_datum = 1
    status = bench.command(track_left=0.5, track_right=0.25, rotor_speed=10.0)
    assert {name: status[name] for name in measured} == measured
    assert (status["depth_datum"], status["boot_count"], status["time_boot_ms"]) == (1, 17, bench.now_ms)
    assert status["applied_left"] == pytest.approx(0.015)
    assert status["applied_right"] == pytest.approx(0.015)
    assert status["applied_rotor"] == pytest.approx(9.5), "caught at the speed that it has"


@pytest.mark.parametrize(
    ("ratio", "told"),
    [(0.0, 1), (0.5, 5_001), (1.0, 10_001), (-0.001, 0), (1.001, 0), (math.nan, 0), (math.inf, 0)],
)
def test_status_tells_the_fuel_and_unknown_as_nothing(bench: Bench, ratio: float, told: int) -> None:
    bench.ready()
    bench.inputs.fuel_ratio, bench.ideal = ratio, False
    assert bench.command()["fuel"] == told


@pytest.mark.parametrize(
    ("contact", "closed", "flag"),
    [
        ("estop_chain_closed", False, d.FLAIL_CONTROLLER_FLAGS_ESTOP_CHAIN_OPEN),
        ("fire", True, d.FLAIL_CONTROLLER_FLAGS_FIRE),
        ("shock", True, d.FLAIL_CONTROLLER_FLAGS_SHOCK),
        ("oil_pressure_low", True, d.FLAIL_CONTROLLER_FLAGS_OIL_PRESSURE_LOW),
        ("brake_contact", True, d.FLAIL_CONTROLLER_FLAGS_BRAKE_ON),
    ],
)
def test_status_reports_each_contact(bench: Bench, contact: str, closed: bool, flag: int) -> None:
    bench.ready()
    bench.drive(1, track_left=0.1)
    bench.ideal = False
    before = bench.command()["flags"]
    setattr(bench.inputs, contact, closed)
    assert bench.command()["flags"] == before | flag
    assert not before & flag


def peak(bench: Bench, peak_g: float, *, closed: bool = False) -> float:
    bench.inputs.shock_peak_g, bench.inputs.shock = peak_g, closed
    bench.step()
    return float(bench.command()["shock_peak"])


def test_the_largest_shock_stays_told_for_half_a_second_and_while_its_contact_is_closed(bench: Bench) -> None:
    bench.ready()
    assert peak(bench, 0.5) == 0.5
    assert peak(bench, 12.0, closed=True) == 12.0
    assert {peak(bench, 3.0, closed=True) for _ in range(200)} == {12.0}
    assert {peak(bench, 3.0) for _ in range(49)} == {12.0}, "until half a second after the contact opened"
    assert peak(bench, 3.0) == 3.0


def test_a_larger_shock_is_told_at_once(bench: Bench) -> None:
    bench.ready()
    assert [peak(bench, one) for one in (12.0, 40.0, 12.0)] == [12.0, 40.0, 40.0]
    assert math.isinf(peak(bench, math.inf))


def test_a_shock_that_is_not_measured_hides_no_larger_one_and_is_infinite_with_its_contact_closed(bench: Bench) -> None:
    bench.ready()
    assert [peak(bench, one) for one in (12.0, math.nan, 40.0)] == [12.0, 12.0, 40.0]
    for _ in range(50):
        last = peak(bench, math.nan)
    assert math.isnan(last)
    assert math.isnan(peak(bench, math.nan))
    assert peak(bench, 80.0) == 80.0, "a large one after one that was not measured"
    assert math.isinf(peak(bench, math.nan, closed=True))


def shock_told(bench: Bench) -> bool:
    return bool(bench.command()["flags"] & d.FLAIL_CONTROLLER_FLAGS_SHOCK)


def test_the_contact_of_a_shock_stays_told_as_long_as_its_peak(bench: Bench) -> None:
    bench.ready()
    peak(bench, 12.0, closed=True)
    assert {(peak(bench, 0.5), shock_told(bench)) for _ in range(49)} == {(12.0, True)}
    assert (peak(bench, 0.5), shock_told(bench)) == (0.5, False)


def test_a_shock_stays_told_until_a_command_shows_that_its_host_heard_of_it(bench: Bench) -> None:
    bench.ready()
    peak(bench, 12.0, closed=True)
    felt_ms = bench.now_ms
    bench.inputs.shock_peak_g, bench.inputs.shock = 0.5, False
    bench.step(200)
    for stamp_ms in (felt_ms - 20, felt_ms, bench.now_ms + 5_000):
        status = bench.command(controller_time_ms=stamp_ms)
        assert (status["shock_peak"], status["flags"] & d.FLAIL_CONTROLLER_FLAGS_SHOCK) == (12.0, 4), stamp_ms
    assert bench.command(controller_time_ms=felt_ms + 1)["shock_peak"] == 0.5
    assert not shock_told(bench)


def test_a_shock_from_before_any_command_is_kept_for_nobody(bench: Bench) -> None:
    peak_g, bench.inputs.shock_peak_g = bench.inputs.shock_peak_g, 12.0
    bench.step()
    bench.inputs.shock_peak_g = peak_g
    bench.step(49)
    assert bench.status["shock_peak"] == 12.0
    bench.step(11)
    assert bench.status["shock_peak"] == 0.0


def test_the_wish_for_a_new_fix_is_passed_on_in_every_state_and_falls_with_its_command(bench: Bench) -> None:
    restart = d.FLAIL_COMMAND_FLAGS_GNSS_RESTART
    bench.step()
    bench.drive(1, flags=restart)
    assert bench.state() == BOOT
    assert bench.out.gnss_restart
    bench.ready()
    assert not bench.out.gnss_restart
    bench.drive(1, flags=restart)
    assert bench.out.gnss_restart
    bench.drive(1)
    assert not bench.out.gnss_restart
    bench.drive(1, flags=restart)
    bench.step(20)
    assert not bench.out.gnss_restart
    bench.drive(1, flags=restart | d.FLAIL_COMMAND_FLAGS_KILL)
    assert (bench.state(), bench.out.gnss_restart) == (ESTOP, True)


def test_without_a_wish_to_brake_the_hydraulics_hold_alone_and_only_driving_opens_the_brake(bench: Bench) -> None:
    bench.ready()
    bench.drive(10)
    assert not bench.out.brake_release, "a command of nothing opens nothing"
    bench.drive(20, track_right=0.1)
    assert bench.out.brake_release
    bench.drive(600)
    assert bench.out.brake_release
    assert bench.out.track_right_mps == 0.0
    bench.drive(2, flags=BRAKE)
    assert not bench.out.brake_release


@pytest.mark.parametrize(("turns", "first"), [(20.0, 20.5), (0.0, 0.5), (-4.0, 0.5), (math.nan, 0.5), (500.0, 40.0)])
def test_the_drive_meets_the_rotor_at_the_speed_that_it_has(bench: Bench, turns: float, first: float) -> None:
    bench.ready()
    bench.ideal = False
    bench.inputs.rotor_speed_radps = turns
    bench.step()
    bench.command(rotor_speed=40.0)
    bench.step()
    assert bench.out.rotor_speed_radps == pytest.approx(first)
