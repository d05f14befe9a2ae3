"""The console's configuration: each mistake is one clear line."""

from pathlib import Path

import msgspec
import pytest

from console.client.protocol import Credentials
from console.server.config import credentials, load_console
from vehicle.contracts.errors import InputError

ROOT = Path(__file__).resolve().parents[3]
TEXT = """
console = "Awning"
keys = "console.json"
port = 8090

[[vehicles]]
name = "one"
host = "192.0.2.10"

[[vehicles]]
name = "two"
host = "rover-2.local"
port = 14556
video_port = 14560
keys = "two.json"
"""


def write(folder: Path, text: str = TEXT) -> Path:
    for name, number in (("console.json", 250), ("two.json", 251)):
        held = Credentials(system_id=number, machine_id="00112233445566aa", name=name)
        (folder / name).write_bytes(msgspec.json.encode(held))
    path = folder / "console.toml"
    path.write_text(text)
    return path


def test_a_good_file(tmp_path: Path) -> None:
    file = load_console(write(tmp_path))
    assert file.port == 8090
    assert [(one.id, one.host, one.port, one.credentials.system_id) for one in file.vehicles] == [
        ("one", "192.0.2.10", 14555, 250),
        ("two", "rover-2.local", 14556, 251),
    ]
    assert [one.video_port for one in file.vehicles] == [None, 14560]
    assert (file.settings.console_name, file.settings.by_sight, file.settings.language) == ("Awning", False, "en")
    assert file.settings.state_folder == tmp_path
    assert not file.settings.simulation
    assert file.settings.token != load_console(write(tmp_path)).settings.token


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('console = "Awning"', "", "console: missing"),
        ('console = "Awning"', 'consol = "Awning"', "did you mean console?"),
        ("port = 8090", "port = 80900", "port"),
        ("port = 8090", 'port = "8090"', "port: must be a whole number"),
        ("port = 8090", 'language = "english"', "language"),
        ("port = 8090", 'by_sight = "yes"', "by_sight: must be true or false"),
        ('host = "192.0.2.10"', 'host = "http://192.0.2.10"', "is no address"),
        ('host = "192.0.2.10"', 'host = "192.0.2.10:14555"', "is no address"),
        ('host = "192.0.2.10"', 'host = "192.0.2.300"', "is no address"),
        ('host = "192.0.2.10"', "", "vehicles.0.host: missing"),
        ('name = "two"', 'name = "one"', "two are called 'one'"),
        ('keys = "console.json"', "", "vehicle 'one' has no key file"),
        ('keys = "console.json"', 'keys = "other.json"', "no such file"),
        ('keys = "two.json"', 'keys = "console.toml"', "no key file of a console"),
        ("[[vehicles]]", "[[vehicle]]", "did you mean vehicles?"),
    ],
)
def test_each_mistake_is_one_line_that_names_the_place(old: str, new: str, words: str, tmp_path: Path) -> None:
    assert old in TEXT
    with pytest.raises(InputError) as refusal:
        load_console(write(tmp_path, TEXT.replace(old, new, 1)))
    assert words in str(refusal.value)
    assert "console.toml" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_console_without_a_vehicle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="vehicles"):
        load_console(write(tmp_path, TEXT.partition("[[vehicles]]")[0]))


def test_who_named_the_key_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--key: .*keys create NAME"):
        credentials(tmp_path / "none.json", "--key")


def test_the_example_is_good_but_for_its_keys() -> None:
    with pytest.raises(InputError, match=r"console\.json: no such file"):
        load_console(ROOT / "configs/console/console.toml")
