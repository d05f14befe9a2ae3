"""Follow-up layers and releases: what comes in is kept as it was said, what cannot be right is one clear line."""

import contextlib
import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.control.ledger import jobs
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.host import atomic_file
from vehicle.reports import imported, importing
from vehicle.reports.imported import Category, FollowUp, Layer, Release, needed
from vehicle.reports.importing import Ground, area_of

DATUM = LocalFrame(39.99, 46.93, 350.0)
GROUND = Ground("ground", "site-hash", shapely.box(0.0, 0.0, 60.0, 40.0), DATUM, "seal")
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
SAID = {
    "layer": "sensor",
    "team": "detector",
    "who": "Team 2, Person D",
    "when": "2026-11-29T09:00:00+04:00",
    "method": "VMH3CS, 15 cm",
    "result": "2 items found, removed",
}
PAPER = {"authority": "the authority", "number": "R-1", "date": "2026-11-30", "person": "P", "category": "reduced"}


def degrees(box_m: tuple[float, float, float, float]) -> Any:
    return shapely.transform(shapely.box(*box_m), DATUM.lonlat_from_enu_array)


def geojson(path: Path, shapes: list[Any], **fields: str) -> Path:
    rows = [
        {"type": "Feature", "properties": fields, "geometry": json.loads(shapely.to_geojson(shape))} for shape in shapes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}))
    return path


def written(path: Path, shape: Any, **fields: str) -> Path:
    """The same polygon in any of the formats."""
    if path.suffix == ".geojson":
        return geojson(path, [shape], **fields)
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            table = csv.DictWriter(file, ["wkt", *fields])
            table.writeheader()
            table.writerow({"wkt": shapely.to_wkt(shape, rounding_precision=12), **fields})
        return path
    import numpy as np  # noqa: PLC0415

    pyogrio.raw.write(
        path, np.array([shapely.to_wkb(shape)]), [np.array([value], object) for value in fields.values()],
        list(fields), geometry_type="Polygon", crs="EPSG:4326", driver={".gpkg": "GPKG", ".kml": "KML"}[path.suffix],
    )  # fmt: skip
    return path


@pytest.mark.long
@pytest.mark.parametrize("suffix", [".geojson", ".csv", ".gpkg", ".kml"])
def test_every_format_gives_the_same_ground_and_attributes(suffix: str, tmp_path: Path) -> None:
    shape = degrees((2.0, 3.0, 20.0, 15.0))
    path = written(tmp_path / f"team{suffix}", shape, **SAID)
    said = SAID if suffix == ".kml" else {}  # the plain KML driver keeps names alone
    (found,) = importing.follow_ups(path, GROUND, said, NOW)
    assert (found.layer, found.team, found.who) == (Layer.SENSOR, "detector", "Team 2, Person D")
    assert (found.when, found.result) == ("2026-11-29T05:00:00Z", "2 items found, removed")
    assert area_of(found.polygons_deg, DATUM).symmetric_difference(shapely.box(2, 3, 20, 15)).area < 0.01
    assert found.source_hash == imported.hash_of(path.read_bytes())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"team": "dgo"}, "team 'dgo' is not known (did you mean dog?)"),
        ({"layer": "sensors"}, "layer 'sensors' is not known (did you mean sensor?)"),
        ({"layer": "biological"}, "a detector makes the sensor layer, but the layer given is biological"),
        ({"who": ""}, "who is not said; write one line of text, in the file or with --who"),
        ({"when": " "}, "says no day, and there is no column when"),
        ({"team": ""}, "says no team, and there is no column team; say --team machine | deminer"),
        ({"method": "a\nb"}, "method is"),
        ({"result": "cleared by two dogs"}, "result says 'cleared': only a document of the authority may use this"),
        ({"result": "strip 3 is mine free"}, "result says 'mine free': only a document"),
        ({"method": "searched, free of landmines"}, "method says 'free of landmines': only a document"),
        ({"result": "free of UXO"}, "result says 'free of UXO'"),
        ({"result": "clear of all explosive hazards"}, "result says 'clear of all explosive hazards'"),
        ({"result": "Clear."}, "result says 'Clear': only a document"),
        ({"result": "two signals, then all clear"}, "result says 'all clear'"),
        ({"result": "no indication, ground clear."}, "result says 'ground clear'"),
        ({"result": "the strip is safe"}, "result says 'strip is safe'"),
        ({"result": "safe to walk on"}, "result says 'safe to walk'"),
        ({"who": "2026-11-29"}, "who is '2026-11-29', which is nobody's name"),
        ({"who": "29.11.2026"}, "who is '29.11.2026', which is nobody's name"),
        ({"who": "-"}, "who is '-', which is nobody's name"),
        ({"result": "clear from landmines"}, "result says 'clear from landmines'"),
        ({"result": "de\x6dined to 13 cm"}, "only a document of the authority may use this word"),
        ({"result": "sahə minalardan təmizlənib"}, "result says 'təmizlənib': only a document"),
        ({"result": "Alan mayından TEMİZLENDİ"}, "result says 'TEMİZLENDİ': only a document"),  # noqa: RUF001 - letters of that language
        ({"result": "ділянку розміновано"}, "result says 'розміновано': only a document"),
        ({"result": "участок очищен"}, "result says 'очищен': only a document"),
        ({"who": "x" * 501}, "who has 501 letters, 500 is the most; write a shorter line, in the file or with --who"),
        ({"when": "2026-11-30T12:00:01Z"}, "lies in the future"),
        ({"when": "2026-12-02"}, "lies in the future"),
        ({"when": "2026-11-30T10:00:00"}, "has no zone"),
        ({"when": "yesterday"}, "'yesterday' is no day and no time"),
        ({"when": "2026-13-01"}, "'2026-13-01' is no day and no time"),
    ],
)
def test_what_cannot_be_right_is_refused(change: dict[str, str], words: str, tmp_path: Path) -> None:
    path = geojson(tmp_path / "team.geojson", [degrees((2, 3, 20, 15))], **(SAID | change))
    with pytest.raises(InputError) as refused:
        importing.follow_ups(path, GROUND, {}, NOW)
    assert words in str(refused.value)
    assert "team.geojson: feature 1" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_name_of_the_work_is_not_a_word_of_the_authority(tmp_path: Path) -> None:
    names = [
        "Mayın Temizleme Ekibi 3",  # noqa: RUF001 - letters of that language
        "minatəmizləmə briqadası",  # noqa: RUF001 - letters of that language
        "Група розмінування «Північ»",
        "Группа разминирования",
    ]
    for number, who in enumerate(names):
        path = geojson(tmp_path / f"{number}.geojson", [degrees((2, 3, 20, 15))], **(SAID | {"who": who}))
        assert importing.follow_ups(path, GROUND, {}, NOW)[0].who == who


BOW_TIE = shapely.Polygon([(0, 0), (20, 20), (20, 0), (0, 20)])


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (degrees((-12.0, 3.0, 20.0, 15.0)), "lies up to 12 m outside ground"),
        (shapely.box(10.0, 10.0, 10.1, 10.1), "outside ground"),
        (shapely.box(40.5, 0.0, 40.5000001, 0.0000001), "outside ground"),  # no area to speak of, 4,500 km away
        (degrees((2.0, 3.0, 2.01, 3.01)), "encloses 0.0001 m2"),
        (shapely.transform(degrees((2, 3, 20, 15)), lambda xy: xy[:, ::-1]), "swapped: write longitude first"),
        (shapely.transform(BOW_TIE, DATUM.lonlat_from_enu_array), "crosses or touches itself"),
        (shapely.LineString([(46.93, 39.99), (46.931, 39.99)]), "is a line; draw a polygon"),
        (shapely.box(1000.0, 10.0, 1001.0, 11.0), "has longitude 1001; reproject it to WGS 84"),
    ],
)
def test_ground_that_is_none_of_the_site_is_refused(shape: Any, words: str, tmp_path: Path) -> None:
    path = geojson(tmp_path / "team.geojson", [shape], **SAID)
    with pytest.raises(InputError) as refused:
        importing.follow_ups(path, GROUND, {}, NOW)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("team.geojson", b"{", "not JSON"),
        ("team.gpkg", b"nothing", "is no GeoPackage"),
        ("team.gpkg", b"SQLite format 3\0nothing", "cannot be read as a GeoPackage"),
        ("team.kml", b"<kml>", "not well-formed XML"),
        ("team.csv", b"\xff\xfe", "no table in UTF-8"),
        ("team.csv", b"wkt,team\nPOLYGON((0 0),dog\n", "its WKT cannot be read"),
        ("team.csv", b"wkt,team\n", "no feature in it"),
        ("team.csv", b"a,b\n1,2\n", "has no column wkt"),
        (
            "team.csv",
            b'wkt\n"POLYGON((46.93 39.99,nan 39.99,47 40,46.93 39.99))"\n',
            "is not [lon, lat]; write two numbers",
        ),
        ("team.shp", b"", "its name ends in none of .geojson"),
    ],
)
def test_a_file_that_is_none_is_refused(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as refused:
        importing.follow_ups(tmp_path / name, GROUND, SAID, NOW)
    assert words in str(refused.value)
    with pytest.raises(InputError, match="no such file"):
        importing.follow_ups(tmp_path / "nowhere.geojson", GROUND, SAID, NOW)


@given(st.binary(max_size=60))
def test_no_bytes_in_a_table_end_in_anything_but_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "team.csv"
    path.write_bytes(b"wkt,who\n" + content)
    with contextlib.suppress(InputError):
        importing.follow_ups(path, GROUND, SAID, NOW)


def paper(folder: Path, box: tuple[float, float, float, float], held: tuple[Release, ...] = (), **said: str) -> Release:
    path = geojson(folder / "land.geojson", [degrees(box)])
    (folder / "paper.pdf").write_bytes(b"%PDF the authority's")
    return importing.release(path, folder / "paper.pdf", GROUND, PAPER | said, held, NOW)


def test_a_release_is_what_the_document_says(tmp_path: Path) -> None:
    found = paper(tmp_path, (0, 0, 60, 40), category="cleared")
    assert (found.category, found.number, found.date, found.person) == (Category.CLEARED, "R-1", "2026-11-30", "P")
    assert found.document_hash == imported.hash_of(b"%PDF the authority's")
    assert paper(tmp_path, (0, 0, 60, 40), category="Cancelled ").category is Category.CANCELLED


def test_an_empty_file_is_no_document(tmp_path: Path) -> None:
    path = geojson(tmp_path / "land.geojson", [degrees((0, 0, 60, 40))])
    (tmp_path / "paper.pdf").touch()
    with pytest.raises(InputError, match=r"paper.pdf: is empty; give the document itself"):
        importing.release(path, tmp_path / "paper.pdf", GROUND, PAPER, (), NOW)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"category": "released"}, "--category 'released': write cancelled, reduced or cleared"),
        ({"category": ""}, "--category"),
        ({"date": "2026-11-30T01:00:00+04:00"}, "is a time; write the day alone"),
        ({"number": " "}, "--number"),
        ({"person": ""}, "--person"),
        ({"person": "2026-11-30"}, "--person is '2026-11-30', which is nobody's name"),
        ({"authority": "-"}, "--authority is '-', which is nobody's name"),
        ({"date": "2027-01-01"}, "lies in the future"),
        ({"number": "R-0"}, "has already been imported"),
        ({"category": "cancelled"}, "400.0 m2 of it are already reduced by document R-0"),
    ],
)
def test_a_release_that_cannot_be_right_is_refused(said: dict[str, str], words: str, tmp_path: Path) -> None:
    held = (paper(tmp_path, (0, 0, 20, 20), number="R-0"),)
    with pytest.raises(InputError) as refused:
        paper(tmp_path, (0, 0, 60, 40), held, **said)
    assert words in str(refused.value)


def test_what_was_imported_is_kept_and_a_changed_source_is_named(tmp_path: Path) -> None:
    path = geojson(tmp_path / "team.geojson", [degrees((2, 3, 20, 15)), degrees((20, 3, 30, 15))], **SAID)
    found = importing.follow_ups(path, GROUND, {}, NOW)
    imported.keep(tmp_path, found, {path.name: path.read_bytes()})
    land = paper(tmp_path, (0, 0, 60, 40))
    files = {name: (tmp_path / name).read_bytes() for name in ("land.geojson", "paper.pdf")}
    imported.keep(tmp_path, (land,), files)
    imported.keep(tmp_path, found, {path.name: path.read_bytes()})
    assert imported.follow_ups_in(tmp_path) == (*found, *found)
    assert imported.releases_in(tmp_path) == (land,)
    (tmp_path / "release" / "0001-paper.pdf").write_bytes(b"%PDF another")
    with pytest.raises(InputError, match=r"paper.pdf beside it is missing or was changed"):
        imported.releases_in(tmp_path)
    (tmp_path / "follow_up" / "0001.json").write_text("{}")
    with pytest.raises(InputError, match="cannot be read"):
        imported.follow_ups_in(tmp_path)


def test_a_file_that_changed_while_it_was_read_is_not_kept(tmp_path: Path) -> None:
    path = geojson(tmp_path / "team.geojson", [degrees((2, 3, 20, 15))], **SAID)
    found = importing.follow_ups(path, GROUND, {}, NOW)
    with pytest.raises(InputError, match=r"^team.geojson: was changed while it was read; import it again$"):
        imported.keep(tmp_path, found, {path.name: path.read_bytes() + b" "})
    land = paper(tmp_path, (0, 0, 60, 40))
    with pytest.raises(InputError, match=r"^paper.pdf: was changed while it was read"):
        imported.keep(tmp_path, (land,), {"land.geojson": (tmp_path / "land.geojson").read_bytes(), "paper.pdf": b""})
    assert not [file for file in tmp_path.rglob("*") if file.name.startswith("0001")]


@pytest.mark.parametrize(
    ("was", "now"), [(b'"reduced"', b'"cleared"'), (b"46.93", b"46.94"), (b'"site-hash"', b'"other"'), (b"R-1", b"R-2")]
)
def test_a_row_that_was_edited_is_refused_though_its_document_is_the_same(
    was: bytes, now: bytes, tmp_path: Path
) -> None:
    files = {"land.geojson": b"", "paper.pdf": b""}
    land = paper(tmp_path, (0, 0, 60, 40))
    path = imported.keep(tmp_path, (land,), {name: (tmp_path / name).read_bytes() for name in files})
    assert path is not None
    content = path.read_bytes()
    assert was in content
    path.write_bytes(content.replace(was, now, 1))
    with pytest.raises(InputError, match=r"0001\.json: was changed since its import"):
        imported.releases_in(tmp_path)


def test_what_was_imported_for_another_site_is_refused(tmp_path: Path) -> None:
    land = paper(tmp_path, (0, 0, 60, 40))
    imported.check_site((land,), "site-hash")
    with pytest.raises(InputError, match=r"land.geojson: was imported for site site-hash, this record is of"):
        imported.check_site((land,), "other")
    with pytest.raises(InputError, match="was imported for site site-hash"):
        jobs.job(jobs.slanted(8.0, 3.0), jobs.worked(), releases=(land,))


@pytest.mark.parametrize("name", ["Permit [2].pdf", "what?.pdf", "a*.pdf", "[!x].pdf"])
def test_a_document_has_any_name(name: str, tmp_path: Path) -> None:
    path = geojson(tmp_path / "land.geojson", [degrees((0, 0, 60, 40))])
    (tmp_path / name).write_bytes(b"%PDF")
    land = importing.release(path, tmp_path / name, GROUND, PAPER, (), NOW)
    imported.keep(tmp_path, (land,), {path.name: path.read_bytes(), name: b"%PDF"})
    assert imported.releases_in(tmp_path) == (land,)


def test_an_import_that_a_full_disk_ends_anywhere_counts_for_nothing_and_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = [degrees((20.0 * number, 3, 20.0 * number + 10.0, 15)) for number in range(3)]
    path = geojson(tmp_path / "team.geojson", boxes, **SAID)
    found = importing.follow_ups(path, GROUND, {}, NOW)
    files = {path.name: path.read_bytes()}
    whole, room = atomic_file.write_whole, 0

    def until_it_is_full(to: Path, content: bytes) -> None:
        nonlocal room
        if not room:
            raise OSError(28, "No space left on device")
        room -= 1
        whole(to, content)

    monkeypatch.setattr(imported, "write_whole", until_it_is_full)
    for allowed in range(9):
        room = allowed
        with contextlib.suppress(OSError):
            imported.keep(tmp_path, found, files)
            break
        assert imported.follow_ups_in(tmp_path) == ()
    assert imported.follow_ups_in(tmp_path) == found


def test_rows_without_a_hash_and_those_of_a_later_program_are_refused(tmp_path: Path) -> None:
    (tmp_path / "follow_up").mkdir()
    path = tmp_path / "follow_up" / "0001.json"
    for number, words in ((1, "has no hash of its rows; delete it and import"), (3, "use the program that wrote it")):
        path.write_text(json.dumps({"format": number, "hash": "", "rows": []}))
        with pytest.raises(InputError, match=words):
            imported.follow_ups_in(tmp_path)


def test_needed_layers_follow_from_the_role_and_what_nobody_stated_needs_all() -> None:
    assert all((Layer.MECHANICAL,) in rows for rows in imported.NEEDED.values())
    assert all(any(Layer.SENSOR in row for row in rows) for rows in imported.NEEDED.values())
    assert needed(None) == needed("ground_preparation") == ((Layer.MECHANICAL,), (Layer.SENSOR,), (Layer.BIOLOGICAL,))
    from typing import get_args  # noqa: PLC0415

    from vehicle.config.task import Task  # noqa: PLC0415

    roles = {value for part in get_args(Task.model_fields["role"].annotation) for value in get_args(part)}
    assert roles == set(imported.NEEDED)


def test_nothing_but_an_import_makes_a_release() -> None:
    """Whoever builds one is found by its name: the import, and nobody else in the program."""
    root = Path(__file__).parents[2]
    makers = {
        str(path.relative_to(root))
        for room in ("vehicle", "flailpilot", "console", "campaign", "sim")
        for path in (root / room).rglob("*.py")
        if "Release(" in path.read_text(encoding="utf-8").replace("class Release(", "")
    }
    assert makers == {"vehicle/reports/importing.py"}
    assert FollowUp.__struct_fields__.count("category") == 0
