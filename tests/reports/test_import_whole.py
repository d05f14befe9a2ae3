"""An imported file holds all its ground itself, is not changed by the import, and has borders that can be drawn."""

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from tests.reports.test_import_rows import BOX, NOTHING, SAID, collection, gpkg, in_degrees, misplaced_m2, refusal
from tests.reports.test_imported import GROUND, NOW
from vehicle.reports import importing


def test_a_package_that_another_program_has_open_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    path = gpkg(tmp_path / "team.gpkg", in_degrees(BOX), "EPSG:4326")
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE edited (text)")
        other.commit()
        before = path.read_bytes()
        assert "team.gpkg-wal beside it, because another program has it open" in refusal(path)
        assert path.read_bytes() == before
    closed = path.read_bytes()
    assert misplaced_m2(importing.follow_ups(path, GROUND, NOTHING, NOW), BOX) < 1e-4
    assert path.read_bytes() == closed  # which WAL, too, stays in
    assert not list(tmp_path.glob("team.gpkg-*"))


@pytest.mark.parametrize("content", ["vrt", "geojson"])
def test_what_is_only_named_a_package_is_refused_because_its_ground_may_stand_in_another_file(
    content: str, tmp_path: Path
) -> None:
    text = json.dumps(collection(in_degrees(BOX)))
    (tmp_path / "other.geojson").write_text(text)
    source = f"<SrcDataSource>{tmp_path / 'other.geojson'}</SrcDataSource><SrcLayer>other</SrcLayer>"
    vrt = f'<OGRVRTDataSource><OGRVRTLayer name="t">{source}</OGRVRTLayer></OGRVRTDataSource>'
    assert "is no GeoPackage" in refusal(tmp_path / "team.gpkg", {"vrt": vrt, "geojson": text}[content])


@pytest.mark.parametrize(
    ("wkt", "words"),
    [
        ("CURVEPOLYGON (CIRCULARSTRING (46 39, 47 40, 48 39, 47 38, 46 39))", "line 2: its border has a curve"),
        ("MULTISURFACE (CURVEPOLYGON (COMPOUNDCURVE ((46 39, 47 40), (47 40, 46 39))))", "line 2: its border has a"),
        ("POLYGON ((1e999 39, 47 40, 46 40, 1e999 39))", "write two numbers"),
    ],
)
def test_a_border_that_this_program_cannot_draw_is_one_line(wkt: str, words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path / "team.csv", f'wkt\n"{wkt}"\n', SAID)
