"""Exports that other programs read: structure against OGC samples, areas against the ledger, mandatory fields."""

import csv
import json
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest
import shapely

from tests.control.ledger import jobs
from vehicle.contracts.errors import InputError
from vehicle.reports import export
from vehicle.reports.products import features
from vehicle.reports.results import write_all

pytestmark = pytest.mark.long

SAMPLE = Path(__file__).parents[3] / "shared/data/gpkg/ets_gdal_sample_v1.2_no_extensions.gpkg"
STATED = {
    "task_id": "T-7",
    "organisation": "Demining O'Connor & Sons",
    "operator": "operator 3",
    "start_utc": "2026-05-04T08:00:00Z",
    "end_utc": "2026-05-04T11:30:00Z",
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gpkg") / "ledger.gpkg"
    facts = jobs.open_job(**STATED)
    export.write_gpkg(path, facts, tuple(features(facts)))
    return path


def test_the_package_is_a_geopackage_and_whole(package: Path) -> None:
    with closing(sqlite3.connect(package)) as base:
        assert base.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
        assert base.execute("PRAGMA user_version").fetchone() == (10300,)
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert base.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize("table", ["gpkg_spatial_ref_sys", "gpkg_contents", "gpkg_geometry_columns"])
def test_the_mandatory_tables_are_those_of_the_standards_own_sample(package: Path, table: str) -> None:
    columns = []
    for path in (package, SAMPLE):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as base:
            rows = base.execute(f"PRAGMA table_info({table})").fetchall()
            columns.append([(row[1], row[2].upper(), row[3], row[5]) for row in rows])
    assert columns[0] == columns[1]
    assert columns[0]


def test_reference_systems_of_the_standard_are_there(package: Path) -> None:
    with closing(sqlite3.connect(package)) as base:
        ids = {row[0] for row in base.execute("SELECT srs_id FROM gpkg_spatial_ref_sys")}
    assert ids == {-1, 0, 4326}


def test_geometries_come_back_with_their_envelopes_and_areas(package: Path) -> None:
    facts = jobs.open_job(**STATED)
    with closing(sqlite3.connect(package)) as base:
        rows = base.execute("SELECT geom, area_m2, reason FROM missed").fetchall()
        processed = base.execute("SELECT depth_cm, area_m2, geom FROM processed ORDER BY depth_cm").fetchall()
        kinds = dict(base.execute("SELECT table_name, geometry_type_name FROM gpkg_geometry_columns").fetchall())
    assert sum(row[1] for row in rows) == pytest.approx(facts.found.missed_m2, abs=1e-4)
    assert {row[2] for row in rows} >= {"not_swept"}
    assert [row[0] for row in processed] == [16, 19]
    assert sum(row[1] for row in processed) == pytest.approx(facts.ledger.credited_m2)
    assert kinds["events"] == "POINT"
    for blob in [rows[0][0], processed[0][2]]:
        magic, version, flags, srs_id = struct.unpack_from("<2sBBi", blob)
        assert (magic, version, flags, srs_id) == (b"GP", 0, 3, 4326)
        west, east, south, north = struct.unpack_from("<dddd", blob, 8)
        shape = shapely.from_wkb(blob[40:])
        assert shape.bounds == (west, south, east, north)
        assert shape.is_valid
        assert 46.9 < west < 47.0
        assert 39.9 < south < 40.0
        scale_m2 = 111_038.0 * 85_388.0  # a square degree at this latitude
        area_m2 = rows[0][1] if blob is rows[0][0] else processed[0][1]
        assert shape.area * scale_m2 == pytest.approx(area_m2, rel=2e-3)


def test_the_same_job_gives_the_same_bytes(package: Path, tmp_path: Path) -> None:
    facts = jobs.open_job(**STATED)
    export.write_gpkg(tmp_path / "again.gpkg", facts, tuple(features(facts)))
    assert (tmp_path / "again.gpkg").read_bytes() == package.read_bytes()


def test_the_job_table_says_what_the_record_is_and_is_not(package: Path) -> None:
    with closing(sqlite3.connect(package)) as base:
        job = dict(base.execute("SELECT name, value FROM job").fetchall())
    assert "not cleared" in job["statement"]
    assert (job["simulated"], job["organisation"]) == ("no", STATED["organisation"])


def test_geojson_holds_every_layer(tmp_path: Path) -> None:
    facts = jobs.open_job()
    export.write_geojson(tmp_path / "ledger.geojson", facts, tuple(features(facts)))
    found = json.loads((tmp_path / "ledger.geojson").read_text())
    by_layer: dict[str, float] = {}
    for feature in found["features"]:
        properties = feature["properties"]
        by_layer[properties["layer"]] = by_layer.get(properties["layer"], 0.0) + properties.get("area_m2", 0.0)
    assert set(by_layer) >= {"processed", "missed", "work_area", "planned_swaths", "driven_way", "events", "benchmarks"}
    assert by_layer["missed"] == pytest.approx(facts.found.missed_m2, abs=1e-4)


@pytest.mark.parametrize("field", [*STATED, "benchmark"])
def test_a_table_with_an_empty_mandatory_field_is_refused(field: str, tmp_path: Path) -> None:
    facts = jobs.open_job(**(STATED | ({field: ""} if field in STATED else {})))
    if field == "benchmark":
        area = facts.site.work_area
        site = jobs.Shapes(name="x", work_area=area, keep_out=shapely.Polygon(), benchmarks_m=())
        facts = jobs.open_job(**STATED, site=site)
    with pytest.raises(InputError, match=field):
        export.write_csv(tmp_path / "ledger.csv", facts, tuple(features(facts)))
    assert not (tmp_path / "ledger.csv").exists()


def test_the_table_has_a_row_per_product(tmp_path: Path) -> None:
    facts = jobs.done_job(**STATED)
    export.write_csv(tmp_path / "ledger.csv", facts, tuple(features(facts)))
    with (tmp_path / "ledger.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["product"] for row in rows] == ["processed", "processed", "untreatable"]
    assert rows[0]["organisation"] == STATED["organisation"]
    assert float(rows[0]["benchmark_lat_deg"]) == pytest.approx(39.99 - 3.0 / 111_038.0, abs=1e-7)
    assert shapely.from_wkt(rows[0]["perimeter_wkt"]).is_valid


@pytest.mark.parametrize(("stated", "count"), [({}, 4), (STATED, 5)])
def test_all_files_of_a_job(stated: dict[str, str], count: int, tmp_path: Path) -> None:
    written = write_all(tmp_path, jobs.done_job(**stated))
    assert len(written) == count
    assert {path.name for path in written} == {path.name for path in tmp_path.iterdir()}
    assert all(path.stat().st_size > 500 for path in written)
