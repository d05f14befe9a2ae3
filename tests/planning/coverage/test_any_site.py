"""Whatever a site file holds, it is read or refused in one line: no other exception, whatever is nested in what."""

import copy
import json
import math

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.planning.coverage.support import document, feature, ring_lonlat, saved
from vehicle.contracts.errors import InputError
from vehicle.planning.site.site import Site, load_site

pytestmark = pytest.mark.long

SQUARE = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
HOLE = [(-3, -4), (2, -3), (1, 3), (-4, 2)]
ODD = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        10**400,
        1e308,
        "",
        "x",
        [],
        {},
        [[]],
        [None],
        {"type": "Polygon"},
        "a\nb",
        {"properties": [None]},
    ]
).map(copy.deepcopy)
WORDS = [
    "type",
    "features",
    "geometry",
    "coordinates",
    "properties",
    "role",
    "crs",
    "outside",
    "slope_deg",
    "place",
    "geometries",
]


def whole():
    steep = feature("slope", ring_lonlat(HOLE), slope_deg=12)
    mark = {"type": "Point", "coordinates": ring_lonlat(HOLE)[0]}
    point = {"type": "Feature", "properties": {"role": "benchmark"}, "geometry": mark}
    work = feature("work_area", ring_lonlat(SQUARE), ring_lonlat(HOLE))
    return document(work, steep, point, outside="safe")


def branches(node, way=()):
    """Every place in a document."""
    yield way
    if isinstance(node, dict):
        for key, value in node.items():
            yield from branches(value, (*way, key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from branches(value, (*way, number))


def put(node, way, value):
    for key in way[:-1]:
        node = node[key]
    node[way[-1]] = value


def read_or_refused(path):
    told = ""
    try:
        site = load_site(path)
    except InputError as refusal:
        told = str(refusal)
    if told:
        assert "\n" not in told
        assert path.name in told
    else:
        assert isinstance(site, Site)
        assert site.work_area.is_valid
        assert site.work_area.area > 0.0


WAYS = [way for way in branches(whole()) if way]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(st.tuples(st.sampled_from(WAYS), ODD), min_size=1, max_size=3))
def test_a_document_with_odd_values_anywhere(tmp_path, changes):
    doc = whole()
    for way, value in changes:
        try:
            put(doc, way, value)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took that branch away
    read_or_refused(saved(tmp_path, doc))


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(way=st.sampled_from(WAYS), key=st.sampled_from(WORDS), value=ODD)
def test_a_document_with_odd_keys_anywhere(tmp_path, way, key, value):
    doc = whole()
    node = doc
    for step in way:
        node = node[step]
    if isinstance(node, dict):
        node[key] = value
    else:
        put(doc, way, {"type": "GeometryCollection", key: value})
    read_or_refused(saved(tmp_path, doc))


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("the collection", {"crs": {"properties": [None]}}),
        ("the collection", {"crs": [4326]}),
        ("the geometry", {"type": "GeometryCollection", "geometries": 5}),
        ("the geometry", {"type": "GeometryCollection", "geometries": {"a": 1}}),
    ],
)
def test_odd_members_are_named(tmp_path, place, change):
    with pytest.raises(InputError, match=place):
        load_site(saved(tmp_path, {**whole(), **change}))


@pytest.mark.parametrize("depth", [60, 5_000, 50_000])
def test_collections_in_collections(tmp_path, depth):
    head = '{"type": "GeometryCollection", "geometries": ['
    text = head * depth + json.dumps({"type": "Polygon", "coordinates": [ring_lonlat(SQUARE)]}) + "]}" * depth
    path = saved(tmp_path, text)
    if depth < 100:
        site = load_site(path, "safe")
        assert site.work_area.area == pytest.approx(shapely.Polygon(SQUARE).area, rel=1e-3)
    else:
        with pytest.raises(InputError, match=r"nested|not JSON"):
            load_site(path, "safe")


# --- what has no area, and what has too many corners -----------------------------------------------------------------
@pytest.mark.parametrize("kind", ["Point", "LineString"])
@pytest.mark.parametrize("role", ["keep_out", "slope"])
def test_a_well_and_a_pipe_are_not_dropped(tmp_path, kind, role):
    ring = ring_lonlat(HOLE)
    geometry = {"type": kind, "coordinates": ring[0] if kind == "Point" else ring[:3]}
    well = {"type": "Feature", "properties": {"role": role, "slope_deg": 30}, "geometry": geometry}
    with pytest.raises(InputError, match=f"feature 1: a {role} without an area"):
        load_site(saved(tmp_path, document(feature("work_area", ring_lonlat(SQUARE)), well)), "safe")


def test_far_from_its_benchmark(tmp_path):
    doc = whole()
    doc["features"][2]["geometry"]["coordinates"] = [46.93, 41.99]
    with pytest.raises(InputError, match=r"222 km from the benchmark"):
        load_site(saved(tmp_path, doc))
    doc["features"][2]["geometry"]["coordinates"].reverse()
    with pytest.raises(InputError, match=r"km from the benchmark"):
        load_site(saved(tmp_path, doc))


def test_keep_outs_of_several_features_that_touch(tmp_path):
    other = [(x + 5.2, y + 0.5) for x, y in HOLE]
    doc = document(*[feature(role, ring_lonlat(ring)) for role, ring in
                     (("work_area", SQUARE), ("keep_out", HOLE), ("keep_out", other))])  # fmt: skip
    assert load_site(saved(tmp_path, doc), "safe").repairs == ()
    near = [(x + 3.0, y + 0.5) for x, y in HOLE]
    doc["features"][2] = feature("keep_out", ring_lonlat(near))
    assert load_site(saved(tmp_path, doc), "safe").repairs == ("keep-outs touch or overlap: 2 merged into 1",)


@pytest.mark.slow
def test_a_hundred_thousand_corners_are_thinned_the_safe_way(tmp_path):
    angles = [2.0 * math.pi * k / 100_000 for k in range(100_000)]
    rim = [(60.0 * math.cos(a), 60.0 * math.sin(a)) for a in angles]
    circle = shapely.Polygon(rim)
    plain = [(-80, -80), (80, -82), (81, 79), (-79, 80)]
    for role, outward in (("work_area", True), ("safe_ground", False)):
        features = [feature(role, ring_lonlat(rim))]
        features += [feature("work_area", ring_lonlat(plain))] if role != "work_area" else []
        site = load_site(saved(tmp_path, document(*features)), "unknown")
        found = getattr(site, role)
        moved = f"100001 corners thinned to {shapely.get_num_coordinates(found)}, the outline moved"
        assert [line for line in site.repairs if moved in line and (" outward " in line) is outward]
        assert shapely.get_num_coordinates(found) < 2_000
        datum = site.datum.enu_from_lonlat_array(np.array([ring_lonlat([(0, 0)])[0]]))[0]
        wanted = shapely.transform(circle, lambda xy, at=datum: xy + at)
        large, small = (found, wanted) if outward else (wanted, found)
        assert large.buffer(1e-3).covers(small)
        assert large.difference(small).area < 0.012 * wanted.length
