"""Files as the page gets them: the reader's own sentence, the place that it means, and all that was drawn."""

import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
import shapely

from console.server.planning.document import Datum, decoded, geojson_of
from console.server.planning.sites import SiteRequest, read, told
from tests.marks import reads_shared
from vehicle.contracts.errors import InputError
from vehicle.planning.coverage.settings import PlanSettings, on_slopes
from vehicle.planning.site.site import load_site

CASES = Path(__file__).parents[3] / ".." / "shared" / "cases" / "sites"
BOX = [[0.0, 0.0], [0.0005, 0.0], [0.0005, 0.0004], [0.0, 0.0004], [0.0, 0.0]]
INNER = [[0.0001, 0.0001], [0.0002, 0.0001], [0.0002, 0.0002], [0.0001, 0.0002], [0.0001, 0.0001]]
BOW_TIE = [[0.0, 0.0], [0.0005, 0.0004], [0.0005, 0.0], [0.0, 0.0004], [0.0, 0.0]]


def feature(ring: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def asked(tmp_path: Path, *features: dict[str, Any], **wide: Any) -> SiteRequest:
    path = tmp_path / "3f2a" / "field.geojson"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"type": "FeatureCollection", **wide, "features": list(features)}))
    return SiteRequest(path=str(path), name="field.geojson")


def test_a_good_file_is_a_site_and_a_drawing(tmp_path: Path) -> None:
    found = told(asked(tmp_path, feature(BOX, role="work_area"), feature(INNER, role="keep_out", name="well")))
    assert found["editable"] is True
    assert [(area["role"]) for area in found["site"]["areas"]] == ["work_area", "keep_out"]
    assert [(shape["role"], shape["name"]) for shape in found["document"]["shapes"]] == [
        ("work_area", ""),
        ("keep_out", "well"),
    ]
    assert found["site"]["area_m2"] == pytest.approx(55.66 * 44.23 - 11.13 * 11.06, rel=1e-2)


def test_nobody_said_what_is_outside_so_nobody_is_quoted(tmp_path: Path) -> None:
    silent = told(asked(tmp_path, feature(BOX, role="work_area")))
    assert (silent["site"]["outside"], silent["document"]["outside"], silent["document"]["tripwires"]) == (None,) * 3
    spoken = told(asked(tmp_path, feature(BOX, role="work_area"), outside="unknown", tripwires="none"))
    assert spoken["site"]["outside"] == "unknown"
    assert (spoken["document"]["outside"], spoken["document"]["tripwires"]) == ("unknown", "none")


def test_the_readers_sentence_names_the_users_file_and_the_shape_in_question(tmp_path: Path) -> None:
    found = told(asked(tmp_path, feature(BOX), feature(INNER)))
    assert found["error"].startswith("field.geojson: feature 1 lies inside or across feature 0")
    assert "3f2a" not in found["error"]
    assert found["named"] == [1, 2]
    assert [shape["role"] for shape in found["document"]["shapes"]] == [None, None]


def test_a_place_in_the_sentence_is_where_the_mark_stands(tmp_path: Path) -> None:
    found = told(asked(tmp_path, feature(BOW_TIE, role="work_area")))
    assert "lon 0.0002" in found["error"]
    east_m, north_m = found["where"]
    ring = shapely.LinearRing(found["document"]["shapes"][0]["rings"][0])
    assert ring.distance(shapely.Point(east_m, north_m)) < 0.2
    assert not ring.is_simple


def test_what_is_no_site_at_all_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "field.geojson"
    path.write_bytes(b"\x00\x01 nothing")
    found = told(SiteRequest(path=str(path), name="field.geojson"))
    assert found["error"].startswith("field.geojson: not JSON")
    assert (found["where"], found["named"], found["document"]) == (None, [], None)


def test_a_drawing_of_a_file_reads_as_the_file(tmp_path: Path) -> None:
    request = asked(
        tmp_path, feature(BOX, role="work_area"), feature(INNER, role="keep_out", name="well", radius_m=None)
    )
    first = told(request)
    again = tmp_path / "again.geojson"
    again.write_bytes(geojson_of(decoded(json.dumps(first["document"]).encode())))
    one, other = load_site(Path(request.path)), load_site(again)
    assert shapely.symmetric_difference(one.work_area, other.work_area).area < 1e-3
    assert shapely.symmetric_difference(one.keep_out, other.keep_out).area < 1e-3


def drawn(tmp_path: Path, role: str | None = "work_area", **changed: Any) -> SiteRequest:
    """The site file of a drawing of 40 m x 30 m, as the planner gets it."""
    outline = [[0.0, 0.0], [40.0, 0.0], [40.0, 30.0], [0.0, 30.0]]
    document = {"name": "x", "datum": {"lat_deg": 40.0, "lon_deg": 47.0}, "outside": "safe", "tripwires": "none"}
    shapes = [{"id": 1, "role": role, "rings": [outline]}, *changed.pop("shapes", [])]
    path = tmp_path / "x.geojson"
    path.write_bytes(geojson_of(decoded(json.dumps({**document, "shapes": shapes, **changed}).encode())))
    return SiteRequest(path=str(path), name=path.name)


@pytest.mark.parametrize("role", ["work_area", None])
def test_a_slope_of_the_whole_area_reaches_the_planner_and_changes_no_area(tmp_path: Path, role: str | None) -> None:
    """A tool is narrower on a slope; nothing said is level ground."""
    level, steep = read(drawn(tmp_path, role)), read(drawn(tmp_path, role, slope_deg=12.0))
    assert level.slopes == ()
    assert [math.degrees(slope_rad) for slope_rad, _ in steep.slopes] == pytest.approx([12.0])
    assert steep.work_area.area == pytest.approx(level.work_area.area, rel=1e-9)
    assert steep.keep_out.is_empty
    settings = on_slopes(PlanSettings(), steep.slopes)
    assert math.degrees(settings.side_slope_rad) == pytest.approx(12.0)


def test_a_slope_of_a_part_needs_its_degrees(tmp_path: Path) -> None:
    part = {"id": 2, "role": "slope", "rings": [[[5.0, 5.0], [15.0, 5.0], [15.0, 15.0]]]}
    with pytest.raises(InputError, match="a slope needs slope_deg, a number from 0 to 90"):
        read(drawn(tmp_path, shapes=[part]))
    found = read(drawn(tmp_path, shapes=[{**part, "kept": {"slope_deg": 31.5}}]))
    assert [(math.degrees(slope_rad), round(shape.area)) for slope_rad, shape in found.slopes] == [(31.5, 50)]


def test_a_driven_outline_with_a_gap_reads_as_any_other(tmp_path: Path) -> None:
    """What the page notes of the gap is a number, which no reader takes for a role."""
    other = {"id": 2, "role": "keep_out", "rings": [[[5.0, 5.0], [15.0, 5.0], [15.0, 15.0]]]}
    asked_for = drawn(tmp_path, shapes=[{**other, "kept": {"bridged_m": [5.1, 2.0]}}])
    assert read(asked_for).keep_out.area == pytest.approx(50.0, rel=1e-4)


def test_what_a_file_says_of_all_of_it_stays_in_the_drawing(tmp_path: Path) -> None:
    request = asked(tmp_path, feature(BOX, role="work_area"), outside="unknown", Overrun_m=0, said_by="Team 2")
    document = told(request)["document"]
    assert document["kept"] == {"overrun_m": 0, "said_by": "Team 2"}
    written = json.loads(geojson_of(decoded(json.dumps(document).encode())))
    assert (written["overrun_m"], written["said_by"], written["outside"]) == (0, "Team 2", "unknown")


def test_a_site_near_the_vehicle_counts_from_its_datum_and_one_far_away_from_its_own(tmp_path: Path) -> None:
    request = asked(tmp_path, feature(BOX, role="work_area"))
    near, far = Datum(lat_deg=0.001, lon_deg=0.002), Datum(lat_deg=40.0, lon_deg=47.0)
    beside = told(msgspec.structs.replace(request, near=near))
    assert beside["document"]["datum"] == {"lat_deg": 0.001, "lon_deg": 0.002, "alt_m": 0.0}
    assert beside["site"]["datum"] == beside["document"]["datum"]
    alone = told(msgspec.structs.replace(request, near=far))
    assert alone["document"]["datum"] == told(request)["document"]["datum"]
    assert read(msgspec.structs.replace(request, near=near)).site_hash == read(request).site_hash


def test_roles_that_come_from_nesting_make_a_drawing_that_is_not_the_file(tmp_path: Path) -> None:
    request = asked(tmp_path, feature(BOX), feature(INNER))
    answered = SiteRequest(path=request.path, name=request.name, unmarked="keep_out")
    assert told(answered)["editable"] is False


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"datum": {"lat_deg": 95.0, "lon_deg": 0.0}}, "no valid place"),
        ({"shapes": [{"id": 1, "rings": [[[0.0, 0.0], [1e999, 0.0], [1.0, 1.0]]]}]}, "the drawing: "),
        ({"datum": {"lat_deg": 40.0}}, "lon_deg"),
        ({"shapes": "none"}, "the drawing"),
        ({"shapes": [{"id": n} for n in range(5_001)]}, "too many"),
    ],
)
def test_a_drawing_that_is_none_is_one_sentence(change: dict[str, Any], sentence: str) -> None:
    whole = {"name": "x", "datum": {"lat_deg": 40.0, "lon_deg": 47.0}, "shapes": [], **change}
    with pytest.raises(InputError, match=sentence):
        geojson_of(decoded(json.dumps(whole).encode()))


@reads_shared
@pytest.mark.parametrize(
    ("name", "worked_m2", "shapes"),
    [
        ("a_silent_inner.kml", None, 2),
        ("b_linearring.kml", 1151.0, 2),
        ("b_track.kml", 1151.0, 2),
        ("c_island_multipolygon.geojson", 1044.0, 2),
        ("c_two_areas.geojson", 1200.0, 2),
        ("e_fence_smaller.plan", None, 2),
        ("e_survey_corridor.plan", 1200.0, 1),
        ("keepout_one_word.kml", 4069.6, 2),
        ("p_tiny_triangle.geojson", 748.1, 3),
        ("s_27ha_trees.geojson", 26288.8, 43),
        ("x_two_rings_in_one_inner.kml", 1135.0, 1),
    ],
)
def test_files_of_other_programs(name: str, worked_m2: float | None, shapes: int) -> None:
    found = told(SiteRequest(path=str(CASES / name), name=name))
    assert len(found["document"]["shapes"]) == shapes
    if worked_m2 is None:
        assert found["error"].startswith(f"{name}: ")
    else:
        assert found["site"]["area_m2"] == pytest.approx(worked_m2, abs=0.1)
        assert found["editable"] is True


def test_what_a_file_says_of_the_whole_site_stays_in_its_drawing(tmp_path: Path) -> None:
    wide = {
        "Task Role": "technical_survey", "overrun_m": 0.5,
        "assured_by": "A", "on_basis": "walked", "assured_on": "2026-05-04",
        "outside": "unknown", "tripwires": "none", "required_depth_m": 0.2,
    }  # fmt: skip
    rows = (feature(BOX, role="work_area"), feature(INNER, role="safe_ground"))
    file = asked(tmp_path, *rows, **wide)
    document = decoded(msgspec.json.encode(told(file)["document"]))
    drawn = tmp_path / "drawn.geojson"
    drawn.write_bytes(geojson_of(document))
    one, other = load_site(Path(file.path)), load_site(drawn)
    for name in ("task_role", "overrun", "outside", "tripwires", "required_depth_m"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.task_role == "technical_survey"
    assert [row.missing for row in other.assurances] == [()]
