"""Hours add up to the recording, whatever happened; stops have their reason and length; the link's loss is summed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.contracts.messages import Event, Mode
from vehicle.reports import story
from vehicle.reports.story import Samples, Stop

STEP_S = 0.2


def samples(
    modes: list[Mode], *, age_s: float | list[float] = 0.05, speed_mps: float | list[float] = 0.0, start_s: float = 0.0,
    yaw_rate_radps: float = 0.0, phase: str = "idle", run: int = 0, step_s: float = STEP_S,
) -> Samples:  # fmt: skip
    count = len(modes)

    def filled(value: float | list[float]) -> np.ndarray:
        return np.array(value, float) if isinstance(value, list) else np.full(count, value, float)

    zero = np.zeros(count)
    times_s = np.asarray(start_s + step_s * np.arange(count), np.float64)
    return Samples(
        t_s=times_s, east_m=zero, north_m=zero, speed_mps=filled(speed_mps),
        yaw_rad=zero, yaw_rate_radps=filled(yaw_rate_radps), sigma_m=zero, depth_m=zero, age_s=filled(age_s),
        mode=np.array([int(mode) for mode in modes], np.int64),
        phase=np.full(count, [item.value for item in story.PHASES].index(phase), np.int64),
        segment=np.zeros(count, np.int64), proven=np.ones(count, bool), run=np.full(count, run, np.int64),
    )  # fmt: skip


@given(
    modes=st.lists(st.sampled_from(list(Mode)), min_size=1, max_size=60),
    ages=st.lists(st.floats(0.0, 1.0), min_size=60, max_size=60),
    speeds=st.lists(st.floats(-1.0, 1.0), min_size=60, max_size=60),
    gap=st.integers(0, 59),
    gap_s=st.floats(0.0, 100.0),
    stop=st.tuples(st.floats(0.0, 12.0), st.none() | st.floats(0.0, 12.0)),
    checks=st.lists(st.floats(0.0, 12.0), max_size=3),
)
def test_hours_add_up_to_the_recording(modes, ages, speeds, gap, gap_s, stop, checks):
    found = samples(modes, age_s=ages[: len(modes)], speed_mps=speeds[: len(modes)])
    found.t_s[gap + 1 :] += gap_s
    stops = [Stop(number=1, start_s=stop[0], until_s=stop[1], reason="link_lost", text="", east_m=0.0, north_m=0.0)]
    split = story.hours_of(found, stops, checks)
    assert sum(split.values()) == pytest.approx(found.t_s[-1] - found.t_s[0], abs=1e-6)
    assert all(time_s >= 0.0 for time_s in split.values())
    assert list(split.values()) == sorted(split.values(), reverse=True) or story.UNRECORDED in split


def test_two_runs_add_up_and_the_time_between_them_is_none():
    both = story.joined([samples([Mode.AUTO_WORK] * 11), samples([Mode.AUTO_WORK] * 6, start_s=5_000.0, run=1)])
    assert story.hours_of(both, [], []) == pytest.approx({story.WORK: 3.0})


def test_activities_are_told_apart():
    turning = samples([Mode.AUTO_MOVE] * 6, yaw_rate_radps=0.2, phase="move")
    assert set(story.hours_of(turning, [], [])) == {story.TURN}
    moving = samples([Mode.AUTO_MOVE] * 6, speed_mps=0.4, phase="move")
    assert set(story.hours_of(moving, [], [])) == {story.MOVE}
    assert set(story.hours_of(samples([Mode.AUTO_MOVE] * 6, phase="spin_up"), [], [])) == {story.PREPARE}
    lowering = samples([Mode.AUTO_WORK] * 6, phase="lower")
    assert set(story.hours_of(lowering, [], [])) == {story.PREPARE}
    assert not lowering.is_work.any()  # a tool that is on its way down has no depth to be shown, and works nothing
    assert samples([Mode.AUTO_WORK] * 6, phase="work").is_work.all()
    assert set(story.hours_of(samples([Mode.MANUAL] * 6, speed_mps=0.4), [], [])) == {story.STICK}
    assert set(story.hours_of(samples([Mode.WAIT] * 6, phase="work"), [], [])) == {story.WAIT}
    assert set(story.hours_of(samples([Mode.WAIT] * 6, phase="move", age_s=0.5), [], [0.5])) == {story.WAIT}
    assert set(story.hours_of(samples([Mode.HOLD] * 6), [], [0.5])) == {story.CHECKS}
    assert set(story.hours_of(samples([Mode.READY] * 6, age_s=3.0), [], [])) == {story.LINK}
    assert set(story.hours_of(samples([Mode.DISARMED] * 6, age_s=3.0), [], [])) == {story.WAITING}


def test_a_stop_lasts_until_the_operator_has_armed_again():
    rows = (
        (1.0, "mode", "AUTO_WORK -> STOPPING"), (1.0, "stop", "stop: rotor_sag; operator's frame 0.04 s old"),
        (2.0, "mode", "STOPPING -> HOLD"), (9.0, "mode", "READY -> MANUAL"), (10.0, "mode", "MANUAL -> AUTO_WORK"),
        (20.0, "mode", "AUTO_WORK -> ESTOP"), (20.0, "stop", "stop: estop_console; operator's frame 0.04 s old"),
    )  # fmt: skip
    events = [
        Event(t_ns=round(t_s * 1e9), tick=round(t_s * 50), kind=kind, text=text, east_m=1.0, north_m=2.0)
        for t_s, kind, text in rows
    ]
    first, second = story.stops_of(events, (30.0,))
    assert (first.number, first.reason, first.start_s, first.until_s) == (1, "rotor_sag", 1.0, 9.0)
    assert (second.number, second.reason, second.until_s) == (2, "estop_console", None)
    found = samples([Mode.AUTO_WORK] * 5 + [Mode.HOLD] * 40 + [Mode.AUTO_WORK] * 5)
    assert story.hours_of(found, [first], [])["stop: rotor_sag"] == pytest.approx(8.0)


def test_waits_have_their_cause_and_how_they_ended():
    rows = (
        (1.0, "reason", "reason: position_float", 0), (1.0, "mode", "AUTO_WORK -> WAIT", 0),
        (4.0, "mode", "WAIT -> AUTO_MOVE", 0), (4.1, "mode", "AUTO_MOVE -> AUTO_WORK", 0),
        (8.0, "reason", "reason: link_slow", 0), (8.0, "mode", "AUTO_WORK -> WAIT", 0),
        (28.0, "mode", "WAIT -> STOPPING", 0), (28.0, "stop", "stop: mission_left; old", 0),
        (29.0, "mode", "STOPPING -> HOLD", 0), (40.0, "reason", "reason: attention", 0),
        (40.0, "mode", "AUTO_MOVE -> WAIT", 0), (41.0, "mode", "DISARMED -> READY", 1),
    )  # fmt: skip
    events = [
        Event(t_ns=round(t_s * 1e9), tick=round(t_s * 50), kind=kind, text=text, east_m=1.0, north_m=2.0)
        for t_s, kind, text, _ in rows
    ]
    found = story.waits_of(events, [run for *_, run in rows])
    assert [(wait.start_s, wait.cause, wait.went_on) for wait in found] == [
        (1.0, "position_float", True),
        (8.0, story.PAUSE, False),
        (40.0, "attention", None),
    ]
    assert [stop.reason for stop in story.stops_of(events, (41.0, 50.0), [run for *_, run in rows])] == ["mission_left"]


def test_a_stop_of_one_run_says_nothing_of_another():
    """The first run ends in a stop; the next one, a day later, neither lengthens it nor is part of it."""
    rows = (
        (10.0, "stop", "stop: rotor_sag; sagged", 0), (86_405.0, "mode", "READY -> AUTO_WORK", 1),
        (86_450.0, "stop", "stop: link_lost; old", 1), (86_452.0, "mode", "READY -> AUTO_MOVE", 1),
    )  # fmt: skip
    events = [
        Event(t_ns=round(t_s * 1e9), tick=round(t_s * 50), kind=kind, text=text, east_m=1.0, north_m=2.0)
        for t_s, kind, text, _ in rows
    ]
    stops = story.stops_of(events, (14.0, 86_460.0), [run for *_, run in rows])
    assert [(stop.run, stop.until_s, stop.end_s) for stop in stops] == [(0, None, 14.0), (1, 86_452.0, 86_452.0)]
    first = samples([Mode.AUTO_WORK] * 51 + [Mode.HOLD] * 20)
    second = samples([Mode.READY] * 26 + [Mode.AUTO_WORK] * 20, start_s=86_400.0, run=1)
    split = story.hours_of(story.joined([first, second]), stops, [])
    assert split["stop: rotor_sag"] == pytest.approx(4.0, abs=0.3)
    assert split[story.WAITING] == pytest.approx(5.2, abs=0.3)


def test_a_check_in_one_run_does_not_make_the_stand_before_it_in_another():
    first = samples([Mode.HOLD] * 20)
    second = samples([Mode.HOLD] * 20, start_s=86_400.0, run=1)
    split = story.hours_of(story.joined([first, second]), [], [86_401.0])
    assert split == pytest.approx({story.WAITING: 3.8, story.CHECKS: 3.8})


def test_loss_of_the_link_is_summed_and_its_longest_named():
    ages = [0.1] * 5 + [0.6] * 10 + [0.1] * 5 + [0.5] * 3 + [0.1] * 2
    loss = story.link_loss(samples([Mode.MANUAL] * len(ages), age_s=ages))
    assert (loss.count, loss.longest_s, loss.total_s) == (2, pytest.approx(2.0), pytest.approx(2.6))
    assert story.link_loss(samples([Mode.DISARMED] * len(ages), age_s=ages)).count == 0
