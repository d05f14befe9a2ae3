"""`configs/README.md` explains every key there is, and none that is not."""

import re
from typing import get_args

import pytest
from pydantic import BaseModel

from sim.scenario import GroundSettings, RadioSettings, Scenario, SensorSettings, SlipSettings
from vehicle.config.drive import (
    ControllerConfig,
    DatumConfig,
    DriveConfig,
    OperatorConfig,
    RadioConfig,
    RecorderConfig,
    SiteConfig,
    StationConfig,
)
from vehicle.config.load import CONFIGS_PATH, machine_names
from vehicle.config.machine import MachineConfig
from vehicle.config.machine_parts import (
    BodyConfig,
    EngineConfig,
    GnssConfig,
    LimitsConfig,
    RatesConfig,
    ToolConfig,
    TracksConfig,
)
from vehicle.config.task import Task
from vehicle.config.telemetry import TelemetryConfig
from vehicle.config.vehicle import MissionConfig, SafetyConfig

TEXT = (CONFIGS_PATH / "README.md").read_text()
SUBTABLES = {"mission", "safety", "datum", "site", "controller", "operator", "recorder", "telemetry", "video"}
SCENARIO_TABLES = {"mission", "ground", "slip", "sensors", "radio", "plan"}
TABLES = {"tool", "tools", "tracks", "body", "limits", "gnss", "rates", "engine", "sources"}


def explained(start: str) -> dict[str, list[str]]:
    """Rows of the first table after `start`: key -> cells."""
    assert TEXT.count(start) == 1, start
    block = re.split(r"\n\n", TEXT[TEXT.index(start) :])[1]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
    assert set("".join(rows[1])) == {"-"}, f"no table follows {start!r}"
    return {row[0].strip("`"): row[1:] for row in rows[2:]}


@pytest.mark.parametrize(
    ("start", "model", "ignored"),
    [
        ("Top level:", MachineConfig, TABLES),
        ("`[tool]` and `[tools.NAME]`; the", ToolConfig, set()),
        ("`[tracks]`:", TracksConfig, set()),
        ("`[body]`, outline", BodyConfig, set()),
        ("`[limits]`:", LimitsConfig, set()),
        ("`[gnss]`, main", GnssConfig, set()),
        ("`[rates]`, only", RatesConfig, set()),
        ("`[engine]`, which", EngineConfig, set()),
        ("The `[mission]` table", MissionConfig, set()),
        ("The `[telemetry]` table", TelemetryConfig, set()),
        ("Top level of a vehicle's file:", DriveConfig, SUBTABLES),
        ("`[datum]`, to drive", DatumConfig, set()),
        ("`[site]`, the vehicle's", SiteConfig, set()),
        ("`[controller]`, the line", ControllerConfig, set()),
        ("`[operator]`, where", OperatorConfig, set()),
        ("`[recorder]`:", RecorderConfig, set()),
        ("The gate checks the limits once more", SafetyConfig, set()),
        ("Top level of a scenario:", Scenario, SCENARIO_TABLES),
        ("`[ground]`, a tilted", GroundSettings, set()),
        ("`[slip]`:", SlipSettings, set()),
        ("`[sensors]`, 1 sigma", SensorSettings, set()),
        ("`[radio]`, between", RadioSettings, set()),
    ],
)
def test_every_key_is_explained(start: str, model: type[BaseModel], ignored: set[str]) -> None:
    rows = explained(start)
    assert set(rows) == set(model.model_fields) - ignored
    assert all(cells[-1] for cells in rows.values())


def test_every_key_of_a_task_is_explained() -> None:
    named = {key.strip("` ") for row in explained("The `[task]` table") for key in row.split(",")}
    assert named == set(Task.model_fields)
    for field in Task.model_fields.values():
        inner = [part for part in get_args(field.annotation) if isinstance(part, type) and issubclass(part, BaseModel)]
        assert all(f"`{key}`" in TEXT for part in inner for key in part.model_fields)


@pytest.mark.parametrize(
    ("start", "model", "column"),
    [
        ("The `[mission]` table", MissionConfig, 2),
        ("The `[telemetry]` table", TelemetryConfig, 1),
        ("`[datum]`, to drive", DatumConfig, 1),
        ("`[site]`, the vehicle's", SiteConfig, 0),
        ("`[controller]`, the line", ControllerConfig, 0),
        ("`[operator]`, where", OperatorConfig, 0),
        ("`[recorder]`:", RecorderConfig, 0),
        ("The gate checks the limits once more", SafetyConfig, 2),
        ("Top level of a scenario:", Scenario, 1),
        ("`[ground]`, a tilted", GroundSettings, 1),
        ("`[slip]`:", SlipSettings, 0),
        ("`[sensors]`, 1 sigma", SensorSettings, 1),
        ("`[radio]`, between", RadioSettings, 1),
    ],
)
def test_defaults_are_the_ones_in_force(start: str, model: type[BaseModel], column: int) -> None:
    for key, cells in explained(start).items():
        default = model.model_fields[key].default
        if isinstance(default, bool):
            assert cells[column] == str(default).lower(), key
        elif isinstance(default, int | float):
            assert float(cells[column]) == default, key
        elif isinstance(default, str):
            assert cells[column] == default, key


@pytest.mark.parametrize(
    ("suffix", "unit"),
    [
        ("m", "m"),
        ("s", "s"),
        ("mps", "m/s"),
        ("mps2", "m/s2"),
        ("deg", "deg"),
        ("degps", "deg/s"),
        ("rpm", "rpm"),
        ("kg", "kg"),
        ("kgm2", "kg m2"),
        ("w", "W"),
    ],
)
def test_units_stand_beside_the_keys_that_end_with_them(suffix: str, unit: str) -> None:
    rows = re.findall(rf"^\| `\w+_{suffix}` \| ([^|]*) \|", TEXT, flags=re.MULTILINE)
    assert set(rows) == {unit}


@pytest.mark.parametrize(("key", "model"), [("radio", RadioConfig), ("stations", StationConfig)])
def test_tables_inside_a_key_are_explained_there(key: str, model: type[BaseModel]) -> None:
    meaning = explained("`[operator]`, where")[key][-1]
    for name, field in model.model_fields.items():
        told = f"`{name}` ({field.default})" if isinstance(field.default, int) else f"`{name}`"
        assert told in meaning, name


def test_every_profile_is_listed() -> None:
    for name in machine_names():
        assert f"`{name}.toml`" in TEXT
