"""What a file says beside its polygons is held against what the command line says: days, and a document's facts."""

import json
from pathlib import Path

import pytest

from tests.reports.test_import_rows import (
    BOX,
    NOTHING,
    SAID,
    WKT,
    collection,
    gpkg,
    in_degrees,
    kml,
    kml_polygon,
    read,
    refusal,
)
from tests.reports.test_imported import GROUND, NOW, PAPER, degrees, geojson
from vehicle.contracts.errors import InputError
from vehicle.reports import importing
from vehicle.reports.imported import Release

WITHOUT_DAY = {key: value for key, value in SAID.items() if key != "when"}
STAMP = "<TimeStamp><when>{}</when></TimeStamp>"
SPAN = "<TimeSpan><begin>{}</begin><end>{}</end></TimeSpan>"


def dated(time: str, above: str = "") -> str:
    return kml(f"<Folder>{above}<Placemark>{time}{kml_polygon(BOX, [])}</Placemark></Folder>")


def paper(folder: Path, said: dict[str, str], **fields: str) -> Release:
    path = geojson(folder / "land.geojson", [degrees((0, 0, 60, 40))], **fields)
    (folder / "paper.pdf").write_bytes(b"%PDF")
    return importing.release(path, folder / "paper.pdf", GROUND, PAPER | said, (), NOW)


@pytest.mark.parametrize(
    ("heading", "value", "words"),
    [
        ("number", "R-2", "number is 'R-2' by column number, and 'R-1' by --number; correct one, import what is of"),
        ("Document No.", "R-2", "number is 'R-2' by column Document No., and 'R-1' by --number"),
        ("Date", "29.11.2026", "date is '29.11.2026' by column Date, and '2026-11-30' by --date"),
        ("timestamp", "2026-11-29T23:00:00Z", "by column timestamp"),
        ("release_date", "soon", "date is 'soon' by column release_date"),
        ("Issued by", "another authority", "authority is 'another authority' by column Issued by"),
        ("signed_by", "Q", "person is 'Q' by column signed_by, and 'P' by --person"),
        ("Category", "Cleared", "category is 'Cleared' by column Category, and 'reduced' by --category"),
        ("category", "released", "or rename a column that is of no category"),
    ],
)
def test_a_file_that_says_another_thing_than_its_document_is_refused(
    heading: str, value: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as refused:
        paper(tmp_path, {}, **{heading: value})
    assert "land.geojson: feature 1: " in str(refused.value)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_says_the_same_as_its_document_in_other_words_is_taken(tmp_path: Path) -> None:
    same = {"date": "30.11.2026", "person": " p", "Authority": "The  Authority", "category": "Reduced", "number": ""}
    assert paper(tmp_path, {}, **same).date == "2026-11-30"
    assert paper(tmp_path, {}, datetime="2026-11-30T00:00:00").number == "R-1"
    assert paper(tmp_path, {"category": "cancelled"}, category="Canceled").category == "cancelled"
    assert (
        paper(tmp_path, {}, number="3", document_number="r-1").number == "R-1"
    )  # the polygon's own, as in our exports


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (STAMP.format("2026-11-28"), "when is '2026-11-28' by <TimeStamp>, and '2026-11-29T09:00:00+04:00' by --when"),
        (STAMP.format("2026-11-29T06:00:00Z"), "by <TimeStamp>, and '2026-11-29T09:00:00+04:00' by --when"),
        (STAMP.format("2026-10"), "but '2026-10' by <TimeStamp> begin and '2026-10' by <TimeStamp> end"),
        (SPAN.format("2026-11-27", "2026-11-28"), "by --when, but '2026-11-27' by <TimeSpan> begin and '2026-11-28'"),
        (SPAN.format("2026-09", "2026-10"), "but '2026-09' by <TimeSpan> begin and '2026-10' by <TimeSpan> end"),
        (SPAN.format("2026-11-30", ""), "but '2026-11-30' by <TimeSpan> begin"),
        (SPAN.format("", "2026-11-28"), "but '2026-11-28' by <TimeSpan> end"),
        (SPAN.format("2026-11-30", "2026-11-28"), "the search ended before it began"),
        (SPAN.format("2026-11-27", "2026-13"), "<TimeSpan> end '2026-13' is no day and no time"),
    ],
)
def test_a_time_of_a_kml_that_differs_from_the_day_told_is_refused(time: str, words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path / "team.kml", dated(time), SAID)
    assert words in refusal(tmp_path / "team.kml", dated("", above=time), SAID)


@pytest.mark.parametrize(
    ("time", "when"),
    [
        (STAMP.format("2026-11-28"), "2026-11-28"),
        (STAMP.format("2026-11-28T06:00:00Z"), "2026-11-28T06:00:00Z"),
        (SPAN.format("2026-11-28", "2026-11-28T09:00:00Z"), "2026-11-28"),
        (STAMP.format("2026-11-28") + SPAN.format("2026-11", ""), "2026-11-28"),
    ],
)
def test_a_time_of_a_kml_is_taken_where_no_day_is_told(time: str, when: str, tmp_path: Path) -> None:
    for text in (dated(time), dated(time, above=STAMP.format("2020-01-01")), dated("", above=time)):
        assert read(tmp_path / "team.kml", text, WITHOUT_DAY)[0].when == when


def test_a_span_of_several_days_asks_for_the_day_and_takes_one_in_it(tmp_path: Path) -> None:
    for time in (SPAN.format("2026-11-27", "2026-11-29"), SPAN.format("2026-10", "2026"), STAMP.format("2026-11")):
        said = refusal(tmp_path / "team.kml", dated(time), WITHOUT_DAY)
        assert "say the day on which the search ended with --when" in said
        assert read(tmp_path / "team.kml", dated(time), SAID)[0].when == "2026-11-29T05:00:00Z"
    view = f"<LookAt>{STAMP.format('2020-01-01')}</LookAt>"  # says what is shown, not when somebody searched
    assert read(tmp_path / "team.kml", dated(view), SAID)[0].when == "2026-11-29T05:00:00Z"


@pytest.mark.parametrize("heading", ["timestamp", "Time", "begin", "end_date"])
@pytest.mark.parametrize("suffix", ["geojson", "csv", "gpkg"])
def test_a_column_of_times_is_held_against_the_day_told_in_every_format(
    heading: str, suffix: str, tmp_path: Path
) -> None:
    told = {"when": "2026-11-27"} if heading == "begin" else {"when": "2026-11-29"}
    path, fields = tmp_path / f"team.{suffix}", {"when": "", heading: "2026-11-28"}
    content = None
    if suffix == "gpkg":
        gpkg(path, in_degrees(BOX), "EPSG:4326", **fields)
    elif suffix == "csv":
        content = f'wkt,{heading}\n"{WKT}",2026-11-28\n'
        told = WITHOUT_DAY | told
    else:
        content = json.dumps(collection(in_degrees(BOX), **fields))
    assert f"'2026-11-28' by column {heading}" in refusal(path, content, told)


def test_a_day_and_a_time_on_it_are_one_statement_and_the_time_says_more(tmp_path: Path) -> None:
    path = tmp_path / "team.geojson"
    for fields, when in (
        ({"when": "2026-11-29", "time": "09:30"}, "2026-11-29"),
        ({"when": "2026-11-29", "time": "2026-11-29 09:00+04:00"}, "2026-11-29T05:00:00Z"),
        ({"when": "2026-11-29", "time": "2026-11-29 09:00"}, "2026-11-29"),
        ({"when": "2026-11-29T09:00:00+04:00", "time": "2026-11-29T05:00:00Z"}, "2026-11-29T05:00:00Z"),
    ):
        assert read(path, collection(in_degrees(BOX), **fields))[0].when == when


@pytest.mark.parametrize("day", ["0026-11-29", "1026-11-29", "1989-12-31", "29.11.0026", "0026-11-29T09:00:00Z"])
def test_a_day_before_the_time_of_mine_action_is_a_slip_of_the_pen(day: str, tmp_path: Path) -> None:
    text = json.dumps(collection(in_degrees(BOX), when=day))
    assert "lies before 1990; correct the year" in refusal(tmp_path / "team.geojson", text)
    if "T" not in day:
        with pytest.raises(InputError, match=r"--date: .* lies before 1990; correct the year"):
            paper(tmp_path, {"date": day})
    assert read(tmp_path / "team.geojson", collection(in_degrees(BOX), when="1990-01-01"))


@pytest.mark.parametrize("encoding", ["latin-1", "cp1254", "cp1251"])
def test_a_geojson_in_another_encoding_is_told_to_be_saved_as_utf_8(encoding: str, tmp_path: Path) -> None:
    name = "Група" if encoding == "cp1251" else "Müller"
    text = json.dumps(collection(in_degrees(BOX), who=name), ensure_ascii=False, indent=1).encode(encoding)
    said = refusal(tmp_path / "team.geojson", text, NOTHING)
    assert "not in UTF-8 (line " in said
    assert "save it again as UTF-8" in said
    assert "codec" not in said


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        ({"type": "link", "properties": {"href": "http://x/y"}}, "its crs is a link, which names no system; reproject"),
        ({"type": "name", "properties": {"nam": 4326}}, "its crs names no system; reproject it to EPSG:4326"),
    ],
)
def test_a_system_that_is_not_named_is_told_without_the_text_of_the_file(
    crs: object, words: str, tmp_path: Path
) -> None:
    said = refusal(tmp_path / "team.geojson", collection(in_degrees(BOX)) | {"crs": crs})
    assert words in said
    assert "{" not in said
