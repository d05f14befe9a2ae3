"""Projected coordinates, whatever the file: the same ground; what is known to metres only is marked and not driven."""

import contextlib
import copy
import json
from typing import Any

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.drive_rig import write_config
from tests.planning.coverage.support import document, feature, ring_lonlat, saved
from vehicle.config.drive import load_drive
from vehicle.config.load import load_machine
from vehicle.config.vehicle import footprint
from vehicle.contracts.errors import InputError
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.files.export import write_plan_files
from vehicle.planning.site.site import load_site
from vehicle.runtime.app import start_state

FIELD = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
POST = [(-3, -4), (2, -3), (1, 3), (-4, 2)]
MUNICH = (48.1, 11.5)
UTM, ETRS, DHDN = "EPSG:32638", "EPSG:25832", "EPSG:31468"


def crs_of(code: str) -> dict[str, object]:
    return {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{code.removeprefix('EPSG:')}"}}


def rings_in(code: str, points, place=(39.99, 46.93)) -> list[list[float]]:
    forward = pyproj.Transformer.from_crs("EPSG:4326", code, always_xy=True)
    return [list(forward.transform(lon, lat)) for lon, lat in ring_lonlat(points, *place)]


def site_in(code: str, place=(39.99, 46.93)) -> dict[str, Any]:
    rows = [feature(role, rings_in(code, p, place)) for role, p in (("work_area", FIELD), ("keep_out", POST))]
    return document(*rows, crs=crs_of(code), outside="safe")


def plain(place=(39.99, 46.93)):
    rows = [feature(role, ring_lonlat(p, *place)) for role, p in (("work_area", FIELD), ("keep_out", POST))]
    return document(*rows, outside="safe")


def same_ground(site, wanted) -> None:
    for part in ("work_area", "keep_out"):
        there = shapely.transform(getattr(site, part), site.datum.lonlat_from_enu_array)
        here = shapely.transform(there, wanted.datum.enu_from_lonlat_array)
        assert here.symmetric_difference(getattr(wanted, part)).area < 0.01


@pytest.fixture
def wanted(tmp_path):
    return load_site(saved(tmp_path, plain(), "wanted.geojson"))


def test_geojson_in_a_projected_system(tmp_path, wanted) -> None:
    site = load_site(saved(tmp_path, site_in(UTM)))
    same_ground(site, wanted)
    assert (site.source_system, site.source_accuracy_m) == ("WGS 84 / UTM zone 38N", 0.0)
    assert site.repairs == ("reprojected from WGS 84 / UTM zone 38N to WGS 84",)


def test_a_feature_or_geometry_in_another_system_than_the_rest(tmp_path, wanted) -> None:
    doc = plain()
    for where in ("feature", "geometry"):
        mixed = copy.deepcopy(doc)
        row = feature("keep_out", rings_in(UTM, POST))
        (row if where == "feature" else row["geometry"])["crs"] = crs_of(UTM)
        mixed["features"][1] = row
        same_ground(load_site(saved(tmp_path, mixed)), wanted)
    back = site_in(UTM)
    back["features"][0] = doc["features"][0] | {"crs": crs_of("EPSG:4326")}
    same_ground(load_site(saved(tmp_path, back)), wanted)


def test_older_spelling_and_nested_geometries(tmp_path, wanted) -> None:
    old = site_in(UTM) | {"crs": {"type": "EPSG", "properties": {"code": 32638}}}
    same_ground(load_site(saved(tmp_path, old)), wanted)
    field = {"type": "Polygon", "coordinates": [rings_in(UTM, FIELD)]}
    multi = {"type": "MultiPolygon", "coordinates": [[[[*p, 12.5] for p in rings_in(UTM, POST)]]]}
    nested = document(
        {"type": "Feature", "properties": {"role": "work_area"}, "geometry": field},
        {
            "type": "Feature",
            "properties": {"role": "keep_out"},
            "geometry": {"type": "GeometryCollection", "geometries": [multi]},
        },
        crs=crs_of(UTM),
        outside="safe",
    )
    same_ground(load_site(saved(tmp_path, nested)), wanted)
    bare = field | {"crs": crs_of(UTM)}
    assert load_site(saved(tmp_path, bare)).work_area.area == pytest.approx(wanted.work_area.area, abs=0.01)


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        (crs_of("EPSG:99999"), ("99999", "unknown")),
        ({"type": "link", "properties": {"href": "http://example.org/crs"}}, ("names no system",)),
        ({"type": "name", "properties": {"name": 'LOCAL_CS["site grid",UNIT["metre",1]]'}}, ("no known way",)),
        (crs_of(UTM), ("look like degrees", "EPSG:4326")),
    ],
)
def test_what_cannot_be_reprojected_is_refused(tmp_path, crs, words) -> None:
    with pytest.raises(InputError) as refusal:
        load_site(saved(tmp_path, plain() | {"crs": crs}))
    for word in ("site.geojson: the collection", *words):
        assert word in str(refusal.value)


@pytest.mark.long
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=3), st.lists, max_leaves=8))
def test_no_traceback_for_any_coordinates(tmp_path_factory, coordinates) -> None:
    doc = site_in(UTM)
    doc["features"][1]["geometry"]["coordinates"] = coordinates
    with contextlib.suppress(InputError):
        load_site(saved(tmp_path_factory.mktemp("any"), json.dumps(doc)))


def marked(tmp_path, code: str):
    place = load_site(saved(tmp_path, site_in(code, MUNICH), "ground.geojson"))
    plan = plan_site(place, footprint(load_machine("memat")))
    write_plan_files(plan, place, tmp_path / "plan")
    return place, json.loads((tmp_path / "plan" / "summary.json").read_text())


@pytest.mark.long
def test_a_national_grid_without_its_grid_file_is_marked_and_not_driven(tmp_path) -> None:
    place, summary = marked(tmp_path, DHDN)
    assert place.source_accuracy_m >= 1.0
    assert "m only; a better grid is known but not installed" in place.repairs[0]
    assert summary["source_system"] == "DHDN / 3-degree Gauss-Kruger zone 4"
    assert summary["source_accuracy_m"] == place.source_accuracy_m
    for table in ('file = "ground.geojson"\n', 'file = "ground.geojson"\nplan = "plan"\n'):
        file = load_drive(write_config(tmp_path, udp_port=14_996, place=f"[site]\n{table}"))
        with pytest.raises(InputError, match=r"ground.geojson: coordinates known to 3 m only .*DHDN.*not driven"):
            start_state(file)


@pytest.mark.long
def test_the_bases_own_frame_is_no_reprojection_by_metres(tmp_path) -> None:
    place, _ = marked(tmp_path, ETRS)
    assert place.source_accuracy_m == 1.0
    file = load_drive(write_config(tmp_path, udp_port=14_996, place='[site]\nfile = "ground.geojson"\n'))
    with pytest.raises(InputError, match=r'base_frame = "ETRS89"'):
        start_state(file)
    table = '[site]\nfile = "ground.geojson"\nbase_frame = "ETRS89"\n'
    state = start_state(load_drive(write_config(tmp_path, udp_port=14_996, place=table)))
    assert state.mission.plan is not None
    there = load_site(tmp_path / "ground.geojson", base_frame="ETRS89")
    assert there.source_accuracy_m == 0.0
    same_ground(there, load_site(saved(tmp_path, plain(MUNICH), "wanted.geojson")))


@pytest.mark.parametrize("frame", ["Pulkovo 1942", "EPSG:25832", "the base's"])
def test_a_frame_that_no_base_counts_in_is_refused(tmp_path, frame) -> None:
    saved(tmp_path, plain(), "ground.geojson")
    table = f'[site]\nfile = "ground.geojson"\nbase_frame = "{frame}"\n'
    with pytest.raises(InputError, match="base_frame"):
        start_state(load_drive(write_config(tmp_path, udp_port=14_996, place=table)))


def test_flatgeobuf_is_read(tmp_path, wanted) -> None:
    forward = pyproj.Transformer.from_crs("EPSG:4326", UTM, always_xy=True)
    shapes = [
        shapely.transform(
            shapely.Polygon(ring_lonlat(p)), lambda xy: np.column_stack(forward.transform(xy[:, 0], xy[:, 1]))
        )
        for p in (FIELD, POST)
    ]
    pyogrio.raw.write(
        tmp_path / "a.fgb",
        shapely.to_wkb(np.array(shapes, dtype=object)),
        [np.array(["work_area", "keep_out"], dtype=object)],
        ["role"],
        geometry_type="Polygon",
        crs=UTM,
        driver="FlatGeobuf",
    )
    same_ground(load_site(tmp_path / "a.fgb", "safe"), wanted)
    (tmp_path / "a.fgb").rename(tmp_path / "a.dat")
    with pytest.raises(InputError, match="is FlatGeobuf"):
        load_site(tmp_path / "a.dat")


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.gml", '<?xml version="1.0"?><gml:FeatureCollection/>', "GML"),
        ("a.json", "\ufeff<gml/>", "XML"),
        ("a.poly", "#saved by Mission Planner 1.3\n39.99 46.93\n", "a polygon of Mission Planner"),
        ("a.txt", "#saved by Mission Planner 1.3\n39.99 46.93\n", "a polygon or fence of Mission Planner"),
        ("a.waypoints", "QGC WPL 110\n", "a list of waypoints"),
        ("b.txt", "QGC WPL 110\n0\t1\t0\t16\n", "a list of waypoints"),
        ("a.gpx", "\ufeff<gpx/>", "GPX"),
        ("a.topojson", '{"type": "Topology"}', "TopoJSON"),
        ("a.csv", "lat,lon\n1,2\n", "a table"),
        ("a.zip", "PK\x03\x04", "a ZIP archive"),
        ("a.pdf", "%PDF-1.7", "PDF"),
    ],
)
def test_other_formats_are_named(tmp_path, name, content, what) -> None:
    with pytest.raises(InputError) as refusal:
        load_site(saved(tmp_path, content, name))
    assert f"is {what}" in str(refusal.value)
    assert "not JSON" not in str(refusal.value)
