"""G2 with a depth sensor that reads too deep: what the watch excuses, and that it fails where the vehicle breaks it."""

from collections.abc import Callable

import msgspec
import pytest

from campaign.campaign import run_seed
from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.sim_operator import Goal
from firmware_bridge.mavlink import adapters
from sim.checker import Place, depth_reading
from tests.campaign.scenes import copied
from vehicle.contracts.messages import Mode
from vehicle.control import depth as depths
from vehicle.control.checks import room

pytestmark = pytest.mark.long

AHEAD = (2.5, 100.0, -50.0, 50.0)
"""Ground from before the tool to beyond the swath, which bears no tracks before it is worked."""


@copied
def working(off_m: float) -> FaultScenario:
    """A mission on such ground in the moment in which it lowers the tool; the sensor reads so much too deep."""
    drill = FaultScenario(FaultScenarioSettings(seed=3, unproven_m=AHEAD)).drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_WORK,), 25.0)
    drill.world.tool_sensors.depth_offset_m = off_m
    return drill


def broken(drill: FaultScenario) -> set[str]:
    """Names of the invariants that were broken until now; credit is not compared with the truth."""
    return {breach.name for breach in drill.watch.breaches}


def blind(patch: pytest.MonkeyPatch) -> None:
    """Break the vehicle: depth and tool height are never found to contradict each other."""
    nothing: Callable[[depths.Depth], bool] = lambda _depth: False  # noqa: E731
    patch.setattr(depths, "doubtful", nothing)
    patch.setattr(depths, "contradicts", nothing)


def read_behind(drill: FaultScenario, number: int) -> None:
    """A depth reading on the line of the tool, by a rod without error."""
    true = drill.world.truth()
    middle = [(left + right) / 2.0 for left, right in zip(true.tool_left_m, true.tool_right_m, strict=True)]
    place = Place(drill.now_ns, middle[0], middle[1], true.depth_m)
    drill.run(4.0)
    told = depth_reading(place, place.depth_m, drill.state.datum)
    told = msgspec.structs.replace(told, session_id=drill.state.session_id, sequence=number)
    drill.radio.station.write(adapters.encode_observation(told))


@pytest.mark.release
def test_a_seed_whose_sensor_reads_7_cm_too_deep_breaks_nothing() -> None:
    assert run_seed(271, (7,)).breaches == ()


def test_tracks_may_follow_onto_ground_that_is_too_shallow_by_an_error_that_nobody_knows() -> None:
    drill = working(0.07)
    drill.run(25.0)
    assert drill.mode is Mode.AUTO_WORK
    assert drill.world.truth().depth_m < 0.12
    assert broken(drill) == set()


def test_an_error_beyond_the_promise_that_is_never_told_is_not_excused(monkeypatch: pytest.MonkeyPatch) -> None:
    drill = working(0.15)
    blind(monkeypatch)
    drill.run(25.0)
    assert broken(drill) == {"tracks_on_unproven"}


def test_the_vehicle_stops_before_its_tracks_reach_ground_beyond_the_promise() -> None:
    drill = working(0.15)
    drill.run(25.0)
    assert drill.mode is not Mode.AUTO_WORK
    assert broken(drill) == set()


@pytest.mark.release
def test_an_error_of_9_cm_that_is_never_told_is_not_excused_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    drill = working(0.09)
    blind(monkeypatch)
    drill.run(25.0)
    assert broken(drill) == set()
    drill.run(40.0)
    assert broken(drill) == {"tracks_on_unproven"}


def test_an_error_of_9_cm_ends_the_mission_in_time() -> None:
    drill = working(0.09)
    assert drill.until((Mode.STOPPING, Mode.HOLD), 30.0)
    assert broken(drill) == set()


def test_a_failed_reading_ends_the_mission_in_time() -> None:
    drill = working(0.075)
    drill.run(16.0)
    read_behind(drill, 1)
    assert drill.until((Mode.STOPPING, Mode.HOLD), 12.0)
    assert drill.state.checks.depth_failed
    assert broken(drill) == set()


def test_a_vehicle_that_works_on_after_a_failed_reading_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vehicle is broken: a check that failed withholds nothing, and the ground counts as swept as before."""
    drill = working(0.09)
    monkeypatch.setattr(room, "withheld", lambda *_: "")
    blind(monkeypatch)
    drill.run(16.0)
    read_behind(drill, 1)
    drill.run(15.0)
    assert drill.state.checks.depth_failed
    assert broken(drill) == {"tracks_on_unproven"}
