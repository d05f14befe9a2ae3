"""A check that failed withholds credit: the mission does not start, says why, and does not stop again and again."""

import msgspec
import pytest

from campaign.fault_scenario import FaultScenario
from campaign.sim_operator import Goal
from vehicle.contracts.messages import Event, Mode
from vehicle.contracts.sockets import TickRecord

FAILED: dict[str, dict[str, int]] = {
    "1 hammer missing": {"hammers_missing": 1},
    "the check of the base failed": {"base_failed": True},
    "the daily check failed": {"calibration_failed": True},
    "the depth reading failed": {"depth_failed": True},
}


def checked(drill: FaultScenario, **changes: object) -> FaultScenario:
    """With other results of the checks."""
    state = drill.state
    checks = msgspec.structs.replace(state.checks, **changes)
    drill.process.loop.state = msgspec.structs.replace(state, checks=checks)
    return drill


class Told:
    """The events of the ticks."""

    name = "told"

    def __init__(self) -> None:
        self.events: list[Event] = []

    def accept(self, record: TickRecord) -> None:
        self.events += record.outputs.events


@pytest.mark.parametrize("why", FAILED)
def test_a_mission_does_not_start_while_a_failed_check_withholds_credit(why: str) -> None:
    told = Told()
    drill = checked(FaultScenario(sinks=(told,)), **FAILED[why]).drive(Goal.MISSION)
    seen = set[Mode]()
    for _ in range(50 * 30):
        drill.step()
        seen.add(drill.mode)
    assert Mode.MANUAL in seen, "the sticks drive"
    assert not seen & {Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.STOPPING}
    texts = [event.text for event in told.events]
    assert f"START refused: nothing would be credited: {why}" in texts
    assert texts.count(f"nothing is credited, no mission starts: {why}") == 1
    checked(drill, **{name: type(value)() for name, value in FAILED[why].items()})
    assert drill.until((Mode.AUTO_WORK,), 30.0), (drill.mode, drill.reasons)
    assert "credit again" in [event.text for event in told.events]
    assert drill.watch.finish() == ()
