"""Figures that follow from a configuration are made with it, and never in a tick."""

from collections.abc import Iterator

from pydantic import BaseModel

from tests.builders import config
from vehicle.config.machine_parts import Strict, derived


def parts(model: BaseModel) -> Iterator[BaseModel]:
    """A configuration and all that it is made of."""
    yield model
    for value in dict(model).values():
        if isinstance(value, BaseModel):
            yield from parts(value)


def missing(model: BaseModel) -> list[str]:
    figures = [name for name, figure in vars(type(model)).items() if isinstance(figure, derived)]
    return [name for name in figures if name not in model.__dict__]


def test_every_derived_figure_is_there_before_anybody_asks() -> None:
    whole = list(parts(config()))
    assert sum(isinstance(figure, derived) for part in whole for figure in vars(type(part)).values()) >= 6
    assert [missing(part) for part in whole] == [[] for _ in whole]
    assert all(isinstance(part, Strict) for part in whole)


def test_a_copy_derives_its_own() -> None:
    tool = config().machine.tool
    other = tool.model_copy(update={"rotor_speed_rpm": 0.0})
    assert other.__dict__["rotor_speed_radps"] == 0.0
    assert tool.__dict__["rotor_speed_radps"] > 0.0
