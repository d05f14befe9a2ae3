"""The vehicle's configuration file: what is refused, in one line that names the place."""

import tomllib
from pathlib import Path

import pytest

from tests.runtime.support import config_text, write
from vehicle.config.drive import DriveConfig, OperatorConfig, load_drive
from vehicle.contracts.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


def test_a_good_file(tmp_path: Path) -> None:
    file = load_drive(write(tmp_path, config_text(tmp_path)))
    assert file.vehicle.machine.tool.spin_up_s == 2.0  # the machine's file lies beside
    assert file.vehicle.safety.bench
    assert file.beside("x/y.toml") == tmp_path / "x/y.toml"
    assert file.beside("/x") == Path("/x")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[controller]", "speed = 3\n\n[controller]", "speed"),
        ("[operator]\nport", "[operator]\nprot", "port"),
        ("[controller]", "[controler]", "controller"),
        ("required_depth_m = 0.15", "", "required_depth_m"),
        ("required_depth_m = 0.15", "required_depth_m = 0.9", "deeper"),
        ("[operator]", 'host = "x"\n[operator]', "host"),
        ("[operator]", '[operator]\nhost = "192.0.2.7"', "loopback"),
        ("[datum]", '[site]\nfile = "a"\n\n[datum]', "datum"),
        ("[controller]", "[controller]\nbaud = 9600", "baud"),
        ("lat_deg = 39.99", "lat_deg = 93.99", "lat_deg"),
        ('machine = "quick.toml"', 'machine = "nowhere.toml"', "nowhere.toml"),
    ],
)
def test_what_is_refused(old: str, new: str, words: str, tmp_path: Path) -> None:
    text = config_text(tmp_path)
    assert old in text
    with pytest.raises(InputError) as refusal:
        load_drive(write(tmp_path, text.replace(old, new, 1)))
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("localhost", True), ("192.0.2.7", False), ("example.net", False)],
)
def test_what_is_loopback(host: str, loopback: bool) -> None:
    assert OperatorConfig(host=host).loopback is loopback


@pytest.mark.parametrize("name", ["bench.toml", "vehicle.toml"])
def test_the_examples_are_good(name: str) -> None:
    load_drive(ROOT / "configs/vehicle" / name)


def test_every_key_of_the_field_example_is_of_the_model() -> None:
    tables = tomllib.loads((ROOT / "configs/vehicle/vehicle.toml").read_text())
    assert set(tables) <= set(DriveConfig.model_fields)
