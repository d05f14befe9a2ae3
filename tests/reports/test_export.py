"""The GeoPackage against OGC samples, GDAL and the ledger; tables with their mandatory fields; all files of a job."""

import csv
import json
import sqlite3
import struct
import xml.etree.ElementTree as ET
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.control.ledger import jobs
from tests.marks import reads_shared
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import UntreatableReason
from vehicle.reports import gaps, gpkg, tables
from vehicle.reports.ground_sections import pieces_of
from vehicle.reports.imported import Category, FollowUp, Layer, Release
from vehicle.reports.layer_styles import LOOKS, style_qml
from vehicle.reports.lots import Lot
from vehicle.reports.products import AREAS, LAYER_TEXT, LINES, NOTE_OF_OTHERS, NOTES, POINTS, features
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
ZERO_US = 1_777_881_600_000_000
LOTS = (
    Lot(
        name="L1", machine="M", last_number=50, day="2026-05-04", from_us=ZERO_US, until_us=ZERO_US + 10**9,
        ended_by="depth check",
    ),
    Lot(name="L2", machine="M", last_number=10**6, day="2026-05-04", from_us=ZERO_US + 10**9),
)  # fmt: skip


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gpkg") / "ledger.gpkg"
    facts = jobs.open_job(**STATED, zero_us=ZERO_US, lots=LOTS)
    gpkg.write_gpkg(path, facts, tuple(features(facts)))
    return path


def test_the_package_is_a_geopackage_and_whole(package: Path) -> None:
    with closing(sqlite3.connect(package)) as base:
        assert base.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
        assert base.execute("PRAGMA user_version").fetchone() == (10300,)
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert base.execute("PRAGMA foreign_key_check").fetchall() == []


@reads_shared
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


def test_gdal_reads_every_layer_without_a_warning_and_finds_one_kind_of_valid_geometry(package: Path) -> None:
    """`filterwarnings` makes an error of each warning of GDAL."""
    kinds = dict(pyogrio.list_layers(package).tolist())
    assert set(kinds) >= {"processed", "processed_depth", "missed", "work_area", "driven_way", "events", "named_points"}
    for layer, kind in kinds.items():
        if kind is None:
            assert layer in {"job", "layer_styles"}
            continue
        meta, _, wkb, columns = pyogrio.raw.read(package, layer=layer)
        shapes = shapely.from_wkb(wkb)
        assert meta["crs"] == "EPSG:4326"
        assert shapely.is_valid(shapes).all()
        assert {shape.geom_type for shape in shapes} == {kind.replace(" ", "")}
        assert set(meta["fields"]) >= {"site", "site_hash", "plan_hash", "run", "simulated", "note"}
        note = columns[list(meta["fields"]).index("note")]
        assert set(note) == {NOTES.get(layer, NOTE_OF_OTHERS)}
        assert (note[0].startswith("processed")) is (layer.startswith("processed"))
        assert kind == ("MultiPolygon" if layer in AREAS else "LineString" if layer in LINES else "Point")


def test_geometries_come_back_with_their_envelopes_and_areas(package: Path) -> None:
    facts = jobs.open_job(**STATED)
    with closing(sqlite3.connect(package)) as base:
        rows = base.execute("SELECT geom, area_m2, reason FROM missed").fetchall()
        depths = base.execute("SELECT depth_least_cm, area_m2, depth FROM processed_depth").fetchall()
        lots = base.execute(
            "SELECT lot, area_m2, inside_m2, depth_least_cm, geom FROM processed ORDER BY lot"
        ).fetchall()
    assert sum(row[1] for row in rows) == pytest.approx(facts.found.missed_m2, abs=1e-4)
    assert {row[2] for row in rows} >= {"not_swept"}
    assert {(row[0], row[2]) for row in depths} == {(16, "15 to 20 cm"), (19, "15 to 20 cm")}
    assert sum(row[1] for row in depths) == pytest.approx(facts.ledger.credited_m2)
    assert [(row[0], row[3]) for row in lots] == [("L1", 19), ("L2", 16)]
    assert sum(row[1] for row in lots) == pytest.approx(facts.ledger.credited_m2)
    assert sum(row[2] for row in lots) == pytest.approx(facts.found.processed_m2, abs=1e-6)
    for blob, area_m2 in [(rows[0][0], rows[0][1]), (lots[0][4], lots[0][1])]:
        magic, version, flags, srs_id = struct.unpack_from("<2sBBi", blob)
        assert (magic, version, flags, srs_id) == (b"GP", 0, 3, 4326)
        west, east, south, north = struct.unpack_from("<dddd", blob, 8)
        shape = shapely.from_wkb(blob[40:])
        assert shape.bounds == (west, south, east, north)
        assert 46.9 < west < 47.0
        assert 39.9 < south < 40.0
        scale_m2 = 111_038.0 * 85_388.0  # a square degree at this latitude
        assert shape.area * scale_m2 == pytest.approx(area_m2, rel=2e-3)


def test_times_are_text_and_seconds_of_one_moment(package: Path) -> None:
    """QGIS 3.22 reads zoned times as local ones: the columns are TEXT and INTEGER, no DATETIME."""
    with closing(sqlite3.connect(package)) as base:
        types = {row[1]: row[2] for row in base.execute("PRAGMA table_info(events)")}
        utc, seconds, time_s = base.execute("SELECT utc, epoch_s, time_s FROM events").fetchone()
    assert (types["utc"], types["epoch_s"]) == ("TEXT", "INTEGER")
    assert utc == "2026-05-04T08:00:06Z"
    assert seconds == ZERO_US // 10**6 + int(time_s)
    assert int(np.datetime64(utc.removesuffix("Z"), "s").astype(int)) == seconds


def test_times_that_nobody_knows_are_empty_and_keep_their_column() -> None:
    facts = jobs.open_job()
    event = next(row for row in features(facts) if row.layer == "events")
    assert (event.values["utc"], event.values["epoch_s"]) == ("", None)


def test_qgis_finds_a_default_style_for_each_layer_and_a_colour_for_each_value(package: Path) -> None:
    with closing(sqlite3.connect(package)) as base:
        styles = dict(base.execute("SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault = 1").fetchall())
        layers = {row[0] for row in base.execute("SELECT table_name FROM gpkg_geometry_columns")}
        reasons = {row[0] for row in base.execute("SELECT DISTINCT reason FROM missed")}
        depths = {row[0] for row in base.execute("SELECT DISTINCT depth FROM processed_depth")}
    assert set(styles) == layers
    for layer, values in (("missed", reasons), ("processed_depth", depths)):
        categories = {node.get("value") for node in ET.fromstring(styles[layer]).iter("category")}  # noqa: S314 - own text
        assert values <= categories


@pytest.mark.parametrize("layer", LAYER_TEXT)
def test_a_style_is_xml_whose_symbols_have_the_kind_of_the_layer(layer: str) -> None:
    kinds = {node.get("type") for node in ET.fromstring(style_qml(layer)).iter("symbol")}  # noqa: S314 - own text
    assert kinds == {"marker" if layer in POINTS else "line" if layer in LINES else "fill"}
    assert layer in LOOKS


def test_the_same_job_gives_the_same_bytes(package: Path, tmp_path: Path) -> None:
    facts = jobs.open_job(**STATED, zero_us=ZERO_US, lots=LOTS)
    gpkg.write_gpkg(tmp_path / "again.gpkg", facts, tuple(features(facts)))
    assert (tmp_path / "again.gpkg").read_bytes() == package.read_bytes()
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        write_all(tmp_path / folder, facts)
    first, second = (sorted((tmp_path / folder).iterdir()) for folder in ("first", "second"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_the_package_says_what_the_record_is_and_is_not(package: Path) -> None:
    with closing(sqlite3.connect(package)) as base:
        job = dict(base.execute("SELECT name, value FROM job").fetchall())
        texts = dict(base.execute("SELECT table_name, description FROM gpkg_contents WHERE data_type = 'features'"))
    assert "not cleared" in job["statement"]
    assert (job["simulated"], job["organisation"]) == ("no", STATED["organisation"])
    assert job["classification"] == "confidential"
    assert all("Processed: not for feet." in text and "Confidential" in text for text in texts.values())


@pytest.mark.parametrize("field", [*STATED, "benchmark"])
def test_a_table_with_an_empty_mandatory_field_is_refused(field: str, tmp_path: Path) -> None:
    facts = jobs.open_job(**(STATED | ({field: ""} if field in STATED else {})))
    if field == "benchmark":
        area = facts.site.work_area
        site = jobs.Shapes(name="x", work_area=area, keep_out=shapely.Polygon(), benchmarks_m=())
        facts = jobs.open_job(**STATED, site=site)
    with pytest.raises(InputError, match=field):
        tables.write_land(tmp_path / "ledger.csv", facts, tuple(features(facts)))
    assert not (tmp_path / "ledger.csv").exists()


def test_the_table_has_a_row_per_product(tmp_path: Path) -> None:
    facts = jobs.done_job(**STATED)
    tables.write_land(tmp_path / "ledger.csv", facts, tuple(features(facts)))
    rows = _rows(tmp_path / "ledger.csv")
    assert [row["product"] for row in rows] == ["processed", "untreatable"]
    assert rows[0]["organisation"] == STATED["organisation"]
    assert float(rows[0]["benchmark_lat_deg"]) == pytest.approx(39.99 - 3.0 / 111_038.0, abs=1e-7)
    assert shapely.from_wkt(rows[0]["perimeter_wkt"]).is_valid
    assert all(row["follow_up"] for row in rows)


def test_no_column_of_a_table_is_empty(tmp_path: Path) -> None:
    """What is never filled in tells nobody anything, and looks like something that was forgotten."""
    check = msgspec.structs.replace(LOTS[0], check="0.170 m by the team leader")
    facts = jobs.open_job(**STATED, zero_us=ZERO_US, lots=(check, *LOTS[1:]), run="20260504-1a2b3c")
    write_all(tmp_path, facts)
    for name in ("ledger.csv", "lots.csv", "points.csv", "states.csv"):
        rows = _rows(tmp_path / name)
        assert [column for column in rows[0] if not any(row[column] for row in rows)] == [], name


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+cmd|x", "@x", "\t=1"])
def test_no_cell_is_worked_out_by_a_spreadsheet(text: str) -> None:
    assert tables.cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["-46.930000000", "+1", "a-b", "", 5, None])
def test_a_number_stays_one(value: object) -> None:
    assert tables.cell(value) == value


def test_a_simulated_record_says_so_in_every_row_and_feature(tmp_path: Path) -> None:
    """Layers and tables are put together with others', and the file's own head is lost then."""
    write_all(tmp_path, jobs.open_job(**STATED, zero_us=ZERO_US, lots=LOTS, simulated=True))
    for name in ("ledger.csv", "lots.csv", "points.csv", "states.csv"):
        assert {row["simulated"] for row in _rows(tmp_path / name)} == {"yes"}, name
    for name in ("ledger.geojson", "ledger_lines.geojson", "ledger_points.geojson"):
        rows = json.loads((tmp_path / name).read_text(encoding="utf-8"))["features"]
        assert {row["properties"]["simulated"] for row in rows} == {"yes"}, name
    for layer in ("processed", "missed", "events"):
        assert _columns(tmp_path / "ledger.gpkg", layer)["simulated"] == {"yes"}


def test_the_time_of_a_follow_up_stands_as_seconds_too() -> None:
    (told, day) = (
        next(row.values for row in features(jobs.open_job(follow_ups=(follow_up,))) if row.layer == "follow_up")
        for follow_up in (SEARCHED, msgspec.structs.replace(SEARCHED, when="2026-11-29"))
    )
    assert (told["when"], told["when_epoch_s"]) == ("2026-11-29T05:00:00Z", 1795928400)
    assert day["when_epoch_s"] is None


def test_tables_hold_no_formulas(tmp_path: Path) -> None:
    facts = jobs.open_job(**(STATED | {"organisation": "=HYPERLINK(1)"}))
    tables.write_land(tmp_path / "ledger.csv", facts, tuple(features(facts)))
    assert {row["organisation"] for row in _rows(tmp_path / "ledger.csv")} == {"'=HYPERLINK(1)"}


def test_lots_share_out_the_processed_ground(tmp_path: Path) -> None:
    facts = jobs.open_job(**STATED, lots=LOTS)
    tables.write_lots(tmp_path / "lots.csv", facts, tuple(features(facts)))
    rows = _rows(tmp_path / "lots.csv")
    assert [(row["lot"], row["ended_by"]) for row in rows] == [("L1", "depth check"), ("L2", "end of the record")]
    assert sum(float(row["inside_m2"]) for row in rows) == pytest.approx(facts.found.processed_m2, abs=2e-4)
    assert rows[0]["from_utc"] == "2026-05-04T08:00:00Z"


def test_points_lead_back_to_where_they_are(tmp_path: Path) -> None:
    facts = jobs.open_job(**STATED)
    tables.write_points(tmp_path / "points.csv", facts, tuple(features(facts)))
    rows = {row["name"]: row for row in _rows(tmp_path / "points.csv")}
    first = rows["B1"]
    for name, row in rows.items():
        if not row["bearing_deg"] or name == "B1":
            continue
        angle, distance_m = np.radians(float(row["bearing_deg"])), float(row["distance_m"])
        assert float(row["east_m"]) == pytest.approx(float(first["east_m"]) + distance_m * np.sin(angle), abs=2e-3)
        assert float(row["north_m"]) == pytest.approx(float(first["north_m"]) + distance_m * np.cos(angle), abs=2e-3)
    assert {"P1", "P2", "P3", "P4", "E1"} <= set(rows)


def test_gdal_reads_the_kml_layer_by_layer_and_the_kmz_is_the_same(tmp_path: Path) -> None:
    facts = jobs.open_job(**STATED, lots=LOTS)
    write_all(tmp_path, facts)
    kml = (tmp_path / "ledger.kml").read_bytes()
    with zipfile.ZipFile(tmp_path / "ledger.kmz") as archive:
        assert archive.read("doc.kml") == kml
    names = [str(name) for name in pyogrio.list_layers(tmp_path / "ledger.kml")[:, 0]]
    assert {"processed", "missed", "named points"} <= set(names)
    _, _, wkb, _ = pyogrio.raw.read(tmp_path / "ledger.kml", layer="processed", force_2d=True)
    shapes = shapely.from_wkb(wkb)
    scale_m2 = 111_038.0 * 85_388.0
    assert shapely.is_valid(shapes).all()
    assert shapely.area(shapes).sum() * scale_m2 == pytest.approx(facts.ledger.credited_m2, rel=2e-3)
    root = ET.fromstring(kml)  # noqa: S314 - own text
    space = {"k": "http://www.opengis.net/kml/2.2"}
    styles = {node.get("id") for node in root.iterfind(".//k:Style", space)}
    used = {node.text.removeprefix("#") for node in root.iterfind(".//k:styleUrl", space)}
    assert used <= styles
    folders = root.findall(".//k:Folder/k:description", space)
    assert all("Processed: not for feet." in (node.text or "") for node in folders)
    assert "not cleared" in root.findtext("k:Document/k:description", "", space)


@pytest.mark.draws
@pytest.mark.parametrize(("stated", "count"), [({}, 11), (STATED, 12)])
def test_all_files_of_a_job(stated: dict[str, str], count: int, tmp_path: Path) -> None:
    written = write_all(tmp_path, jobs.done_job(**stated))
    assert len(written) == count
    assert {path.name for path in written} == {path.name for path in tmp_path.iterdir()}
    assert all(path.stat().st_size > 150 for path in written)


BOX_DEG = (((46.93, 39.99), (46.9301, 39.99), (46.9301, 39.9901), (46.93, 39.9901), (46.93, 39.99)),)
IMPORT: dict[str, Any] = {
    "polygons_deg": (BOX_DEG,), "source": "land.geojson", "source_hash": "ab", "imported_utc": "2026-11-30T12:00:00Z",
    "site_hash": "test", "seal": "seal",
}  # fmt: skip
SEARCHED = FollowUp(
    layer=Layer.SENSOR, team="detector", who='Team "2"', when="2026-11-29T05:00:00Z", method="VMH3CS, 15 cm",
    result="2 items found", **IMPORT,
)  # fmt: skip
RELEASED = Release(
    authority="the authority", number="R-1", date="2026-11-30", person="P", category=Category.REDUCED,
    document="paper.pdf", document_hash="cd", **IMPORT,
)  # fmt: skip


def test_what_others_said_of_the_ground_is_in_every_export_under_its_own_names(tmp_path: Path) -> None:
    """`when` is an attribute here and a word of SQL."""
    write_all(tmp_path, jobs.open_job(**STATED, follow_ups=(SEARCHED,), releases=(RELEASED,)))
    for name, follow_up, release in (
        ("ledger.gpkg", "follow_up", "release"),
        ("ledger.kml", "follow up", "release"),
        ("ledger.geojson", "ledger", "ledger"),
    ):
        searched, released = _columns(tmp_path / name, follow_up), _columns(tmp_path / name, release)
        assert SEARCHED.who in searched["who"], name
        assert any(when.startswith(SEARCHED.when[:19]) for when in searched["when"]), name  # or GDAL's own date
        assert RELEASED.number in released["document_number"], name


def _columns(path: Path, layer: str) -> dict[str, set[str]]:
    meta, _, _, columns = pyogrio.raw.read(path, layer=layer, force_2d=True)
    return {str(field): {str(value) for value in column} for field, column in zip(meta["fields"], columns, strict=True)}


@given(st.text(min_size=1, max_size=12).filter(lambda name: "\0" not in name and name.isprintable()))
def test_any_name_is_a_column(name: str) -> None:
    with closing(sqlite3.connect(":memory:")) as base:
        base.execute(f"CREATE TABLE {gpkg.quoted(name)} (fid INTEGER, {gpkg.quoted('x' + name)} TEXT)")
        assert [row[1] for row in base.execute(f"PRAGMA table_info({gpkg.quoted(name)})")] == ["fid", "x" + name]


def test_a_job_of_which_nothing_was_worked_can_be_exported(tmp_path: Path) -> None:
    empty = msgspec.structs.replace(jobs.open_job(), trail_m=(), events=())
    facts = jobs.job(empty.site.work_area, type(empty.ledger)(), trail_m=(), events=())
    write_all(tmp_path, facts)
    assert "processed" not in dict(pyogrio.list_layers(tmp_path / "ledger.gpkg").tolist())


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_pieces_have_one_name_on_page_map_and_in_the_exports() -> None:
    """A team that looks for N1 of the report with the exports in its hands must find N1."""
    area = jobs.slanted(14.0, 3.0)
    rows = [
        jobs.untreatable(jobs.slanted(length_m, 2.0, along_m, 0.5), UntreatableReason.SLOPE)
        for length_m, along_m in ((0.2, 9.0), (0.9, 10.0), (0.5, 12.0))
    ]
    made = jobs.plan(*rows)
    found = gaps.find(area, shapely.Polygon(), made, jobs.worked(), jobs.CONFIG)
    facts = msgspec.structs.replace(jobs.job(area, jobs.worked()), plan=made, found=found)
    named = {
        row.values["name"]: round(float(row.values["inside_m2"] or 0.0), 6)
        for row in features(facts)
        if row.layer in ("missed", "untreatable")
    }
    assert named == {piece.name: round(piece.area_m2, 6) for piece in pieces_of(facts)}
    assert [named[f"N{number}"] for number in (1, 2, 3)] == pytest.approx([1.8, 1.0, 0.4], abs=1e-3)
