"""Where the simulated team puts its rod, and what stands in the ground there."""

import pytest

from campaign import rod, shift
from campaign.fault_scenario import FaultScenario
from campaign.rod import READINGS, STEP_M, Rod
from sim.world import Truth
from vehicle.control.state import LedgerState

LENGTH = 101
"""Points of the way: four metres."""


def tool_at(along_m: float, depth_m: float) -> Truth:
    ends = (along_m, 0.85), (along_m, -0.85)
    return Truth(0, along_m - 3.0, 0.0, 0.0, 0.2, *ends, 60.0, (depth_m, depth_m + 0.01, depth_m + 0.02), ())


def driven(depths_m: list[float]) -> Rod:
    seen = Rod()
    for index, depth_m in enumerate(depths_m):
        seen.see(index, tool_at(index * (STEP_M + 1e-6), depth_m))
    return seen


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> None:
    """The record claims all from one metre to three."""
    monkeypatch.setattr(rod, "is_claimed", lambda _ledger, place_m, _cell_m: 1.0 <= place_m[0] <= 3.0)


@pytest.mark.usefixtures("claims")
def test_all_that_is_claimed_is_read_the_newest_first_however_shallow_it_is() -> None:
    places = driven([0.02] * LENGTH).chosen(LedgerState(), 0.05)
    assert len(places) == READINGS
    assert [place.t_ns for place in places] == sorted((place.t_ns for place in places), reverse=True)
    assert places[0].east_m == pytest.approx(3.0, abs=STEP_M)
    assert places[-1].east_m == pytest.approx(1.4, abs=STEP_M)
    assert [place.depth_m for place in places] == pytest.approx([0.02] * READINGS)


@pytest.mark.usefixtures("claims")
def test_a_reading_is_the_mean_of_five_points() -> None:
    places = driven([0.15 if index % 5 else 0.05 for index in range(LENGTH)]).chosen(LedgerState(), 0.05)
    assert [place.depth_m for place in places] == pytest.approx([0.13] * READINGS)


@pytest.mark.usefixtures("claims")
def test_what_the_deepest_pass_left_is_there_and_a_tool_that_comes_back_raised_fills_nothing_in() -> None:
    seen = driven([0.18] * LENGTH)
    for index in reversed(range(LENGTH)):
        seen.see(LENGTH + index, tool_at(index * STEP_M + 0.01, -0.3))
    assert [place.depth_m for place in seen.chosen(LedgerState(), 0.05)] == pytest.approx([0.18] * READINGS)


@pytest.mark.usefixtures("claims")
def test_ground_that_the_tool_never_touched_has_no_depth() -> None:
    assert [place.depth_m for place in driven([-0.2] * LENGTH).chosen(LedgerState(), 0.05)] == [0.0] * READINGS


def test_where_nothing_is_claimed_nothing_is_read() -> None:
    assert driven([0.18] * LENGTH).chosen(LedgerState(), 0.05) == ()


def test_the_error_of_a_reading_is_that_of_a_mean_of_five(monkeypatch: pytest.MonkeyPatch) -> None:
    team = shift.Shift(FaultScenario(), 1)
    places = driven([0.15] * LENGTH)
    monkeypatch.setattr(rod, "is_claimed", lambda *_: True)
    monkeypatch.setattr(team, "_rod", places)
    read = [reading for _ in range(200) for reading in team._readings()]
    off_m = [reading.value - 0.15 for reading in read]
    assert (sum(off * off for off in off_m) / len(off_m)) ** 0.5 == pytest.approx(0.0045, rel=0.1)
    assert {reading.sigma for reading in read} == {rod.MEAN_M}
