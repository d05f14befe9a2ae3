"""The job, phase by phase: what follows what, what a break does, and that nothing goes on by itself."""

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import builders
from vehicle.config.vehicle import footprint
from vehicle.contracts.geometry import offset_m
from vehicle.contracts.messages import (
    AUTO_MODES,
    MISSION_MODES,
    STARTS,
    DriveKind,
    Estimate,
    MissionPhase,
    Mode,
    RotorState,
)
from vehicle.contracts.plan import Segment, SegmentKind
from vehicle.control.mission import job
from vehicle.control.mission.job import JobInputs
from vehicle.control.mission.progress import along_segment_m, begins_at, taken_up_at
from vehicle.control.mission.task import depth_wish_m, height_wish_m, task
from vehicle.control.state import MissionState, job_mark

CONFIG = builders.config()
YAW_RAD = 0.7
LENGTH_M = 12.0
PLAN = builders.plan((builders.swath(0, LENGTH_M, YAW_RAD),), footprint(CONFIG.machine))
ACTIVE = [p for p in MissionPhase if p not in (MissionPhase.IDLE, MissionPhase.PAUSED, MissionPhase.DONE)]


def at(along_m: float, cross_m: float = 0.0) -> Estimate:
    east, north = offset_m((0.0, 0.0), YAW_RAD, along_m, cross_m)
    return builders.estimate(east, north, YAW_RAD)


def vehicle(mode: Mode, rotor: RotorState = RotorState.OFF, **status: float) -> JobInputs:
    return JobInputs(
        mode=mode,
        rotor=rotor,
        operator_age_s=0.0,
        tracks_supported=None,
        status=builders.status(**status),
        depth_bias_m=0.0,
    )


def mission(phase: MissionPhase, **changes: object) -> MissionState:
    return msgspec.structs.replace(MissionState(plan=PLAN, phase=phase), **changes)


def step(state: MissionState, seen: JobInputs, estimate: Estimate) -> MissionState:
    return job.step(state, seen, estimate, CONFIG, 0)


def test_a_swath_from_start_to_end() -> None:
    up, down = height_wish_m(CONFIG), depth_wish_m(CONFIG, builders.status(), 0.0)
    state = step(mission(MissionPhase.IDLE), vehicle(Mode.AUTO_MOVE), at(0.0))
    assert state.phase is MissionPhase.SPIN_UP
    assert step(state, vehicle(Mode.AUTO_MOVE, RotorState.SPIN_UP), at(0.0)).phase is MissionPhase.SPIN_UP
    state = step(state, vehicle(Mode.AUTO_MOVE, RotorState.AT_SPEED), at(0.0))
    assert state.phase is MissionPhase.LOWER
    assert step(state, vehicle(Mode.AUTO_WORK, depth_m=down - 0.02), at(0.0)).phase is MissionPhase.LOWER
    state = step(state, vehicle(Mode.AUTO_WORK, depth_m=down), at(0.0))
    assert state.phase is MissionPhase.WORK
    for along_m in np.arange(0.0, LENGTH_M, 0.5):
        state = step(state, vehicle(Mode.AUTO_WORK), at(along_m))
        assert (state.phase, state.worked_along_m) == (MissionPhase.WORK, pytest.approx(along_m))
    state = step(state, vehicle(Mode.AUTO_WORK), at(LENGTH_M))
    assert state.phase is MissionPhase.RAISE
    assert step(state, vehicle(Mode.AUTO_WORK, tool_height_m=up - 0.1), at(LENGTH_M)).phase is MissionPhase.RAISE
    assert step(state, vehicle(Mode.AUTO_WORK, tool_height_m=up), at(LENGTH_M)).phase is MissionPhase.DONE


@pytest.mark.parametrize("phase", ACTIVE)
@pytest.mark.parametrize("mode", [m for m in Mode if m not in MISSION_MODES])
def test_leaving_auto_pauses_and_wants_nothing(phase: MissionPhase, mode: Mode) -> None:
    state = step(mission(phase), vehicle(mode, RotorState.AT_SPEED), at(3.0))
    assert state.phase is MissionPhase.PAUSED
    wanted = task(state, at(3.0), CONFIG)
    assert (wanted.drive, wanted.rotor_on, wanted.tool_down) == (DriveKind.STAND, False, False)
    assert step(state, vehicle(mode), at(3.0)).phase is MissionPhase.PAUSED


@pytest.mark.parametrize("phase", ACTIVE)
def test_a_wait_keeps_phase_place_and_progress(phase: MissionPhase) -> None:
    begun = mission(phase, worked_along_m=2.0, work_started=True)
    state = begun
    for _ in range(100):
        state = step(state, vehicle(Mode.WAIT, RotorState.AT_SPEED, depth_m=1.0, tool_height_m=1.0), at(LENGTH_M))
    assert state == begun


@pytest.mark.parametrize("phase", ACTIVE)
def test_nothing_goes_on_while_the_horn_warns(phase: MissionPhase) -> None:
    seen = vehicle(Mode.AUTO_MOVE, RotorState.AT_SPEED, depth_m=1.0, tool_height_m=1.0)
    state = mission(phase)
    warned = msgspec.structs.replace(seen, warns=True)
    assert step(state, warned, at(LENGTH_M)) == state
    assert step(state, seen, at(LENGTH_M)).phase is not phase or phase is MissionPhase.BACK_OFF


def test_a_mission_is_taken_up_while_the_horn_warns() -> None:
    """It must not count as one that has ended; what blocks it is told at once."""
    seen = msgspec.structs.replace(vehicle(Mode.AUTO_MOVE), warns=True)
    assert step(mission(MissionPhase.IDLE), seen, at(0.0)).phase is MissionPhase.SPIN_UP


def credited(mode: Mode, *, crediting: bool) -> JobInputs:
    return msgspec.structs.replace(vehicle(mode, RotorState.AT_SPEED, depth_m=1.0), crediting=crediting)


def at_work(along_m: float = 3.0, *, crediting: bool = True) -> MissionState:
    """A swath that is worked, and credited or not, up to here."""
    state = mission(MissionPhase.WORK, work_started=True, worked_along_m=along_m - 0.01)
    return step(state, credited(Mode.AUTO_WORK, crediting=crediting), at(along_m))


def test_after_a_wait_without_a_seam_the_swath_goes_on() -> None:
    state = at_work()
    for _ in range(50):
        state = step(state, credited(Mode.WAIT, crediting=True), at(3.05))
    state = step(state, credited(Mode.AUTO_WORK, crediting=True), at(3.05))
    assert (state.phase, state.worked_along_m) == (MissionPhase.WORK, pytest.approx(3.05))


def test_a_swath_whose_credit_broke_off_in_a_wait_is_re_entered() -> None:
    state = step(at_work(), credited(Mode.WAIT, crediting=False), at(3.1))
    state = step(state, credited(Mode.WAIT, crediting=True), at(3.1))
    warns = msgspec.structs.replace(credited(Mode.AUTO_WORK, crediting=True), warns=True)
    state = step(state, warns, at(3.1))
    assert task(state, at(3.1), CONFIG).drive is DriveKind.STAND, "told while it still warns, or it drives for a tick"
    assert step(state, warns, at(3.1)) == state
    assert (state.phase, state.work_started, state.worked_along_m) == (MissionPhase.RAISE, True, pytest.approx(3.0))
    up = vehicle(Mode.AUTO_MOVE, tool_height_m=height_wish_m(CONFIG))
    state = step(state, up, at(3.1))
    assert state.phase is MissionPhase.BACK_OFF, "and only once"


def waited(state: MissionState, along_m: float) -> MissionState:
    """Without credit through a WAIT, then on."""
    for _ in range(100):
        state = step(state, credited(Mode.WAIT, crediting=False), at(along_m))
    return step(state, credited(Mode.AUTO_WORK, crediting=True), at(along_m))


def drive_on(state: MissionState, to_m: float, *, crediting: bool) -> MissionState:
    for along_m in np.arange(state.worked_along_m, to_m + 0.004, 0.004):
        state = step(state, credited(Mode.AUTO_WORK, crediting=crediting), at(along_m))
    return state


def bracketed(mode: Mode) -> JobInputs:
    return msgspec.structs.replace(credited(mode, crediting=False), bracketed=True)


def test_a_lost_fix_that_comes_back_to_its_place_is_no_seam() -> None:
    state = step(at_work(), bracketed(Mode.AUTO_WORK), at(3.02))
    for _ in range(50):
        state = step(state, bracketed(Mode.WAIT), at(3.1))
    assert state.credited_along_m == pytest.approx(3.0), "nobody knows yet"
    state = step(state, credited(Mode.WAIT, crediting=True), at(3.1))
    state = step(state, credited(Mode.AUTO_MOVE, crediting=True), at(3.1))
    assert state.phase is MissionPhase.WORK
    assert step(state, credited(Mode.AUTO_WORK, crediting=True), at(3.1)).credited_along_m == pytest.approx(3.1)


def test_one_that_comes_back_to_another_place_is_re_entered() -> None:
    state = step(step(at_work(), bracketed(Mode.AUTO_WORK), at(3.02)), bracketed(Mode.WAIT), at(3.1))
    state = step(state, credited(Mode.WAIT, crediting=False), at(3.1))
    state = step(state, credited(Mode.WAIT, crediting=True), at(3.1))
    state = step(state, credited(Mode.AUTO_MOVE, crediting=True), at(3.1))
    assert (state.phase, state.worked_along_m) == (MissionPhase.RAISE, pytest.approx(3.0))


@pytest.mark.parametrize("warns", [True, False])
def test_a_mission_that_goes_on_before_the_place_is_known_is_re_entered(warns: bool) -> None:
    state = step(step(at_work(), bracketed(Mode.AUTO_WORK), at(3.02)), bracketed(Mode.WAIT), at(3.1))
    state = step(state, msgspec.structs.replace(bracketed(Mode.AUTO_MOVE), warns=warns), at(3.1))
    assert (state.phase, state.worked_along_m) == (MissionPhase.RAISE, pytest.approx(3.0))


def test_a_wait_for_the_place_that_becomes_a_stop_is_re_entered_like_every_stop() -> None:
    state = step(step(at_work(), bracketed(Mode.AUTO_WORK), at(3.02)), bracketed(Mode.WAIT), at(3.1))
    state = step(state, bracketed(Mode.STOPPING), at(3.1))
    assert (state.phase, state.worked_along_m) == (MissionPhase.PAUSED, pytest.approx(3.0))


def test_a_swath_that_was_never_credited_is_not_re_entered_after_a_wait() -> None:
    state = drive_on(mission(MissionPhase.WORK), 3.0, crediting=False)
    assert waited(state, 3.0).phase is MissionPhase.WORK


@pytest.mark.parametrize("uncredited_m", [0.005, 0.2, 0.9])
def test_credit_that_broke_off_shortly_before_a_wait_is_noticed(uncredited_m: float) -> None:
    """It used to be looked at in the last tick before the WAIT alone."""
    state = drive_on(at_work(), 3.0 + uncredited_m, crediting=False)
    state = waited(state, 3.0 + uncredited_m)
    assert (state.phase, state.work_started, state.worked_along_m) == (MissionPhase.RAISE, True, pytest.approx(3.0))


def test_ground_that_was_driven_over_without_credit_for_long_is_not_re_entered() -> None:
    """Below depth, say: the record shows it as a gap; each WAIT would drive over it again for nothing."""
    assert waited(drive_on(at_work(), 4.1, crediting=False), 4.1).phase is MissionPhase.WORK


def test_a_wait_in_the_overlap_of_a_re_entry_asks_for_no_second_one() -> None:
    state = mission(MissionPhase.WORK, work_started=True, worked_along_m=3.0, credited_along_m=3.0)
    assert waited(state, 2.45).phase is MissionPhase.WORK, "credit begins well behind what was credited before"
    assert waited(state, 2.9).phase is MissionPhase.RAISE


def test_a_stop_counts_from_where_credit_broke_off_too() -> None:
    state = drive_on(at_work(), 3.7, crediting=False)
    state = step(state, credited(Mode.STOPPING, crediting=False), at(3.7))
    assert (state.phase, state.worked_along_m) == (MissionPhase.PAUSED, pytest.approx(3.0))


@pytest.mark.parametrize("credited_along_m", [None, 12.0])
def test_a_wait_in_the_tick_in_which_work_begins_skips_no_swath(credited_along_m: float | None) -> None:
    state = mission(MissionPhase.LOWER, credited_along_m=credited_along_m)
    state = step(state, credited(Mode.AUTO_WORK, crediting=False), at(0.0))
    state = waited(state, 0.0)
    assert (state.phase, state.index) == (MissionPhase.WORK, 0)


def test_what_one_swath_was_credited_says_nothing_of_the_next() -> None:
    ends = mission(MissionPhase.WORK, work_started=True, worked_along_m=LENGTH_M, credited_along_m=LENGTH_M)
    assert ends.plan is not None
    ends = msgspec.structs.replace(ends, plan=msgspec.structs.replace(ends.plan, segments=ends.plan.segments * 2))
    up = vehicle(Mode.AUTO_WORK, tool_height_m=height_wish_m(CONFIG))
    state = step(step(ends, up, at(LENGTH_M)), up, at(LENGTH_M))
    assert (state.index, state.worked_along_m, state.credited_along_m) == (1, 0.0, None)


def test_a_swath_that_is_worked_to_its_end_is_not_worked_again_after_a_stop() -> None:
    state = mission(MissionPhase.WORK, work_started=True, worked_along_m=LENGTH_M)
    state = step(state, vehicle(Mode.AUTO_WORK), at(LENGTH_M))
    state = step(state, vehicle(Mode.STOPPING), at(LENGTH_M))
    assert taken_up_at(state, CONFIG.mission.back_off_m)[:2] == pytest.approx(offset_m((0.0, 0.0), YAW_RAD, LENGTH_M))
    assert step(state, vehicle(Mode.AUTO_MOVE), at(LENGTH_M)).phase is MissionPhase.RAISE
    mark = job_mark(state)
    assert mark is not None
    assert mark.at_work, "after a restart the ledger says how far it was worked, and the rest is re-entered"


def test_a_wait_that_becomes_a_stop_is_re_entered_like_every_stop() -> None:
    state = step(at_work(), credited(Mode.WAIT, crediting=False), at(3.0))
    state = step(state, credited(Mode.STOPPING, crediting=False), at(3.0))
    assert (state.phase, state.torn) == (MissionPhase.PAUSED, False)
    state = step(state, vehicle(Mode.AUTO_MOVE), at(3.0))
    assert state.phase is MissionPhase.RAISE


@pytest.mark.parametrize("yaw_rad", [0.1, 1.0, 2.0, 2.9, -2.5])
def test_a_turn_is_taken_up_wherever_the_machine_points(yaw_rad: float) -> None:
    turn = Segment(
        seq=0, kind=SegmentKind.TURN, tool_down=False, points_m=((0.0, 0.0), (0.0, 0.0)),
        yaw_start_rad=0.1, yaw_end_rad=2.9, speed_mps=0.0, turn_rad=2.8,
    )  # fmt: skip
    paused = MissionState(plan=builders.plan((turn,), PLAN.machine), phase=MissionPhase.PAUSED)
    assert step(paused, vehicle(Mode.AUTO_MOVE), builders.estimate(0.05, 0.0, yaw_rad)).phase is MissionPhase.MOVE


def test_reentry_backs_off_and_overlaps() -> None:
    state = mission(MissionPhase.PAUSED, worked_along_m=5.0, work_started=True)
    up = height_wish_m(CONFIG)
    state = step(state, vehicle(Mode.AUTO_MOVE), at(5.0))
    assert state.phase is MissionPhase.RAISE
    state = step(state, vehicle(Mode.AUTO_MOVE, tool_height_m=up), at(5.0))
    assert state.phase is MissionPhase.BACK_OFF
    wanted = task(state, at(5.0), CONFIG)
    assert (wanted.direction, wanted.tool_down) == (-1, False)
    assert wanted.length_m == CONFIG.mission.back_off_m
    back_m = 5.0 - CONFIG.mission.back_off_m
    assert step(state, vehicle(Mode.AUTO_MOVE), at(back_m + 0.1)).phase is MissionPhase.BACK_OFF
    state = step(state, vehicle(Mode.AUTO_MOVE), at(back_m))
    assert state.phase is MissionPhase.SPIN_UP
    assert state.worked_along_m == 5.0


def test_unprocessed_ground_before_the_tracks_is_worked_again() -> None:
    seen = msgspec.structs.replace(vehicle(Mode.STOPPING), tracks_supported=False)
    working = mission(MissionPhase.WORK, worked_along_m=5.0, work_started=True)
    state = step(working, seen, at(5.0))
    assert state.phase is MissionPhase.PAUSED
    # the tool comes to work again where the body's origin stands, behind what lies before the tracks
    assert state.worked_along_m == pytest.approx(5.0 - CONFIG.machine.tool.ahead_m)
    assert step(state, seen, at(5.0)) == state
    near = step(mission(MissionPhase.WORK, worked_along_m=0.5, work_started=True), seen, at(0.5))
    assert near.worked_along_m == 0.0
    for tracks_supported in (True, None):
        seen = msgspec.structs.replace(vehicle(Mode.STOPPING), tracks_supported=tracks_supported)
        assert step(working, seen, at(5.0)).worked_along_m == 5.0


@pytest.mark.parametrize("why", ["depth", "hammers"])
def test_what_cannot_be_credited_keeps_no_machine_from_the_parking(why: str) -> None:
    seen = vehicle(Mode.AUTO_MOVE, depth_sigma_m=0.5 if why == "depth" else 0.005)
    seen = msgspec.structs.replace(seen, withheld="2 hammers missing" if why == "hammers" else "")
    idle = mission(MissionPhase.IDLE)
    assert why in job.start_refusal(idle, seen, at(0.0), CONFIG).text
    assert idle.plan is not None
    way = msgspec.structs.replace(idle.plan.segments[0], kind=SegmentKind.TRANSIT, tool_down=False)
    drives = msgspec.structs.replace(idle, plan=msgspec.structs.replace(idle.plan, segments=(way,)))
    assert job.start_refusal(drives, seen, at(0.0), CONFIG) == STARTS
    assert step(drives, seen, at(0.0)).phase is MissionPhase.MOVE


@given(st.floats(-30.0, 40.0), st.floats(-10.0, 10.0))
def test_it_starts_only_near_its_segment(along_m: float, cross_m: float) -> None:
    state = step(mission(MissionPhase.IDLE), vehicle(Mode.AUTO_MOVE), at(along_m, cross_m))
    beyond_m = max(-along_m, along_m - LENGTH_M, 0.0)
    past_m = along_m - job.START_DISTANCE_MAX_M
    away_m = math.hypot(beyond_m, cross_m)
    if away_m > job.START_DISTANCE_MAX_M + 1e-6:
        assert state.phase is MissionPhase.IDLE
        assert float(state.blocked.split(" m away")[0].split()[-1]) == pytest.approx(away_m, abs=0.051)
    elif past_m > 1e-6:
        assert state.phase is MissionPhase.IDLE
        assert state.blocked.startswith(f"{along_m:.1f} m past where the swath begins, ")
    elif away_m < job.START_DISTANCE_MAX_M - 1e-6 and past_m < -1e-6:
        assert state.phase is MissionPhase.SPIN_UP


@given(st.floats(2.0, 40.0), st.integers(0, 7), st.floats(-0.3, 0.3), st.floats(-math.pi, math.pi))
def test_a_refused_start_says_in_which_direction_to_drive(
    away_m: float, eighth: int, off_rad: float, yaw_rad: float
) -> None:
    """From before the beginning of a swath that was not begun, whichever way the machine points."""
    to_rad = yaw_rad + eighth * math.tau / 8.0 + off_rad
    here = msgspec.structs.replace(at(0.0), yaw_rad=yaw_rad)
    here = msgspec.structs.replace(
        here, east_m=here.east_m - away_m * math.cos(to_rad), north_m=here.north_m - away_m * math.sin(to_rad)
    )
    words = job.start_refusal(mission(MissionPhase.IDLE), vehicle(Mode.AUTO_MOVE), here, CONFIG).text
    assert f", {job.SIDES[eighth]}: drive there" in words


def test_a_swath_that_was_begun_goes_on_at_its_nearest_place() -> None:
    begun = mission(MissionPhase.PAUSED, worked_along_m=5.0, work_started=True)
    for along_m, goes_on_m in ((5.0, 5.0), (2.0, 2.0), (-4.0, 0.0), (LENGTH_M + 4.0, LENGTH_M)):
        assert math.dist(begins_at(begun, at(along_m, 3.0)), offset_m((0.0, 0.0), YAW_RAD, goes_on_m)) < 1e-9
    assert math.dist(begins_at(mission(MissionPhase.IDLE), at(5.0, 3.0)), (0.0, 0.0)) < 1e-9


def test_work_that_did_not_begin_where_the_swath_begins_is_none() -> None:
    """As after a swath that was skipped: the machine stands at the far end of the next strip."""
    state = mission(MissionPhase.WORK)
    for _ in range(10):
        state = step(state, vehicle(Mode.AUTO_WORK, tool_height_m=height_wish_m(CONFIG)), at(LENGTH_M))
    assert (state.phase, state.index) == (MissionPhase.PAUSED, 0)
    assert "past where the swath begins" in state.blocked


def test_a_position_that_leaps_ahead_along_a_swath_leaves_nothing_out() -> None:
    state = step(at_work(), vehicle(Mode.AUTO_WORK), at(LENGTH_M))
    assert (state.phase, state.work_started, state.worked_along_m) == (MissionPhase.RAISE, True, pytest.approx(3.0))


def test_it_does_not_start_where_nothing_would_be_credited() -> None:
    seen = msgspec.structs.replace(vehicle(Mode.AUTO_MOVE), withheld="2 hammers missing")
    state = step(mission(MissionPhase.IDLE), seen, at(0.0))
    assert (state.phase, state.blocked) == (MissionPhase.IDLE, "nothing would be credited: 2 hammers missing")
    assert step(mission(MissionPhase.WORK), seen, at(1.0)).phase is MissionPhase.WORK, "no observation stops it"


@pytest.mark.parametrize(
    "phase", [p for p in ACTIVE if p not in (MissionPhase.WORK, MissionPhase.MOVE, MissionPhase.BACK_OFF)]
)
def test_tracks_stand_while_the_tool_changes(phase: MissionPhase) -> None:
    assert task(mission(phase), at(3.0), CONFIG).drive is DriveKind.STAND


def test_without_a_plan_nothing_is_wanted() -> None:
    state = step(MissionState(), vehicle(Mode.AUTO_MOVE), at(0.0))
    assert task(state, at(0.0), CONFIG).drive is DriveKind.STAND


# --- any order of modes, phases, credit and places -------------------------------------------------------------------
STRIPS = builders.plan(
    (builders.swath(0, 3.0, 0.0), builders.swath(1, 3.0, math.pi, (3.0, 1.5)), builders.swath(2, 3.0, 0.0, (0.0, 3.0))),
    footprint(CONFIG.machine),
)
MODES = st.sampled_from([*[Mode.AUTO_WORK] * 4, Mode.AUTO_MOVE, *[Mode.WAIT] * 2, Mode.STOPPING])
READY = st.sampled_from([*[(1.0, 1.0)] * 4, (0.0, 1.0), (1.0, 0.0)])
PLACES_M = st.sampled_from([*[None] * 8, -0.6, 0.0, 0.4, 2.9, 3.0, 3.05])
TICKS = st.tuples(
    MODES,
    READY,
    PLACES_M,
    st.booleans(),
    st.sampled_from([*[False] * 8, True]),
    st.sampled_from([True, False, None]),
)
"""Mode, (depth, height of the tool), along the strip now [m] or drive on, credit, warns, tracks."""


@settings(max_examples=300)
@given(
    st.sampled_from([MissionPhase.IDLE, MissionPhase.LOWER, MissionPhase.WORK]),
    st.integers(0, 2),
    st.lists(TICKS, min_size=4, max_size=60),
)
def test_a_swath_is_left_only_when_its_work_reached_its_end(
    phase: MissionPhase, index: int, ticks: list[tuple[Any, ...]]
) -> None:
    """The oracle keeps its own book: the furthest place worked without a leap from where the swath begins."""
    state = MissionState(plan=STRIPS, index=index, phase=phase)
    along_m, worked_m = 0.0, 0.0
    for mode, (depth_m, height_m), jump_m, crediting, warns, supported in ticks:
        before, segment = state, STRIPS.segments[state.index]
        along_m = along_m + 0.4 if jump_m is None else jump_m
        place_m = offset_m(segment.points_m[0], segment.yaw_start_rad, along_m)
        estimate = builders.estimate(*place_m, segment.yaw_start_rad)
        assert along_segment_m(segment, estimate) == pytest.approx(along_m)
        seen = msgspec.structs.replace(
            vehicle(mode, RotorState.AT_SPEED, depth_m=depth_m, tool_height_m=height_m),
            crediting=crediting, warns=warns, tracks_supported=supported,
        )  # fmt: skip
        state = step(state, seen, estimate)
        worked = before.phase is MissionPhase.WORK and mode in AUTO_MODES and not warns and not before.torn
        if worked and along_m - worked_m <= job.START_DISTANCE_MAX_M:
            worked_m = max(worked_m, along_m)
        if state.index != before.index or state.phase is MissionPhase.DONE:
            assert worked_m >= 3.0 - job.ALONG_DONE_M
            along_m, worked_m = 3.0 - along_m, 0.0
        if state.phase is MissionPhase.DONE:
            return
