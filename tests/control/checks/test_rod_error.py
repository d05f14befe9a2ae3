"""A depth sensor that reads too deep, and a rod with an error of its own: what the closing leaves on record."""

import functools

import msgspec
import pytest

from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.rod import READINGS
from campaign.shift import Shift
from campaign.sim_operator import Goal
from sim.checker import Place, depth_reading
from sim.noise import generator
from tests.marks import some
from vehicle.control.checks import room
from vehicle.control.ledger import claims, withdrawal
from vehicle.control.state import LedgerState, WireState

FIVE_POINTS_M, ONE_POINT_M = 0.0045, 0.01
"""1-sigma of the mean of five points, and of a single one."""
GROUNDS = (1348, 4351)


@functools.cache
def worked(off_m: float, ground: int) -> tuple[FaultScenario, tuple[Place, ...]]:
    """Half a swath by a sensor that reads so much too deep, and five places of what it claims, the newest first.

    None where the machine sees by itself that depth and height of the tool contradict each other, and claims nothing.
    """
    drill = FaultScenario(FaultScenarioSettings(seed=ground, slope_deg=3.0, unevenness_m=0.02 if ground % 2 else 0.008))
    shift = Shift(drill, ground)
    drill.world.tool_sensors.depth_offset_m = off_m
    drill.drive(Goal.MISSION)
    shift.run(44.0)
    shift.stop()
    places = shift.places()
    claims_nothing = drill.state.ledger.credited_m2 == 0.0 and drill.state.checks.due.depth_contradicts
    assert len(places) == (0 if claims_nothing else READINGS)
    return drill, places


def closed(off_m: float, ground: int, sigma_m: float, seed: int) -> LedgerState:
    """The record after five readings, each with an error of its own."""
    drill, places = worked(off_m, ground)
    start, config = drill.state, drill.parts.config
    state, ledger = start.checks, start.ledger
    errors_m = sigma_m * generator(seed, "rod").standard_normal(len(places))
    for number, (place, error_m) in enumerate(zip(places, errors_m.tolist(), strict=True)):
        told = msgspec.structs.replace(
            depth_reading(place, max(0.0, place.depth_m + error_m), start.datum),
            sigma=sigma_m, session_id=start.session_id, sequence=900 + number,
        )  # fmt: skip
        seen = functools.partial(claims.at, ledger, cell_m=config.mission.cell_m)
        state, orders = room.step(
            state, (told,), WireState(), ledger, seen,
            config=config, datum=start.datum, session_id=start.session_id, now_ns=drill.now_ns,
        )  # fmt: skip
        ledger = withdrawal.ordered(ledger, orders, config.mission.required_depth_m, drill.now_ns)
        ledger = withdrawal.done(ledger, config.mission.cell_m)
    return ledger


def false_closings(off_m: float, ground: int, sigma_m: float, closings: int) -> list[tuple[int, float]]:
    """Seeds that left false credit, with its area."""
    truth = worked(off_m, ground)[0].truth
    left = ((seed, truth.false_credit_m2(closed(off_m, ground, sigma_m, seed))) for seed in range(closings))
    return [(seed, round(area_m2, 3)) for seed, area_m2 in left if area_m2 > 0.0]


@pytest.mark.long
@pytest.mark.parametrize("sigma_m", [FIVE_POINTS_M, ONE_POINT_M])
@pytest.mark.parametrize("ground", some(GROUNDS, 1, pytest.mark.release))
def test_no_closing_leaves_ground_on_record_that_is_short(ground: int, sigma_m: float) -> None:
    drill, _ = worked(0.034, ground)
    assert drill.truth.false_credit_m2(drill.state.ledger) > 0.0, "there is something to find"
    assert false_closings(0.034, ground, sigma_m, 20) == []


@pytest.mark.parametrize(
    "off_m",
    [
        pytest.param(0.04, marks=pytest.mark.slow),
        *(
            pytest.param(off_m, marks=pytest.mark.release)
            for off_m in (0.02, 0.025, 0.03, 0.032, 0.036, 0.046, 0.05, 0.07, 0.1)
        ),
    ],
)
def test_none_of_sixty_does_at_any_size(off_m: float) -> None:
    found = {
        (ground, sigma_m): false_closings(off_m, ground, sigma_m, 60)
        for ground in GROUNDS
        for sigma_m in (FIVE_POINTS_M, ONE_POINT_M)
    }
    assert not any(found.values()), found


@pytest.mark.long
@pytest.mark.parametrize("ground", some(GROUNDS, 1, pytest.mark.release))
def test_a_true_sensor_loses_nothing_to_the_mean_of_five_points(ground: int) -> None:
    credited_m2 = worked(0.0, ground)[0].state.ledger.credited_m2
    assert credited_m2 > 5.0
    assert {closed(0.0, ground, FIVE_POINTS_M, seed).credited_m2 for seed in range(20)} == {credited_m2}
