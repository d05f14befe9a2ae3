import pytest

from console.server.trips import KEPT, Trips


def test_before_the_first_trip_nothing_is_known():
    assert Trips().ours_ms(1.0) is None


def test_the_quickest_trip_counts():
    trips = Trips()
    ahead = 10_000.0
    trips.add(0.0, 90.0 + ahead, 91.0 + ahead, 92.0)  # 90 there, 1 back: half of it would be wrong by 44.5
    assert trips.ours_ms(91.0 + ahead) == pytest.approx(91.0 - 44.5 + 0.0)
    trips.add(200.0, 202.0 + ahead, 230.0 + ahead, 232.0)
    assert trips.half_ms() == 2.0
    assert trips.ours_ms(500.0 + ahead) == pytest.approx(500.0)


def test_after_fifty_others_a_trip_is_forgotten():
    trips = Trips()
    trips.add(0.0, 1.0, 1.0, 2.0)
    for number in range(KEPT):
        start = 100.0 * number
        trips.add(start, start + 10.0, start + 10.0, start + 20.0)
    assert trips.half_ms() == 10.0


def test_a_clock_that_stood_still_meanwhile_is_mapped_anew():
    trips = Trips()
    trips.add(0.0, 1.0, 1.0, 2.0)
    trips.add(1_000.0, 704.0, 706.0, 1_012.0)  # theirs lost 0.3 s: the quick trip before says nothing any more
    assert trips.half_ms() == 5.0
    assert trips.ours_ms(706.0) == pytest.approx(1_007.0)


def test_a_slow_trip_that_agrees_leaves_the_quick_one():
    trips = Trips()
    trips.add(0.0, 1.0, 1.0, 2.0)
    trips.add(1_000.0, 1_080.0, 1_085.0, 1_090.0)
    assert trips.half_ms() == 1.0


def test_a_trip_that_took_less_than_nothing_does_not_count():
    trips = Trips()
    trips.add(100.0, 0.0, 50.0, 110.0)
    assert trips.half_ms() is None


def test_a_clock_that_runs_faster_is_mapped_by_its_speed():
    trips = Trips(speed=4.0)
    trips.add(0.0, 400.0, 400.0, 2.0)
    assert trips.ours_ms(400.0 + 40.0) == pytest.approx(1.0 + 10.0)
