"""Bad configuration: one line with file, key and what to do, whatever is wrong."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from vehicle.config.load import MACHINES_PATH, assemble_vehicle, load_machine, load_toml_model
from vehicle.config.machine_parts import EngineConfig
from vehicle.config.vehicle import MachineConfig, MissionConfig, SafetyConfig, Strict, config_hash
from vehicle.contracts.errors import InputError

MEMATT = (MACHINES_PATH / "mematt.toml").read_text()


class Part(Strict):
    width_m: float


class Sample(Strict):
    """Nested as scenarios are: a table, a list of tables, a table of tables."""

    count: int
    part: Part
    parts: tuple[Part, ...] = ()
    named: dict[str, Part] = Field(default_factory=dict)


def refusal(path: Path | str, tool: str | None = None) -> str:
    with pytest.raises(InputError) as refused:
        load_machine(path, tool)
    line = str(refused.value)
    assert "\n" not in line
    assert line.strip() == line
    return line


def machine_or_refusal(path: Path) -> MachineConfig | str:
    try:
        return load_machine(path)
    except InputError as refused:
        return str(refused)


def edited(tmp_path: Path, old: str, new: str) -> Path:
    assert MEMATT.count(old) == 1, f"{old!r} must stand once in the profile"
    path = tmp_path / "field.toml"
    path.write_text(MEMATT.replace(old, new))
    return path


def test_an_edited_copy_loads_by_its_path(tmp_path: Path) -> None:
    path = edited(tmp_path, "outer_width_m = 1.5", "outer_width_m = 1.43")
    assert load_machine(path).tracks.outer_width_m == 1.43
    assert load_machine(str(path)) == load_machine(path)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("mass_kg = 12500.0", "mas_kg = 12500.0", "body.mas_kg: unknown key; did you mean mass_kg? (and 1 more)"),
        ("mass_kg = 12500.0", "", "body.mass_kg: missing"),
        ("mass_kg = 12500.0", "mass_kg = nan", "body.mass_kg: must be a finite number, is nan"),
        ("mass_kg = 12500.0", "mass_kg = -inf", "body.mass_kg: must be a finite number, is -inf"),
        ("mass_kg = 12500.0", 'mass_kg = "12500"', "body.mass_kg: must be a number, is '12500'"),
        ("mass_kg = 12500.0", "mass_kg = true", "body.mass_kg: must be a number, is true"),
        ("mass_kg = 12500.0", "mass_kg = 0", "body.mass_kg: must be greater than 0, is 0"),
        (
            "mass_kg = 12500.0",
            "mass_kg = 12500.0\nmass_kg = 3.0",
            "not valid TOML: Cannot overwrite a value (at line 67",
        ),
        ("mass_kg = 12500.0", "mass_kg = ", "not valid TOML: Invalid value (at line 66, column 11)"),
        ("[limits]", "[limit]", "limit: unknown key; did you mean limits?"),
        ("[limits]", "[[limits]]", "limits: must be a table"),
        ("complete = true", 'complete = "yes"', "complete: must be true or false, is 'yes'"),
        ('aliases = ["memat"]', 'aliases = "memat"', "aliases: must be a list, is 'memat'"),
        ('aliases = ["memat"]', "aliases = [3]", "aliases.0: must be text in quotes, is 3"),
        ('kind = "flail"', 'kind = "flai"', "tool.kind: must be 'flail', 'tiller', 'blade' or 'plough', is 'flai'"),
        ("hammer_count = 40", "hammer_count = 40.5", "tool.hammer_count: must be a whole number, is 40.5"),
        ("hammer_count = 40", "hammer_count = 0", "tool.hammer_count: a flail needs a value above 0"),
        ("rotor_speed_rpm = 600.0", "", "tool.rotor_speed_rpm: a flail needs a value above 0"),
        ("working_speed_mps = 0.28", "working_speed_mps = 0.281", "must be less than or equal to 0.28, is 0.281"),
        ("transit_speed_mps = 1.11", "transit_speed_mps = 2.81", "must be less than or equal to 2.8, is 2.81"),
        ("roll_max_deg = 20.0", "roll_max_deg = 90.0", "limits.roll_max_deg: must be less than 90, is 90.0"),
        ("pivot_rate_degps = 15.0", "pivot_rate_degps = 90.0", "must be less than or equal to 20, is 90.0"),
        (
            'tracks.length_m = "unverified"',
            "",
            'sources.tracks.length_m: missing; say where the figure comes from, or "u',
        ),
        ('tracks.length_m = "unverified"', 'tracks.length_m = "  "', "sources.tracks.length_m: missing"),
        (
            'tracks.length_m = "unverified"',
            "tracks.length_m = 3",
            "sources.tracks.length_m: must be text in quotes, is 3",
        ),
        (
            'gauge_m = "unverified"',
            'gauge_m = "x"\ntracks.gage_m = "y"',
            "sources.tracks.gage_m: this profile has no such figure",
        ),
    ],
)
def test_a_slip_in_a_profile_is_named_with_file_and_key(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = edited(tmp_path, old, new)
    line = refusal(path)
    assert line.startswith(f"{path}: ")
    assert told in line


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "published_m2_per_h = 1000.0",
            "published_m2_per_h = 1714.0",
            "1,714 m2/h cannot be reached: working speed x w",
        ),
        (
            "working_speed_mps = 0.28",
            "working_speed_mps = 0.16",
            "rates.published_m2_per_h: 1,000 m2/h cannot be reached",
        ),
        (
            "outer_width_m = 1.5",
            "outer_width_m = 1.61",
            "tracks.outer_width_m: 1.61 m does not stay on ground worked by ",
        ),
        ("gauge_m = 1.2\n", "gauge_m = 1.5\n", "tracks.gauge_m: 1.5 m is between track centres and must be below"),
        (
            "depth_published_m = 0.25",
            "depth_published_m = 0.26",
            "rates.depth_published_m: 0.26 m is deeper than tool.d",
        ),
        ("length_m = 2.2\nouter", "length_m = 4.4\nouter", "tool.ahead_m: the tool must work ahead of the tracks"),
        ("power_w = 260000.0", "power_w = 160000.0", "tool.rotor_power_w: 170000 W is more than the engine's 160000 W"),
        ("transit_speed_mps = 1.11", "transit_speed_mps = 0.27", "tracks.working_speed_mps: 0.28 m/s is above transit"),
        ("front_m = 1.6", "front_m = 0.1", "tracks.length_m: 2.2 m is longer than the body (2.1 m)"),
    ],
)
def test_figures_that_contradict_each_other_are_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert told in refusal(edited(tmp_path, old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("published_m2_per_h = 1000.0", "published_m2_per_h = 1713.6"),
        ("outer_width_m = 1.5", "outer_width_m = 1.6"),
        ("length_m = 2.2\nouter", "length_m = 3.5\nouter"),
        ("power_w = 260000.0", "power_w = 170000.0"),
    ],
)
def test_the_boundary_itself_is_accepted(tmp_path: Path, old: str, new: str) -> None:
    assert load_machine(edited(tmp_path, old, new)).name == "MEMATT"


def test_a_blade_has_no_rotor(tmp_path: Path) -> None:
    path = tmp_path / "blade.toml"
    d9r = (MACHINES_PATH / "d9r.toml").read_text()
    path.write_text(d9r.replace('kind = "blade"', 'kind = "blade"\nrotor_speed_rpm = 300.0'))
    assert refusal(path) == f"{path}: tool.rotor_speed_rpm: a blade has no rotor; leave the key out"


def test_tracks_must_fit_every_tool_the_machine_can_carry(tmp_path: Path) -> None:
    path = tmp_path / "narrow.toml"
    path.write_text(MEMATT.replace('kind = "tiller"\nwidth_m = 1.7', 'kind = "tiller"\nwidth_m = 1.5'))
    assert "does not stay on ground worked by tools.tiller (1.5 m wide): at most 1.4 m" in refusal(path)


def test_an_unknown_machine_is_told_the_nearest_and_what_exists() -> None:
    assert refusal("mematd") == (
        "unknown machine 'mematd'; did you mean mematt? "
        "(there are: bozena5, d250, d9r, mematt, mv4, mw240, mw370, revival_t; or give a .toml file)"
    )
    assert refusal("qqqq").startswith("unknown machine 'qqqq' (there are: ")
    assert refusal("").startswith("unknown machine ''")


def test_a_broken_neighbour_does_not_hide_a_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vehicle.config.load.MACHINES_PATH", tmp_path)
    (tmp_path / "field.toml").write_text(MEMATT)
    (tmp_path / "odd.toml").write_text("aliases = 3")
    (tmp_path / "torn.toml").write_text("name = ")
    assert load_machine("memat").name == "MEMATT"
    assert "torn.toml" in refusal("torn")
    (tmp_path / "twin.toml").write_text(MEMATT)
    assert refusal("memat") == "machine 'memat': the name of field.toml and twin.toml; write the path of one"


def test_an_unknown_tool_is_told_the_nearest_and_what_exists() -> None:
    assert refusal("memat", "tilller") == (
        "configs/machines/mematt.toml: no tool 'tilller'; did you mean tiller? (there are: flail, tiller)"
    )


def test_an_incomplete_profile_tells_a_slip_before_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "revival.toml"
    text = (MACHINES_PATH / "revival_t.toml").read_text()
    path.write_text(text.replace('kind = "flail"', 'kind = "flail"\nwidht_m = 2.5'))
    assert "tool.widht_m: unknown key; did you mean width_m?" in refusal(path)


def test_a_filled_profile_still_marked_incomplete_is_refused(tmp_path: Path) -> None:
    path = edited(tmp_path, "complete = true", "complete = false")
    assert refusal(path) == f"{path}: profile is not complete: when done, set complete = true"


@pytest.mark.parametrize("tool_line", ["", "tool = 3", "[tool]\nkind = 7"])
def test_an_almost_empty_profile_is_refused(tmp_path: Path, tool_line: str) -> None:
    path = tmp_path / "bare.toml"
    path.write_text(f'complete = false\nname = "x"\n{tool_line}\n')
    assert str(path) in refusal(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.toml") == f"{tmp_path}/none.toml: no such file"
    assert refusal(tmp_path) == f"{tmp_path}: cannot be read: is a directory"
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"name = '\xff\xfe'")
    assert refusal(binary) == f"{binary}: not a text file in UTF-8 (byte 8); save it as UTF-8"
    deep = tmp_path / "deep.toml"
    deep.write_text("a = " + "[" * 100_000)
    assert refusal(deep).startswith(f"{deep}: not valid TOML: ")
    assert "not a file name" in refusal("a\0b.toml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "count = 1\n[part]\nwidth_m = 2\n[[parts]]\nwidht_m = 3",
            "parts.0.widht_m: unknown key; did you mean width_m?",
        ),
        (
            "count = 1\n[part]\nwidth_m = 2\n[named.a]\nwidht_m = 3",
            "named.a.widht_m: unknown key; did you mean width_m?",
        ),
        ("cuont = 1\n[part]\nwidth_m = 2", "cuont: unknown key; did you mean count?"),
        ("count = 1.5\n[part]\nwidth_m = 2", "count: must be a whole number, is 1.5"),
        ("count = 1", "part: missing"),
    ],
)
def test_any_model_is_read_with_the_same_care(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        load_toml_model(path, Sample)
    assert str(refused.value).startswith(f"{path}: {told}")


def test_a_depth_that_the_tool_cannot_reach_is_told_with_the_file() -> None:
    deep = MissionConfig(required_depth_m=0.26)
    with pytest.raises(InputError) as refused:
        assemble_vehicle("deep.toml", "v7", load_machine("memat"), deep)
    assert str(refused.value) == "deep.toml: mission.required_depth_m: 0.26 m is deeper than tool.depth_max_m (0.25 m)"


def test_a_depth_that_cannot_be_proven_is_refused_with_the_sum() -> None:
    with pytest.raises(InputError) as refused:
        assemble_vehicle("deep.toml", "v7", load_machine("memat"), MissionConfig(required_depth_m=0.24))
    told = str(refused.value)
    assert told.startswith("deep.toml: mission.required_depth_m: 0.24 m required + 0.015 m withheld")
    assert told.endswith("= 0.265 m; MEMATT digs 0.25 m")


@pytest.mark.parametrize(
    "figures", [{"k_sigma": 2.9}, {"k_depth": 1.5}, {"rotor_at_speed_ratio": 0.79}, {"tool_sigma_max_m": 0.03}]
)
def test_the_record_has_floors(figures: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(figures))):
        MissionConfig.model_validate({"required_depth_m": 0.15} | figures)


@pytest.mark.parametrize(
    ("part", "figures"),
    [
        ("gnss", {"antenna_x_m": 1e9}),
        ("gnss", {"antenna_y_m": -4.0}),
        ("gnss", {"antenna_z_m": -0.1}),
        ("tool", {"width_m": 17.0}),
        ("tool", {"ahead_m": 22.0}),
        ("tracks", {"gauge_m": 12.0}),
        ("body", {"mass_kg": 1e7}),
    ],
)
def test_what_no_machine_has_is_refused(part: str, figures: dict[str, float]) -> None:
    tables = load_machine("memat").model_dump(exclude_none=True)
    tables[part] |= figures
    with pytest.raises(ValueError, match=f"{part}.{next(iter(figures))}".replace(".", r"\.")):
        MachineConfig.model_validate(tables)


@pytest.mark.parametrize("vehicle_id", ["my field", "", "a/b", "+", "-x", "x" * 33])
def test_a_vehicle_id_that_would_break_a_topic_is_refused(vehicle_id: str) -> None:
    mission = MissionConfig(required_depth_m=0.2)
    with pytest.raises(InputError, match=r"^run\.toml: vehicle_id: "):
        assemble_vehicle("run.toml", vehicle_id, load_machine("memat"), mission)
    assert assemble_vehicle("run.toml", "memat-07", load_machine("memat"), mission).mission == mission


def test_an_engine_start_is_part_of_the_hash_and_fuel_is_not() -> None:
    """A machine that no console starts keeps the hash that it had."""
    machine = load_machine("memat")

    def hash_of(**engine: Any) -> bytes:
        changed = machine.model_copy(update={"engine": EngineConfig(**engine)})
        sources = machine.sources | dict.fromkeys((f"engine.{key}" for key in engine if key != "console_start"), "x")
        changed = changed.model_copy(update={"sources": sources})
        return config_hash(assemble_vehicle("a", "v7", changed, MissionConfig(required_depth_m=0.2)))

    plain = config_hash(assemble_vehicle("a", "v7", machine, MissionConfig(required_depth_m=0.2)))
    assert hash_of(fuel_tank_l=200.0, fuel_l_per_h=40.0) == hash_of(crank_s=8.0) == plain
    started = hash_of(console_start=True)
    assert started == hash_of(console_start=True, fuel_tank_l=200.0)
    assert len({plain, started, hash_of(console_start=True, crank_s=8.0)}) == 3


def test_the_hash_names_behaviour_and_not_prose() -> None:
    machine = load_machine("memat")
    first = assemble_vehicle("a", "v7", machine, MissionConfig(required_depth_m=0.2))
    noted = assemble_vehicle("a", "v7", machine.model_copy(update={"notes": "x"}), MissionConfig(required_depth_m=0.2))
    assert config_hash(first) == config_hash(noted)
    assert len(config_hash(first)) == 8
    tracks = machine.tracks.model_copy(update={"outer_width_m": 1.49})
    others = (
        assemble_vehicle("a", "v8", machine, MissionConfig(required_depth_m=0.2)),
        assemble_vehicle("a", "v7", machine, MissionConfig(required_depth_m=0.21)),
        assemble_vehicle("a", "v7", machine.model_copy(update={"tracks": tracks}), MissionConfig(required_depth_m=0.2)),
        assemble_vehicle("a", "v7", load_machine("memat", "tiller"), MissionConfig(required_depth_m=0.2)),
        assemble_vehicle("a", "v7", machine, MissionConfig(required_depth_m=0.2), SafetyConfig(bench=True)),
    )
    assert len({config_hash(first), *(config_hash(other) for other in others)}) == 6


def test_whole_numbers_stand_for_floats(tmp_path: Path) -> None:
    path = tmp_path / "mission.toml"
    path.write_text("required_depth_m = 1")
    assert load_toml_model(path, MissionConfig).required_depth_m == 1.0


@given(place=st.integers(0, len(MEMATT) - 1), letter=st.characters(codec="utf-8"))
def test_any_one_letter_changed_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, place: int, letter: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.toml"
    path.write_text(MEMATT[:place] + letter + MEMATT[place + 1 :], encoding="utf-8", newline="")
    read = machine_or_refusal(path)
    if isinstance(read, str):
        assert "\n" not in read
        assert len(read) < 1000
    else:
        assert read.tracks.outer_width_m < read.tool.width_m
