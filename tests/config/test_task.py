"""Task files: every key has to be there, what nobody knows is written as such, and a slip is one clear line."""

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.config import task as tasks
from vehicle.config.load import CONFIGS_PATH
from vehicle.config.task import NOT_STATED, Task, load_task
from vehicle.contracts.errors import InputError

FORM = (CONFIGS_PATH / "tasks" / "form.toml").read_text()
STATED = f"""[task]
organisation = "An Organisation"
task_order = "TO-7"
hazard_area = "CHA-12"
hazard_kind = "CHA"
type = "mechanical ground preparation"
status = "Ongoing"
role = "ground_preparation"
method = "flail, one pass, along the long side"
shift = true
required_depth_m = 0.15
weather = "dry, light wind from west"
soil = "loam"
moisture_percent = 12.5
vegetation = "grass to 40 cm"
fuel_l = 310.0
[task.operator]
name = "Operator A"
licence = "L-1"
licence_expires = 2027-03-31
[[task.team]]
name = "Person B"
role = "mechanic"
[task.medic]
name = "Person C"
evacuation = "hospital, by road, 35 minutes"
[task.accreditation]
number = "A-5"
issued_by = "the authority"
expires = 2026-12-31
[task.machine]
serial = "M-1"
test_report = "T-1"
[task.tool]
serial = "F-3"
test_report = "{NOT_STATED}"
[[task.sensors]]
name = "depth sensor"
serial = "S-9"
test_report = "T-2"
[task.beneficiaries]
women = 40
men = 38
girls = 22
boys = 25
use = "farming"
[task.work]
exclusion_ring_m = 250.0
operator_distance_m = 60.0
utilisation = 0.125
"""


def loaded(folder: Path, text: str) -> Task:
    path = folder / "task.toml"
    path.write_text(text)
    return load_task(path).task


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as refused:
        loaded(folder, text)
    line = str(refused.value)
    assert "\n" not in line
    assert "task.toml: " in line
    return line.split("task.toml: ", 1)[1]


def test_the_form_states_nothing_and_leaves_no_key_out(tmp_path: Path) -> None:
    task = loaded(tmp_path, FORM)
    found = tasks.rows(task)
    assert {text for key, text in found if key != "shift"} == {NOT_STATED}
    assert ("shift", "true") in found, "what is not asked for would be a silent default"
    leaves = {key for key, _ in tasks.rows(loaded(tmp_path, STATED))}
    lists = {key for key in leaves if key.startswith(("team.", "sensors."))}
    assert leaves - lists == {key for key, _ in found} - {"team", "sensors"}


def test_what_is_stated_comes_back_and_is_kept_as_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "task.toml"
    path.write_text(STATED)
    found = load_task(path)
    assert found.content == STATED.encode()
    rows = dict(tasks.rows(found.task))
    assert rows["operator.licence_expires"] == "2027-03-31"
    assert rows["team.1.role"] == "mechanic"
    assert rows["tool.test_report"] == NOT_STATED
    assert rows["work.utilisation"] == "0.125"
    assert tasks.task_of_json(found.task.model_dump_json()) == found.task


def tables() -> dict[str, Any]:
    return tomllib.loads(STATED)["task"]


def written(table: dict[str, Any]) -> str:
    """As TOML, which the standard library only reads."""

    def of(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key} = {of(inner)}" for key, inner in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(of, value)) + "]"
        if isinstance(value, bool):
            return str(value).lower()
        return f'"{value}"' if isinstance(value, str) else str(value)

    return "[task]\n" + "".join(f"{key} = {of(value)}\n" for key, value in table.items())


def places(table: dict[str, Any], above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for key, value in table.items():
        found.append((*above, key))
        if isinstance(value, dict):
            found += places(value, (*above, key))
        elif isinstance(value, list):
            for number, entry in enumerate(value):
                found += places(entry, (*above, key, number))
    return found


PLACES = places(tables())


def above_of(table: Any, place: tuple[Any, ...]) -> Any:
    for key in place[:-1]:
        table = table[key]
    return table


@given(st.sets(st.sampled_from(PLACES), min_size=1, max_size=6))
def test_every_key_that_is_left_out_is_named_and_nothing_is_filled_in(
    tmp_path_factory: pytest.TempPathFactory, left_out: set[tuple[Any, ...]]
) -> None:
    table = tables()
    for place in sorted(left_out, key=len, reverse=True):
        above_of(table, place).pop(place[-1])
    told = refusal(tmp_path_factory.mktemp("left-out"), written(table))
    assert told.startswith("missing: ")
    named = told.removeprefix("missing: ").split("; ")[0].split(", ")
    outermost = {place for place in left_out if not any(place[:cut] in left_out for cut in range(1, len(place)))}
    assert set(named) == {".".join(map(str, ("task", *place))) for place in outermost}


def test_a_setting_is_never_left_open_and_a_copy_of_an_earlier_program_had_none(tmp_path: Path) -> None:
    assert "task.shift: must be true or false" in refusal(
        tmp_path, STATED.replace("shift = true", f'shift = "{NOT_STATED}"')
    )
    earlier = STATED.replace("shift = true\n", "")
    assert refusal(tmp_path, earlier).startswith("missing: task.shift;")
    assert load_task(tmp_path / "task.toml", kept=True).task.shift is False
    (tmp_path / "task.toml").write_text(STATED)
    assert load_task(tmp_path / "task.toml", kept=True).task.shift is True
    told = json.loads(load_task(tmp_path / "task.toml").task.model_dump_json())
    del told["shift"]
    assert tasks.task_of_json(json.dumps(told)).shift is False


@given(st.sampled_from([place for place in PLACES if place != ("shift",)]))
def test_what_a_person_leaves_open_is_none_and_nothing_else_changes(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[Any, ...]
) -> None:
    table = tables()
    above_of(table, place)[place[-1]] = NOT_STATED
    folder = tmp_path_factory.mktemp("open")
    if place[0] in ("team", "sensors") and place[-1] in ("name", "role") and len(place) > 1:
        assert loaded(folder, written(table))  # a name may be any text
        return
    before, after = tables(), dict(tasks.rows(loaded(folder, written(table))))
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
    assert after.pop(key) == NOT_STATED
    rest = dict(tasks.rows(loaded(folder, written(before))))
    assert after == {name: text for name, text in rest.items() if name != key and not name.startswith(f"{key}.")}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('soil = "loam"', 'soil = ""', "task.soil: must be one line of text"),
        ('soil = "loam"', 'soil = "a\\nb"', "task.soil: must be one line of text"),
        ('soil = "loam"', 'siol = "loam"', "task.siol: unknown key; did you mean soil?"),
        ("fuel_l = 310.0", "fuel_l = nan", "task.fuel_l: must be a finite number"),
        ("fuel_l = 310.0", "fuel_l = -1", "task.fuel_l: must be greater"),
        ("moisture_percent = 12.5", "moisture_percent = 101", "task.moisture_percent: must be less"),
        ('hazard_kind = "CHA"', 'hazard_kind = "cha"', "task.hazard_kind: must be 'SHA' or 'CHA'"),
        ('status = "Ongoing"', 'status = "done"', "task.status: must be 'Planned'"),
        ('role = "ground_preparation"', 'role = "clearance"', "task.role: must be 'ground_preparation'"),
        ("expires = 2026-12-31", 'expires = "soon"', "task.accreditation.expires: must be a date without quotes"),
        ("women = 40", "women = 40.5", "task.beneficiaries.women: must be a whole number"),
        ("utilisation = 0.125", "utilisation = 12.5", "task.work.utilisation: must be less"),
        ("[task.work]", "[task.works]", "task.works: unknown key; did you mean work?"),
    ],
)
def test_a_slip_is_named_with_its_key(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert STATED.count(old) == 1
    assert refusal(tmp_path, STATED.replace(old, new)).startswith(told)


def test_what_is_no_task_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_task(tmp_path / "none.toml")
    assert refusal(tmp_path, "x = 1\n").startswith("x: unknown key")
    assert refusal(tmp_path, "").startswith("missing: task;")
    assert refusal(tmp_path, "format = 99\n" + STATED).startswith("a configuration of format 99")
    assert "at most" in refusal(tmp_path, STATED + "#" * (1 << 16))


def test_a_paper_is_valid_on_the_day_that_it_names(tmp_path: Path) -> None:
    task = loaded(tmp_path, STATED)
    assert task.expired(date(2026, 12, 31)) == ()
    assert task.expired(date(2027, 1, 1)) == ("accreditation A-5 ended on 2026-12-31",)
    assert len(task.expired(date(2027, 4, 1))) == 2
    assert loaded(tmp_path, FORM).expired(date(2099, 1, 1)) == ()


@pytest.mark.parametrize(
    "filler",
    [
        "n/a",
        "N.A.",
        "TODO",
        "to-do",
        "t.b.d.",
        "???",
        "-",
        "...",
        "Unknown",
        "not known",
        " tbc ",
        "XXX",
        "to be confirmed",
    ],
)
@pytest.mark.parametrize("key", ["organisation", "operator.licence", "medic.evacuation", "team.0.role"])
def test_a_filler_states_no_fact(tmp_path: Path, filler: str, key: str) -> None:
    table = tomllib.loads(STATED)
    *tables, name = key.split(".")
    place: Any = table["task"]
    for part in tables:
        place = place[int(part)] if part.isdigit() else place[part]
    text = STATED.replace(json.dumps(place[name]), json.dumps(filler))
    told = refusal(tmp_path, text)
    assert f"task.{key}: must state a fact" in told
    assert NOT_STATED in told
    assert filler in told


@pytest.mark.parametrize(
    "fact",
    ["none", "0", "A", "North Atlantic unit", "Todor", "unknown before 1994, shelled since", "№ 7", "неизвестна"],
)
def test_a_fact_that_looks_like_a_filler_is_one(tmp_path: Path, fact: str) -> None:
    assert loaded(tmp_path, STATED.replace('"An Organisation"', json.dumps(fact))).organisation == fact


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("2027-03-31", "2027-03-31"),
        ("2027-03-31T10:00:00Z", "2027-03-31T10:00:00+00:00"),
        ("true", "true"),
        ("[1, true]", "[1, true]"),
    ],
)
def test_what_is_refused_is_told_as_it_is_written(tmp_path: Path, written: str, told: str) -> None:
    assert refusal(tmp_path, STATED.replace('"loam"', written)).endswith(
        f"task.soil: must be text in quotes, is {told}"
    )
