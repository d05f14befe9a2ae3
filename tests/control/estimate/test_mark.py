"""A known mark on which the machine stands shows that its receiver is right; one measured elsewhere does not."""

import math

import msgspec
import pytest

from benchmarks.trials.beliefs import DATUM, BeliefRun, BeliefSettings, aside_m
from firmware_bridge.types import FixType, Observation, ObservationKind, ObservationVerdict
from tests import builders
from vehicle.contracts.messages import Inputs
from vehicle.contracts.units import TICK_NS
from vehicle.control.estimate import fusion
from vehicle.control.state import VehicleState
from vehicle.control.tick import tick


def doubted() -> BeliefRun:
    run = BeliefRun(BeliefSettings(seed=21)).run(5.0)
    run.work(8.0)
    run.run(2.0, 0.0)
    run.gnss.jump_m = aside_m(0.4)
    run.run(5.0)
    assert run.seen.position_doubted
    return run


def says_m(run: BeliefRun) -> tuple[float, float]:
    """Where the receiver says that the machine's origin stands."""
    return run.belief.x[0] + run.belief.place.offset_m[0], run.belief.x[1] + run.belief.place.offset_m[1]


@pytest.mark.long
@pytest.mark.parametrize(("off_m", "believed"), [(0.0, True), (0.03, True), (0.2, False), (3.5, False), (12.0, False)])
def test_only_a_mark_on_which_it_stands_speaks_for_its_receiver(off_m: float, believed: bool) -> None:
    run = doubted()
    east, north = says_m(run)
    now_ns = run.ticks * TICK_NS
    after = fusion.at_mark(run.belief, run.wire, (east + off_m, north), run.config, DATUM, now_ns)
    assert after.place.believed is believed
    moved_m = math.dist(after.x[:2], run.belief.x[:2])
    held_m = 0.0 if off_m > 10.0 else math.dist(run.belief.x[:2], (east + off_m, north))
    assert moved_m == pytest.approx(0.4 if believed else held_m, abs=0.05), "a mark that is missed is held"
    late = fusion.at_mark(run.belief, run.wire, (east, north), run.config, DATUM, now_ns + 2_000_000_000)
    assert late is run.belief, "a receiver that is silent is not shown to be right"
    rolls = msgspec.structs.replace(run.wire, status=builders.status(track_left_mps=0.1, track_right_mps=0.1))
    assert fusion.at_mark(run.belief, rolls, (east, north), run.config, DATUM, now_ns) is run.belief
    assert run.wire.gnss is not None
    floats = msgspec.structs.replace(run.wire, gnss=msgspec.structs.replace(run.wire.gnss, fix=FixType.RTK_FLOAT))
    assert fusion.at_mark(run.belief, floats, (east, north), run.config, DATUM, now_ns) is run.belief


def told(place_m: tuple[float, float], sequence: int = 1, **rest: object) -> Observation:
    lat_deg, lon_deg, _ = DATUM.geodetic_from_enu(*place_m)
    base = Observation(
        station_id=9,
        session_id=7,
        sequence=sequence,
        kind=ObservationKind.BENCHMARK_CHECK,
        value=0.01,
        sigma=0.01,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        who="leader",
        text="machine in its bay",
    )
    return msgspec.structs.replace(base, **rest)


def believes(run: BeliefRun, *observations: Observation) -> bool:
    state = VehicleState(
        config=run.config, datum=DATUM, session_id=7, tick=run.ticks, wire=run.wire, estimate=run.belief
    )
    after, outputs = tick(state, Inputs(observations=observations), (run.ticks + 1) * TICK_NS)
    assert {result.result for result in outputs.results} == {ObservationVerdict.RECORDED}
    return after.estimate.place.believed


def test_the_machines_own_check_reaches_the_estimate_through_the_tick() -> None:
    run = doubted()
    assert believes(run, told(says_m(run)))
    assert not believes(run, told(says_m(run), value=0.3))
    assert not believes(run, told(run.belief.x[:2])), "the receiver says another place than the mark"


def test_a_rovers_pole_says_nothing_of_the_machines_own_receiver() -> None:
    run = doubted()
    east, north = says_m(run)
    for text in ("point 2", "control point 1"):
        assert not believes(run, told((east, north), text=text))
    assert not believes(run, told((east + 3.5, north)))


def test_the_place_of_another_observation_is_no_mark() -> None:
    run = doubted()
    find = told(says_m(run), sequence=2, kind=ObservationKind.FIND, text="machine part")
    elsewhere = told((says_m(run)[0] + 30.0, 0.0))
    assert not believes(run, elsewhere, find)
    assert not believes(run, find, elsewhere)


@pytest.mark.long
def test_a_mark_that_is_missed_doubts_the_place_until_one_is_hit() -> None:
    run = BeliefRun(BeliefSettings(seed=22)).run(5.0)
    run.work(8.0)
    run.run(3.0, 0.0)
    assert run.seen.position_proven
    east, north, now_ns = *says_m(run), run.ticks * TICK_NS
    off_m = (east + 0.3, north)
    after = fusion.at_mark(run.belief, run.wire, off_m, run.config, DATUM, now_ns)
    assert not after.place.believed
    assert after.place.revoke_t_ns > 0, "nothing is upheld since the mark before"
    assert after.x[:2] == off_m, "the machine stands on the mark"
    assert after.x[2:] == run.belief.x[2:]
    run.belief = after
    run.run(240.0, 0.0)
    assert run.seen.position_doubted, "a new fix that agrees with what was wrong makes it no better"
    right = fusion.at_mark(run.belief, run.wire, says_m(run), run.config, DATUM, run.ticks * TICK_NS)
    assert right.place.believed
    run.belief = right
    assert run.run(3.0, 0.0).seen.position_proven


def test_who_measured_it_wrong_does_not_make_it_right() -> None:
    run = doubted()
    after = fusion.at_mark(run.belief, run.wire, says_m(run), run.config, DATUM, run.ticks * TICK_NS, good=False)
    assert not after.place.believed
