"""Recorded ticks of a real controller's adapter come out of another one that was made as the recording says."""

import msgspec
import pytest

from campaign.fault_scenario import FaultScenario, FaultScenarioSettings, swath_plan
from campaign.sim_operator import Goal
from firmware_bridge.controller_adapter import ControllerWire
from firmware_bridge.flail_adapter import FlailAdapter
from firmware_bridge.link import ControllerLink
from tests.builders import plug
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Mode
from vehicle.contracts.sockets import TickRecord
from vehicle.control.tick import tick
from vehicle.records import recorded_tick
from vehicle.records.start import attachments_of, state_hash, state_of
from vehicle.runtime.app import greeting
from vehicle.runtime.recorded_inputs import RecordedInputs, adapter_of

SQUARE = ((-200.0, -200.0), (200.0, -200.0), (200.0, 200.0), (-200.0, 200.0))


class Tape:
    """A sink that keeps ticks as a recording does."""

    name = "tape"

    def __init__(self) -> None:
        self.rows: list[bytes] = []

    def accept(self, record: TickRecord) -> None:
        self.rows.append(recorded_tick.encoded(record))


@pytest.mark.long
def test_a_mission_before_a_link_with_a_plan_taken_on_the_way_runs_again_to_the_last_bit() -> None:
    scenario, tape = FaultScenario(FaultScenarioSettings(seed=4, detonation_wait_s=60.0)), Tape()
    loop = scenario.process.loop
    link = ControllerLink(greeting(scenario.state))
    loop._controller = ControllerWire(scenario.line, link)
    plug(loop, tape)
    kept = attachments_of(scenario.state, link.settings)
    scenario.run(1.0)
    plan = msgspec.structs.replace(swath_plan(scenario.parts.config.machine), plan_hash="another")
    assert scenario.plans.assign(scenario.state, plan, (SQUARE,)) == ""
    scenario.drive(Goal.MISSION)
    assert scenario.until((Mode.AUTO_WORK,), 25.0)
    scenario.run(5.0)
    rows = [recorded_tick.decoded(row) for row in tape.rows]
    assert {name for row in rows for name, _ in row.batches} == {"operator", "plan"}
    state, heard = state_of(kept), RecordedInputs(adapter_of(kept["controller.json"].decode()))
    assert state.mission.plan is not None
    assert state.mission.plan.plan_hash == "drill"
    for row in rows:
        state, outputs = tick(state, heard.of(row), row.t_ns)
        assert b"".join(heard.adapter.encode(outputs.command, row.t_ns)) == row.controller_out, row.tick
    assert state.mission.plan.plan_hash == "another"
    assert state_hash(state) == state_hash(scenario.state)


def test_what_another_program_recorded_is_refused() -> None:
    assert isinstance(adapter_of(FlailAdapter.settings), FlailAdapter)
    with pytest.raises(InputError, match="'rover'"):
        adapter_of('{"adapter":"rover"}')
    with pytest.raises(InputError, match="cannot be read"):
        adapter_of("{")
    with pytest.raises(InputError, match="'lidar:left'"):
        RecordedInputs().batch("lidar:left", b"x")
