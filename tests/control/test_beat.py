"""A tick lasts as long as the clock says: slots that a busy computer misses are time in which the machine goes on."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests import builders
from tests.control.safety.fields import BOX
from tests.control.safety.gate_inputs import BEATS, CONFIG, NOW_NS, TICK, gate_inputs
from vehicle.contracts.units import NEVER_NS, NS_PER_S, TICK_NS, TICK_S
from vehicle.control import beat
from vehicle.control.estimate import fusion
from vehicle.control.estimate_state import EstimateState
from vehicle.control.safety import monitor_state, rotor
from vehicle.control.safety.tracks import ramped_mps
from vehicle.control.state import MonitorState, RotorWatch, WireState

SLOTS = st.lists(st.integers(1, 5), min_size=1, max_size=40)
"""How many slots each tick took, up to a tenth of a second."""


def test_a_tick_in_its_slot_is_a_slot_to_the_last_bit() -> None:
    for number in (1, 50, 86_400 * 50):
        assert beat.since_s(number * TICK_NS, (number + 1) * TICK_NS) == TICK_S
    assert beat.since_s(NEVER_NS, 5) == beat.since_beat_s((), 5) == TICK_S


@given(st.integers(0, 10**15), st.integers(-(10**9), 10**10))
def test_time_runs_on_and_a_movement_is_carried_on_for_a_tenth_of_a_second_at_most(before_ns: int, way_ns: int) -> None:
    since_s = beat.since_s(before_ns, before_ns + way_ns)
    assert since_s == pytest.approx(max(0.0, way_ns / NS_PER_S))
    assert beat.carried_s(before_ns, before_ns + way_ns) == min(0.1, since_s)


@given(SLOTS, st.integers(0, 60))
def test_a_tick_that_lies_back_was_no_later_than_it_truly_was(slots: list[int], back: int) -> None:
    times_ns = [0]
    for slot in slots:
        times_ns.append(times_ns[-1] + slot * TICK_NS)
    now_ns, beats_ns = times_ns[-1], tuple(times_ns[:-1])[-24:]
    ago_ns = beat.ago_ns(beats_ns, back, now_ns)
    assert ago_ns >= back * TICK_NS
    if back <= len(beats_ns):
        assert ago_ns == (now_ns - beats_ns[-back] if back else 0)


@settings(max_examples=25)
@given(SLOTS, st.floats(0.05, 0.6), st.floats(-0.2, 0.2))
def test_the_place_goes_as_far_and_turns_as_much_however_many_slots_are_missed(
    slots: list[int], speed_mps: float, rate_radps: float
) -> None:
    belts = {f"{what}_{side}_mps": speed_mps for what in ("track", "applied") for side in ("left", "right")}
    status = builders.status(**belts)
    state, now_ns = EstimateState(ready=True, t_ns=0), 0
    for slot in slots:
        now_ns += slot * TICK_NS
        wire = WireState(
            status=status, status_t_ns=now_ns, imu=builders.imu(yaw_rate_radps=rate_radps), imu_t_ns=now_ns
        )
        state = fusion.step(state, wire, CONFIG, builders.DATUM, now_ns)
    time_s = now_ns / NS_PER_S
    assert state.odometer[2] == pytest.approx(speed_mps * time_s)
    assert state.odometer[3] == pytest.approx(rate_radps * time_s)
    assert math.hypot(*state.odometer[:2]) <= speed_mps * time_s + 1e-9
    assert state.x[2] == pytest.approx(math.remainder(rate_radps * time_s, math.tau))
    assert state.place.gap_m == pytest.approx(0.0)


@given(st.floats(0.11, 3.0), st.booleans())
def test_what_a_stall_lasts_beyond_that_is_way_that_nobody_knows(stall_s: float, ran: bool) -> None:
    """The belts ran before it, and stand after it: the controller stopped them somewhere in between."""
    state = EstimateState(ready=True, t_ns=0, moving_mps=0.3 if ran else 0.0)
    now_ns = round(stall_s * NS_PER_S)
    rests = builders.status(track_left_mps=0.0, track_right_mps=0.0)
    wire = WireState(status=rests, status_t_ns=now_ns, imu=builders.imu(), imu_t_ns=now_ns)
    after = fusion.step(state, wire, CONFIG, builders.DATUM, now_ns)
    lost_m = 0.3 * (stall_s - 0.1) if ran else 0.0
    assert after.place.gap_m == pytest.approx(lost_m)
    assert after.drift.position_m2 == pytest.approx(lost_m**2)


def room(ahead_m: float, behind_m: float, beats_ns: tuple[int, ...], speed_mps: float) -> tuple[float, float]:
    kept = MonitorState(beats_ns=beats_ns, boot_count=1, base_id=7, room_ahead_m=ahead_m, room_behind_m=behind_m)
    told = builders.status(track_left_mps=speed_mps, track_right_mps=speed_mps)
    now = gate_inputs(monitor=kept, belief=builders.estimate(valid=False), status_=told, state={"fence": BOX})
    new = monitor_state.remember(now, told, 0)
    return new.room_ahead_m, new.room_behind_m


@given(st.floats(0.02, 5.0), st.floats(0.05, 0.6), st.booleans())
def test_without_a_position_the_room_shrinks_by_the_time_and_grows_by_no_more_than_a_slot(
    tick_s: float, speed_mps: float, ahead: bool
) -> None:
    beats_ns = (NOW_NS - round(tick_s * NS_PER_S),)
    signed_mps = speed_mps if ahead else -speed_mps
    front_m, back_m = room(2.0, 2.0, beats_ns, signed_mps)
    towards_m, away_m = (front_m, back_m) if ahead else (back_m, front_m)
    assert towards_m == pytest.approx(max(0.0, 2.0 - speed_mps * tick_s))
    assert away_m == pytest.approx(2.0 + speed_mps * TICK_S)


@given(SLOTS, st.floats(0.1, 1.0))
def test_what_the_controller_is_expected_to_apply_follows_its_own_clock(slots: list[int], wanted_mps: float) -> None:
    once_mps = late_mps = 0.0
    for slot in slots:
        late_mps = ramped_mps(late_mps, wanted_mps, CONFIG, slot * TICK_S)
        for _ in range(slot):
            once_mps = ramped_mps(once_mps, wanted_mps, CONFIG)
    assert late_mps == pytest.approx(once_mps)
    kept = MonitorState(beats_ns=(NOW_NS - 3 * TICK_NS,), boot_count=1, base_id=7)
    now = gate_inputs(monitor=kept, state={"set_mps": (wanted_mps, wanted_mps)})
    told = monitor_state.remember(now, None, 0).expected_mps
    assert told[0] == ramped_mps(0.0, wanted_mps, CONFIG, 3 * TICK_S)


@settings(max_examples=15)
@given(st.lists(st.integers(1, 4), min_size=400, max_size=400), st.integers(60, 200))
def test_what_a_standing_rotor_sensor_withdraws_begins_no_later_than_its_tick(slots: list[int], stands: int) -> None:
    """By the scatter of what it shows; its mean of a second lasts as long as the ticks do."""
    working = CONFIG.machine.tool.rotor_speed_radps
    watch, now_ns, times_ns = RotorWatch(), 10 * NS_PER_S, {}
    for tick, slot in enumerate(slots, start=TICK):
        now_ns += slot * TICK_NS
        times_ns[tick] = now_ns
        lively = working + (0.5 if tick % 2 and tick < TICK + stands else 0.0)
        told = builders.status(
            depth_m=0.2, rotor_speed_radps=lively, track_left_mps=0.2, track_right_mps=0.2, engine_load_ratio=1.0
        )
        watch = rotor.follow(watch, told, CONFIG, tick, now_ns, asked=True)
        if watch.doubt_tick:
            break
    assert watch.doubt_tick
    from_tick = watch.doubt_tick + rotor.MEAN_TICKS
    assert watch.doubt_t_ns <= times_ns[from_tick] - rotor.MEAN_TICKS * TICK_NS
    pace_ns = (now_ns - times_ns[from_tick]) / (tick - from_tick)
    assert watch.doubt_t_ns == pytest.approx(times_ns[from_tick] - rotor.MEAN_TICKS * pace_ns, abs=100)
    later = rotor.follow(watch, told, CONFIG, tick + 1, now_ns + TICK_NS, asked=True)
    assert later.doubt_t_ns == watch.doubt_t_ns


def test_a_slow_belt_keeps_the_moment_of_the_doubt_and_a_lifted_tool_forgets_it() -> None:
    watch = RotorWatch(doubt_tick=9, doubt_t_ns=8)
    work = builders.status(depth_m=0.2, rotor_speed_radps=CONFIG.machine.tool.rotor_speed_radps)
    rests = replace(work, track_left_mps=0.0, track_right_mps=0.0)
    assert rotor.follow(watch, rests, CONFIG, TICK, NOW_NS, asked=True).doubt_t_ns == 8
    assert rotor.follow(watch, None, CONFIG, TICK, NOW_NS, asked=True).doubt_t_ns == 8
    lifted = replace(work, depth_m=-0.1)
    assert rotor.follow(watch, lifted, CONFIG, TICK, NOW_NS, asked=True).doubt_t_ns == 0
    assert BEATS[-1] == NOW_NS - TICK_NS
