"""What reads well and cannot be meant: a depth in the wrong unit, a datum in space, a name of blanks, two spellings."""

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.config.test_task import STATED
from vehicle.config.drive import DatumConfig, OperatorConfig
from vehicle.config.load import read_toml
from vehicle.config.task import load_task
from vehicle.config.vehicle import MissionConfig
from vehicle.config.visits import load_visits
from vehicle.contracts.errors import InputError

VISIT = """[[visit]]
date = 2026-05-04
by = "{by}"
inspected = "machine team 2"
activity = "ground preparation"
result = "nothing found"
{rows}"""
ROW = """[[visit.nonconformity]]
number = "{number}"
severity = "minor"
text = "a reading is missing"
measures = "made"
due = 2026-05-05
"""


@pytest.mark.parametrize("depth_m", [1e-9, 0.00015, 0.0099])
def test_a_depth_below_a_centimetre_is_refused_wherever_it_stands(tmp_path: Path, depth_m: float) -> None:
    with pytest.raises(ValidationError, match="greater than or equal to"):
        MissionConfig(required_depth_m=depth_m)
    path = tmp_path / "task.toml"
    path.write_text(STATED.replace("required_depth_m = 0.15", f"required_depth_m = {depth_m:.9f}"))
    with pytest.raises(InputError, match="required_depth_m"):
        load_task(path)


@pytest.mark.parametrize("alt_m", [1e9, -501.0, float("nan"), float("inf")])
def test_a_datum_far_from_the_ground_is_refused(alt_m: float) -> None:
    with pytest.raises(ValidationError, match="alt_m"):
        DatumConfig(lat_deg=44.8, lon_deg=16.9, alt_m=alt_m)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "::1"])
def test_every_spelling_of_this_computer_is_it(host: str) -> None:
    assert OperatorConfig(host=host).loopback


def test_a_byte_order_mark_is_no_fault_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfname = 'A'\n")
    assert read_toml(path) == {"name": "A"}


@pytest.mark.parametrize("said", ["not stated", "Not stated", " not stated ", "NOT STATED"])
def test_not_stated_is_no_name_however_it_is_spelled(tmp_path: Path, said: str) -> None:
    path = tmp_path / "task.toml"
    path.write_text(STATED.replace('name = "Operator A"', f'name = "{said}"'))
    assert load_task(path).task.operator.name is None


def visits(tmp_path: Path, by: str, *numbers: str) -> Path:
    path = tmp_path / "visits.toml"
    path.write_text(VISIT.format(by=by, rows="".join(ROW.format(number=number) for number in numbers)))
    return path


def test_a_visit_by_nobody_and_one_number_in_two_spellings_are_refused(tmp_path: Path) -> None:
    today = date(2026, 6, 1)
    with pytest.raises(InputError, match="by"):
        load_visits(visits(tmp_path, " "), today)
    with pytest.raises(InputError, match="listed twice"):
        load_visits(visits(tmp_path, "officer", "NC-1", "nc-1 "), today)
    assert len(load_visits(visits(tmp_path, "officer", "NC-1", "NC-2"), today)[0].nonconformity) == 2
