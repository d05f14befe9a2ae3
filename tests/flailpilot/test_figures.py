"""`flailpilot figures`: a page of its own; scores need a site; no report has a word of it."""

import json
import re
from pathlib import Path

import pytest

from tests.flailpilot.test_bad_sites import flailpilot
from tests.flailpilot.test_resume import ground
from tests.planning.coverage.support import document, feature, ring_lonlat
from vehicle.reports import report

STATED = """
[effectiveness]
mines_per_km2 = 125.0
degradation = 0.4
cleared_percent = 12.0
restoration = 0.5
[sustainability]
operational_efficiency = 0.7
biodiversity_ratio = 0.5
disturbance = 0.6
[cost]
total = 120000.0
currency = "AZN"
area_m2 = 40000.0
"""


def test_figures_are_printed_by_name_with_what_is_wrong_with_them(monkeypatch, capsys, tmp_path):
    (tmp_path / "f.toml").write_text(STATED)
    status, said, told = flailpilot(monkeypatch, capsys, "figures", tmp_path / "f.toml", "--out", tmp_path / "out")
    assert (status, told) == (0, "")
    assert "effectiveness_index E = (L x D) - (C x R) = 44" in said
    assert "csc_seed = (E_f + B_r) / 2 x D_i = 0.3600 (defect" in said
    assert "csc_inverted" in said
    assert "3 AZN/m2" in said
    page = (tmp_path / "out" / "figures.html").read_text(encoding="utf-8")
    assert "lang='en'" in page
    assert "200 to 800" in page
    assert json.loads((tmp_path / "out" / "figures.json").read_text())["order"] is None


def test_nothing_is_written_into_a_sealed_run(monkeypatch, capsys, tmp_path):
    (tmp_path / "f.toml").write_text(STATED)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "SEALED").write_text("sealed\n")
    status, _, told = flailpilot(monkeypatch, capsys, "figures", tmp_path / "f.toml", "--out", tmp_path / "run")
    assert (status, told.count("\n")) == (2, 1)
    assert "was sealed after an incident" in told
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["SEALED"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[scores]\ncsv = 'cells.csv'\n", "name it with --site"),
        ("[scores]\nsoil = 'a.tif'\n", "or csv alone"),
        (
            "[sustainability]\noperational_efficiency = 1.7\nbiodiversity_ratio = 0.5\ndisturbance = 0.6\n",
            "operational",
        ),
        (
            "[restoration]\ncleared_km2 = 1.0\nbiodiversity_ratio = 0.5\ntoxicity = 0.0\npollution_factor = 1.0\n",
            "toxicity",
        ),
        ("[clearance]\n", "clearance"),
        ("", "states no figure; write one of the tables scores, effectiveness"),
        ("# nothing yet\n", "or give --run RUN"),
    ],
)
def test_bad_input_is_one_line(text, words, monkeypatch, capsys, tmp_path):
    (tmp_path / "f.toml").write_text(text)
    status, _, told = flailpilot(monkeypatch, capsys, "figures", tmp_path / "f.toml", "--out", tmp_path / "out")
    assert (status, told.count("\n")) == (2, 1)
    assert words in told


def test_scores_that_miss_the_site_are_refused(monkeypatch, capsys, tmp_path):
    ground(tmp_path)
    (tmp_path / "cells.csv").write_text("lon_deg,lat_deg,historic,soil,visual\n1,2,0.1,0.1,0.1\n")
    (tmp_path / "f.toml").write_text("[scores]\ncsv = 'cells.csv'\n")
    args = ("figures", tmp_path / "f.toml", "--site", tmp_path / "ground.geojson", "--out", tmp_path / "out")
    status, _, told = flailpilot(monkeypatch, capsys, *args)
    assert (status, "no cell with data has its middle in a work area" in told) == (2, True)


def test_no_report_imports_a_figure():
    folder = Path(report.__file__).parent
    own = ("seed_figures", "figures_page", "score_grids", "passes")
    imports = re.compile(rf"^\s*(?:from|import)\b.*\b(?:{'|'.join(own)})\b", re.MULTILINE)
    for path in sorted(folder.glob("*.py")):
        if path.stem not in own:
            assert not imports.search(path.read_text(encoding="utf-8")), path.name
    assert imports.search((folder / "figures_page.py").read_text(encoding="utf-8"))


def test_the_order_names_the_shapes_of_the_file_and_not_pieces_by_a_number_of_its_own(monkeypatch, capsys, tmp_path):
    """The union of work areas has its pieces in another order than the file."""
    boxes = {"east": (100, 0, 140, 30), "west": (0, 0, 20, 10), "north": (50, 60, 60, 80)}
    rows = []
    for name, (x0, y0, x1, y1) in boxes.items():
        ring = ring_lonlat([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
        rows.append(feature("work_area", ring, name=name))
    (tmp_path / "ground.geojson").write_text(json.dumps(document(*rows, outside="safe")))
    places = {name: ring_lonlat([((x0 + x1) / 2, (y0 + y1) / 2)])[0] for name, (x0, y0, x1, y1) in boxes.items()}
    scores = {"east": 0.2, "west": 0.9, "north": 0.5}
    lines = [f"{places[name][0]},{places[name][1]},{p},{p},{p}" for name, p in scores.items()]
    (tmp_path / "cells.csv").write_text("\n".join(["lon_deg,lat_deg,historic,soil,visual", *lines]))
    (tmp_path / "f.toml").write_text("[scores]\ncsv = 'cells.csv'\n")
    args = ("figures", tmp_path / "f.toml", "--site", tmp_path / "ground.geojson", "--out", tmp_path / "out")
    status, said, told = flailpilot(monkeypatch, capsys, *args)
    assert (status, told) == (0, "")
    order = json.loads((tmp_path / "out" / "figures.json").read_text())["order"]
    named = ["feature 1 (west)", "feature 2 (north)", "feature 0 (east)"]
    assert [row["names"] for row in order] == named
    assert [row["mean"] for row in order] == pytest.approx([0.9, 0.5, 0.2])
    assert f"1. {named[0]} at {order[0]['inside_deg'][0]:.7f}" in said
    assert all(name in (tmp_path / "out" / "figures.html").read_text(encoding="utf-8") for name in named)
