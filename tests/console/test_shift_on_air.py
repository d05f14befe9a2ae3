"""START of a mission waits for the acts of the shift, at the vehicle, whatever the console shows."""

import pytest
from msgspec.structs import replace

from firmware_bridge.console_types import WorkFlag
from firmware_bridge.types import Observation, ObservationKind, OperatorEdge
from tests.console.rig import ConsoleRig
from vehicle.contracts.messages import Mode
from vehicle.contracts.shift_state import ShiftState, due_text
from vehicle.contracts.shift_table import BLOCKS_START, CLOSING_CHECK
from vehicle.contracts.sockets import Sink, TickRecord

E = OperatorEdge
pytestmark = pytest.mark.long


class Told:
    """What the log is told."""

    name = "told"

    def __init__(self) -> None:
        self.texts: list[str] = []

    def accept(self, record: TickRecord) -> None:
        self.texts += [event.text for event in record.outputs.events if event.kind == "shift"]


def in_shifts(*sinks: Sink) -> ConsoleRig:
    rig = ConsoleRig(sinks=sinks)
    state = rig.state
    rig.process.loop.state = replace(state, checks=replace(state.checks, shift=ShiftState(used=True)))
    return rig.manual()


def tell(rig: ConsoleRig, name: str) -> None:
    gnss = rig.state.wire.gnss
    assert gnss is not None
    observation = Observation(
        station_id=7, session_id=0, sequence=0, kind=ObservationKind.SHIFT_DONE, who="sentry", text=name,
        time_utc_us=gnss.time_utc_us or 1_790_000_000_000_000 + rig.now_ns // 1_000,
    )  # fmt: skip
    before = len(rig.state.checks.shift.acts)
    rig.page.protocol.observe(observation)
    rig.run(0.5)
    assert len(rig.state.checks.shift.acts) == before + 1


def stays(rig: ConsoleRig, mode: Mode, seconds: float) -> bool:
    for _ in range(round(seconds * 50)):
        rig.step()
        if rig.mode is not mode:
            return False
    return True


def test_a_mission_starts_after_the_three_acts_by_an_act_of_its_own_and_goes_on_when_the_shift_ends() -> None:
    rig = in_shifts()
    rig.hold()
    rig.run(1.0)
    assert due_text(BLOCKS_START) == "shift: strop, ring, estop-moving are due"
    assert rig.page.protocol.vehicle is not None
    for name in BLOCKS_START:
        assert rig.act(E.MISSION_START).why == "shift_due"
        assert rig.mode is Mode.MANUAL
        work = rig.page.protocol.work
        assert work is not None
        assert WorkFlag.SHIFT_DUE | WorkFlag.SHIFT_USED in work.flags
        tell(rig, name)
    assert stays(rig, Mode.MANUAL, 2.0), "what was told moves nothing, with the hold pressed and START pressed before"
    assert rig.page.protocol.work is not None
    assert WorkFlag.SHIFT_DUE not in rig.page.protocol.work.flags
    rig.taken(E.MISSION_START)
    rig.let_go()
    assert rig.until((Mode.AUTO_WORK,), 40.0)
    tell(rig, CLOSING_CHECK)
    assert stays(rig, Mode.AUTO_WORK, 2.0)


def test_driving_by_stick_is_told_and_not_refused() -> None:
    told = Told()
    rig = in_shifts(told)
    rig.hold(0.4)
    assert rig.moves(5.0)
    assert told.texts == [f"{due_text(BLOCKS_START)}; START is refused until told"]


def test_without_shifts_a_mission_starts_as_before() -> None:
    rig = ConsoleRig().manual()
    rig.hold()
    rig.run(0.5)
    rig.taken(E.MISSION_START)
    assert rig.mode in (Mode.AUTO_MOVE, Mode.AUTO_WORK)
