"""The limits of the receiver's place against its own speed, each exactly at its edge."""

import pytest
from msgspec.structs import replace

from vehicle.control.estimate import speed_way
from vehicle.control.estimate.place import Taken
from vehicle.control.estimate_state import PlaceState, SpeedWay, WayEpoch

FIRST = WayEpoch(
    time_s=100.0, antenna_m=(5.0, -3.0), sigma_m=0.02, yaw_rad=0.0, speed_mps=0.25, belt_m=0.0, turned_rad=0.0
)


def later(before: WayEpoch, time_s: float, **change: float) -> WayEpoch:
    """An epoch of a machine that drives east as fast as it says; `change`: of the fields."""
    way_m = 0.25 * time_s
    now = replace(
        before,
        time_s=before.time_s + time_s,
        antenna_m=(before.antenna_m[0] + way_m, before.antenna_m[1]),
        belt_m=before.belt_m + way_m,
    )
    return replace(now, **change)


def driven(count: int, period_s: float) -> SpeedWay:
    """So many epochs behind the first."""
    now = FIRST
    way = speed_way.followed(SpeedWay(), now)
    for _ in range(count):
        now = later(now, period_s)
        way = speed_way.followed(way, now)
    return way


def counts(time_s: float = 0.25, **change: float) -> bool:
    return speed_way._counts(FIRST, later(FIRST, time_s, **change))


@pytest.mark.parametrize(
    ("time_s", "change", "counted"),
    [
        (0.25, {}, True),
        (0.2500001, {}, False),
        (0.0, {}, False),
        (-0.1, {}, False),
        (0.25, {"belt_m": 0.15 * 0.25}, True),
        (0.25, {"belt_m": -0.15 * 0.25}, True),
        (0.25, {"belt_m": 0.1499 * 0.25}, False),
        (0.25, {"turned_rad": 0.06 * 0.25}, True),
        (0.25, {"turned_rad": 0.0601 * 0.25}, False),
        (0.25, {"speed_mps": 0.001}, True),
        (0.25, {"speed_mps": 0.0}, False),
    ],
)
def test_what_counts_as_two_epochs_in_a_row(time_s: float, change: dict[str, float], counted: bool) -> None:
    assert counts(time_s, **change) is counted


def test_a_speed_of_nothing_at_the_first_of_two_epochs_does_not_count() -> None:
    assert not speed_way._counts(replace(FIRST, speed_mps=0.0), later(FIRST, 0.25))


def test_a_mean_is_complete_after_19_twentieths_of_a_second() -> None:
    assert (driven(4, 0.24).count, len(driven(4, 0.24).means)) == (0, 1)
    assert (driven(4, 0.235).count, len(driven(4, 0.235).means)) == (4, 0)
    full = SpeedWay(last=FIRST, count=3, span_s=0.7, begun_s=99.0)
    assert full.span_s + 0.25 == speed_way.MEAN_S
    assert speed_way.followed(full, later(FIRST, 0.25)).means == ((99.0, 0.0, 0.0),)


def test_a_mean_knows_when_it_began() -> None:
    assert [mean[0] for mean in driven(9, 0.25).means] == [100.0, 101.0]
    assert driven(2, 0.25).begun_s == 100.0


def test_it_looks_back_on_thirty_means_and_the_newest() -> None:
    way = driven(4 * 40, 0.25)
    assert [mean[0] for mean in way.means] == [100.0 + second for second in range(9, 40)]


def test_a_difference_of_exactly_the_limit_is_none() -> None:
    for off_m, told in ((0.2, None), (0.201, (0.0, 0.201, 0.0))):
        means = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (2.0, off_m, 0.0), (3.0, off_m, 0.0))
        assert speed_way.contradiction(SpeedWay(means=means), 0.0) == told


@pytest.mark.parametrize(("count", "span_s", "judged"), [(0, 0.0, False), (1, 0.25, False), (3, 0.75, True)])
def test_a_contradiction_is_looked_for_where_a_mean_is_complete(count: int, span_s: float, judged: bool) -> None:
    off_m = (0.3, 0.0)
    means = ((96.0, 0.0, 0.0), (97.0, 0.0, 0.0), (98.0, *off_m), (99.0, *off_m))
    way = SpeedWay(last=FIRST, off_m=off_m, sums_m=(0.3 * count, 0.0), count=count, span_s=span_s, means=means)
    taken = speed_way.witnessed(Taken(PlaceState(way=way), use=True), later(FIRST, 0.25))
    assert taken.shift_m == (pytest.approx((-0.3, 0.0)) if judged else (0.0, 0.0))
