"""Sites: what is refused with one clear line, what is mended with a report, what wins where two things are said."""

import json
import math

import pytest
import shapely

from tests.planning.coverage.support import document, feature, ring_lonlat, saved
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.planning.site.site import load_site

SQUARE = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
HOLE = [(-3, -4), (2, -3), (1, 3), (-4, 2)]


def work(points=SQUARE, *holes, **properties):
    return feature("work_area", ring_lonlat(points), *[ring_lonlat(hole) for hole in holes], **properties)


def refused(tmp_path, doc, *words, **how):
    path = saved(tmp_path, doc)
    with pytest.raises(InputError) as caught:
        load_site(path, **how)
    text = str(caught.value)
    assert "\n" not in text
    for word in words:
        assert word in text, text


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_site(tmp_path / "nowhere.geojson")


def test_folder(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        load_site(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "\x00\xff", "[1, 2", "name,lon,lat"])
def test_not_json(tmp_path, text):
    refused(tmp_path, text, "not JSON")


@pytest.mark.parametrize("doc", [[1, 2], {"features": []}, "null", {"type": 4}])
def test_json_but_not_geojson(tmp_path, doc):
    refused(tmp_path, doc, "not GeoJSON")


def test_no_polygon(tmp_path):
    point = {
        "type": "Feature",
        "properties": {"role": "benchmark"},
        "geometry": {"type": "Point", "coordinates": [1, 2]},
    }
    refused(tmp_path, document(point), "no polygon")
    refused(tmp_path, document(feature("keep_out", ring_lonlat(HOLE))), "work_area")


def test_bow_tie_names_the_place(tmp_path):
    refused(
        tmp_path, document(work([(0, 0), (20, 18), (21, 1), (1, 17)])), "bow-tie", "feature 0", "lon 46.93", "lat 39.99"
    )


def test_bow_tie_in_a_hole(tmp_path):
    refused(tmp_path, document(work(SQUARE, [(0, 0), (5, 4), (5, 1), (1, 4)])), "bow-tie", "hole 0")


def test_swapped_coordinates_beyond_the_pole(tmp_path):
    ring = [[lat, lon] for lon, lat in ring_lonlat(SQUARE, lon_deg=146.93)]
    refused(tmp_path, document(feature("work_area", ring)), "swapped", "[lon, lat]")


def test_swapped_coordinates_against_a_datum(tmp_path):
    ring = [[lat, lon] for lon, lat in ring_lonlat(SQUARE)]
    refused(tmp_path, document(feature("work_area", ring)), "swapped", datum=LocalFrame(39.99, 46.93))


def test_far_from_the_datum(tmp_path):
    refused(tmp_path, document(work()), "km from the datum", "check coordinates", datum=LocalFrame(41.99, 46.93))


def test_zero_area(tmp_path):
    refused(tmp_path, document(work([(0, 0), (10, 5), (20, 10)])), "no area")
    refused(tmp_path, document(work([(0, 0), (10, 5)])), "three different corners")


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-Infinity"])
def test_nan_names_the_position(tmp_path, bad):
    text = json.dumps(document(work())).replace("[46.9", f"[{bad}, 39.99], [46.9", 1)
    refused(tmp_path, text, "position 0", "not a number")


@pytest.mark.parametrize("position", [[46.93], ["46.93", 39.99], None, [True, 39.99]])
def test_malformed_position(tmp_path, position):
    doc = document(work())
    doc["features"][0]["geometry"]["coordinates"][0][2] = position
    refused(tmp_path, doc, "position 2", "[lon, lat]")


def test_unknown_role_and_unknown_outside(tmp_path):
    refused(tmp_path, document(work(), feature("moon", ring_lonlat(HOLE))), "role 'moon'", "keep_out")
    refused(tmp_path, document(work(), outside="dunno"), "outside is 'dunno'", "unknown")
    refused(tmp_path, document(work(outside="safe"), outside="unknown"), "declared twice")


def test_projected_and_mixed_crs(tmp_path):
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32638"}}
    refused(tmp_path, document(work(), crs=crs), "EPSG::32638", "EPSG:4326")
    mixed = document(work(), {**feature("keep_out", ring_lonlat(HOLE)), "crs": crs})
    refused(tmp_path, mixed, "feature 1", "32638")
    refused(
        tmp_path, document(feature("work_area", [[500000, 4427000], [500100, 4427000], [500100, 4427100]])), "reproject"
    )


def test_keep_out_over_everything(tmp_path):
    big = [(3 * x, 3 * y) for x, y in SQUARE]
    refused(tmp_path, document(work(), feature("keep_out", ring_lonlat(big))), "leave nothing")


# --- mended, with a report -------------------------------------------------------------------------------------------
def mended(tmp_path, doc, *words, **how):
    site = load_site(saved(tmp_path, doc), "safe", **how)
    text = " | ".join(site.repairs)
    for word in words:
        assert word in text, text
    assert site.work_area.is_valid
    return site


def test_self_touching_ring(tmp_path):
    site = mended(
        tmp_path, document(work([(0, 0), (10, 0.5), (20, 0), (20, 20), (10, 0.5), (0, 20)])), "self-intersection"
    )
    assert site.work_area.area == pytest.approx(200.0, rel=1e-4)


def test_spike_and_repeated_corners(tmp_path):
    points = [(0, 0), (30, 2), (60, 4), (30, 2), (28, 20), (28, 20), (1, 19)]
    site = mended(tmp_path, document(work(points)), "repaired")
    assert site.work_area.area == pytest.approx(shapely.Polygon([(0, 0), (30, 2), (28, 20), (1, 19)]).area, rel=1e-4)


def test_hole_outside_the_shell_stays_a_keep_out(tmp_path):
    away = [(x + 60, y) for x, y in HOLE]
    site = mended(tmp_path, document(work(SQUARE, away)), "hole 0 lies outside")
    assert site.keep_out.area == pytest.approx(shapely.Polygon(HOLE).area, rel=1e-3)


def test_touching_and_crossing_keep_outs(tmp_path):
    other = [(x + 5.2, y + 0.5) for x, y in HOLE]
    site = mended(tmp_path, document(work(SQUARE, HOLE, [(x + 4, y) for x, y in HOLE])), "touch or overlap")
    assert len(shapely.get_parts(site.keep_out)) == 1
    edge = [(x + 20, y) for x, y in HOLE]
    doc = document(work(), feature("keep_out", ring_lonlat(edge)), feature("keep_out", ring_lonlat(other)))
    assert mended(tmp_path, doc, "crosses the boundary").keep_out.area > 30.0


def test_heights_collections_lines_and_empty_geometries(tmp_path):
    doc = document(work(), {"type": "Feature", "properties": {}, "geometry": None})
    doc["features"][0]["geometry"]["coordinates"][0] = [[*p, 312.5] for p in ring_lonlat(SQUARE)]
    line = {"type": "LineString", "coordinates": ring_lonlat(HOLE)}
    polygon = {"type": "Polygon", "coordinates": [ring_lonlat(HOLE)]}
    collection = {"type": "GeometryCollection", "geometries": [line, polygon]}
    doc["features"].append({"type": "Feature", "properties": {"role": "keep_out"}, "geometry": collection})
    site = mended(tmp_path, doc, "heights were dropped", "GeometryCollection", "LineString", "no geometry")
    assert site.keep_out.area == pytest.approx(shapely.Polygon(HOLE).area, rel=1e-3)


def test_overlapping_work_areas_are_united(tmp_path):
    other = [(x + 10, y) for x, y in SQUARE]
    site = mended(tmp_path, document(work(), work(other)), "overlap")
    union = shapely.union_all([shapely.Polygon(SQUARE), shapely.Polygon(other)])
    assert site.work_area.area == pytest.approx(union.area, rel=1e-4)


# --- what wins -------------------------------------------------------------------------------------------------------
def test_outside_flag_wins_then_the_site_then_an_assumption(tmp_path):
    told = saved(tmp_path, document(work(), outside="unknown"), "told.geojson")
    silent = saved(tmp_path, document(work()), "silent.geojson")
    assert load_site(told).outside == "unknown"
    assert load_site(told, "safe").outside == "safe"
    assert not load_site(told, "safe").outside_assumed
    assumed = load_site(silent)
    assert (assumed.outside, assumed.outside_assumed) == ("safe", True)
    assert any("not declared" in line for line in assumed.repairs)


def test_tripwires_default_to_possible(tmp_path):
    assert load_site(saved(tmp_path, document(work()))).tripwires == "possible"
    assert load_site(saved(tmp_path, document(work(), tripwires="none"))).tripwires == "none"
    assert load_site(saved(tmp_path, document(work(), tripwires="none")), tripwires="possible").tripwires == "possible"


def test_bare_polygon_is_a_work_area_and_its_holes_keep_outs(tmp_path):
    bare = {"type": "Polygon", "coordinates": [ring_lonlat(SQUARE), ring_lonlat(HOLE)]}
    site = load_site(saved(tmp_path, bare), "safe")
    assert site.work_area.area == pytest.approx(shapely.Polygon(SQUARE).area, rel=1e-3)
    assert site.keep_out.area == pytest.approx(shapely.Polygon(HOLE).area, rel=1e-3)


def test_hash_names_the_ground_and_the_declarations(tmp_path):
    one = saved(tmp_path, document(work(), outside="safe"), "one.geojson")
    same = saved(tmp_path, json.dumps(document(work(), outside="safe"), indent=3), "two.geojson")
    other = saved(tmp_path, document(work([(x, y + 0.001) for x, y in SQUARE]), outside="safe"), "three.geojson")
    names = [load_site(path).site_hash for path in (one, same, other)]
    assert names[0] == names[1] != names[2]
    assert load_site(one, "unknown").site_hash != names[0]


@pytest.mark.parametrize("lon_deg", [179.9999, -180.0, 0.0001])
def test_antimeridian_is_a_line_like_any_other(tmp_path, lon_deg):
    ring = [[(lon + 540.0) % 360.0 - 180.0, lat] for lon, lat in ring_lonlat(SQUARE, lat_deg=-16.8, lon_deg=lon_deg)]
    site = load_site(saved(tmp_path, document(feature("work_area", ring))), "safe")
    assert site.work_area.area == pytest.approx(shapely.Polygon(SQUARE).area, rel=1e-3)


def test_slope_polygon_needs_its_slope(tmp_path):
    steep = feature("slope", ring_lonlat(HOLE), slope_deg=31)
    assert load_site(saved(tmp_path, document(work(), steep)), "safe").slopes[0][0] == pytest.approx(math.radians(31))
    refused(tmp_path, document(work(), feature("slope", ring_lonlat(HOLE))), "slope_deg")


@pytest.mark.parametrize(("height", "wanted_m"), [(1_812.5, 1_812.5), (None, 0.0), (-99_999.0, 0.0)])
def test_a_benchmark_with_a_height_gives_the_length_of_a_metre(tmp_path, height, wanted_m):
    lon, lat = ring_lonlat([(0, 0)])[0]
    place = [lon, lat] if height is None else [lon, lat, height]
    mark = {"type": "Feature", "properties": {"role": "benchmark"}, "geometry": {"type": "Point", "coordinates": place}}
    site = load_site(saved(tmp_path, document(work(), mark)), "safe")
    flat = load_site(saved(tmp_path, document(work()), "flat.geojson"), "safe")
    assert site.datum.alt_m == wanted_m
    assert site.work_area.area / flat.work_area.area == pytest.approx((1.0 + wanted_m / 6.38e6) ** 2, abs=1e-6)
