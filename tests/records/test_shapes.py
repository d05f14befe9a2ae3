"""The shape of a state's part changes with its fields, however deep, and with nothing else."""

from typing import Any

import msgspec
import pytest

from vehicle.records import shapes
from vehicle.records.shapes import _text
from vehicle.records.state_parts import StateHash


def struct(name: str, **fields: Any) -> type[msgspec.Struct]:
    return msgspec.defstruct(name, list(fields.items()))


INNER = struct("Inner", a=int, b=float)
HELD = struct("Held", inner=tuple[INNER, ...], known=INNER | None)  # type: ignore[valid-type]


@pytest.mark.parametrize(
    "other",
    [
        struct("Held", inner=tuple[INNER, ...], known=INNER),  # type: ignore[valid-type]
        struct("Held", inner=tuple[struct("Inner", a=int), ...], known=INNER | None),  # type: ignore[misc]
        struct("Held", known=INNER | None, inner=tuple[INNER, ...]),  # type: ignore[valid-type]
    ],
)
def test_another_field_shows(other: type) -> None:
    assert _text(other, ()) != _text(HELD, ())


def test_another_name_of_the_struct_does_not() -> None:
    again = struct("Again", inner=tuple[struct("Deep", a=int, b=float), ...], known=INNER | None)  # type: ignore[misc]
    assert _text(again, ()) == _text(HELD, ())


def test_every_part_has_a_shape_of_its_own() -> None:
    found = msgspec.structs.astuple(shapes.shapes())
    assert len(set(found)) == len(found) == len(StateHash.__struct_fields__)
