"""Where two values part: the path names the first field, and floats are the same to the last bit or not."""

import math
from typing import Any

import pytest

from tests import builders
from vehicle.contracts.messages import Event
from vehicle.records.differences import SHOWN_MAX, Apart, first_apart

EVENT = Event(t_ns=1, tick=2, kind="stop", text="x", east_m=0.5)


@pytest.mark.parametrize(
    ("recorded", "replayed", "apart"),
    [
        (1.0, 1.0000000000000002, ("x", "1.0", "1.0000000000000002")),
        (0.0, -0.0, ("x", "0.0", "-0.0")),
        (1, 1.0, ("x", "1", "1.0")),
        (None, 0.0, ("x", "nothing", "0.0")),
        ({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 3]}, ("x.b[1]", "2", "3")),
        ({"a": 1, "b": "old"}, {"a": 1}, ("x.b", "old", "nothing")),
        ((1, 2), (1,), ("x[1]", "2", "nothing")),
        (EVENT, Event(t_ns=1, tick=2, kind="go", text="y", east_m=0.5), ("x.kind", "stop", "go")),
        (EVENT, Event(t_ns=1, tick=2, kind="stop", text="x", east_m=0.25), ("x.east_m", "0.5", "0.25")),
        (b"\x01", b"\x02", ("x", "01", "02")),
    ],
)
def test_the_first_field_that_differs(recorded: Any, replayed: Any, apart: tuple[str, str, str]) -> None:
    assert first_apart("x", recorded, replayed) == Apart(*apart)
    turned = first_apart("x", replayed, recorded)
    if replayed != {"a": 1}:
        assert turned is not None
        assert turned.field == apart[0]


def test_a_field_that_is_newer_than_the_recording_is_none() -> None:
    assert first_apart("x", {"a": 1}, {"a": 1, "new": 0}) is None


@pytest.mark.parametrize("value", [1.0, math.nan, None, "a", EVENT, {"a": (1, [2.5])}, builders.estimate()])
def test_the_same_is_no_difference(value: Any) -> None:
    assert first_apart("x", value, value) is None


def test_a_long_value_is_cut() -> None:
    found = first_apart("x", "a" * 1000, "b")
    assert found is not None
    assert len(found.recorded) == SHOWN_MAX + 3
