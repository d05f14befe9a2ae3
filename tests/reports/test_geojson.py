"""GeoJSON that every program opens: RFC 7946, valid shapes, one kind in a file; areas are those of the record."""

import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests import builders
from tests.control.ledger import jobs
from tests.reports.rfc7946 import faults
from vehicle.config.footprint import footprint
from vehicle.contracts.plan import Segment, SegmentKind
from vehicle.planning.files.export import write_plan_geojson
from vehicle.reports.degrees import in_degrees, rounded
from vehicle.reports.geojson import FILES, write_geojson
from vehicle.reports.products import NOTE_OF_OTHERS, NOTES, features

GOOD = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
        }
    ],
}


def test_the_check_passes_a_good_file_and_names_each_fault() -> None:
    assert faults(json.dumps(GOOD)) == []
    bad = json.loads(json.dumps(GOOD))
    bad["features"][0]["geometry"]["coordinates"][0].reverse()
    assert "wound" in faults(json.dumps(bad))[0]
    assert "properties (7.1)" in faults(json.dumps(GOOD | {"properties": {}}))[0]
    assert "crs" in faults(json.dumps(GOOD | {"crs": {}}))[0]
    open_ring = json.loads(json.dumps(GOOD))
    open_ring["features"][0]["geometry"]["coordinates"][0][-1] = [0.5, 0.5]
    assert "closed" in faults(json.dumps(open_ring))[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("geojson")
    facts = jobs.open_job()
    write_geojson(path, facts, tuple(features(facts)))
    return path


@pytest.mark.parametrize("name", FILES)
def test_a_file_keeps_the_standard_and_holds_one_kind_of_valid_geometry(folder: Path, name: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert faults(text) == []
    shapes = [shapely.from_geojson(json.dumps(row["geometry"])) for row in json.loads(text)["features"]]
    assert len({shape.geom_type for shape in shapes}) == 1
    assert shapely.is_valid(shapes).all()
    _, _, wkb, _ = pyogrio.raw.read(folder / name)
    assert len(wkb) == len(shapes)


def test_areas_are_those_of_the_record_and_every_layer_says_what_it_is(folder: Path) -> None:
    facts = jobs.open_job()
    found = json.loads((folder / "ledger.geojson").read_text(encoding="utf-8"))
    by_layer: dict[str, float] = {}
    for feature in found["features"]:
        properties = feature["properties"]
        assert properties["note"] == NOTES.get(properties["layer"], NOTE_OF_OTHERS)
        assert properties["simulated"] == "no"
        assert properties["plan_hash"] == facts.plan.plan_hash
        by_layer[properties["layer"]] = by_layer.get(properties["layer"], 0.0) + properties["area_m2"]
    assert by_layer["processed"] == pytest.approx(facts.ledger.credited_m2, abs=1e-3)
    assert by_layer["missed"] == pytest.approx(facts.found.missed_m2, abs=1e-3)
    assert set(by_layer) == set(found["about"]["layers"])
    assert all("not for feet" in text for text in found["about"]["layers"].values())


@given(
    width_m=st.floats(1e-6, 2.0),
    length_m=st.floats(0.01, 500.0),
    turn_rad=st.floats(0.0, 3.2),
    east_m=st.floats(-900.0, 900.0),
)
def test_no_sliver_vanishes_or_becomes_invalid_in_text(
    width_m: float, length_m: float, turn_rad: float, east_m: float
) -> None:
    sliver = shapely.affinity.rotate(shapely.box(east_m, 0.0, east_m + length_m, width_m), turn_rad, use_radians=True)
    told = in_degrees(sliver, builders.DATUM)
    shape = rounded(told)
    assert shape.is_valid
    assert shape.area > 0.0
    assert shapely.hausdorff_distance(shape, told) <= 1e-8
    row = {"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(shape))}
    assert faults(json.dumps({"type": "FeatureCollection", "features": [row]})) == []


def test_a_turn_on_the_spot_is_a_place_and_no_line_of_two_equal_points(tmp_path: Path) -> None:
    turn = Segment(
        seq=1, kind=SegmentKind.TURN, tool_down=False, points_m=((8.0, 0.0), (8.0, 0.0)), yaw_start_rad=0.0,
        yaw_end_rad=1.0, speed_mps=0.0, turn_rad=1.0,
    )  # fmt: skip
    plan = builders.plan((builders.swath(0, 8.0, 0.0), turn), footprint(builders.config().machine))
    write_plan_geojson(plan, tmp_path / "plan.geojson", "north field")
    text = (tmp_path / "plan.geojson").read_text(encoding="utf-8")
    assert faults(text) == []
    found = json.loads(text)
    shapes = [shapely.from_geojson(json.dumps(row["geometry"])) for row in found["features"]]
    assert shapely.is_valid(shapes).all()
    assert [shape.geom_type for shape in shapes] == ["LineString", "Point"]
    assert [row["properties"]["kind"] for row in found["features"]] == ["swath", "turn"]
    assert np.allclose(shapely.get_coordinates(shapes[1])[0], shapely.get_coordinates(shapes[0])[-1], atol=1e-8)
    assert found["about"]["site"] == "north field"
