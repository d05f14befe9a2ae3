"""An engine start is asked for, or goes on, only while each of its conditions holds: the rule alone, state by state."""

from typing import Any

import msgspec
import pytest

from vehicle.contracts.messages import Mode
from vehicle.control.safety.modes import Act, Class, Motion, SafetyState, Situation, Starter, Want, starts_engine

READY = SafetyState(Mode.DISARMED, held=True, neutral_seen=True, estop_latched=False, reset_due=False)
RESTS = Situation(
    live=True, act=Act.ENGINE_START, neutral=True, hold=True, worst=Class.NAV, retreat=True, estop=False,
    motion=Motion.STANDING, at_speed=False, rotor_stopped=True, want=Want.REST, wait_over=False, starter=Starter.ABLE,
)  # fmt: skip


def test_it_starts_where_all_hold() -> None:
    assert starts_engine(READY, RESTS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("held", False),
        ("neutral_seen", False),
        ("reset_due", True),
        *(("mode", m) for m in Mode if m is not Mode.DISARMED),
    ],
)
def test_it_does_not_start_in_another_state(field: str, value: Any) -> None:
    assert not starts_engine(msgspec.structs.replace(READY, **{field: value}), RESTS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("live", False),
        ("neutral", False),
        *(("worst", worst) for worst in Class if worst >= Class.STOP),
        *(("motion", motion) for motion in Motion if motion is not Motion.STANDING),
        ("rotor_stopped", False),
        ("starter", Starter.UNABLE),
    ],
)
def test_it_does_not_start_in_another_situation(field: str, value: Any) -> None:
    assert not starts_engine(READY, msgspec.structs.replace(RESTS, **{field: value}))
