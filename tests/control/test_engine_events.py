"""What the log says of an engine start."""

from typing import Any

import pytest
from msgspec.structs import replace

from vehicle.contracts.messages import EngineStart
from vehicle.control.events import engine_start_texts
from vehicle.control.state import GateState

S = EngineStart


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        ({}, {}, ()),
        ({}, {"start": S.ASKED}, ("engine start: asked for",)),
        ({"start": S.ASKED}, {"start": S.HELD}, ("engine start: hold-to-run pressed",)),
        ({"start": S.HELD}, {"start": S.WARNING}, ("engine start: horn",)),
        ({"start": S.WARNING}, {"start": S.CRANKING, "start_tries": 2}, ("engine start: starter, try 2",)),
        ({"start": S.CRANKING, "start_tries": 2}, {}, ("engine start: the engine runs",)),
        ({"start": S.CRANKING, "start_tries": 2}, {"start_tries": 2}, ("engine start: it does not run",)),
        ({"start": S.WARNING}, {}, ("engine start: broken off",)),
        ({}, {"start_barred": True}, ("no console starts the engine before a reset at the machine",)),
        ({"start_barred": True}, {}, ("a console may start the engine again",)),
    ],
)
def test_each_step_is_one_line(before: dict[str, Any], after: dict[str, Any], texts: tuple[str, ...]) -> None:
    assert engine_start_texts(replace(GateState(), **before), replace(GateState(), **after)) == texts
