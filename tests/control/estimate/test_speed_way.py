"""The receiver's place is held against its own speed: along the way nothing else tells slip from a place that lies."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from benchmarks.trials.beliefs import BeliefRun, BeliefSettings
from vehicle.contracts.units import NS_PER_S
from vehicle.control.estimate import speed_way
from vehicle.control.estimate.place import Taken
from vehicle.control.estimate_state import PlaceState, SpeedWay, WayEpoch

YAW_RAD, EPOCH_S, SPEED_MPS, SIGMA_M = 0.3, 0.1, 0.25, 0.02
LIMIT_M = 0.25


class Walk:
    """Epochs of a machine whose place goes `share` of the way that its speed tells, belts and all."""

    def __init__(self) -> None:
        self.way = SpeedWay()
        self.now = WayEpoch(100.0, (5.0, -3.0), SIGMA_M, YAW_RAD, SPEED_MPS, 0.0, 0.0)
        self.found_m: list[float] = []

    def go(self, seconds: float, share: float = 1.0, **change: float) -> "Walk":
        """`change`: `speed_mps` as told, `belt_mps`, `turn_radps`, `yaw_rad`, `period_s`."""
        speed, period_s = change.get("speed_mps", SPEED_MPS), change.get("period_s", EPOCH_S)
        belt_mps, yaw_rad = change.get("belt_mps", SPEED_MPS), change.get("yaw_rad", YAW_RAD)
        for _ in range(round(seconds / period_s)):
            now, way_m = self.now, math.copysign(SPEED_MPS * period_s, belt_mps) * share
            there = now.antenna_m[0] + way_m * math.cos(yaw_rad), now.antenna_m[1] + way_m * math.sin(yaw_rad)
            turned_rad = now.turned_rad + change.get("turn_radps", 0.0) * period_s
            belt_m = now.belt_m + belt_mps * period_s
            self.now = WayEpoch(now.time_s + period_s, there, SIGMA_M, yaw_rad, speed, belt_m, turned_rad)
            self.way = speed_way.followed(self.way, self.now)
        return self

    @property
    def off_m(self) -> float:
        return math.hypot(*self.way.off_m)


def contradicted(walk: Walk) -> bool:
    return speed_way.contradiction(walk.way, SIGMA_M) is not None


@given(share=st.floats(0.7, 1.3), yaw_rad=st.floats(-math.pi, math.pi), back=st.booleans())
def test_what_the_place_goes_beyond_its_speed_is_summed_up(share: float, yaw_rad: float, back: bool) -> None:
    belt_mps = -SPEED_MPS if back else SPEED_MPS
    walk = Walk().go(0.1, yaw_rad=yaw_rad).go(8.0, share, yaw_rad=yaw_rad, belt_mps=belt_mps)
    beyond_m = (share - 1.0) * 8.0 * belt_mps
    east_m, north_m = walk.way.off_m
    assert east_m == pytest.approx(beyond_m * math.cos(yaw_rad), abs=1e-9)
    assert north_m == pytest.approx(beyond_m * math.sin(yaw_rad), abs=1e-9)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.96, 1.04, 1.1])
def test_a_difference_is_told_soon_after_it_is_a_quarter_of_a_metre(share: float) -> None:
    walk = Walk().go(5.1)
    begun_s = walk.now.time_s
    while not contradicted(walk):
        walk.go(0.1, share)
    beyond_m = abs(share - 1.0) * SPEED_MPS * (walk.now.time_s - begun_s)
    assert LIMIT_M < beyond_m < LIMIT_M + abs(share - 1.0) * SPEED_MPS * 3.1 + 0.01
    found = speed_way.contradiction(walk.way, SIGMA_M)
    assert found is not None
    assert begun_s - 5.1 <= found[0] <= begun_s + 1.0, "the time before it began"


def test_what_is_slower_than_the_limit_in_half_a_minute_is_never_told() -> None:
    walk = Walk()
    slow = 1.0 - 0.24 / (30.0 * SPEED_MPS)
    for _ in range(200):
        assert not contradicted(walk.go(1.0, slow))
    assert len(walk.way.means) == speed_way.SPAN + 1


@pytest.mark.parametrize(("sigma_m", "told"), [(0.0, 0.2), (0.02, 0.25), (0.04, 0.3)])
def test_a_receiver_that_is_less_sure_may_contradict_itself_further(sigma_m: float, told: float) -> None:
    for off_m, beyond in ((told - 1e-6, False), (told + 1e-6, True)):
        for last in ((off_m, off_m + 1.0), (off_m + 1.0, off_m)):
            assert is_told([(0.0, 0.0), (0.0, 0.0), (0.0, last[0]), (0.0, last[1])], sigma_m) is beyond
            assert is_told([(last[0], 0.0), (last[1], 0.0), (0.0, 0.0), (0.0, 0.0)], sigma_m) is beyond


def is_told(means_m: list[tuple[float, float]], sigma_m: float = SIGMA_M) -> bool:
    way = SpeedWay(means=tuple((float(second), *mean) for second, mean in enumerate(means_m)))
    return speed_way.contradiction(way, sigma_m) is not None


def test_one_mean_alone_contradicts_nothing_before_or_behind() -> None:
    calm, far = (0.0, 0.0), (3.0, 4.0)
    for index in range(6):
        assert not is_told([far if at == index else calm for at in range(6)])
    assert not is_told([calm, far, far])
    assert is_told([calm, calm, far, far])


def test_of_what_was_before_it_is_told_from_what_differs_most() -> None:
    means = ((1.0, 1.0, 1.0), (2.0, 0.0, 0.0), (3.0, 0.0, 0.5), (4.0, 8.0, 5.0), (5.0, 8.0, 6.0))
    assert speed_way.contradiction(SpeedWay(means=means), SIGMA_M) == (2.0, 8.0, 6.0)


@pytest.mark.parametrize(
    "change",
    [
        {"speed_mps": math.nan},
        {"speed_mps": 0.0},
        {"belt_mps": 0.149},
        {"turn_radps": 0.061},
        {"turn_radps": -0.061},
        {"period_s": 0.251},
    ],
)
def test_what_is_no_witness_is_left_out(change: dict[str, float]) -> None:
    assert Walk().go(20.0, 0.5, **change).off_m == 0.0


@pytest.mark.parametrize("change", [{"belt_mps": 0.151}, {"turn_radps": 0.059}, {"period_s": 0.249}])
def test_what_is_just_a_witness_counts(change: dict[str, float]) -> None:
    assert Walk().go(20.0, 0.5, **change).off_m > 0.5


def test_the_sum_goes_on_behind_a_gap_and_behind_a_pivot() -> None:
    walk = Walk().go(5.1).go(5.0, 0.88)
    assert not contradicted(walk)
    walk.go(4.0, turn_radps=0.5).go(3.0, period_s=1.0)
    assert not contradicted(walk.go(1.0))
    assert contradicted(walk.go(6.0, 0.88))


def test_there_and_back_the_same_share_is_the_same_place_again() -> None:
    walk = Walk().go(0.1).go(6.0, 0.9).go(6.0, 0.9, belt_mps=-SPEED_MPS)
    assert walk.off_m == pytest.approx(0.0, abs=1e-9)


def test_an_outlier_of_a_second_is_no_contradiction() -> None:
    walk = Walk().go(5.1).go(0.1, 13.0).go(0.9).go(0.1, -11.0)
    assert walk.off_m == pytest.approx(0.0, abs=1e-9)
    for _ in range(50):
        assert not contradicted(walk.go(0.1))


# --- what it does to the place ---------------------------------------------------------------------------------------
def doubted(told: PlaceState) -> tuple[Taken, Walk]:
    """The epoch of a place that goes too slowly at which it is told."""
    walk = Walk()
    while True:
        walk.go(0.1, 0.8)
        taken = speed_way.witnessed(Taken(told, use=True), walk.now)
        if taken.shift_m != (0.0, 0.0):
            return taken, walk
        assert walk.now.time_s < 130.0
        told = taken.place


def test_the_filter_goes_on_from_where_the_speed_says_and_the_place_is_looked_at_like_one_that_stepped() -> None:
    taken, walk = doubted(PlaceState(refused_t_ns=7, anew=True))
    ahead_m = taken.shift_m[0] * math.cos(YAW_RAD) + taken.shift_m[1] * math.sin(YAW_RAD)
    assert LIMIT_M < ahead_m == pytest.approx(math.hypot(*taken.shift_m)), "it is further than its place says"
    assert not taken.use
    told = taken.place
    assert told.gathered == (0, 0.0, 0.0, round(walk.now.time_s * NS_PER_S))
    assert (told.refused_t_ns, told.anew, told.way) == (0, False, SpeedWay())
    assert told.doubt_t_ns == pytest.approx(100.0 * NS_PER_S, abs=NS_PER_S), "what was credited since then is in doubt"


@pytest.mark.parametrize(("before_s", "after_s"), [(90.0, 90.0), (102.0, 100.0)])
def test_of_two_doubts_the_earlier_counts(before_s: float, after_s: float) -> None:
    taken, _ = doubted(PlaceState(doubt_t_ns=round(before_s * NS_PER_S)))
    assert taken.place.doubt_t_ns == pytest.approx(after_s * NS_PER_S, abs=NS_PER_S)


@pytest.mark.parametrize(
    ("told", "kept"),
    [(PlaceState(anew=True), True), (PlaceState(), False), (PlaceState(anew=True, stuck=True), False)],
)
def test_a_loss_keeps_the_sum_and_a_place_that_stepped_or_stands_does_not(told: PlaceState, kept: bool) -> None:
    walk = Walk().go(5.05, 0.9)
    left = speed_way.witnessed(Taken(replace(told, way=walk.way)), walk.now).place.way
    assert left == (SpeedWay(off_m=walk.way.off_m, means=walk.way.means) if kept else SpeedWay())
    assert len(walk.way.means) > 2


def running(seed: int, share: float, **settings: Any) -> BeliefRun:
    """It works for at most a minute; its place goes `share` of the way after ten seconds."""
    run = BeliefRun(BeliefSettings(seed=seed, **settings)).run(5.0)
    run.work(10.0)
    last = run.tracks.east_m, run.tracks.north_m
    run.speed_mps, begun_s = run.settings.speed_mps, run.time_s
    while not run.halted and run.time_s < begun_s + 50.0:
        run.step()
        now = run.tracks.east_m, run.tracks.north_m
        off_m = [jump + (share - 1.0) * (b - a) for jump, a, b in zip(run.gnss.jump_m, last, now, strict=True)]
        run.gnss.jump_m, last = (off_m[0], off_m[1]), now
    return run.run(3.0, 0.0)


@pytest.mark.long
@pytest.mark.parametrize("share", [0.78, 0.9, 1.08, 1.2])
def test_a_place_that_goes_slower_or_faster_than_the_machine_is_doubted(share: float) -> None:
    run = running(21, share)
    assert run.halted
    assert run.seen.position_doubted
    assert 0.15 < math.hypot(*run.gnss.jump_m) < 0.5
    assert run.seen.doubt_m == pytest.approx(math.hypot(*run.gnss.jump_m), abs=0.12)
    assert run.error_m < 0.15, "the place held is nearer to the truth"


@pytest.mark.long
@pytest.mark.parametrize("share", [1.08, 1.2])
def test_what_was_credited_ahead_of_the_tool_is_withdrawn(share: float) -> None:
    run = running(22, share, work=True)
    assert run.halted
    assert run.false_m2 == 0.0


@pytest.mark.long
def test_an_honest_receiver_is_believed_at_every_slip() -> None:
    for slip_ratio in (0.03, 0.2):
        run = running(23, 1.0, slip_ratio=slip_ratio)
        assert not run.halted
        assert run.seen.position_proven


@pytest.mark.long
def test_a_speed_that_is_a_tenth_too_small_contradicts_the_place_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of the two is wrong nobody knows."""
    run = BeliefRun(BeliefSettings(seed=24)).run(5.0)
    sample = run.gnss.sample

    def slower(*args: Any) -> Any:
        fix = sample(*args)
        return fix if fix is None else replace(fix, speed_mps=0.9 * fix.speed_mps)

    monkeypatch.setattr(run.gnss, "sample", slower)
    assert run.work(60.0) < 20.0
    assert run.run(3.0).seen.position_doubted
