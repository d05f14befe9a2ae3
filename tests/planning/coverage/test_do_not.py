"""No file turns "do not" into "do": every shape in which people draw a keep-out is kept out, or refused by name."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.marks import reads_shared
from tests.planning.coverage.support import document, feature, ring_lonlat, saved
from vehicle.contracts.errors import InputError
from vehicle.planning.site.site import load_site

CASES = Path(__file__).parents[3] / ".." / "shared" / "cases" / "sites"
FIELD = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
POST = [(-3, -4), (2, -3), (1, 3), (-4, 2)]
OTHER = [(8, 4), (11, 4.5), (10.5, 8), (7.8, 7.6)]
KML = (
    '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2" '
    'xmlns:gx="http://www.google.com/kml/ext/2.2"><Document>{}</Document></kml>'
)


def worked(site):
    return site.work_area.difference(site.keep_out)


def drawn(site, points):
    return shapely.Polygon(site.datum.enu_from_lonlat_array(np.array(ring_lonlat(points))))


def refused(path, *words, **how):
    with pytest.raises(InputError) as caught:
        load_site(path, **({"outside": "safe"} | how))
    text = str(caught.value)
    assert "\n" not in text
    for word in (path.name, *words):
        assert word in text, text
    return text


def keeps_out(path, points=POST, **how):
    """Nothing of the points' polygon is worked, and the rest of the field is."""
    site = load_site(path, "safe", **how)
    post = drawn(site, points)
    assert worked(site).intersection(post).area < 1e-3
    assert worked(site).area > 0.9 * (drawn(site, FIELD).area - post.area) - 20.0
    return site


def kept_out_or_refused(path, points=POST):
    """What every file that says "do not" has to come to."""
    try:
        site = load_site(path, "safe")
    except InputError:
        return
    assert worked(site).intersection(drawn(site, points)).area < 1e-3, site.repairs


# --- the cases -------------------------------------------------------------------------------------------------------
WORKED_M2 = {
    "b_linearring.kml": 1151.0,
    "b_track.kml": 1151.0,
    "x_two_rings_in_one_inner.kml": 1135.0,
    "c_island_multipolygon.geojson": 1044.0,
    "c_two_areas.geojson": 1200.0,
    "e_survey_corridor.plan": 1200.0,
    "p_tiny_triangle.geojson": 748.1,
    "keepout_one_word.kml": 4069.6,
}


@reads_shared
@pytest.mark.parametrize("name", WORKED_M2)
def test_a_case_has_its_right_value(name):
    site = load_site(CASES / name, "safe")
    assert worked(site).area == pytest.approx(WORKED_M2[name], abs=0.5)


@reads_shared
def test_the_silent_inner_polygon_is_asked_about_and_the_answer_is_taken():
    path = CASES / "a_silent_inner.kml"
    text = refused(path, "placemark 1 (Inner 1)", "placemark 0 (Boundary)", "keep_out", "--unmarked")
    assert len(text) < 400
    assert worked(load_site(path, "safe", unmarked="keep_out")).area == pytest.approx(1151.0, abs=0.5)
    both = load_site(path, "safe", unmarked="work_area")
    assert worked(both).area == pytest.approx(1200.0, abs=0.5)
    assert any("by the answer given" in line for line in both.warnings)
    hashes = {load_site(path, "safe", unmarked=answer).site_hash for answer in ("keep_out", "work_area")}
    assert len(hashes) == 2
    refused_words = pytest.raises(InputError, match="unmarked is 'house'")
    with refused_words:
        load_site(path, "safe", unmarked="house")


@reads_shared
def test_a_fence_in_which_nothing_bears_the_machine_is_refused():
    refused(CASES / "e_fence_smaller.plan", "inclusion fence", "nowhere to stand", "safe_ground")


@reads_shared
def test_what_a_case_leaves_out_is_named_first():
    assert "CorridorScan" in load_site(CASES / "e_survey_corridor.plan", "safe").warnings[0]
    start = load_site(CASES / "keepout_one_word.kml", "safe").warnings[0]
    assert "Start here" in start
    assert "the plan begins" in start
    claimed = load_site(CASES / "c_two_areas.geojson").warnings
    assert "256.0 m2 of its holes are worked, feature 1 claims them" in claimed[0]


# --- GeoJSON ---------------------------------------------------------------------------------------------------------
def silent(points, **properties):
    row = feature("", ring_lonlat(points), **properties)
    del row["properties"]["role"]
    return row


def shaped(kind, coordinates, **properties):
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


WORK = feature("work_area", ring_lonlat(FIELD))
RING = ring_lonlat(POST)
SAME_AS_KEEP_OUT = {
    "LineString": shaped("LineString", RING, role="keepout"),
    "MultiLineString": shaped("MultiLineString", [RING], name="House"),
    "MultiPolygon": shaped("MultiPolygon", [[RING]], Role="Exclusion"),
    "3-D": shaped("Polygon", [[[*at, 311.0] for at in RING]], role="no-go"),
    "collection": {
        "type": "Feature",
        "properties": {"role": "keep_out"},
        "geometry": {
            "type": "GeometryCollection",
            "geometries": [{"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [RING]}]}],
        },
    },
    "twice": shaped("MultiPolygon", [[RING], [RING]], role="keep_out"),
    "overlapping": shaped("MultiPolygon", [[RING], [ring_lonlat([(x + 2, y) for x, y in POST])]], role="obstacle"),
    "member": {**shaped("Polygon", [RING]), "role": "keep_out"},
    "geometry's own": {
        "type": "Feature", "properties": None,
        "geometry": {"type": "Polygon", "coordinates": [RING], "role": "keep_out"},
    },
}  # fmt: skip


@pytest.mark.parametrize("how", SAME_AS_KEEP_OUT)
def test_a_keep_out_is_a_keep_out_in_every_shape(tmp_path, how):
    keeps_out(saved(tmp_path, document(WORK, SAME_AS_KEEP_OUT[how])))
    keeps_out(saved(tmp_path, document(SAME_AS_KEEP_OUT[how], WORK), "turned.geojson"))
    keeps_out(saved(tmp_path, document(silent(FIELD), SAME_AS_KEEP_OUT[how]), "silent.geojson"))


REFUSED = {
    "a role without a geometry": ({"type": "Feature", "properties": {"role": "keep_out"}, "geometry": None}, "without"),
    "an empty geometry": (shaped("MultiPolygon", [], name="House"), "without a geometry"),
    "an empty collection": (
        {**shaped("Polygon", []), "geometry": {"type": "GeometryCollection", "geometries": []}, "id": "keepout"},
        "without a geometry",
    ),
    "an unknown geometry": (shaped("Circle", [46.93, 39.99], role="keep_out"), "'Circle'"),
    "a misspelt geometry": (shaped("polygon", [RING], role="keep_out"), "'polygon'"),
    "a pin": (shaped("Point", RING[0], name="Well"), "draw a polygon"),
    "an open line": (shaped("LineString", RING[:3], name="Pipeline"), "draw a polygon"),
    "a nearly closed line": (shaped("LineString", ring_lonlat([*POST, (-3, -3.5)])[:-1]), "may be a boundary"),
    "a circle that says nothing": (shaped("Point", RING[0], radius=4.0), "circle without a role"),
    "zero area": (shaped("Polygon", [[RING[0]] * 5], role="keep_out"), "different corners"),
    "rings in the wrong order": (
        shaped("Polygon", [RING, ring_lonlat([(3 * x, 3 * y) for x, y in POST])], role="keep_out"),
        "outside its polygon",
    ),
    "a silent polygon inside": (silent(POST), "has no role, others have"),
    "a doubtful name": (silent(POST, name="not a keep-out"), "may mean keep_out or the contrary"),
    "a contradiction": (feature("work_area", RING, name="House"), "its role says work_area"),
    "a benchmark that is a polygon": (feature("benchmark", RING), "is a point"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_what_cannot_be_kept_out_is_refused_by_name(tmp_path, how):
    row, words = REFUSED[how]
    refused(saved(tmp_path, document(WORK, row)), "feature 1", words)


def test_two_keys_of_one_name_are_refused(tmp_path):
    text = json.dumps(document(WORK, feature("keep_out", RING)))
    refused(saved(tmp_path, text.replace('"role": "keep_out"', '"role": "keep_out", "role": "work_area"')), "'role'")


NESTED: dict[str, tuple[Sequence[Sequence[tuple[float, float]]], int]] = {
    "inside": ([FIELD, POST], 1),
    "drawn first": ([POST, FIELD], 0),
    "across": ([FIELD, [(x + 20, y) for x, y in POST]], 1),
    "a thin one": ([FIELD, [(-10, 0), (10, 0), (10, 0.08), (-10, 0.08)]], 1),
    "two deep": ([FIELD, [(3 * x, 3 * y) for x, y in POST], POST], 1),
}


@pytest.mark.parametrize("how", NESTED)
def test_polygons_that_say_nothing_are_never_united(tmp_path, how):
    shapes, inner = NESTED[how]
    path = saved(tmp_path, document(*[silent(shape) for shape in shapes]))
    refused(path, f"feature {inner}", "keep out or work?")
    keeps_out(path, shapes[inner], unmarked="keep_out")


def test_a_silent_polygon_in_the_hole_of_another_is_asked_about(tmp_path):
    holed = silent(FIELD)
    holed["geometry"]["coordinates"].append(RING)
    refused(saved(tmp_path, document(holed, silent(POST))), "feature 1 lies inside or across feature 0")


@pytest.mark.parametrize("role", ["", "work_area", "safe_ground", "access", "perimeter"])
def test_a_part_inside_a_part_of_one_feature_is_asked_about(tmp_path, role):
    nested = shaped("MultiPolygon", [[ring_lonlat(FIELD)], [RING]], **({"role": role} if role else {}))
    others = [] if role in ("", "work_area") else [feature("work_area", ring_lonlat([(x + 60, y) for x, y in FIELD]))]
    refused(saved(tmp_path, document(nested, *others)), "feature 0 part 1", "feature 0 part 0")


def test_bare_geometries_are_judged_as_features_are(tmp_path):
    bare = {"type": "MultiPolygon", "coordinates": [[ring_lonlat(FIELD)], [RING]]}
    refused(saved(tmp_path, bare), "part 1 lies inside or across the geometry part 0")


def test_neighbours_that_share_an_edge_and_a_polygon_drawn_twice_are_no_question(tmp_path):
    left, right = [(-20, -10), (0, -10), (0, 10), (-20, 10)], [(0, -10), (20, -10), (20, 10), (0, 10)]
    near = load_site(saved(tmp_path, document(silent(left), silent(right))), "safe")
    assert worked(near).area == pytest.approx(800.0, rel=1e-5)
    twice = load_site(saved(tmp_path, document(silent(FIELD), silent(FIELD)), "twice.geojson"), "safe")
    assert worked(twice).area == pytest.approx(drawn(twice, FIELD).area, rel=1e-5)
    assert "taken once" in twice.warnings[0]


YARD = [(60, -5), (80, -5), (80, 5), (60, 5)]


def test_silent_polygons_side_by_side_are_worked_and_named_first(tmp_path):
    yard = [silent(FIELD, name="Parcel 1"), silent(YARD, name="Hof")]
    path = saved(tmp_path, document(*yard))
    site = load_site(path)  # that nobody says what lies outside comes after it
    assert worked(site).intersection(drawn(site, YARD)).area == pytest.approx(200.0, rel=1e-5)
    first = site.warnings[0]
    assert first.startswith("2 polygons of which nobody says what they are for are worked")
    for word in ("feature 0", f"{drawn(site, FIELD).area:,.0f} m2", "feature 1", "200 m2", "--feature", "--unmarked"):
        assert word in first, first
    assert "are worked" not in " ".join(load_site(path, "safe", unmarked="work_area").warnings)
    assert "are worked" not in " ".join(load_site(path, "safe", feature="1").warnings[1:])
    kept = load_site(saved(tmp_path, document(*yard, silent(POST)), "c.geojson"), "safe", unmarked="keep_out")
    assert kept.warnings[0].startswith("2 polygons"), "those that lie over nothing were not asked about"
    many = [silent([(x + 100 * n, y) for x, y in YARD]) for n in range(40)]
    line = load_site(saved(tmp_path, document(*many), "many.geojson"), "safe").warnings[0]
    assert "and 37 more" in line
    assert len(line) < 400


@pytest.mark.parametrize("says", [{"role": "work_area"}, {"name": "Minefield 3"}, {"type": "survey"}])
def test_beside_declared_work_an_unknown_name_is_not_work(tmp_path, says):
    path = saved(tmp_path, document(shaped("Polygon", [ring_lonlat(FIELD)], **says), silent(YARD, name="Hof")))
    refused(path, "feature 1", "has no role, others have", "--unmarked")
    site = load_site(path, "safe", unmarked="keep_out")
    assert worked(site).intersection(drawn(site, YARD)).area < 1e-3


def test_one_polygon_without_a_role_needs_no_word(tmp_path):
    assert load_site(saved(tmp_path, document(silent(FIELD))), "safe").warnings == ()
    two = shaped("MultiPolygon", [[ring_lonlat(FIELD)], [ring_lonlat(YARD)]])
    assert load_site(saved(tmp_path, document(two), "two.geojson"), "safe").warnings == ()


def test_a_work_area_that_claims_a_hole_and_the_ground_round_it_contradicts_the_hole(tmp_path):
    holed = feature("work_area", ring_lonlat(FIELD), RING)
    wide = feature("work_area", ring_lonlat([(2 * x, 2 * y) for x, y in POST]))
    refused(saved(tmp_path, document(holed, wide)), "feature 0 cuts a hole that feature 1 works")


def test_a_hole_is_kept_out_but_for_the_island_in_it(tmp_path):
    moat, island = [(-9, -9), (9, -9), (9, 9), (-9, 9)], [(-5, -5), (5, -5), (5, 5), (-5, 5)]
    well = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    doc = document(
        shaped(
            "MultiPolygon",
            [[ring_lonlat(FIELD), ring_lonlat(moat)], [ring_lonlat(island), ring_lonlat(well)]],
            role="work_area",
        )
    )
    site = load_site(saved(tmp_path, doc), "safe")
    assert worked(site).area == pytest.approx(drawn(site, FIELD).area - 324.0 + 100.0 - 4.0, abs=0.1)
    assert worked(site).intersection(drawn(site, well)).area < 1e-3


def test_a_keep_out_in_a_hole_that_another_area_fills_stays_out(tmp_path):
    holed = feature("work_area", ring_lonlat(FIELD), ring_lonlat([(2 * x, 2 * y) for x, y in POST]))
    filled = feature("work_area", ring_lonlat([(2 * x, 2 * y) for x, y in POST]))
    keeps_out(saved(tmp_path, document(holed, filled, feature("keep_out", RING))))


def test_a_work_area_wholly_inside_keep_outs_is_told(tmp_path):
    small = feature("work_area", ring_lonlat([(-1, -1), (0, -1), (0, 0), (-1, 0)]))
    site = load_site(saved(tmp_path, document(WORK, small, feature("keep_out", RING))), "safe")
    assert any("feature 1 lies wholly inside keep-outs" in line for line in site.warnings)


# --- what stands, and what holds in ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "radius_m"), [("marker", 0.5), ("control_point", 0.5), ("base_station", 1.5), ("operator_post", 5.0)]
)
@pytest.mark.parametrize("kind", ["Point", "LineString", "Polygon"])
def test_what_stands_there_is_kept_out_until_it_is_taken_down(tmp_path, role, radius_m, kind):
    coordinates = {"Point": ring_lonlat([(2, 1)])[0], "LineString": RING[:3], "Polygon": [RING]}[kind]
    path = saved(tmp_path, document(WORK, shaped(kind, coordinates, role=role)))
    site = load_site(path, "safe")
    shape = {"Point": shapely.Point, "LineString": shapely.LineString, "Polygon": shapely.Polygon}[kind](
        site.datum.enu_from_lonlat_array(np.array(coordinates[0] if kind == "Polygon" else coordinates).reshape(-1, 2))
        if kind != "Point"
        else site.datum.enu_from_lonlat_array(np.array([coordinates]))[0]
    )
    assert worked(site).intersection(shapely.buffer(shape, radius_m - 1e-3, quad_segs=90)).area < 1e-3
    assert [mark.role for mark in site.marks] == [role]
    gone = load_site(
        saved(tmp_path, document(WORK, shaped(kind, coordinates, role=role, taken_down=True)), "b.geojson")
    )
    assert worked(gone).area == pytest.approx(drawn(gone, FIELD).area, rel=1e-6)
    assert any("taken down" in line for line in gone.warnings)
    refused(
        saved(tmp_path, document(WORK, shaped(kind, coordinates, role=role, taken_down="perhaps")), "c.geojson"),
        "taken_down is 'perhaps'",
    )


def test_a_keep_out_point_needs_its_radius(tmp_path):
    at = ring_lonlat([(2, 1)])[0]
    site = load_site(saved(tmp_path, document(WORK, shaped("Point", at, role="keep_out", Radius_M="3"))), "safe")
    centre = shapely.Point(site.datum.enu_from_lonlat_array(np.array([at]))[0])
    assert worked(site).distance(centre) >= 3.0
    for wrong in (0, -1, "three", True, 1e9):
        refused(saved(tmp_path, document(WORK, shaped("Point", at, role="keep_out", radius_m=wrong))), "radius_m is")


def test_perimeters_hold_in_all_of_them(tmp_path):
    one, other = [(-40, -40), (10, -40), (10, 40), (-40, 40)], [(-40, -5), (40, -5), (40, 40), (-40, 40)]
    fences = [feature("perimeter", ring_lonlat(shape)) for shape in (one, other)]
    site = load_site(saved(tmp_path, document(WORK, *fences)), "safe")
    inside = drawn(site, FIELD).intersection(drawn(site, one)).intersection(drawn(site, other))
    assert worked(site).symmetric_difference(inside).area < 1e-3
    assert site.outside_fence.area == pytest.approx(drawn(site, FIELD).area - inside.area, rel=1e-6)
    assert "lie outside the inclusion fence" in site.warnings[0]
    away = feature("perimeter", ring_lonlat([(100, 100), (140, 100), (140, 140), (100, 140)]))
    refused(saved(tmp_path, document(WORK, away), "b.geojson"), "inside all inclusion fences")
    refused(saved(tmp_path, document(feature("perimeter", ring_lonlat(FIELD))), "c.geojson"), "no polygon with role")
    named = load_site(saved(tmp_path, document(silent(FIELD, name="Perimeter")), "d.geojson"), "safe")
    assert worked(named).area == pytest.approx(drawn(named, FIELD).area, rel=1e-6)
    assert "inside all inclusion fences is taken" in named.warnings[0]


@pytest.mark.parametrize("role", ["safe_ground", "access", "parking"])
def test_who_answers_for_ground_that_bears(tmp_path, role):
    strip = ring_lonlat([(-30, -25), (30, -25), (30, -17), (-30, -17)])
    said = {"said_by": "survey team 2", "basis": "technical survey", "said_on": "2026-05-04"}
    site = load_site(saved(tmp_path, document(WORK, feature(role, strip, **said))))
    assert site.safe_ground.area > 100.0
    assert [(row.role, row.missing) for row in site.assurances] == [(role, ())]
    bare = load_site(saved(tmp_path, document(WORK, feature(role, strip)), "b.geojson"))
    assert [row.missing for row in bare.assurances] == [("said_by", "basis", "said_on")]
    wide = load_site(saved(tmp_path, document(WORK, feature(role, strip), **said), "c.geojson"))
    assert [row.missing for row in wide.assurances] == [()]
    refused(saved(tmp_path, document(WORK, feature(role, strip, said_on="in May")), "d.geojson"), "said_on is 'in May'")


# --- KML -------------------------------------------------------------------------------------------------------------
def text_of(points):
    return " ".join(f"{lon!r},{lat!r},0" for lon, lat in ring_lonlat(points))


def ring(points):
    return f"<LinearRing><coordinates>{text_of(points)}</coordinates></LinearRing>"


def outer(points, *inner):
    holes = "".join(f"<innerBoundaryIs>{ring(hole)}</innerBoundaryIs>" for hole in inner)
    return f"<Polygon><outerBoundaryIs>{ring(points)}</outerBoundaryIs>{holes}</Polygon>"


def placemark(name, shape, extra=""):
    return f"<Placemark><name>{name}</name>{extra}{shape}</Placemark>"


def track(points):
    return "<gx:Track>" + "".join(f"<gx:coord>{a} {b} 0</gx:coord>" for a, b in ring_lonlat(points)) + "</gx:Track>"


def data(key, value):
    return f'<ExtendedData><Data name="{key}"><value>{value}</value></Data></ExtendedData>'


FIELD_KML = placemark("Field 7", outer(FIELD))
KEPT_OUT = {
    "polygon": placemark("Keepout", outer(POST)),
    "ring": placemark("house", ring(POST)),
    "open ring": placemark("house", ring(POST).replace(" " + text_of(POST).split()[-1], "")),
    "closed line": placemark("no-go", f"<LineString><coordinates>{text_of(POST)}</coordinates></LineString>"),
    "track": placemark("keep out", track(POST)),
    "multitrack": placemark("keep out", f"<gx:MultiTrack>{track(POST)}</gx:MultiTrack>"),
    "multigeometry": placemark("pond", f"<MultiGeometry><MultiGeometry>{ring(POST)}</MultiGeometry></MultiGeometry>"),
    "folder": f"<Folder><name>Keep-outs</name>{placemark('1', outer(POST))}</Folder>",
    "folder in folder": f"<Folder><name>Obstacles</name><Folder>{placemark('1', outer(POST))}</Folder></Folder>",
    "style": placemark("1", outer(POST), "<styleUrl>#keepout</styleUrl>"),
    "description": placemark("1", outer(POST), "<description><![CDATA[<b>KEEP OUT</b>]]></description>"),
    "data": placemark("1", outer(POST), data("ROLE", "Exclusion")),
    "yes-or-no": placemark("1", outer(POST), data("keepout", "1")),
    "unknown data": placemark("1", outer(POST), data("Nutzung", "house")),
    "schema": placemark(
        "1", outer(POST),
        '<ExtendedData><SchemaData><SimpleData name="type">keep_out</SimpleData></SchemaData></ExtendedData>',
    ),
    "lower case": placemark("Keepout", outer(POST)).replace("Polygon", "polygon").replace("Placemark", "placemark"),
    "spaces": placemark("Keepout", outer(POST).replace(",", ", ")),
}  # fmt: skip


@pytest.mark.parametrize("how", KEPT_OUT)
def test_a_keep_out_of_a_kml_is_kept_out(tmp_path, how):
    keeps_out(saved(tmp_path, KML.format(FIELD_KML + KEPT_OUT[how]), "a.kml"))
    with zipfile.ZipFile(tmp_path / "b.kmz", "w") as archive:
        archive.writestr("doc.kml", KML.format(FIELD_KML))
        archive.writestr("files/more.kml", KML.format(KEPT_OUT[how]))
    keeps_out(tmp_path / "b.kmz")


def test_all_rings_of_all_inner_boundaries_are_kept_out(tmp_path):
    two = f"<innerBoundaryIs>{ring(POST)}{ring(OTHER)}</innerBoundaryIs>"
    shape = outer(FIELD).replace("</Polygon>", two + "</Polygon>")
    path = saved(tmp_path, KML.format(placemark("Field", shape)), "a.kml")
    keeps_out(path)
    keeps_out(path, OTHER)


KML_REFUSED = {
    "network link": ("<NetworkLink><Link><href>http://x/y.kml</href></Link></NetworkLink>", "NetworkLink"),
    "model": (placemark("barn", "<Model><Link><href>a.dae</href></Link></Model>"), "model"),
    "update": ("<Update><Change></Change></Update>", "changes another file"),
    "two lists": (
        placemark("x", ring(POST).replace("</LinearRing>", "<coordinates>1,2</coordinates></LinearRing>")), "keep one"
    ),
    "two outer rings": (placemark("x", outer(POST).replace(ring(POST), ring(POST) * 2)), "outerBoundaryIs"),
    "no placemark": (outer(POST), "no placemark"),
    "unknown shape": (placemark("keepout", f"<Surface>{ring(POST)}</Surface>"), "no placemark"),
    "pin": (placemark("Well", "<Point><coordinates>46.93,39.99</coordinates></Point>"), "draw a polygon"),
    "nothing drawn": (placemark("Keepout 3", ""), "without a geometry"),
    "doubt": (placemark("no longer a keep-out", outer(OTHER)), "may mean"),
}  # fmt: skip


@pytest.mark.parametrize("how", KML_REFUSED)
def test_what_a_kml_does_not_give_away_is_refused_by_name(tmp_path, how):
    text, words = KML_REFUSED[how]
    refused(saved(tmp_path, KML.format(FIELD_KML + text), "a.kml"), words)


def test_a_link_within_the_archive_and_a_picture_are_no_hindrance(tmp_path):
    link = "<NetworkLink><Link><href>files/more.kml</href></Link></NetworkLink>"
    picture = "<GroundOverlay><name>photo</name><LatLonBox><north>40</north></LatLonBox></GroundOverlay>"
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as archive:
        archive.writestr("doc.kml", KML.format(FIELD_KML + link + picture))
        archive.writestr("files/more.kml", KML.format(placemark("house", outer(POST))))
        archive.writestr("files/photo.jpg", b"")
    site = keeps_out(tmp_path / "a.kmz")
    assert any("photo" in line and "picture" in line for line in site.warnings)
    with zipfile.ZipFile(tmp_path / "b.kmz", "w") as archive:
        archive.writestr("doc.kml", KML.format(FIELD_KML))
        archive.writestr("inner.kmz", b"")
    refused(tmp_path / "b.kmz", "inner.kmz")


# --- QGroundControl --------------------------------------------------------------------------------------------------
def lat_lon(points):
    return [[lat, lon] for lon, lat in ring_lonlat(points)[:-1]]


def plan_of(polygons=(), circles=(), items=(), **parts):
    fence = {"polygons": list(polygons), "circles": list(circles), "version": 2}
    return {"fileType": "Plan", "geoFence": fence, "mission": {"items": list(items)}, "version": 1, **parts}


SURVEY = {"type": "ComplexItem", "complexItemType": "survey", "polygon": lat_lon(FIELD)}
WIDE = {"inclusion": True, "polygon": lat_lon([(3 * x, 3 * y) for x, y in FIELD])}


@pytest.mark.parametrize("said", [None, "false", 0, 1, "true"])
def test_a_fence_says_plainly_whether_it_holds_in_or_keeps_out(tmp_path, said):
    row = {"polygon": lat_lon(POST)} | ({} if said is None else {"inclusion": said})
    refused(saved(tmp_path, plan_of([row], items=[SURVEY]), "a.plan"), "fence polygon 0", "inclusion")


def test_circles_keep_out_all_and_hold_in_no_more_than_they_are(tmp_path):
    lon, lat = ring_lonlat([(2, 1)])[0]
    held = {"inclusion": True, "circle": {"center": [lat, lon], "radius": 60.0}}
    kept = {"inclusion": False, "circle": {"center": [lat, lon], "radius": 4.0}}
    site = load_site(saved(tmp_path, plan_of([], [held, kept], [SURVEY]), "a.plan"), "safe")
    centre = shapely.Point(site.datum.enu_from_lonlat_array(np.array([(lon, lat)]))[0])
    assert worked(site).distance(centre) >= 4.0
    free = shapely.box(-200, -200, 200, 200).difference(site.keep_out)
    nearest = [part for part in shapely.get_parts(free) if part.distance(centre) < 50.0]
    assert all(part.hausdorff_distance(centre) <= 60.0 for part in nearest)
    two = [{"inclusion": True, "circle": {"center": [lat, lon], "radius": r}} for r in (60.0, 12.0)]
    alone = load_site(saved(tmp_path, plan_of([], two), "b.plan"), "safe")
    assert alone.work_area.area == pytest.approx(np.pi * 12.0**2, rel=0.02)
    assert alone.work_area.area < np.pi * 12.0**2


def test_inclusions_without_a_survey_are_the_ground_inside_all_of_them(tmp_path):
    half = {"inclusion": True, "polygon": lat_lon([(0, -40), (40, -40), (40, 40), (0, 40)])}
    site = load_site(saved(tmp_path, plan_of([{"inclusion": True, "polygon": lat_lon(FIELD)}, half]), "a.plan"), "safe")
    assert 0.3 < worked(site).area / drawn(site, FIELD).area < 0.7
    assert "inside all inclusion fences" in site.warnings[0]


def test_everything_else_in_a_plan_is_named(tmp_path):
    items = [
        SURVEY,
        {"type": "ComplexItem", "complexItemType": "StructureScan", "polygon": lat_lon(POST)},
        {"type": "ComplexItem", "complexItemType": "CorridorScan"},
        {"type": "SimpleItem", "command": 16},
    ]
    doc = plan_of([WIDE], items=items, rallyPoints={"points": [[39.99, 46.93, 0]]}, noGo=[{"a": 1}])
    told = " | ".join(load_site(saved(tmp_path, doc, "a.plan"), "safe").warnings)
    for words in ("1 (StructureScan)", "2 (CorridorScan)", "1 mission items", "1 rally points", "'noGo'"):
        assert words in told
    doc["geoFence"]["exclusions"] = [lat_lon(POST)]
    refused(saved(tmp_path, doc, "b.plan"), "'exclusions'")


# --- choosing --------------------------------------------------------------------------------------------------------
def many():
    rows = [
        silent([(x + 45 * k, y + 45 * row) for x, y in FIELD], name=f"P{k}-{row}") for k in range(30) for row in (0, 1)
    ]
    far = silent([(x + 90_000, y) for x, y in FIELD], name="far")
    return [*rows, far, feature("keep_out", RING), silent(OTHER, name="P-inside")]


def test_one_feature_of_many_is_chosen_by_number_or_field(tmp_path):
    rows = many()
    path = saved(tmp_path, document(*rows))
    refused(path, "km from", "--feature")
    refused(path, "feature 62", "feature 0", "keep out or work?", feature="0")
    site = keeps_out(path, feature="0", unmarked="keep_out")
    assert worked(site).area < drawn(site, FIELD).area - 30.0
    assert "1 of 63 features are worked" in " ".join(site.warnings)
    clean = saved(tmp_path, document(*rows[:-1]), "clean.geojson")
    by_name, by_number = (load_site(clean, "safe", feature=wish) for wish in ("NAME=p1-0", "2"))
    assert by_name.site_hash == by_number.site_hash
    assert worked(by_name).area == pytest.approx(worked(by_number).area)
    assert load_site(clean, "safe", feature="name=far").work_area.area > 1000.0
    refused(clean, "no feature has that", feature="name=P99")
    refused(clean, "its fields are name", feature="99")
    refused(clean, "write a feature's number", feature="north")
    refused(clean, "is a keep_out", feature="61")


# --- anything else ---------------------------------------------------------------------------------------------------
@pytest.mark.long
@settings(max_examples=150)
@given(st.data())
def test_a_keep_out_drawn_and_named_in_any_way_is_kept_out_or_refused(tmp_path_factory, data):
    """Spelling, place of the word, shape, order, and what the field says of itself."""
    folder = tmp_path_factory.mktemp("any")
    word = data.draw(
        st.sampled_from(["Keepout", "keep-out 2", "NO GO", "House", "pond 3", "kepout", "Exclusion", "well"])
    )
    key = data.draw(st.sampled_from(["role", "Role", "name", "NAME", "type", "Nutzung", "description", "id", "layer"]))
    kinds = ["Polygon", "LineString", "MultiPolygon", "MultiLineString", "GeometryCollection", "Point"]
    kind = data.draw(st.sampled_from(kinds))
    ring_deg = data.draw(st.sampled_from([RING, RING[::-1], [*RING, RING[-1]], [[*at, 3.0] for at in RING]]))
    coordinates = {"Polygon": [ring_deg], "LineString": ring_deg, "Point": ring_deg[0]}.get(kind, [ring_deg])
    if kind == "MultiPolygon":
        coordinates = [[ring_deg]]
    row = shaped(kind, coordinates, **({} if key == "id" else {key: word}))
    if kind == "GeometryCollection":
        row["geometry"] = {"type": kind, "geometries": [{"type": "Polygon", "coordinates": [ring_deg]}]}
    if key == "id":
        row["id"] = word
    field = data.draw(
        st.sampled_from([WORK, silent(FIELD), silent(FIELD, name="House field"), silent(FIELD, name="Plot 1")])
    )
    rows = data.draw(st.permutations([row, field]))
    kept_out_or_refused(saved(folder, document(*rows)))


def test_shapes_beside_the_features_are_not_lost(tmp_path):
    for extra in (
        {"keepouts": [RING]},
        {"obstacles": [{"type": "Polygon", "coordinates": [RING]}]},
        {"x": {"y": [WORK]}},
    ):
        refused(saved(tmp_path, document(WORK, **extra)), "stand in", next(iter(extra)))
    refused(saved(tmp_path, document(silent(FIELD, keepouts=[RING])), "b.geojson"), "field 'keepouts'")


def test_a_label_is_no_pin(tmp_path):
    parts = [{"type": "Polygon", "coordinates": [RING]}, {"type": "Point", "coordinates": ring_lonlat([(-1, 0)])[0]}]
    row = {
        "type": "Feature",
        "properties": {"name": "House"},
        "geometry": {"type": "GeometryCollection", "geometries": parts},
    }
    keeps_out(saved(tmp_path, document(WORK, row)))
    parts[1]["coordinates"] = ring_lonlat([(9, 9)])[0]
    refused(saved(tmp_path, document(WORK, row), "b.geojson"), "a point")


def test_a_closed_line_that_says_nothing_beside_polygons_is_asked_about(tmp_path):
    line = shaped("LineString", ring_lonlat([(x + 60, y) for x, y in POST]))
    path = saved(tmp_path, document(silent(FIELD), line))
    refused(path, "feature 1", "closed line", "--unmarked")
    assert (
        worked(load_site(path, "safe", unmarked="work_area")).area > worked(load_site(path, unmarked="keep_out")).area
    )
    alone = saved(tmp_path, document(shaped("LineString", ring_lonlat(FIELD))), "alone.geojson")
    assert worked(load_site(alone)).area == pytest.approx(drawn(load_site(alone), FIELD).area, rel=1e-6)


def test_a_mark_of_one_place_is_kept_out_whatever_its_shape(tmp_path):
    for kind, coordinates in (("LineString", RING[:1]), ("Polygon", [RING[:2]]), ("MultiPoint", RING)):
        site = load_site(saved(tmp_path, document(WORK, shaped(kind, coordinates, role="stake"))), "safe")
        centre = shapely.Point(site.datum.enu_from_lonlat_array(np.array(RING[:1]))[0])
        assert worked(site).distance(centre) >= 0.5


def test_parts_of_one_perimeter_are_one_fence(tmp_path):
    west, east = [(-40, -40), (-5, -40), (-5, 40), (-40, 40)], [(5, -40), (40, -40), (40, 40), (5, 40)]
    fence = shaped("MultiPolygon", [[ring_lonlat(west)], [ring_lonlat(east)]], role="perimeter")
    site = load_site(saved(tmp_path, document(WORK, fence)), "safe")
    inside = drawn(site, FIELD).intersection(drawn(site, west).union(drawn(site, east)))
    assert worked(site).symmetric_difference(inside).area < 1e-3
