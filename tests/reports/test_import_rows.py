"""Files of other teams as other programs write them: the right place, time and words, or one clear line."""

import codecs
import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.test_imported import DATUM, GROUND, NOW, degrees
from vehicle.contracts.errors import InputError
from vehicle.reports import importing
from vehicle.reports.imported import FollowUp
from vehicle.reports.importing import area_of, coarse_text

SAID = {
    "team": "dog",
    "who": "Team 2",
    "when": "2026-11-29T09:00:00+04:00",
    "method": "search",
    "result": "nothing found",
}
BOX = shapely.box(2.0, 3.0, 20.0, 15.0)
HOLES = [shapely.box(5, 5, 8, 8), shapely.box(10, 5, 12, 8)]
WITH_HOLES = shapely.Polygon(BOX.exterior, [hole.exterior for hole in HOLES])
NOTHING: dict[str, str] = {}


def in_degrees(shape: Any) -> Any:
    return shapely.transform(shape, DATUM.lonlat_from_enu_array)


def in_system(code: str, shape: Any) -> Any:
    way = pyproj.Transformer.from_crs("EPSG:4326", code, always_xy=True)
    return shapely.transform(in_degrees(shape), lambda xy: np.column_stack(way.transform(xy[:, 0], xy[:, 1])))


def collection(shape: Any, crs: str | None = None, **fields: Any) -> dict[str, Any]:
    geometry = json.loads(shapely.to_geojson(shape))
    row = {"type": "Feature", "properties": SAID | fields, "geometry": geometry}
    named = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    return {"type": "FeatureCollection", **named, "features": [row]}


def encoded(content: Any) -> bytes:
    if isinstance(content, dict):
        content = json.dumps(content)
    return content if isinstance(content, bytes) else str(content).encode()


def read(path: Path, content: Any, said: dict[str, str] = NOTHING) -> tuple[FollowUp, ...]:
    path.write_bytes(encoded(content))
    return importing.follow_ups(path, GROUND, said, NOW)


def refusal(path: Path, content: Any = None, said: dict[str, str] = NOTHING) -> str:
    if content is not None:
        path.write_bytes(encoded(content))
    with pytest.raises(InputError) as refused:
        importing.follow_ups(path, GROUND, said, NOW)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def misplaced_m2(found: tuple[FollowUp, ...], wanted: Any) -> float:
    ground = area_of([polygon for row in found for polygon in row.polygons_deg], DATUM)
    return float(shapely.symmetric_difference(ground, wanted).area)


def kml(body: str) -> str:
    return f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'


def kml_ring(shape: Any) -> str:
    corners = " ".join(f"{x!r},{y!r},351" for x, y in shapely.get_coordinates(in_degrees(shape)).tolist())
    return f"<LinearRing><coordinates>\n{corners}\n</coordinates></LinearRing>"


def kml_polygon(shape: Any, holes: list[Any], *, one_boundary: bool = False) -> str:
    rings = [kml_ring(hole.exterior) for hole in holes]
    inner = ["".join(rings)] if one_boundary and rings else rings
    within = "".join(f"<innerBoundaryIs>{ring}</innerBoundaryIs>" for ring in inner)
    return f"<Polygon><outerBoundaryIs>{kml_ring(shape.exterior)}</outerBoundaryIs>{within}</Polygon>"


def gpkg(path: Path, shape: Any, crs: str | None, **fields: Any) -> Path:
    rows = SAID | fields
    values = [value if isinstance(value, np.ndarray) else np.array([value], object) for value in rows.values()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no coordinate system
        pyogrio.raw.write(
            path, np.array([shapely.to_wkb(shape)]), values, list(rows), geometry_type="Unknown", crs=crs, driver="GPKG"
        )
    return path


@pytest.mark.parametrize("crs", ["EPSG:32638", "EPSG:3857", "EPSG:4979"])
def test_a_system_that_is_named_gives_the_same_ground(crs: str, tmp_path: Path) -> None:
    name = f"urn:ogc:def:crs:EPSG::{crs[5:]}"
    found = read(tmp_path / "team.geojson", collection(in_system(crs, WITH_HOLES), name))
    assert misplaced_m2(found, WITH_HOLES) < 1e-4
    found = importing.follow_ups(gpkg(tmp_path / "team.gpkg", in_system(crs, WITH_HOLES), crs), GROUND, {}, NOW)
    assert misplaced_m2(found, WITH_HOLES) < 1e-4


@pytest.mark.long
@pytest.mark.parametrize(
    ("crs", "words"),
    [
        ("EPSG:28408", "coordinates known to 4.5 m only (Pulkovo 1942 / Gauss-Kruger zone 8)"),
        ("EPSG:4200", "coordinates known to 1 m only (Pulkovo 1995)"),
        ("EPSG:25838", "no known way from ETRS89 / UTM zone 38N"),
    ],
)
def test_a_system_that_is_loosely_tied_to_the_machines_is_refused(crs: str, words: str, tmp_path: Path) -> None:
    """Else searched ground would lie metres from where it was searched, and nobody would know."""
    assert words in refusal(tmp_path / "team.geojson", collection(in_system(crs, BOX), crs))
    assert words in refusal(gpkg(tmp_path / "team.gpkg", in_system(crs, BOX), crs))


def test_a_system_that_is_not_named_or_not_true_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "team.geojson"
    assert "'EPSG:999999', which is unknown" in refusal(path, collection(in_degrees(BOX), "EPSG:999999"))
    assert "names no system" in refusal(path, collection(in_degrees(BOX)) | {"crs": {"type": "link"}})
    assert "latitude 4.42843e+06; reproject it" in refusal(path, collection(in_system("EPSG:32638", BOX)))
    assert "look like degrees" in refusal(path, collection(in_degrees(BOX), "EPSG:32638"))
    assert "does not say its coordinate system" in refusal(gpkg(tmp_path / "none.gpkg", in_degrees(BOX), None))
    assert "look like degrees" in refusal(gpkg(tmp_path / "wrong.gpkg", in_degrees(BOX), "EPSG:32638"))


def test_shapes_as_programs_write_them_give_the_same_ground(tmp_path: Path) -> None:
    path = tmp_path / "team.geojson"
    whole = collection(in_degrees(BOX))
    (ring,) = whole["features"][0]["geometry"]["coordinates"]

    def shaped(geometry: dict[str, Any]) -> dict[str, Any]:
        return whole | {"features": [whole["features"][0] | {"geometry": geometry}]}

    high = [[*position, 351.2] for position in ring]
    for geometry in (
        {"type": "Polygon", "coordinates": [high]},
        {"type": "Polygon", "coordinates": [ring[:-1]]},
        {"type": "MultiPolygon", "coordinates": [[ring[::-1]], [high]]},
        {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [ring]}]},
    ):
        assert misplaced_m2(read(path, shaped(geometry)), BOX) < 1e-4
    assert misplaced_m2(read(path, codecs.BOM_UTF8 + json.dumps(whole).encode()), BOX) < 1e-4
    assert "feature 1: has no shape" in refusal(path, shaped(None))  # type: ignore[arg-type]
    assert "fewer than three corners" in refusal(path, shaped({"type": "Polygon", "coordinates": [ring[:2]]}))
    assert "is a point" in refusal(path, shaped({"type": "Point", "coordinates": ring[0]}))
    assert 'no "type"; give one of .geojson' in refusal(tmp_path / "esri.json", {"geometryType": "esriGeometryPolygon"})


@pytest.mark.parametrize("one_boundary", [False, True])
def test_no_hole_of_a_kml_is_lost(one_boundary: bool, tmp_path: Path) -> None:
    """GDAL reads the first ring of an inner boundary alone: the other holes would count as searched."""
    text = kml(f"<Placemark><name>x</name>{kml_polygon(BOX, HOLES, one_boundary=one_boundary)}</Placemark>")
    assert misplaced_m2(read(tmp_path / "team.kml", text, SAID), WITH_HOLES) < 1e-4
    with zipfile.ZipFile(tmp_path / "team.kmz", "w") as archive:
        archive.writestr("doc.kml", text)
    found = importing.follow_ups(tmp_path / "team.kmz", GROUND, SAID, NOW)
    assert misplaced_m2(found, WITH_HOLES) < 1e-4


def test_a_kml_that_shows_more_than_its_polygons_is_refused(tmp_path: Path) -> None:
    path, mark = tmp_path / "team.kml", f"<Placemark>{kml_polygon(BOX, [])}</Placemark>"
    link = "<NetworkLink><Link><href>http://x/y.kml</href></Link></NetworkLink>"
    assert "NetworkLink" in refusal(path, kml(link + mark), SAID)
    assert "a picture (groundoverlay)" in refusal(path, kml("<GroundOverlay/>" + mark), SAID)
    point = "<Placemark><name>find 1</name><Point><coordinates>46.93,39.99</coordinates></Point></Placemark>"
    assert "placemark 1 (find 1): is a point" in refusal(path, kml(mark + point), SAID)


def test_facts_stand_in_a_kml_of_google_earth(tmp_path: Path) -> None:
    data = "".join(f'<Data name="{key.title()}"><value>{value}</value></Data>' for key, value in SAID.items())
    text = kml(f"<Folder><Placemark><ExtendedData>{data}</ExtendedData>{kml_polygon(BOX, [])}</Placemark></Folder>")
    (found,) = read(tmp_path / "team.kml", text)
    assert (found.team, found.who, found.when) == ("dog", "Team 2", "2026-11-29T05:00:00Z")


HEADS = ("wkt", "team", "who", "when", "method", "result")
WKT = shapely.to_wkt(in_degrees(BOX), rounding_precision=12)


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff", "sep=X\n"])
def test_a_table_of_any_spreadsheet_is_read(sign: str, start: str, tmp_path: Path) -> None:
    heads = sign.join((" WKT ", "Team Type", "TEAM_LEADER", "Date", "method", "Results"))
    row = sign.join((f'"{WKT}"', "Dogs", '"P, Q"', "03.11.2026", "m", "0"))
    text = start.replace("X", sign) + "\r\n".join((heads, row, sign * 5, "", ""))
    (found,) = read(tmp_path / "team.csv", text)
    assert misplaced_m2((found,), BOX) < 1e-4
    assert (found.team, found.who, found.when, found.result) == ("dog", "P, Q", "2026-11-03", "0")


def test_tables_of_databases_are_read(tmp_path: Path) -> None:
    high = WKT.replace("POLYGON ((", "MULTIPOLYGON Z (((").replace(",", " 351,").replace("))", " 351)))")
    utm = f"SRID=32638;{shapely.to_wkt(in_system('EPSG:32638', BOX), rounding_precision=6)}"
    for number, text in enumerate((WKT, f"SRID=4326;{WKT}", high, utm)):
        found = read(tmp_path / f"{number}.csv", f'the_geom\n"{text}"\n', SAID)
        assert misplaced_m2(found, BOX) < 1e-4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'{",".join(HEADS)}\n"{WKT}",dog,P,2026-11-29,search, 15 cm,nothing\n', "number of values is 7, the first"),
        (f'{",".join(HEADS)}\n"{WKT}",dog\n', "line 2: its number of values is 2, the first line names 6"),
        (f"{','.join(HEADS)}\n{WKT},dog,P,2026-11-29,m,r\n", "put a text with a separator in it between quotation"),
        (f'wkt;team\n"{WKT.replace(".", ",")}";dog\n', "decimals have a point, not a comma"),
        (f'wkt,who,who\n"{WKT}",A,B\n', "has two columns who; keep one"),
        (f'wkt,geometry\n"{WKT}","{WKT}"\n', "more than one column of polygons (wkt, ...)"),
        ("id,lon,lat\n1,46.93,39.99\n", "has no column wkt"),
        (f'wkt,team\n"{WKT}",dog\n'.encode("utf-16"), "is no table in UTF-8"),
        (f'wkt,who\n"{WKT}",Şükür\n'.encode("cp1254"), "save it again as CSV in UTF-8"),
    ],
)
def test_a_table_that_may_be_misread_is_refused(text: str | bytes, words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path / "team.csv", text, SAID if b"who" not in str(text).encode() else NOTHING)


@pytest.mark.parametrize(
    ("fields", "said", "words"),
    [
        ({"who": "A", "Who": "B"}, {}, "who is 'A' by column who, and 'B' by column Who; correct one"),
        ({"who": "A", "leader": "B"}, {}, "who is 'A' by column who, and 'B' by column leader"),
        ({"team": "dog"}, {"team": "rat"}, "team is 'dog' by column team, and 'rat' by --team"),
        ({"when": "2026-11-29"}, {"when": "2026-11-28"}, "when is '2026-11-29' by column when, and '2026-11-28'"),
    ],
)
def test_two_statements_of_one_fact_are_refused(
    fields: dict[str, str], said: dict[str, str], words: str, tmp_path: Path
) -> None:
    assert words in refusal(tmp_path / "team.geojson", collection(in_degrees(BOX), **fields), said)


def test_one_fact_in_two_words_is_one_fact(tmp_path: Path) -> None:
    fields = {"team": "Dogs", "date": "29.11.2026 09:00+04:00", "layer": "Biological"}
    (found,) = read(tmp_path / "team.geojson", collection(in_degrees(BOX), **fields), {"team": "MDD"})
    assert (found.team, found.when) == ("dog", "2026-11-29T05:00:00Z")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-29", "2026-11-29"),
        ("2026/11/29", "2026-11-29"),
        ("29.11.2026", "2026-11-29"),
        ("3.1.2026", "2026-01-03"),
        (" 2026-11-29\u00a0", "2026-11-29"),
        ("2026-11-29 09:00:00+04", "2026-11-29T05:00:00Z"),
        ("2026-11-29T09:00+0400", "2026-11-29T05:00:00Z"),
        ("2026-11-29t05:00:00z", "2026-11-29T05:00:00Z"),
        ("2026/11/29 09:00:00.123+04:00", "2026-11-29T05:00:00Z"),
        ("2026-11-29T23:00:00-02:00", "2026-11-30T01:00:00Z"),
        (1795928400000, "2026-11-29T05:00:00Z"),  # ArcGIS writes dates as milliseconds since 1970
        ("1795928400000", "2026-11-29T05:00:00Z"),
    ],
)
def test_days_and_times_as_other_programs_write_them(text: object, day: str, tmp_path: Path) -> None:
    (found,) = read(tmp_path / "team.geojson", collection(in_degrees(BOX), when=text))
    assert found.when == day


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("11/03/2026", "which is the month?"),
        ("2026-02-30", "no day"),
        ("46355", "no day"),
        (20261129, "no day"),
        (1795928400, "no day"),
        ("4102444800000", "lies in the future"),
        (True, "no day"),
        ("03.11.26", "no day"),
        ("2026-11-29 09:00", "has no zone"),
        ("2026-11-29T09:00:00 Asia/Baku", "no day and no time"),
        ("2026-11-29T09:00:00+24:00", "no day"),
        ("31.12.2026", "lies in the future"),
        (None, "says no day"),
    ],
)
def test_a_time_that_may_be_misread_is_refused(text: object, words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path / "team.geojson", collection(in_degrees(BOX), when=text))


def test_values_that_are_no_texts_stay_what_they_are(tmp_path: Path) -> None:
    (found,) = read(tmp_path / "team.geojson", collection(in_degrees(BOX), who=7, result=0))
    assert (found.who, found.result) == ("7", "0")
    path = gpkg(tmp_path / "team.gpkg", in_degrees(BOX), "EPSG:4326", result=np.array([0]), who=np.array([7.0]))
    (found,) = importing.follow_ups(path, GROUND, {}, NOW)
    assert (found.who, found.result) == ("7", "0")
    when = np.array(["2026-11-29"], dtype="datetime64[D]")
    (found,) = importing.follow_ups(gpkg(tmp_path / "d.gpkg", in_degrees(BOX), "EPSG:4326", when=when), GROUND, {}, NOW)
    assert found.when == "2026-11-29"


def test_degrees_with_few_decimals_are_told() -> None:
    ring = tuple(map(tuple, shapely.get_coordinates(degrees((2, 3, 20, 15))).tolist()))
    assert coarse_text([(ring,)]) == ""
    assert coarse_text([(tuple((round(x, 5), round(y, 5)) for x, y in ring),)]).startswith(
        "its degrees have 5 decimals, which is 1.1 m"
    )
    assert "2 decimals, which is 1,113 m" in coarse_text([(tuple((round(x, 2), round(y, 2)) for x, y in ring),)])


corners = st.tuples(st.floats(-4.0, 64.0), st.floats(-4.0, 44.0))


@st.composite
def polygons(draw: st.DrawFn) -> Any:
    """A polygon within the site, sometimes of several parts, sometimes with a hole."""
    hull = shapely.MultiPoint(draw(st.lists(corners, min_size=3, max_size=9))).convex_hull
    hole = shapely.box(20.0, 10.0, 20.0 + draw(st.floats(1.0, 20.0)), 10.0 + draw(st.floats(1.0, 20.0)))
    found = shapely.union(hull, shapely.box(1.0, 1.0, 5.0, 5.0))
    return shapely.difference(found, hole) if draw(st.booleans()) else found


@pytest.mark.long
@given(shape=polygons(), form=st.sampled_from(["degrees", "utm", "mercator", "csv", "ewkt", "kml", "gpkg"]))
def test_any_polygon_in_any_form_lies_where_it_was_drawn(
    tmp_path_factory: pytest.TempPathFactory, shape: Any, form: str
) -> None:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 0.01]
    drawn = shapely.MultiPolygon(parts)
    folder = tmp_path_factory.mktemp("any")
    code = {"utm": "EPSG:32638", "mercator": "EPSG:3857", "ewkt": "EPSG:32638"}.get(form, "EPSG:4326")
    theirs = in_system(code, drawn)
    if form in ("csv", "ewkt"):
        start = "SRID=32638;" if form == "ewkt" else ""
        found = read(folder / "a.csv", f'wkt\n"{start}{shapely.to_wkt(theirs, rounding_precision=12)}"\n', SAID)
    elif form == "kml":
        holed = [(shapely.Polygon(p.exterior), [shapely.Polygon(r) for r in p.interiors]) for p in parts]
        body = "".join(kml_polygon(shell, holes, one_boundary=True) for shell, holes in holed)
        found = read(folder / "a.kml", kml(f"<Placemark><MultiGeometry>{body}</MultiGeometry></Placemark>"), SAID)
    elif form == "gpkg":
        found = importing.follow_ups(gpkg(folder / "a.gpkg", theirs, code), GROUND, {}, NOW)
    else:
        found = read(folder / "a.geojson", collection(theirs, code))
    assert misplaced_m2(found, drawn) < 1e-3


WHOLE = {
    ".geojson": json.dumps(collection(in_degrees(BOX))).encode(),
    ".csv": f'{";".join(HEADS)}\n"{WKT}";dog;P;2026-11-29;m;r\n'.encode(),
    ".kml": kml(f"<Placemark><name>x</name>{kml_polygon(BOX, HOLES)}</Placemark>").encode(),
}


@given(
    suffix=st.sampled_from(sorted(WHOLE)),
    cuts=st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(0, 60), st.binary(max_size=8)), min_size=1, max_size=6),
)
def test_a_file_that_was_damaged_anywhere_is_one_line_or_ground_of_this_site(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, cuts: list[tuple[float, int, bytes]]
) -> None:
    content = WHOLE[suffix]
    for share, length, put in cuts:
        at = int(share * len(content))
        content = content[:at] + put + content[at + length :]
    path = tmp_path_factory.mktemp("damaged") / f"team{suffix}"
    path.write_bytes(content)
    told = ""
    found: tuple[FollowUp, ...] = ()
    try:
        found = importing.follow_ups(path, GROUND, {} if suffix != ".kml" else SAID, NOW)
    except InputError as refusal:
        told = str(refusal)
    assert "\n" not in told
    assert len(told) < 600
    for row in found:
        assert shapely.buffer(GROUND.work_area, 10.1).covers(area_of(row.polygons_deg, DATUM))
