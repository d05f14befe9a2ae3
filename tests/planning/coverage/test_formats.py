"""Sites from other programs: the same ground whatever the file, one clear line for what cannot be read."""

import json
import math
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.marks import reads_shared
from tests.planning.coverage.support import document, feature, ring_lonlat, saved
from vehicle.contracts.errors import InputError
from vehicle.planning.site.site import load_site

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"
FIELD = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
POST = [(-3, -4), (2, -3), (1, 3), (-4, 2)]
KML = """<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>"""


def kml_ring(points, tag="outerBoundaryIs"):
    text = " ".join(f"{lon!r},{lat!r},12.5" for lon, lat in ring_lonlat(points))
    return f"<{tag}><LinearRing><coordinates>{text}</coordinates></LinearRing></{tag}>"


def placemark(name, *rings, role=None):
    told = f'<ExtendedData><Data name="role"><value>{role}</value></Data></ExtendedData>' if role else ""
    return f"<Placemark><name>{name}</name>{told}<Polygon>{''.join(rings)}</Polygon></Placemark>"


@pytest.fixture
def wanted(tmp_path):
    doc = document(feature("work_area", ring_lonlat(FIELD)), feature("keep_out", ring_lonlat(POST)))
    return load_site(saved(tmp_path, doc, "wanted.geojson"), "safe")


def same_ground(site, other):
    for key in ("work_area", "keep_out"):
        assert getattr(site, key).area == pytest.approx(getattr(other, key).area, rel=1e-6)


def refused(path, *words):
    with pytest.raises(InputError) as caught:
        load_site(path, "safe")
    text = str(caught.value)
    assert "\n" not in text
    for word in (path.name, *words):
        assert word in text, text


# --- KML -------------------------------------------------------------------------------------------------------------
def test_kml_by_role_by_name_and_by_hole(tmp_path, wanted):
    by_role = placemark("north field", kml_ring(FIELD)) + placemark("mast", kml_ring(POST), role="keep_out")
    by_name = placemark("work_area 1", kml_ring(FIELD)) + placemark("Keep-out 3", kml_ring(POST))
    by_hole = placemark("field", kml_ring(FIELD), kml_ring(POST, "innerBoundaryIs"))
    for number, text in enumerate((by_role, by_name, by_hole)):
        site = load_site(saved(tmp_path, KML.format(text), f"{number}.kml"), "safe")
        same_ground(site, wanted)
        assert any("heights were dropped" in line for line in site.repairs)


def test_kmz_is_kml_in_an_archive(tmp_path, wanted):
    text = placemark("field", kml_ring(FIELD), kml_ring(POST, "innerBoundaryIs"))
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as archive:
        archive.writestr("doc.kml", KML.format(text))
    same_ground(load_site(tmp_path / "a.kmz", "safe"), wanted)
    refused(saved(tmp_path, "no archive", "b.kmz"), "KMZ")


@reads_shared
@pytest.mark.parametrize("name", ["qgc_PolygonAreaTest.kml", "qgc_PolygonGood.kml"])
def test_kml_of_a_ground_station(name):
    site = load_site(SHARED / "polygons" / name, "safe")
    assert site.work_area.area > 1000.0


@reads_shared
def test_kml_that_cannot_be_read(tmp_path):
    refused(SHARED / "polygons" / "qgc_PolygonBadXml.kml", "well-formed")
    refused(saved(tmp_path, "<gpx/>", "a.kml"), "not KML")
    bomb = '<!DOCTYPE kml [<!ENTITY a "aaaaaaaa">]><kml>&a;</kml>'
    refused(saved(tmp_path, bomb, "b.kml"), "DOCTYPE")
    (tmp_path / "wide.kml").write_bytes(('<?xml version="1.0" encoding="UTF-16"?>' + bomb).encode("utf-16"))
    refused(tmp_path / "wide.kml", "DOCTYPE")
    (tmp_path / "odd.kml").write_bytes(b'<?xml version="1.0" encoding="klingon"?><kml/>')
    refused(tmp_path / "odd.kml", "well-formed")
    letters = placemark("field", kml_ring(FIELD).replace("12.5 ", "12.5 east,north ", 1))
    refused(saved(tmp_path, KML.format(letters), "c.kml"), "position 1", "east,north")
    no_shell = placemark("field", kml_ring(POST, "innerBoundaryIs"))
    refused(saved(tmp_path, KML.format(no_shell), "d.kml"), "outerBoundaryIs")
    line = "<Placemark><LineString><coordinates>1,2 3,4</coordinates></LineString></Placemark>"
    refused(saved(tmp_path, KML.format(line), "e.kml"), "no polygon")


# --- QGroundControl --------------------------------------------------------------------------------------------------
def qgc(polygons=(), circles=(), items=()):
    fence = {"polygons": list(polygons), "circles": list(circles), "version": 2}
    return {"fileType": "Plan", "geoFence": fence, "mission": {"items": list(items)}, "version": 1}


def lat_lon(points):
    return [[lat, lon] for lon, lat in ring_lonlat(points)[:-1]]


def test_survey_and_fences(tmp_path, wanted):
    survey = {"type": "ComplexItem", "complexItemType": "survey", "polygon": lat_lon(FIELD)}
    out = {"inclusion": False, "polygon": lat_lon(POST)}
    wide = {"inclusion": True, "polygon": lat_lon([(3 * x, 3 * y) for x, y in FIELD])}
    site = load_site(saved(tmp_path, qgc([out, wide], items=[survey]), "a.plan"), "safe")
    assert site.work_area.area == pytest.approx(wanted.work_area.area, rel=1e-6)
    kept = site.keep_out.intersection(site.work_area)
    assert kept.area == pytest.approx(wanted.keep_out.area, rel=1e-6)
    bound = shapely.Polygon(site.datum.enu_from_lonlat_array(ring_lonlat([(3 * x, 3 * y) for x, y in FIELD])))
    assert site.keep_out.intersection(bound).symmetric_difference(kept).area < 1e-3
    assert site.keep_out.covers(bound.exterior.buffer(50.0).difference(bound.buffer(1e-3)))  # the fence holds it in
    assert (site.repairs, site.outside_fence.area) == ((), 0.0)
    structure = {"type": "ComplexItem", "complexItemType": "StructureScan", "polygon": lat_lon(POST)}
    assert (
        "(StructureScan) was left out"
        in load_site(saved(tmp_path, qgc(items=[survey, structure]), "d.plan"), "safe").warnings[0]
    )
    refused(saved(tmp_path, qgc(items=[structure]), "c.plan"), "neither a survey")
    same_ground(
        load_site(saved(tmp_path, qgc([out, {"inclusion": True, "polygon": lat_lon(FIELD)}]), "b.plan"), "safe"), wanted
    )


def test_exclusion_circle_is_covered_whole(tmp_path):
    lon, lat = ring_lonlat([(2, 1)])[0]
    circle = {"inclusion": False, "circle": {"center": [lat, lon], "radius": 4.0}}
    fence = {"inclusion": True, "polygon": lat_lon(FIELD)}
    site = load_site(saved(tmp_path, qgc([fence], [circle]), "a.plan"), "safe")
    middle = site.keep_out.centroid
    assert site.keep_out.buffer(1e-3).covers(middle.buffer(4.0))
    assert site.keep_out.area < 1.02 * math.pi * 4.0**2


@reads_shared
def test_plan_that_cannot_be_read(tmp_path):
    refused(saved(tmp_path, "{", "a.plan"), "not JSON")
    (tmp_path / "latin.plan").write_bytes('{"fileType": "Plan", "name": "Müller"}'.encode("latin-1"))
    refused(tmp_path / "latin.plan", "not in UTF-8 (line 1, byte 31); save it again as UTF-8")
    refused(saved(tmp_path, json.dumps({"type": "FeatureCollection"}), "b.plan"), "fileType")
    refused(saved(tmp_path, qgc(), "c.plan"), "neither a survey")
    refused(SHARED / "missions" / "qgc_SectionTest.plan", "neither a survey")
    refused(saved(tmp_path, qgc([{"inclusion": True, "polygon": [1, 2]}]), "d.plan"), "[lat, lon]")
    refused(saved(tmp_path, qgc([], [{"inclusion": False, "circle": {"center": [1]}}]), "e.plan"), "radius")
    far = {"inclusion": False, "circle": {"center": [1, 2], "radius": math.nan}}
    refused(saved(tmp_path, json.dumps(qgc([], [far])), "f.plan"), "fence circle 0", "nan")
    refused(saved(tmp_path, qgc(["north"]), "g.plan"), "geoFence polygons")
    refused(saved(tmp_path, {"fileType": "Plan", "mission": {"items": 7}}, "h.plan"), "mission items")


# --- GeoPackage and Shapefile ----------------------------------------------------------------------------------------
def written(path, shapes, roles, crs, layer=None):
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(shapes, dtype=object)),
        [np.array(roles, dtype=object)],
        ["role"],
        geometry_type="Polygon",
        crs=crs,
        driver="GPKG" if path.suffix == ".gpkg" else "ESRI Shapefile",
        **({"layer": layer, "append": path.exists()} if layer else {}),
    )
    return path


def shapes_lonlat():
    return [shapely.Polygon(ring_lonlat(FIELD)), shapely.Polygon(ring_lonlat(POST))]


@pytest.mark.parametrize("name", ["a.gpkg", "a.shp"])
def test_gis_files_by_field(tmp_path, wanted, name):
    path = written(tmp_path / name, shapes_lonlat(), ["work_area", "keep_out"], "EPSG:4326")
    same_ground(load_site(path, "safe"), wanted)


def test_projected_layer_is_reprojected_and_told(tmp_path, wanted):
    forward = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32638", always_xy=True)
    shapes = [
        shapely.transform(s, lambda xy: np.column_stack(forward.transform(xy[:, 0], xy[:, 1]))) for s in shapes_lonlat()
    ]
    site = load_site(written(tmp_path / "a.gpkg", shapes, ["work_area", "keep_out"], "EPSG:32638"), "safe")
    same_ground(site, wanted)
    assert any("reprojected from WGS 84 / UTM zone 38N to WGS 84" in line for line in site.repairs)


def test_an_old_datum_is_reprojected_as_its_land_asks_and_its_accuracy_told(tmp_path, wanted):
    there = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:4284", always_xy=True)  # Pulkovo 1942, degrees
    shapes = [
        shapely.transform(s, lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1]))) for s in shapes_lonlat()
    ]
    assert abs(shapes[0].centroid.x - shapes_lonlat()[0].centroid.x) > 1e-4  # ten metres: taken as it is, it is off
    site = load_site(written(tmp_path / "a.gpkg", shapes, ["work_area", "keep_out"], "EPSG:4284"), "safe")
    off = site.datum.enu_from_lonlat_array(np.array([(wanted.datum.lon_deg, wanted.datum.lat_deg)]))[0]
    assert math.hypot(*off) < 8.0
    assert any("Pulkovo 1942" in line and "good to" in line and "m only" in line for line in site.repairs)
    engineering = 'LOCAL_CS["site grid",UNIT["metre",1]]'
    refused(written(tmp_path / "b.gpkg", shapes, ["work_area", "keep_out"], engineering), "reproject it")


def test_layers_named_by_role(tmp_path, wanted):
    path = tmp_path / "a.gpkg"
    for shape, layer in zip(shapes_lonlat(), ["work_area", "keep_out"], strict=True):
        written(path, [shape], [""], "EPSG:4326", layer=layer)
    same_ground(load_site(path, "safe"), wanted)


def test_without_the_extra_its_name_is_told_and_other_formats_are_read(tmp_path, wanted, monkeypatch):
    path = written(tmp_path / "a.gpkg", shapes_lonlat(), ["work_area", "keep_out"], "EPSG:4326")
    monkeypatch.setitem(sys.modules, "pyogrio", None)
    refused(path, "install flailpilot[gis]")
    same_ground(
        load_site(
            saved(tmp_path, KML.format(placemark("f", kml_ring(FIELD), kml_ring(POST, "innerBoundaryIs"))), "a.kml"),
            "safe",
        ),
        wanted,
    )


@reads_shared
@pytest.mark.long
def test_gis_files_that_cannot_be_read(tmp_path):
    refused(written(tmp_path / "a.gpkg", shapes_lonlat(), ["work_area", "moon"], "EPSG:4326"), "role 'moon'")
    refused(saved(tmp_path, "text", "b.gpkg"), "cannot be read")
    path = written(tmp_path / "c.shp", shapes_lonlat(), ["work_area", "keep_out"], "EPSG:4326")
    (tmp_path / "c.prj").unlink()
    refused(path, "coordinate system")
    refused(SHARED / "gpkg" / "ets_states10.gpkg", "km from")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=st.binary(max_size=300), suffix=st.sampled_from([".kml", ".kmz", ".plan", ".geojson", ".gpkg"]))
def test_any_bytes_are_refused_in_one_line(tmp_path, raw, suffix):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(raw)
    with pytest.raises(InputError) as caught:
        load_site(path, "safe")
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)


# --- roles -----------------------------------------------------------------------------------------------------------
def test_a_polygon_without_a_role_is_no_work_area_beside_one(tmp_path, wanted):
    house = feature("work_area", ring_lonlat(POST))
    del house["properties"]["role"]
    refused(
        saved(tmp_path, document(feature("work_area", ring_lonlat(FIELD)), house), "a.geojson"), "feature 1", "role"
    )
    text = placemark("work_area", kml_ring(FIELD)) + placemark("block 3", kml_ring(POST))
    refused(saved(tmp_path, KML.format(text), "a.kml"), "placemark 1 (block 3)", "keep_out", "--unmarked")
    text = placemark("work_area", kml_ring(FIELD)) + placemark("house", kml_ring(POST))
    same_ground(load_site(saved(tmp_path, KML.format(text), "b.kml"), "safe"), wanted)
    field = feature("work_area", ring_lonlat(FIELD))
    del field["properties"]["role"]
    site = load_site(saved(tmp_path, document(field, feature("keep_out", ring_lonlat(POST))), "b.geojson"), "safe")
    same_ground(site, wanted)
    assert site.repairs == ("feature 0 has no role: taken as a work area",)


def test_what_is_no_file_is_refused_at_once(tmp_path):
    refused(Path("/dev/zero"), "no ordinary file")
    huge = tmp_path / "huge.geojson"
    with huge.open("wb") as out:
        out.truncate(200 * 2**20)
    refused(huge, "larger than 128 MiB")
