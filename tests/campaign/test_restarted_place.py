"""A restart of the program makes no wrong fix true, and forgets no doubt: on the full stack, against the truth."""

import msgspec
import pytest

from benchmarks import checks
from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.sim_operator import Goal
from firmware_bridge.types import ObservationKind, ObservationVerdict, OperatorEdge
from tests.campaign.scenes import copied
from tests.marks import some
from vehicle.runtime import kept_place

pytestmark = pytest.mark.long

ASIDE_M = (-0.3, 0.9)
UTC_US = 1_795_000_000_000_000


@copied
def stopped(seed: int) -> FaultScenario:
    """A mission at work that was stopped, with all checks made."""
    drill = FaultScenario(FaultScenarioSettings(seed=seed))
    drill.world.gnss.utc_zero_us = UTC_US
    drill.drive(Goal.MISSION).run(25.0)
    drill.hands.pressed = OperatorEdge.STOP
    drill.drive(Goal.REST).run(8.0)
    drill.hands.pressed = OperatorEdge.NONE
    assert drill.state.ledger.credited_m2 > 1.0
    return drill


def restarted(drill: FaultScenario, wrong_m: tuple[float, float]) -> FaultScenario:
    drill.process.dead = True
    drill.world.gnss.wrong_fix_m = wrong_m
    drill.run(2.0)
    drill.process.restart()
    return drill.run(5.0)


def told_of_base(drill: FaultScenario, sequence: int) -> str:
    """A rover's pole on a control point; why it was refused, "" where it was recorded."""
    base = checks.observation(drill, checks.drift)[0]
    told = msgspec.structs.replace(
        base, kind=ObservationKind.BENCHMARK_CHECK, value=0.005, sigma=0.01, who="leader", text="point 1",
        time_utc_us=UTC_US + drill.now_ns // 1000, sequence=sequence,
    )  # fmt: skip
    checks.observed(drill, told)
    (answer,) = (row for row in drill.state.checks.answers if row.sequence == sequence)
    return answer.text if answer.result is ObservationVerdict.REFUSED else ""


def works(drill: FaultScenario, seconds: float) -> None:
    drill.drive(Goal.MISSION).run(seconds)


@pytest.mark.parametrize("share", some([1.0, 0.5, 3.0], 1, pytest.mark.release))
def test_a_wrong_fix_after_a_restart_is_doubted_and_nothing_is_credited(share: float) -> None:
    drill = stopped(41)
    before_m2 = drill.state.ledger.credited_m2
    drill = restarted(drill, (share * ASIDE_M[0], share * ASIDE_M[1]))
    assert drill.state.estimate.place.believed is False
    assert told_of_base(drill, 101) == "", "the base is right"
    works(drill, 40.0)
    assert drill.state.ledger.credited_m2 == before_m2
    assert drill.truth.false_credit_m2(drill.state.ledger) == 0.0


def test_an_honest_restart_works_on_and_its_ground_becomes_firm() -> None:
    drill = stopped(41)
    before_m2 = drill.state.ledger.credited_m2
    drill = restarted(drill, (0.0, 0.0))
    assert drill.state.estimate.place.shown
    assert not drill.state.checks.due.check
    assert told_of_base(drill, 101) == ""
    number = drill.state.ledger.stroke.number if drill.state.ledger.stroke is not None else 0
    works(drill, 40.0)
    assert drill.state.ledger.credited_m2 > before_m2 + 2.0
    drill.drive(Goal.REST).run(13.0)
    assert told_of_base(drill, 102) == ""
    assert drill.state.ledger.firm > number
    assert drill.truth.false_credit_m2(drill.state.ledger) == 0.0


def test_without_a_kept_place_a_closing_check_waits_for_the_daily_one() -> None:
    drill = stopped(41)
    drill.process._place = None
    drill = restarted(drill, (0.0, 0.0))
    assert not drill.state.estimate.place.shown
    assert drill.state.checks.due.check
    assert told_of_base(drill, 101) == "", "it opens"
    opened = drill.state.ledger.firm
    works(drill, 30.0)
    drill.drive(Goal.REST).run(13.0)
    assert "daily check" in told_of_base(drill, 102)
    assert drill.state.ledger.firm == opened, "nothing became firm"
    assert drill.state.ledger.provisional_cells > 0


@pytest.mark.release
def test_a_doubt_is_not_cured_by_a_restart() -> None:
    drill = stopped(42)
    works(drill, 12.0)
    drill.world.gnss.wrong_fix_m = ASIDE_M
    drill.run(6.0)
    assert not drill.state.estimate.place.believed
    drill.drive(Goal.REST).run(3.0)
    credited_m2 = drill.state.ledger.credited_m2
    drill = restarted(drill, ASIDE_M)
    assert not drill.state.estimate.place.believed
    told_of_base(drill, 101)
    works(drill, 40.0)
    assert drill.state.ledger.credited_m2 <= credited_m2
    assert drill.truth.false_credit_m2(drill.state.ledger) == 0.0


def test_the_same_without_the_file_credits_falsely(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the file is for: the first fix is believed, and only a check of the machine itself would find it."""
    drill = stopped(41)
    monkeypatch.setattr(kept_place, "restored", lambda _, __: kept_place.UNKNOWN)
    drill = restarted(drill, (0.3 * ASIDE_M[0], 0.3 * ASIDE_M[1]))
    assert told_of_base(drill, 101) == ""
    works(drill, 40.0)
    assert drill.truth.false_credit_m2(drill.state.ledger) > 0.1
    drill.drive(Goal.REST).run(13.0)
    assert "daily check" in told_of_base(drill, 102), "and it stays provisional"
