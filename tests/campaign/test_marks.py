"""Marks told to the full stack: what they show lasts, no withdrawal is lost, and one that is late moves nothing."""

import math

import pytest
from msgspec.structs import replace

from benchmarks import checks
from campaign.fault_scenario import YAW_RAD, FaultScenario, FaultScenarioSettings
from campaign.sim_operator import Goal
from firmware_bridge.mavlink import adapters
from firmware_bridge.types import Observation, ObservationKind, ObservationVerdict, OperatorEdge
from tests.campaign.scenes import copied
from tests.campaign.test_doubted_place import AHEAD, drives, tool_m
from tests.marks import some
from vehicle.control.checks import machine_check, measured
from vehicle.control.estimate import place

pytestmark = pytest.mark.long

UTC_US = 1_795_000_000_000_000
AHEAD_M = (math.cos(YAW_RAD), math.sin(YAW_RAD))


def origin_m(drill: FaultScenario, ahead_m: float = 0.0) -> tuple[float, float]:
    """The body's origin by the truth, or a place so far ahead of it."""
    tracks = drill.world.tracks
    return tracks.east_m + ahead_m * AHEAD_M[0], tracks.north_m + ahead_m * AHEAD_M[1]


def mark(drill: FaultScenario, place_m: tuple[float, float], sequence: int, when_us: int | None = None) -> Observation:
    """The machine's middle stands on a known mark."""
    lat_deg, lon_deg, _ = drill.state.datum.geodetic_from_enu(*place_m, 0.0)
    return replace(
        checks.observation(drill, checks.drift)[0],
        kind=ObservationKind.BENCHMARK_CHECK,
        value=0.005,
        sigma=0.01,
        who="leader",
        text="machine on point 1",
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        sequence=sequence,
        time_utc_us=when_us,
    )


def daily(drill: FaultScenario, sequence: int) -> Observation:
    return replace(
        checks.observation(drill, checks.drift)[0],
        kind=ObservationKind.NOTE,
        value=0.0,
        who="leader",
        text="daily check",
        sequence=sequence,
    )


def at_once(drill: FaultScenario, *told: Observation) -> None:
    """All of it reaches the vehicle in one tick."""
    for one in told:
        drill.radio.station.write(adapters.encode_observation(one))
    drill.run(3.0)
    verdicts = {row.sequence: row.result for row in drill.state.checks.answers}
    assert all(verdicts[one.sequence] is ObservationVerdict.RECORDED for one in told)


@copied
def off_its_place(keep_out: bool = True) -> FaultScenario:
    """At rest, its receiver 3 m behind the truth since the start, and not to be fixed anew."""
    settings = FaultScenarioSettings(seed=34, keep_out_m=AHEAD if keep_out else None)
    drill = FaultScenario(settings)
    drill.attended, drill.world.gnss.restarts = True, False
    drill.world.gnss.wrong_fix_m = (-3.0 * AHEAD_M[0], -3.0 * AHEAD_M[1])
    return drill.run(6.0)


def test_after_a_missed_mark_no_tool_enters_a_keep_out() -> None:
    drill = off_its_place()
    at_once(drill, mark(drill, origin_m(drill), 101))
    drives(drill, 0.3, 60.0)
    assert tool_m(drill) < AHEAD[0]
    assert "fence" in drill.reasons
    assert drill.watch.finish() == ()


def test_the_watch_tells_of_a_tool_over_a_keep_out_after_a_missed_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the fault planted that puts the filter back to its place before the mark."""
    missed = place.missed
    monkeypatch.setattr(
        place, "missed", lambda told, off_m, now_ns, *, held: replace(
            missed(told, off_m, now_ns, held=held), samples=told.samples
        )
    )  # fmt: skip
    drill = off_its_place()
    at_once(drill, mark(drill, origin_m(drill), 101))
    drives(drill, 0.3, 60.0)
    assert tool_m(drill) > AHEAD[0] + 1.0
    assert [breach.name for breach in drill.watch.finish()] == ["over_keep_out"]


def test_the_watch_excuses_what_nobody_can_know() -> None:
    """The mark is 2 m from where it was said to be."""
    drill = off_its_place()
    at_once(drill, mark(drill, origin_m(drill, -2.0), 101))
    drives(drill, 0.3, 60.0)
    assert tool_m(drill) > AHEAD[0]
    assert drill.watch.finish() == ()


@copied
def wrong_while_it_worked() -> FaultScenario:
    """Credited half a metre aside; then the receiver is right again, and the machine rests."""
    drill = FaultScenario(FaultScenarioSettings(seed=41, jitter_ms=0.0))
    gnss = drill.world.gnss
    gnss.restarts = False
    gnss.wrong_fix_m = (-0.5 * AHEAD_M[1], 0.5 * AHEAD_M[0])
    drill.drive(Goal.MISSION).run(40.0)
    gnss.wrong_fix_m = (0.0, 0.0)
    drill.run(3.0)
    drill.hands.pressed = OperatorEdge.STOP
    drill.drive(Goal.REST).run(8.0)
    drill.hands.pressed = OperatorEdge.NONE
    assert drill.truth.false_credit_m2(drill.state.ledger) > 1.0, "the place was wrong all the while"
    return drill


@pytest.mark.parametrize(
    "acts", some(["hit", "hit missed", "hit daily", "hit hit", "missed hit", "daily hit"], 3, pytest.mark.release)
)
def test_marks_told_in_one_tick_withdraw_what_one_does(acts: str) -> None:
    drill = wrong_while_it_worked()
    if "daily" in acts:
        drill.run(machine_check.DAILY_FIXES / 10.0 + 1.0)
        state = drill.state
        known = machine_check.stored(state.checks.calibration, state.checks.machine.now)
        drill.process.loop.state = replace(state, checks=replace(state.checks, calibration=known))
    at = {
        "hit": lambda number: mark(drill, origin_m(drill), number),
        "missed": lambda number: mark(drill, origin_m(drill, 1.0), number),
        "daily": lambda number: daily(drill, number),
    }
    at_once(drill, *(at[act](101 + index) for index, act in enumerate(acts.split())))
    assert drill.truth.false_credit_m2(drill.state.ledger) == 0.0


def test_a_mark_told_late_is_refused_and_moves_nothing() -> None:
    drill = FaultScenario(FaultScenarioSettings(seed=41))
    drill.world.gnss.utc_zero_us = UTC_US
    drill.drive(Goal.REST).run(12.0)
    late = mark(drill, origin_m(drill), 101, UTC_US + drill.now_ns // 1000)
    drill.drive(Goal.MISSION).run(45.0)
    drill.hands.pressed = OperatorEdge.STOP
    drill.drive(Goal.REST).run(8.0)
    drill.hands.pressed = OperatorEdge.NONE
    before = drill.state.ledger.credited_m2
    assert before > 5.0
    for told, text in ((late, measured.MOVED), (replace(late, value=0.015, sequence=102), measured.MOVED)):
        checks.observed(drill, told)
        drill.run(1.0)
        (answer,) = (row for row in drill.state.checks.answers if row.sequence == told.sequence)
        assert (answer.result, answer.text) == (ObservationVerdict.REFUSED, text)
    assert drill.state.estimate.place.believed
    assert drill.state.ledger.credited_m2 == before
    failed = replace(late, value=0.3, sequence=103)
    checks.observed(drill, failed)
    drill.run(1.0)
    assert drill.state.checks.base_failed, "it fails the base however late"
    assert drill.state.estimate.place.believed, "and says nothing of where the machine stands now"
    drill.run(10.0)
    checks.observed(drill, mark(drill, origin_m(drill), 104, UTC_US + drill.now_ns // 1000))
    assert drill.state.estimate.place.believed
    assert drill.state.estimate.place.checked_t_ns > drill.now_ns - 2_000_000_000
