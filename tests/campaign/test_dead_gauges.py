"""A reading that the controller itself calls unknown: what it stops, what it limits, and what it must not spoil."""

import math
from typing import Any

import msgspec
import pytest

from campaign.fault_scenario import FaultScenario
from sim import controller
from tests.campaign.scenes import manual, work
from vehicle.contracts.messages import MissionPhase, Mode

pytestmark = pytest.mark.long

LIMITS = (
    "rotor_torque_nm",
    "engine_speed_radps",
    "engine_load_ratio",
    "hydraulic_pressure_pa",
    "hydraulic_temp_degc",
    "coolant_temp_degc",
    "supply_voltage_v",
)
STOPS = {
    "track_left_mps": "track_sensor",
    "track_right_mps": "track_sensor",
    "rotor_speed_radps": "rotor_sensor",
    "tool_height_m": "tool_height_unknown",
    "depth_m": "tool_height_unknown",
    "depth_sigma_m": "tool_height_unknown",
}
AT_WORK_ONLY = ("tool_height_m", "depth_m", "depth_sigma_m")


def kill_sensor(monkeypatch: pytest.MonkeyPatch, *fields: str) -> None:
    """From now on the controller answers with NaN for these."""
    whole = vars(controller)["compose"]

    def compose(*parts: Any) -> Any:
        return msgspec.structs.replace(whole(*parts), **dict.fromkeys(fields, math.nan))

    monkeypatch.setattr(controller, "compose", compose)


def reasons_within(drill: FaultScenario, seconds: float) -> set[str]:
    """All that were given until then."""
    found: set[str] = set()
    for _ in range(round(seconds / 0.02)):
        drill.step()
        found |= set(drill.reasons)
    return found


@pytest.mark.parametrize("field", LIMITS)
def test_a_dead_gauge_does_not_strand_the_machine(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drill = work()
    kill_sensor(monkeypatch, field)
    assert "controller_lost" not in reasons_within(drill, 2.0)
    assert drill.mode is Mode.AUTO_WORK
    assert drill.state.mission.phase is MissionPhase.WORK
    assert drill.world.truth().speed_mps > 0.02
    assert not drill.watch.breaches


@pytest.mark.parametrize("field", STOPS)
def test_a_dead_sensor_stops_the_job_by_its_own_name(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drill = work()
    credited_m2 = drill.state.ledger.credited_m2
    kill_sensor(monkeypatch, field)
    found = reasons_within(drill, 2.0)
    assert STOPS[field] in found
    assert "controller_lost" not in found
    assert drill.mode not in (Mode.AUTO_WORK, Mode.AUTO_MOVE)
    assert drill.world.truth().speed_mps == pytest.approx(0.0, abs=0.01)
    assert all(map(math.isfinite, drill.state.estimate.x))
    if field.startswith("depth"):
        assert drill.state.ledger.credited_m2 == credited_m2
    assert not drill.watch.breaches


@pytest.mark.parametrize("field", AT_WORK_ONLY)
def test_the_tool_s_height_is_not_needed_to_drive_by_stick(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drill = manual()
    kill_sensor(monkeypatch, field)
    drill.run(2.0)
    assert drill.mode is Mode.MANUAL
    assert drill.world.truth().speed_mps > 0.1


def test_nothing_known_at_all_is_a_stop_and_the_chain_is_still_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    drill = work()
    kill_sensor(monkeypatch, *LIMITS, *STOPS)
    assert "controller_lost" not in reasons_within(drill, 2.0)
    assert drill.mode not in (Mode.AUTO_WORK, Mode.AUTO_MOVE, Mode.MANUAL)
    drill.world.controller.estop_chain_open = True
    drill.run(0.2)
    assert drill.mode is Mode.ESTOP
    assert all(map(math.isfinite, drill.state.estimate.x))
