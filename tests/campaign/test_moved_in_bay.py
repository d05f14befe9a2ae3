"""What is moved while the machine stands in its bay: the daily check sees it before anything counts."""

import msgspec
import pytest

from benchmarks import checks as trial
from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.sim_operator import Goal
from firmware_bridge.types import ObservationKind
from tests.marks import some

UTC_US = 1_795_000_000_000_000


def told(drill: FaultScenario, text: str, sequence: int) -> None:
    base = trial.observation(drill, trial.drift)[0]
    when_us = UTC_US + drill.now_ns // 1000
    note = msgspec.structs.replace(
        base, kind=ObservationKind.NOTE, who="leader", text=text, value=0.0, sequence=sequence, time_utc_us=when_us
    )
    trial.observed(drill, note)


@pytest.mark.slow
@pytest.mark.parametrize("bay_s", some([60.0, 480.0], 1, pytest.mark.release))
def test_an_antenna_bumped_in_the_bay_makes_no_false_credit_after_the_daily_check(bay_s: float) -> None:
    """Minutes in the bay; then the antenna by 0.3 m, the heading by less than a degree."""
    drill = FaultScenario(FaultScenarioSettings(seed=41))
    gnss = drill.world.gnss
    gnss.utc_zero_us, gnss.restarts = UTC_US, False
    drill.drive(Goal.REST).run(45.0)
    told(drill, "bay", 101)
    assert drill.state.checks.calibration.bay is not None
    drill.run(bay_s)
    gnss.lever_off_m, gnss.heading_jump_rad = (0.0, 0.3), 0.015
    drill.run(35.0)
    told(drill, "daily check", 102)
    assert drill.state.checks.margin.withheld == "the daily check failed"
    drill.drive(Goal.MISSION).run(min(60.0, bay_s / 2.0))
    assert drill.truth.false_credit_m2(drill.state.ledger) == 0.0
