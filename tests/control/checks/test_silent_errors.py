"""Silent errors on the full stack: what is credited falsely before a check is gone after it."""

import pytest

from benchmarks import checks
from campaign import fault_scenario as drills
from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.sim_operator import Goal
from firmware_bridge.types import OperatorEdge

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("heading offset [deg]", 1.0),
        pytest.param("roll offset [rad]", 0.05, marks=pytest.mark.release),  # found in the bay as the heading is
        pytest.param("lever arm [m]", 0.10, marks=pytest.mark.release),
        ("depth offset [m]", 0.05),
        pytest.param("depth offset [m]", 0.10, marks=pytest.mark.release),
        ("base drift [cm/min]", 3.0),
        ("hammers lost", 3),
    ],
)
def test_nothing_false_is_left_after_the_check_that_bounds_it(kind: str, size: float) -> None:
    found = checks.row(kind, size, seed=5, work_s=30.0)
    assert found.false_after_m2 == 0.0, found


def test_an_honest_sensor_of_two_centimetres_proves_fifteen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As much of what it sweeps as the usual one, and nothing falsely."""
    plain, shares = drills.scenario_of, []
    for sigma_m in (0.007, 0.02):

        def scenario_of(settings: FaultScenarioSettings, sigma_m: float = sigma_m) -> object:
            scenario = plain(settings)
            sensors = scenario.sensors.model_copy(update={"depth_sigma_m": sigma_m})
            return scenario.model_copy(update={"sensors": sensors})

        monkeypatch.setattr(drills, "scenario_of", scenario_of)
        drill = FaultScenario(FaultScenarioSettings(seed=2)).drive(Goal.MISSION).run(36.0)
        ledger = drill.state.ledger
        assert drill.truth.false_credit_m2(ledger) == 0.0
        shares.append(ledger.credited_m2 / ledger.swept_m2)
    assert shares[0] > 0.85
    assert shares[1] > 0.95 * shares[0]


def test_the_checks_cost_a_clean_swath_no_credit() -> None:
    """Every check made and good before and after: nothing withdrawn, nothing provisional, no reason told."""
    drill = FaultScenario(FaultScenarioSettings(seed=4))
    zero_us = drill.world.gnss.utc_zero_us = 1_795_000_000_000_000
    drill.drive(Goal.MISSION).run(40.0)
    assert drill.reasons == ()
    drill.hands.pressed = OperatorEdge.STOP
    drill.drive(Goal.REST).run(12.0)
    for value, kind in ((0.005, checks.ObservationKind.BENCHMARK_CHECK), (40.0, checks.ObservationKind.HAMMER_COUNT)):
        told = checks.msgspec.structs.replace(
            checks.observation(drill, checks.drift)[0], kind=kind, value=value, who="leader", text="point 1",
            sigma=0.01, time_utc_us=zero_us + drill.now_ns // 1000,
        )  # fmt: skip
        checks.observed(drill, checks.msgspec.structs.replace(told, sequence=int(kind) + 1))
    ledger = drill.state.ledger
    assert ledger.credited_m2 > 5.0
    assert (ledger.withdrawn_cells, drill.truth.false_credit_m2(ledger)) == (0, 0.0)
    assert ledger.provisional_cells * 0.0025 < 0.2 * ledger.credited_m2
