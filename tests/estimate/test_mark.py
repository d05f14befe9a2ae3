"""A known mark on which the machine stands shows that its receiver is right; one measured elsewhere does not."""

import math

import msgspec
import pytest

from firmware_bridge.types import Observation, ObservationKind
from sim.beliefs import DATUM, BeliefRun, BeliefSettings, aside_m
from tests import builders
from vehicle.estimate import fusion
from vehicle.messages import Inputs
from vehicle.state import VehicleState
from vehicle.tick import tick
from vehicle.units import TICK_NS


def doubted() -> BeliefRun:
    run = BeliefRun(BeliefSettings(seed=21)).run(5.0)
    run.work(8.0)
    run.run(2.0, 0.0)
    run.gnss.jump_m = aside_m(0.4)
    run.run(5.0)
    assert run.seen.position_doubted
    return run


@pytest.mark.parametrize(("off_m", "believed"), [(0.0, True), (4.0, True), (6.0, False)])
def test_only_a_mark_on_which_it_stands_speaks_for_its_receiver(off_m: float, believed: bool) -> None:
    run = doubted()
    east, north = run.belief.x[0] + run.belief.place.offset_m[0], run.belief.x[1] + run.belief.place.offset_m[1]
    now_ns = run.ticks * TICK_NS
    after = fusion.at_mark(run.belief, run.wire, (east + off_m, north), now_ns)
    assert after.place.believed is believed
    moved_m = math.dist(after.x[:2], run.belief.x[:2])
    assert moved_m == pytest.approx(0.4 if believed else 0.0, abs=0.05)
    late = fusion.at_mark(run.belief, run.wire, (east, north), now_ns + 2_000_000_000)
    assert late is run.belief, "a receiver that is silent is not shown to be right"
    rolls = msgspec.structs.replace(run.wire, status=builders.status(track_left_mps=0.1, track_right_mps=0.1))
    assert fusion.at_mark(run.belief, rolls, (east, north), now_ns) is run.belief


@pytest.mark.parametrize("value_m", [0.01, 0.3])
def test_the_observation_reaches_the_estimate_through_the_tick(value_m: float) -> None:
    run = doubted()
    state = VehicleState(
        config=run.config, datum=DATUM, session_id=7, tick=run.ticks, wire=run.wire, estimate=run.belief
    )
    lat_deg, lon_deg, _ = DATUM.geodetic_from_enu(run.belief.x[0], run.belief.x[1])
    told = Observation(
        station_id=9,
        session_id=7,
        sequence=1,
        kind=ObservationKind.BENCHMARK_CHECK,
        value=value_m,
        sigma=0.01,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        time_utc_us=None,
        who="leader",
        text="",
    )
    after, _ = tick(state, Inputs(observations=(told,)), (run.ticks + 1) * TICK_NS)
    assert after.estimate.place.believed is (value_m < 0.02)
