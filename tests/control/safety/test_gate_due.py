"""`due` of the gate's report: a stop waits for a RESET, or a reason that stops for an acknowledgement."""

import msgspec
import pytest

from firmware_bridge.types import OperatorEdge
from tests.control.safety.rig import Rig, driving
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import Level, StopReason
from vehicle.contracts.stop_reasons import RULES
from vehicle.control.safety.masks import HALT_MASK, mask

E = OperatorEdge


def test_it_stands_from_the_stop_to_the_reset_whatever_the_mode() -> None:
    rig = driving()
    assert not rig.report.due
    rig.send(E.STOP)
    assert rig.mode is Mode.STOPPING
    assert rig.report.due
    rig.controls = {}
    rig.run(100)
    assert (rig.mode, rig.report.due) == (Mode.HOLD, True)
    rig.press(E.DISARM)
    assert (rig.mode, rig.report.due) == (Mode.DISARMED, True)
    rig.reset()
    assert (rig.mode, rig.report.due) == (Mode.DISARMED, False)


def test_the_end_of_ready_is_no_stop() -> None:
    rig = Rig().to_ready()
    assert (rig.mode, rig.report.due) == (Mode.READY, False)
    rig.press(E.DISARM)
    assert (rig.mode, rig.report.due) == (Mode.DISARMED, False)


def test_a_reason_that_waits_for_its_acknowledgement_is_due_without_a_stop() -> None:
    rig = Rig().to_disarmed()
    for reason, due in ((StopReason.TRACK_STUCK, True), (StopReason.DETONATION, False), (StopReason.WRONG_BASE, False)):
        rig.state = msgspec.structs.replace(rig.state, latched=mask(reason))
        rig.run(2)
        assert (rig.mode, rig.report.due) == (Mode.DISARMED, due), reason
    rig.state = msgspec.structs.replace(rig.state, latched=mask(StopReason.TRACK_STUCK))
    rig.run(2)
    assert rig.report.due
    rig.press(E.ACKNOWLEDGE)
    assert not rig.report.due


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_stops_by_stick_is_a_halt_and_nothing_else(rule) -> None:  # type: ignore[no-untyped-def]
    bit = mask(StopReason[rule.name.upper()])
    assert (HALT_MASK & bit != 0) is (rule.level >= Level.STOP and not rule.retreat)
