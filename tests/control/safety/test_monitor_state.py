"""What the gate remembers from tick to tick."""

import math
from typing import Any

import msgspec
import pytest

from firmware_bridge.types import ControllerFlag, ControllerState
from tests.builders import estimate, gnss, imu, status
from tests.control.safety.fields import BOX
from tests.control.safety.gate_inputs import BEATS, CONFIG, NOW_NS, ROTORLESS, TICK, gate_inputs
from vehicle.contracts.units import TICK_NS
from vehicle.control.safety.gate_inputs import GateInputs
from vehicle.control.safety.monitor_state import crowded, remember
from vehicle.control.state import DriftState, MonitorState, RotorWatch

WORKING = CONFIG.machine.tool.rotor_speed_radps
OLD = MonitorState(beats_ns=BEATS)


def after(now: GateInputs, broken: int = 0, stale: bool = False) -> MonitorState:
    return remember(now, None if stale else now.wire.status, broken)


def old(**changes: object) -> MonitorState:
    return msgspec.structs.replace(OLD, **changes)


def test_beats_are_the_times_of_the_last_ticks() -> None:
    assert after(gate_inputs()).beats_ns == (*BEATS[1:], NOW_NS)
    assert after(gate_inputs(monitor=MonitorState())).beats_ns == (NOW_NS,)


def test_counters_of_the_controller_are_those_of_the_last_fresh_status() -> None:
    now = gate_inputs(
        status_=status(boot_count=3, status_count=9, depth_m=0.1), monitor=old(boot_count=2, status_count=8)
    )
    new = after(now)
    assert (new.boot_count, new.status_count, new.depth_m) == (3, 9, 0.1)
    kept = after(now, stale=True)
    assert (kept.boot_count, kept.status_count, kept.depth_m) == (2, 8, 0.0)


def test_row_36_a_status_that_arrives_unchanged_repeats() -> None:
    monitor = old(status_count=5, status_tick=900)
    assert after(gate_inputs(monitor=monitor)).status_tick == 900
    assert after(gate_inputs(monitor=monitor, wire={"status_fresh": False})).status_tick == TICK
    assert after(gate_inputs(monitor=monitor, status_=status(status_count=6))).status_tick == TICK


@pytest.mark.parametrize(
    ("changes", "latched"),
    [
        ({}, False),
        ({"flags": ControllerFlag.ESTOP_CHAIN_OPEN}, True),
        ({"flags": ControllerFlag.KILL}, False),
        ({"state": ControllerState.ESTOP}, True),
        ({"state": ControllerState.ESTOP, "flags": ControllerFlag.KILL}, False),
        ({"state": ControllerState.ESTOP, "flags": ControllerFlag.KILL | ControllerFlag.ESTOP_CHAIN_OPEN}, True),
        ({"state": ControllerState.ESTOP, "flags": ControllerFlag.FIRE}, False),
        ({"state": ControllerState.ESTOP, "flags": ControllerFlag.FIRE | ControllerFlag.ESTOP_CHAIN_OPEN}, True),
        ({"state": ControllerState.FAULT}, False),
    ],
)
def test_the_chain_is_what_a_hand_at_the_machine_opened_and_not_a_kill(
    changes: dict[str, object], latched: bool
) -> None:
    assert after(gate_inputs(status_=status(**changes))).chain_latched is latched


def test_a_lost_controller_resets_no_chain() -> None:
    assert after(gate_inputs(monitor=old(chain_latched=True)), stale=True).chain_latched
    assert not after(gate_inputs(monitor=old(chain_latched=False)), stale=True).chain_latched


def test_the_base_and_the_clips_are_the_newest_heard() -> None:
    monitor = old(base_id=4, clip_count=2)
    now = gate_inputs(monitor=monitor, gnss_=gnss(0.0, 0.0, 0.0, 0.3, base_id=9), imu_=imu(clip_count=3))
    assert (after(now).base_id, after(now).clip_count) == (9, 3)
    now = gate_inputs(monitor=monitor, gnss_=None, imu_=None)
    assert (after(now).base_id, after(now).clip_count) == (4, 2)


@pytest.mark.parametrize("known", [0, 9])
def test_row_47_a_receiver_that_is_silent_is_no_other_base(known: int) -> None:
    new = after(gate_inputs(monitor=old(base_known=known), gnss_=None))
    assert (new.base_known, new.base_turns) == (known, ())


@pytest.mark.parametrize("field", ["yaw_rate_radps", "accel_x_mps2", "accel_y_mps2", "roll_rad", "pitch_rad"])
def test_row_55_an_imu_repeats_only_if_nothing_in_it_moves(field: str) -> None:
    first = after(gate_inputs())
    monitor = msgspec.structs.replace(first, imu_tick=900)
    assert after(gate_inputs(monitor=monitor, imu_=imu(time_ms=77))).imu_tick == 900
    assert after(gate_inputs(monitor=monitor, imu_=imu(**{field: 0.001}))).imu_tick == TICK
    assert after(gate_inputs(monitor=monitor, imu_=None)).imu_tick == TICK


def test_row_55_a_receiver_repeats_if_its_position_does() -> None:
    monitor = msgspec.structs.replace(after(gate_inputs()), gnss_tick=900)
    base = gnss(1.0, 2.0, 0.0, 0.3)
    assert after(gate_inputs(monitor=monitor)).gnss_tick == 900
    for field in ("lat_deg", "lon_deg"):
        moved = msgspec.structs.replace(base, **{field: getattr(base, field) + 1e-9})
        assert after(gate_inputs(monitor=monitor, gnss_=moved)).gnss_tick == TICK
    assert after(gate_inputs(monitor=monitor, gnss_=None)).gnss_tick == TICK


def test_row_55_a_depth_repeats() -> None:
    monitor = old(depth_m=0.2, depth_tick=900)
    assert after(gate_inputs(monitor=monitor, status_=status(depth_m=0.2))).depth_tick == 900
    assert after(gate_inputs(monitor=monitor, status_=status(depth_m=0.21))).depth_tick == TICK
    assert after(gate_inputs(monitor=monitor), stale=True).depth_tick == 900


def test_row_53_tilt_is_compared_with_gravity() -> None:
    roll, pitch = 0.2, -0.3
    shown = imu(
        roll_rad=roll,
        pitch_rad=pitch,
        accel_x_mps2=-9.8 * math.sin(pitch),
        accel_y_mps2=9.8 * math.cos(pitch) * math.sin(roll),
        accel_z_mps2=9.8 * math.cos(pitch) * math.cos(roll),
    )
    assert after(gate_inputs(imu_=shown)).tilt_error_rad == pytest.approx((0.0, 0.0), abs=1e-12)
    wrong = msgspec.structs.replace(shown, roll_rad=roll + 0.5, pitch_rad=pitch - 0.4)
    first = after(gate_inputs(imu_=wrong))
    assert first.tilt_error_rad == pytest.approx((0.05, -0.04))
    second = after(gate_inputs(monitor=first, imu_=wrong))
    assert second.tilt_error_rad == pytest.approx((0.05 + 0.045, -0.04 - 0.036))


def test_row_53_a_missing_tilt_leaves_the_filter_alone() -> None:
    monitor = old(tilt_error_rad=(0.1, 0.2))
    assert after(gate_inputs(monitor=monitor, imu_=None)).tilt_error_rad == (0.1, 0.2)
    for field in ("roll_rad", "pitch_rad", "accel_x_mps2"):
        assert after(gate_inputs(monitor=monitor, imu_=imu(**{field: math.nan}))).tilt_error_rad == (0.1, 0.2)


def test_the_expected_set_points_follow_the_ramp_from_what_was_last_commanded() -> None:
    tracks = CONFIG.machine.tracks
    new = after(gate_inputs(monitor=old(expected_mps=(0.0, 1.0)), state={"set_mps": (1.0, 0.0)}))
    assert new.expected_mps == pytest.approx((tracks.accel_mps2 * 0.02, 1.0 - tracks.decel_mps2 * 0.02))


@pytest.mark.parametrize(
    ("monitor", "speed", "rested"),
    [
        ({}, 0.05, True),
        ({}, -0.05, True),
        ({}, 0.0501, False),
        ({}, -0.0501, False),
        ({"rotor_rested": True}, 0.5, True),
        ({"rotor_on": True}, 0.0, False),
        ({"rotor_on": True, "rotor_rested": True}, 0.0, False),
    ],
)
def test_a_rotor_rests_once_it_was_seen_at_rest_unasked(monitor: dict[str, object], speed: float, rested: bool) -> None:
    new = after(gate_inputs(monitor=old(**monitor), status_=status(rotor_speed_radps=speed * WORKING)))
    assert new.rotor_rested is rested
    assert new.rotor_ratio == pytest.approx(speed)
    assert new.rotor_on is monitor.get("rotor_on", False)


def test_an_unknown_rotor_neither_rests_nor_turns() -> None:
    new = after(gate_inputs(), stale=True)
    assert math.isnan(new.rotor_ratio)
    assert not new.rotor_rested
    assert after(gate_inputs(config=ROTORLESS), stale=True).rotor_ratio == 0.0
    assert after(gate_inputs(config=ROTORLESS, status_=status(rotor_speed_radps=50.0))).rotor_ratio == 0.0


@pytest.mark.parametrize(
    ("monitor", "ratio", "tick"),
    [
        ({"rotor_tick": 900}, 1.0, 900),
        ({"rotor_tick": 900, "rotor_on": True}, 0.89, 900),
        ({"rotor_tick": 900, "rotor_on": True}, 0.9, TICK),
        ({"rotor_tick": 900, "rotor_on": True}, 1.0, TICK),
        ({"rotor_tick": 900, "beats_ns": ()}, 0.0, TICK),
    ],
)
def test_the_rotors_time_counts_from_its_command_or_from_when_it_was_last_at_speed(
    monitor: dict[str, object], ratio: float, tick: int
) -> None:
    assert (
        after(gate_inputs(monitor=old(**monitor), status_=status(rotor_speed_radps=ratio * WORKING))).rotor_tick == tick
    )


def test_occurrences_are_kept_a_few_of_each() -> None:
    monitor = old(bad_ticks=(1, 2, 3, 4, 5), broken_ticks=(1, 2), late_ticks=(1,))
    now = gate_inputs(monitor=monitor, wire={"bad_frames": 2, "overrun": True})
    new = after(now, broken=2)
    assert new.bad_ticks == (2, 3, 4, 5, TICK, TICK)
    assert new.broken_ticks == (2, TICK, TICK)
    assert new.late_ticks == (1, TICK)
    same = after(gate_inputs(monitor=monitor))
    assert (same.bad_ticks, same.broken_ticks, same.late_ticks) == ((1, 2, 3, 4, 5), (1, 2), (1,))
    many = after(gate_inputs(monitor=monitor, wire={"bad_frames": 99, "overrun": True}), broken=50)
    assert (len(many.bad_ticks), len(many.broken_ticks), len(many.late_ticks)) == (6, 3, 2)


@pytest.mark.parametrize(
    ("ticks", "crowd"),
    [((), False), ((90, 99), False), ((50, 60, 99), False), ((51, 60, 99), True), ((99, 99, 99), True)],
)
def test_a_crowd_is_so_many_within_a_second(ticks: tuple[int, ...], crowd: bool) -> None:
    assert crowded(ticks, 100, 3) is crowd


def test_the_way_of_the_belts_is_summed_between_epochs() -> None:
    monitor = old(drift=DriftState(known=True, belt_m=0.1))
    moving = status(track_left_mps=1.0, track_right_mps=-0.5)
    new = after(gate_inputs(monitor=monitor, status_=moving))
    assert new.drift == DriftState(known=True, belt_m=0.1 + 0.015)
    unheard: tuple[dict[str, Any], ...] = ({"gnss_": None}, {"imu_": None})
    for changes in unheard:
        assert (
            after(gate_inputs(monitor=monitor, status_=moving, wire={"gnss_fresh": True}, **changes)).drift == new.drift
        )
    for belts in ((1.0, -0.5), (-1.0, 0.5), (-1.0, -0.5)):
        pivoting = status(track_left_mps=belts[0], track_right_mps=belts[1])
        assert after(gate_inputs(monitor=monitor, status_=pivoting)).drift.belt_m == pytest.approx(0.115)
    at_epoch = after(gate_inputs(monitor=monitor, status_=moving, wire={"gnss_fresh": True})).drift
    assert at_epoch.belt_m == 0.0
    assert at_epoch.known
    assert at_epoch.lat_deg != 0.0


def test_a_way_that_nobody_measures_starts_the_sums_anew() -> None:
    monitor = old(drift=DriftState(known=True, belt_m=0.1, left_m=0.2))
    assert after(gate_inputs(monitor=monitor), stale=True).drift == DriftState()
    assert after(gate_inputs(monitor=monitor, status_=status(track_left_mps=math.nan))).drift == DriftState()


def test_the_fence_is_judged_ten_times_a_second() -> None:
    def room(now: GateInputs) -> tuple[float, float]:
        new = after(now)
        return new.room_ahead_m, new.room_behind_m

    near = estimate(east_m=20.0, yaw_rad=0.0)
    ahead_m, behind_m = room(gate_inputs(state={"fence": BOX}, belief=near))
    assert 5.0 < ahead_m < 10.0
    assert 45.0 < behind_m < 50.0
    kept = old(room_ahead_m=1.5, room_behind_m=2.5)
    for tick in range(TICK + 1, TICK + 5):
        assert room(gate_inputs(state={"fence": BOX}, belief=near, monitor=kept, tick=tick)) == (1.5, 2.5)
    assert room(gate_inputs(state={"fence": BOX}, belief=near, monitor=kept, tick=TICK + 5)) == (ahead_m, behind_m)
    assert room(gate_inputs(state={"fence": BOX}, belief=estimate(east_m=40.0), monitor=kept)) == (0.0, 0.0)
    late_ns = (TICK + 1) * TICK_NS + TICK_NS
    late = gate_inputs(state={"fence": BOX}, belief=near, monitor=kept, tick=TICK + 1, now_ns=late_ns)
    assert room(late) == (ahead_m, behind_m), "after a missed slot it is measured at once"


def test_without_a_fence_there_is_room() -> None:
    outside, kept = estimate(east_m=40.0), old(room_ahead_m=0.0, room_behind_m=0.0, room_turns=False)
    new = after(gate_inputs(belief=outside, monitor=kept))
    assert new.room_ahead_m == new.room_behind_m == math.inf
    assert new.room_turns


@pytest.mark.parametrize(
    ("belts_mps", "ahead_m", "behind_m"), [(0.5, 0.49, 0.31), (-0.5, 0.51, 0.29), (50.0, 0.0, 1.3)]
)
def test_without_a_position_the_belts_way_is_taken_off_the_room(
    belts_mps: float, ahead_m: float, behind_m: float
) -> None:
    lost = estimate(east_m=40.0, valid=False)
    for turns in (True, False):
        kept = old(room_ahead_m=0.5, room_behind_m=0.3, room_turns=turns)
        rolls = status(track_left_mps=belts_mps, track_right_mps=belts_mps)
        new = after(gate_inputs(state={"fence": BOX}, belief=lost, monitor=kept, status_=rolls))
        assert (new.room_ahead_m, new.room_behind_m) == pytest.approx((ahead_m, behind_m))
        assert new.room_turns is turns
    unknown = after(gate_inputs(state={"fence": BOX}, belief=lost, monitor=kept), stale=True)
    assert (unknown.room_ahead_m, unknown.room_behind_m) == (0.5, 0.3)
    told = old(room_ahead_m=0.5, room_behind_m=0.3, expected_mps=(0.6, 0.4))
    silent = gate_inputs(
        state={"fence": BOX, "set_mps": (0.6, 0.4)},
        belief=lost,
        monitor=told,
        status_=status(track_left_mps=math.nan, track_right_mps=0.0),
    )
    assert (after(silent).room_ahead_m, after(silent).room_behind_m) == pytest.approx((0.49, 0.31))
    back = after(
        gate_inputs(
            state={"fence": BOX}, belief=lost, monitor=kept, status_=status(track_left_mps=-50.0, track_right_mps=-50.0)
        )
    )
    assert back.room_behind_m == 0.0


@pytest.mark.parametrize(
    ("belts_mps", "ahead_m", "behind_m"), [(0.5, 0.45, 0.31), (-0.5, 0.51, 0.25), (2.0, 0.3, 0.34), (-2.0, 0.54, 0.1)]
)
def test_a_late_tick_takes_off_what_the_clock_says_and_gives_back_what_a_slot_does(
    belts_mps: float, ahead_m: float, behind_m: float
) -> None:
    """0.1 s since the tick before: five slots taken off, one given back."""
    rolls = status(track_left_mps=belts_mps, track_right_mps=belts_mps)
    now_ns = (TICK + 4) * TICK_NS
    lost, kept = estimate(east_m=40.0, valid=False), old(room_ahead_m=0.5, room_behind_m=0.3)
    new = after(gate_inputs(state={"fence": BOX}, belief=lost, monitor=kept, status_=rolls, now_ns=now_ns))
    assert (new.room_ahead_m, new.room_behind_m) == pytest.approx((ahead_m, behind_m))


def test_row_55_the_monitor_follows_the_rotor() -> None:
    worked = status(rotor_speed_radps=WORKING, depth_m=0.2, track_left_mps=0.2, track_right_mps=0.2)
    first = TICK - 99
    watch = RotorWatch(
        low_radps=WORKING, high_radps=WORKING, still_tick=first, before_tick=first, restless_ticks=99, short_tick=TICK
    )
    new = after(gate_inputs(monitor=old(rotor_watch=watch), status_=worked))
    assert new.rotor_watch.doubt_tick == first - 50
    assert after(gate_inputs(monitor=old(rotor_watch=watch)), stale=True).rotor_watch.restless_ticks == 99
    raised = msgspec.structs.replace(worked, depth_m=-0.3)
    for asked in (True, False):
        told = gate_inputs(monitor=old(rotor_watch=watch, rotor_on=asked), status_=raised)
        assert (after(told).rotor_watch.doubt_tick > 0) is not asked
