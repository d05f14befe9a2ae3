"""The shipped profiles: found by every spelling, within the known envelope, each figure with its source."""

import math

import pytest

from tests import builders
from vehicle.config.load import MACHINES_PATH, load_machine, machine_names
from vehicle.config.machine_checks import figure_keys
from vehicle.config.vehicle import VehicleConfig, footprint
from vehicle.contracts.errors import InputError

COMPLETE = ("bozena5", "d250", "d9r", "mematt", "mv4", "mw240", "mw370")
FITTED = [*((name, None) for name in COMPLETE), ("mematt", "tiller"), ("mw370", "tiller"), ("d9r", "plough")]


def test_the_promised_machines_are_there() -> None:
    assert machine_names() == tuple(sorted([*COMPLETE, "revival_t"]))


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("memat", "MEMATT"),
        ("memATT", "MEMATT"),
        ("MEMATT", "MEMATT"),
        ("mv4", "MV-4"),
        ("MV-4", "MV-4"),
        ("mv_4", "MV-4"),
        ("Bozena 5", "Bozena-5"),
        ("bozena", "Bozena-5"),
        ("D-250", "Digger D-250"),
        ("cat d9r", "D9R"),
    ],
)
def test_a_machine_is_found_by_any_spelling(spelling: str, name: str) -> None:
    assert load_machine(spelling).name == name


def test_no_two_profiles_answer_to_one_name() -> None:
    """`load_machine` refuses an ambiguous name, so loading each profile by its own name and aliases proves it."""
    for stem in COMPLETE:
        machine = load_machine(stem)
        assert [load_machine(alias).name for alias in machine.aliases] == [machine.name] * len(machine.aliases)


@pytest.mark.parametrize(("name", "tool"), FITTED)
def test_speeds_lie_in_the_envelope_of_known_machines(name: str, tool: str | None) -> None:
    tracks = load_machine(name, tool).tracks
    assert 0.06 <= tracks.working_speed_mps <= 0.28
    assert 1.1 <= tracks.transit_speed_mps <= 2.8
    assert 10 <= tracks.pivot_rate_degps <= 20
    assert tracks.reverse_speed_mps <= tracks.transit_speed_mps


@pytest.mark.parametrize(("name", "tool"), FITTED)
def test_every_figure_has_a_source(name: str, tool: str | None) -> None:
    machine = load_machine(name, tool)
    figures = set(figure_keys(machine))
    assert len(figures) > 25
    assert set(machine.sources) == figures
    assert set(machine.unverified) < figures, "a profile without one public figure is a user-filled one"


def test_published_figures_of_the_three_detailed_machines() -> None:
    """Typed again from the fact sheet, so that a slip in a profile is seen."""
    memat, mv4, bozena = load_machine("memat"), load_machine("mv4"), load_machine("bozena5")
    assert (memat.tool.width_m, memat.tool.depth_max_m, memat.body.mass_kg) == (1.7, 0.25, 12500)
    assert (memat.rates.published_m2_per_h, memat.tracks.working_speed_mps) == (1000, 0.28)
    assert memat.tracks.transit_speed_mps == pytest.approx(4 / 3.6, abs=0.005)
    assert (mv4.tool.hammer_count, mv4.tool.rotor_speed_rpm, mv4.rates.published_m2_per_h) == (34, 900, 1500)
    assert mv4.tool.width_m == 1.725
    assert (bozena.tool.hammer_count, bozena.tool.rotor_speed_rpm, bozena.body.power_w) == (52, 450, 270_000)
    assert bozena.tracks.transit_speed_mps == pytest.approx(9 / 3.6, abs=0.005)


def test_memat_reaches_its_working_speed_in_loose_soil_and_not_in_hard() -> None:
    """v = efficiency x power / (soil energy x width x depth), soil energy 1 MJ/m3 (loose) to 7 MJ/m3 (hard, dry)."""
    machine = load_machine("memat")
    tool = machine.tool
    per_energy = tool.rotor_efficiency_ratio * tool.rotor_power_w / (tool.width_m * 0.20)
    assert per_energy / 1e6 >= machine.tracks.working_speed_mps
    assert per_energy / 7e6 < machine.tracks.working_speed_mps / 3


def test_the_tool_leads_and_outreaches_the_body() -> None:
    for name in COMPLETE:
        machine = load_machine(name)
        assert machine.tool.ahead_m - machine.tool.tip_radius_m >= machine.body.front_m


def test_footprint_is_what_a_plan_prints() -> None:
    machine = load_machine("memat")
    shape = footprint(machine)
    assert (shape.name, shape.tool_width_m, shape.track_outer_width_m) == ("MEMATT", 1.7, 1.5)
    assert shape.pivot_rate_radps == pytest.approx(0.2617994)


def test_degrees_of_the_file_are_radians_inside() -> None:
    machine = load_machine("memat")
    assert (machine.limits.pitch_max_deg, machine.limits.roll_max_deg, machine.gnss.heading_offset_deg) == (25, 20, 1.2)
    assert machine.limits.pitch_max_rad == pytest.approx(0.4363323)
    assert machine.limits.roll_max_rad == pytest.approx(0.3490659)
    assert machine.gnss.heading_offset_rad == pytest.approx(0.02094395)
    assert machine.tool.rotor_speed_radps == pytest.approx(62.831853)


def test_another_tool_replaces_figures_sources_and_drops_the_published_rate() -> None:
    flail, tiller = load_machine("memat"), load_machine("memat", "tiller")
    assert (flail.tool.kind, tiller.tool.kind, tiller.tools) == ("flail", "tiller", {})
    assert tiller.tool == flail.tools["tiller"]
    assert tiller.rates.published_m2_per_h == 0
    assert tiller.sources["tool.width_m"] == flail.sources["tools.tiller.width_m"]
    assert load_machine("memat", "flail") == flail


def test_what_engaged_means_by_tool() -> None:
    assert load_machine("memat").tool.engaged_needs_rotor
    assert load_machine("memat", "tiller").tool.engaged_needs_rotor
    assert not load_machine("d9r").tool.engaged_needs_rotor
    assert not load_machine("d9r", "plough").tool.engaged_needs_rotor


def test_a_machine_without_public_figures_is_refused_with_the_missing_keys() -> None:
    with pytest.raises(InputError) as refused:
        load_machine("Revival T")
    line = str(refused.value)
    assert "\n" not in line
    assert line.startswith(
        "configs/machines/revival_t.toml: profile is not complete: no figure yet for tool: width_m, "
    )
    for key in ("rotor_speed_rpm", "hammer_count", "outer_width_m", "mass_kg", "roll_max_deg", "published_m2_per_h"):
        assert key in line


def test_profiles_are_read_from_the_package_and_not_from_the_working_folder() -> None:
    assert (MACHINES_PATH / "mematt.toml").is_file()
    assert MACHINES_PATH.is_absolute()


def test_a_copy_derives_its_figures_anew() -> None:
    tool = load_machine("memat").tool
    assert tool.rotor_speed_radps == pytest.approx(tool.rotor_speed_rpm * math.tau / 60.0)
    for deep in (False, True):
        slower = tool.model_copy(update={"rotor_speed_rpm": 123.0}, deep=deep)
        assert slower.rotor_speed_radps == pytest.approx(123.0 * math.tau / 60.0)
        assert slower.model_copy() == slower


@pytest.mark.parametrize("name", COMPLETE)
def test_a_configuration_that_is_read_back_from_a_recording_is_the_same(name: str) -> None:
    """It names every value, those too that the profile left to the program."""
    written = builders.config().model_copy(update={"machine": load_machine(name)})
    assert VehicleConfig.model_validate_json(written.model_dump_json()) == written
