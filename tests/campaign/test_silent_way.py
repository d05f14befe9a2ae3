"""G1 with a place that goes slower than the machine: what the watch excuses, and that it fails where it is not told."""

import math

import pytest

from campaign import lies
from campaign.fault_scenario import YAW_RAD, FaultScenario, FaultScenarioSettings
from campaign.lies import Told
from campaign.sim_operator import Goal
from vehicle.contracts.messages import Mode
from vehicle.control.estimate import speed_way

pytestmark = pytest.mark.long

AHEAD_M = 8.0
KEEP_OUT = (AHEAD_M, AHEAD_M + 6.0, -6.0, 6.0)


def driven(stick: float, size: float, seconds: float) -> FaultScenario:
    """By stick towards a keep-out; from the first metre on the place goes so many percent less far than the machine."""
    drill = FaultScenario(FaultScenarioSettings(seed=36, keep_out_m=KEEP_OUT)).drive(Goal.MANUAL, stick)
    drill.attended = True
    assert drill.until((Mode.MANUAL,), 15.0)
    told = Told(kind="place_scaled", size=size, side_rad=math.pi, rate=0.5)
    for _ in range(round(seconds / 0.02)):
        lies.each(drill, told)
        drill.step()
    return drill


def over_m(drill: FaultScenario) -> float:
    """How far the tool reaches over the keep-out, by the truth."""
    true = drill.world.truth()
    ends_m = (true.tool_left_m, true.tool_right_m)
    return max(east * math.cos(YAW_RAD) + north * math.sin(YAW_RAD) for east, north in ends_m) - AHEAD_M


def test_belts_that_creep_have_no_witness_and_nobody_can_know_that_the_tool_is_over_the_keep_out() -> None:
    drill = driven(0.14, 40.0, 70.0)
    assert over_m(drill) > 0.5
    assert "position_jump" not in drill.reasons
    assert drill.watch.breaches == []


def test_at_speed_the_place_is_doubted_before_the_tool_is_over_the_keep_out() -> None:
    drill = driven(0.2, 20.0, 30.0)
    assert "position_jump" in drill.reasons
    assert over_m(drill) < 0.0
    assert drill.watch.breaches == []


def test_a_vehicle_that_does_not_hear_the_witness_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed_way, "contradiction", lambda *_: None)
    drill = driven(0.2, 20.0, 60.0)
    assert over_m(drill) > 0.5
    assert [breach.name for breach in drill.watch.breaches] == ["over_keep_out"]
