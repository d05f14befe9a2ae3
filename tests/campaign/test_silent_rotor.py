"""A rotor's sensor that stands at the working speed while the drive loses its power: no ground may count by it."""

import pytest

from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.faults import FAULTS
from campaign.sim_operator import Goal
from firmware_bridge.types import OperatorEdge
from tests.campaign.scenes import copied
from vehicle.contracts.messages import Mode

pytestmark = pytest.mark.long


@copied
def working() -> FaultScenario:
    drill = FaultScenario(FaultScenarioSettings(seed=31, soil_mjpm3=1.5)).drive(Goal.MISSION)
    drill.attended = True
    assert drill.until((Mode.AUTO_WORK,), 25.0)
    drill.run(12.0)
    return drill


@pytest.mark.parametrize(
    ("jitter_radps", "power_ratio", "within_s"), [(0.0, 0.6, 2.1), (0.3, 0.75, 6.0), (0.1, 0.25, 6.0)]
)
def test_row_59_a_sensor_that_stands_stops_the_work_and_takes_back_what_rests_on_it(
    jitter_radps: float, power_ratio: float, within_s: float
) -> None:
    drill = working()
    assert drill.state.ledger.credited_m2 > 0.1
    sensors = drill.world.tool_sensors
    sensors.rotor_frozen, sensors.rotor_jitter_radps = True, jitter_radps
    drill.world.flail.power_ratio = power_ratio
    assert drill.until((Mode.STOPPING, Mode.HOLD), within_s)
    assert "rotor_sensor" in drill.reasons
    drill.run(2.0)
    assert not drill.state.ledger.pending
    assert drill.truth.false_credit_m2(drill.state.ledger) == 0.0
    assert drill.state.ledger.credited_m2 > 0.05


@pytest.mark.parametrize("jitter_radps", [0.0, 0.02])
@pytest.mark.parametrize("before_s", [0.3, 1.0, 1.9])
@pytest.mark.parametrize("end", [None, "estop_pressed", "line_unplugged"])
def test_row_59_a_sensor_that_stood_a_moment_before_the_end_of_the_work_is_found_when_the_rotor_should_run_down(
    end: str | None, before_s: float, jitter_radps: float
) -> None:
    """It ends by STOP, or by a fault that lasts for three seconds."""
    drill = working()
    sensors = drill.world.tool_sensors
    sensors.rotor_frozen, sensors.rotor_jitter_radps = True, jitter_radps
    drill.world.flail.power_ratio = 0.4
    drill.run(before_s)
    assert "rotor_sensor" not in drill.reasons
    drill.hands.goal = Goal.REST
    if end is None:
        drill.hands.pressed = OperatorEdge.STOP
        drill.run(3.0)
    else:
        FAULTS[end].inject(drill, 0.0)
        drill.run(3.0)
        FAULTS[end].heal(drill)
    drill.run(5.0)
    assert "rotor_sensor" in drill.reasons
    drill.run(2.0)
    assert not drill.state.ledger.pending
    assert drill.truth.false_credit_m2(drill.state.ledger) == 0.0
    assert drill.state.ledger.credited_m2 > 0.05


def test_row_59_an_honest_rotor_that_sags_under_heavy_soil_is_not_doubted() -> None:
    drill = FaultScenario(FaultScenarioSettings(seed=32, soil_mjpm3=4.0, unevenness_m=0.03)).drive(Goal.MISSION)
    for _ in range(1500):
        drill.run(0.02)
        assert drill.state.gate.monitor.rotor_watch.doubt_tick == 0
    assert drill.state.ledger.credited_m2 > 0.1
