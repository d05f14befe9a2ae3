"""A computer that misses slots: without a position the way goes by the clock, and not by the count of ticks."""

import itertools

import pytest

from campaign.fault_scenario import Box, FaultScenario, FaultScenarioSettings
from campaign.sim_operator import Goal
from tests.campaign.test_doubted_place import AHEAD, tool_m
from tests.marks import some
from vehicle.contracts.messages import Mode

pytestmark = pytest.mark.long

OVER_M = 2.5
"""A creep of 0.05 m/s over the border by eye is allowed, and no more."""


def keeps(drill: FaultScenario, kept: int, of: int) -> None:
    """From now on the vehicle ticks in so many of its slots."""
    slots, ticked = itertools.count(), drill.process.step

    def step(now_ns: int) -> None:
        if next(slots) % of < kept:
            ticked(now_ns)

    drill.process.step = step  # type: ignore[method-assign]


def by_stick(seconds: float, keep_out_m: Box | None = AHEAD) -> FaultScenario:
    """Driving straight ahead by stick for this time."""
    drill = FaultScenario(FaultScenarioSettings(seed=34, keep_out_m=keep_out_m))
    drill.attended = True
    drill.drive(Goal.MANUAL, 0.3)
    assert drill.until((Mode.MANUAL,), 15.0)
    return drill.run(seconds)


@pytest.mark.parametrize(("kept", "of"), some([(1, 3), (1, 2), (2, 3), (1, 1)], 1, pytest.mark.release))
def test_without_a_position_late_ticks_leave_no_more_room_than_there_is(kept: int, of: int) -> None:
    drill = by_stick(8.0)
    keeps(drill, kept, of)
    drill.world.gnss.silent = True
    drill.run(70.0)
    assert tool_m(drill) < AHEAD[0] + OVER_M


@pytest.mark.parametrize(("kept", "of"), some([(1, 3), (1, 2), (2, 3)], 1, pytest.mark.release))
def test_a_place_that_is_carried_on_by_the_belts_goes_as_far_as_the_machine(kept: int, of: int) -> None:
    drill = by_stick(4.0, keep_out_m=None)
    keeps(drill, kept, of)
    drill.world.gnss.silent = True
    drill.run(12.0)
    tracks, held = drill.world.tracks, drill.state.estimate
    assert drill.mode is Mode.MANUAL, drill.reasons
    off_m = ((tracks.east_m - held.x[0]) ** 2 + (tracks.north_m - held.x[1]) ** 2) ** 0.5
    assert off_m < 0.15
