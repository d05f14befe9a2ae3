"""A user's mistake is one clear line on stderr and exit status 2: what, where, what to do. Never a traceback."""

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from flailpilot import cli

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "configs/scenarios/example.toml"
EAST, NORTH = 46.93, 39.99
SQUARE = [[0.0, 0.0], [30.0, 2.0], [28.0, 22.0], [-2.0, 20.0], [0.0, 0.0]]


def polygon(points_m: list[list[float]]) -> dict[str, object]:
    ring = [[EAST + x / 85_400.0, NORTH + y / 111_000.0] for x, y in points_m]
    return {"type": "Polygon", "coordinates": [ring]}


def flailpilot(*arguments: object) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of the command, in this process; what it does not catch is raised here."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["flailpilot", *map(str, arguments)])
        patch.chdir(ROOT)
        with pytest.raises(SystemExit) as ended:
            cli.main()
    return int(ended.value.code or 0), out.getvalue(), err.getvalue()


def refused(*arguments: object) -> str:
    status, said, told = flailpilot(*arguments)
    assert status == 2, said + told
    lines = told.strip().splitlines()
    assert len(lines) == 1, told
    return lines[0]


@pytest.mark.real
def test_a_process_refuses_as_the_command_does() -> None:
    command = [sys.executable, "-m", "flailpilot", "sim", "nowhere.toml"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    status, said, told = flailpilot("sim", "nowhere.toml")
    assert (result.returncode, result.stdout, result.stderr) == (status, said, told)
    assert status == 2


def site_file(folder: Path, geometry: object) -> Path:
    path = folder / "site.geojson"
    path.write_text(geometry if isinstance(geometry, str) else json.dumps(geometry))
    return path


SITES = {
    "not JSON": ("{", "site.geojson"),
    "no polygon": ({"type": "FeatureCollection", "features": []}, "no "),
    "bow-tie": (polygon([[0, 0], [30, 20], [30, 0], [0, 20], [0, 0]]), "cross"),
    "zero area": (polygon([[0, 0], [30, 20], [60, 40], [0, 0]]), "area"),
    "NaN": (json.dumps(polygon(SQUARE)).replace(str(NORTH), "NaN", 1), ""),
    "tool wider than the field": (polygon([[0, 0], [40, 0.5], [40, 1.5], [0, 1.0], [0, 0]]), "wide"),
    "swapped coordinates": (
        {"type": "Polygon", "coordinates": [[[95.1, 100.2], [95.2, 100.2], [95.2, 100.3], [95.1, 100.2]]]},
        "swapped",
    ),
}


@pytest.mark.parametrize("case", SITES)
def test_a_bad_site(case: str, tmp_path: Path) -> None:
    geometry, word = SITES[case]
    line = refused("plan", site_file(tmp_path, geometry), "--machine", "memat", "--out", tmp_path / "out")
    assert "site" in line
    assert word in line


def test_a_missing_file(tmp_path: Path) -> None:
    assert "nowhere.geojson" in refused("plan", tmp_path / "nowhere.geojson", "--machine", "memat")
    assert "nowhere.toml" in refused("sim", tmp_path / "nowhere.toml")


def test_an_unknown_machine_names_the_nearest(tmp_path: Path) -> None:
    line = refused("plan", site_file(tmp_path, polygon(SQUARE)), "--machine", "memmat")
    assert "memmat" in line
    assert "memat" in line.replace("memmat", "")


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(SCENARIO.read_text().replace("slope_deg = 5.0", "slop_deg = 5.0"))
    line = refused("sim", path)
    assert "slop_deg" in line
    assert "slope_deg" in line


@pytest.mark.parametrize("value", ["nan", "inf", '"five"'])
def test_a_value_that_is_no_number(value: str, tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(SCENARIO.read_text().replace("slope_deg = 5.0", f"slope_deg = {value}"))
    assert "slope_deg" in refused("sim", path)


def test_a_scenario_without_required_depth_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(
        "\n".join(row for row in SCENARIO.read_text().splitlines() if not row.startswith("required_depth_m"))
    )
    assert "required_depth_m" in refused("sim", path)


def test_a_depth_that_the_tool_cannot_reach(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(SCENARIO.read_text().replace("required_depth_m = 0.15", "required_depth_m = 0.9"))
    assert "depth" in refused("sim", path, "--site", ROOT / "configs/sites/example.geojson", "--out", tmp_path / "out")


def test_sim_without_scenario_and_site() -> None:
    assert "--site" in refused("sim")


@pytest.mark.parametrize("broker", ["nowhere", "host:", ":1883", "host:99999"])
def test_a_broker_that_is_no_address(broker: str, tmp_path: Path) -> None:
    assert "--broker" in refused("sim", SCENARIO, "--broker", broker, "--out", tmp_path)
    assert not any(tmp_path.iterdir()), "nothing was written"


@pytest.mark.parametrize(
    ("option", "value"), [("--depth", "0.9"), ("--depth", "nan"), ("--overlap", "3"), ("--overlap", "nan")]
)
def test_figures_out_of_the_machines_range(option: str, value: str, tmp_path: Path) -> None:
    assert option in refused("plan", site_file(tmp_path, polygon(SQUARE)), "--machine", "memat", option, value)


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    site = site_file(tmp_path, polygon(SQUARE))
    assert "--out" in refused("plan", site, "--machine", "memat", "--out", tmp_path / "taken")


def test_a_profile_that_is_not_filled_in_names_what_is_missing(tmp_path: Path) -> None:
    line = refused("plan", site_file(tmp_path, polygon(SQUARE)), "--machine", "revival_t")
    assert "revival" in line.lower()
