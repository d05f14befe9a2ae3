"""What stations tell of other rings: placed, aged by the vehicle's tick, kept for each station, bounded in number."""

import msgspec
import pytest

from firmware_bridge.types import NeighbourFrame, NeighbourKind
from tests.builders import DATUM
from vehicle.contracts.messages import Neighbour
from vehicle.contracts.units import NS_PER_MS, NS_PER_S, TICK_NS
from vehicle.control import neighbours

TICK = 5_000
NOW_NS = TICK * TICK_NS


def told(east_m: float = 10.0, **changes: object) -> NeighbourFrame:
    lat_deg, lon_deg, _ = DATUM.geodetic_from_enu(east_m, -20.0)
    base = NeighbourFrame(
        station_id=7,
        name="B",
        kind=NeighbourKind.MACHINE,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        radius_m=30.0,
        speed_mps=0.5,
        age_ms=100,
        echo_tick=TICK - 10,
    )
    return msgspec.structs.replace(base, **changes)


def step(*frames: NeighbourFrame, known: tuple[Neighbour, ...] = (), tick: int = TICK) -> tuple[Neighbour, ...]:
    return neighbours.step(known, frames, DATUM, (0.0, 0.0), tick, tick * TICK_NS)


def test_a_frame_becomes_a_ring_in_the_vehicles_own_metres() -> None:
    (one,) = step(told())
    assert (one.station_id, one.name, one.people, one.radius_m, one.speed_mps) == (7, "B", False, 30.0, 0.5)
    assert (one.east_m, one.north_m) == (pytest.approx(10.0, abs=1e-4), pytest.approx(-20.0, abs=1e-4))
    (sentry,) = step(told(kind=NeighbourKind.PEOPLE))
    assert sentry.people


@pytest.mark.parametrize(
    ("echo_tick", "way_ms"), [(TICK - 10, 200), (TICK, 0), (TICK + 1, 1000), (0, 1000), (1, (TICK - 1) * 20)]
)
def test_its_age_counts_from_the_tick_it_echoes_and_an_impossible_tick_makes_it_older(
    echo_tick: int, way_ms: int
) -> None:
    (one,) = step(told(echo_tick=echo_tick))
    assert NOW_NS - one.t_ns == (way_ms + 100) * NS_PER_MS


def test_the_newest_word_of_a_station_counts_and_one_that_comes_late_does_not() -> None:
    known = step(told())
    assert step(known=known) is known
    (newer,) = step(told(12.0, echo_tick=TICK - 9), known=known)
    assert newer.east_m == pytest.approx(12.0, abs=1e-4)
    (same,) = step(told(12.0, echo_tick=TICK - 11), known=known)
    assert same.east_m == pytest.approx(10.0, abs=1e-4)
    (again,) = step(told(13.0), known=known)
    assert again.east_m == pytest.approx(13.0, abs=1e-4)


def test_what_one_station_tells_takes_nothing_back_of_what_another_told() -> None:
    known = step(told(), told(500.0, station_id=8), told(900.0, name="C"))
    assert sorted(round(one.east_m) for one in known) == [10, 500, 900]
    assert len(step(told(900.0, echo_tick=TICK), known=known)) == 3


def test_beyond_the_bound_the_farthest_ring_is_left_out() -> None:
    many = [told(100.0 + 10.0 * number, name=f"n{number}") for number in range(neighbours.KNOWN_MAX)]
    known = step(*many)
    assert len(known) == neighbours.KNOWN_MAX
    wide = told(600.0, name="wide", radius_m=400.0)
    names = {one.name for one in step(wide, known=known)}
    assert len(names) == neighbours.KNOWN_MAX
    assert "wide" in names
    assert f"n{neighbours.KNOWN_MAX - 1}" not in names
    assert "far" not in {one.name for one in step(told(5_000.0, name="far"), known=known)}


def test_a_station_that_tells_of_a_crowd_takes_away_nothing_that_another_told() -> None:
    known = step(told(400.0, station_id=8, name="A"), told(500.0, station_id=9, name="C"))
    crowd = [told(30.0 + number, name=f"n{number}") for number in range(neighbours.KNOWN_MAX)]
    found = step(*crowd, known=known)
    assert len(found) == neighbours.KNOWN_MAX
    assert {(8, "A"), (9, "C")} <= {(one.station_id, one.name) for one in found}
    assert {one.name for one in found} >= {f"n{number}" for number in range(neighbours.KNOWN_MAX - 2)}


@pytest.mark.parametrize(
    "place", [{"lat_deg": 0.0, "lon_deg": 0.0}, {"lat_deg": DATUM.lon_deg, "lon_deg": DATUM.lat_deg}]
)
def test_people_who_are_told_to_be_out_of_the_world_of_the_task_count_as_here(place: dict[str, float]) -> None:
    frame = told(kind=NeighbourKind.PEOPLE, **place)
    (one,) = neighbours.step((), (frame,), DATUM, (3.0, 4.0), TICK, NOW_NS)
    assert (one.east_m, one.north_m) == (3.0, 4.0)
    (machine,) = neighbours.step((), (told(**place),), DATUM, (3.0, 4.0), TICK, NOW_NS)
    assert abs(machine.east_m) + abs(machine.north_m) > 50_000.0, "another site of the same console"


def test_only_a_silent_neighbour_can_be_said_to_be_gone() -> None:
    known = step(told(), told(name="C", echo_tick=TICK))
    then_ns = known[0].t_ns + 5 * NS_PER_S
    assert neighbours.without(known, "B", then_ns) == known
    assert [one.name for one in neighbours.without(known, "B", then_ns + 1)] == ["C"]
    assert neighbours.without(known, "b", then_ns + 1) == known
    assert neighbours.without(known, "C", then_ns + 1) == known
