"""What a file says beside its shapes is told by the name that people gave: what was left out, what denies the work."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.planning.coverage.support import document, feature, ring_lonlat, saved
from vehicle.contracts.errors import InputError
from vehicle.planning.site.site import load_site

FIELD = ring_lonlat([(-20, -15), (22, -14), (19, 16), (-21, 14)])
BESIDE = ring_lonlat([(40, 0), (50, 0), (50, 10), (40, 10)])
WORK = feature("work_area", FIELD)
KML = (
    "<kml><Placemark><name>{}</name><Polygon><outerBoundaryIs><LinearRing><coordinates>{}</coordinates></LinearRing>"
    "</outerBoundaryIs></Polygon></Placemark></kml>"
)


def drawn(kind: str, at: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": fields, "geometry": {"type": kind, "coordinates": at}}


def warnings(folder: Path, *features: dict[str, Any]) -> str:
    return "\n".join(load_site(saved(folder, document(*features)), "safe").warnings)


def test_what_is_left_out_is_told_by_its_name(tmp_path: Path) -> None:
    pin, way = drawn("Point", FIELD[0], name="Brunnen"), drawn("LineString", FIELD[:2], Name="su xətti")
    told = warnings(tmp_path, WORK, pin, way, {"type": "Feature", "properties": {"name": "ev"}, "geometry": None})
    assert "feature 1 (Brunnen): a point carries no area and was left out" in told
    assert "feature 2 (su xətti): a LineString carries no area" in told
    assert "feature 3 (ev) has no geometry and was left out" in told


def test_polygons_without_a_role_are_told_by_their_names(tmp_path: Path) -> None:
    one, other = drawn("Polygon", [FIELD], name="Sahə 1"), drawn("Polygon", [BESIDE], name="yasak")
    assert "feature 0 (Sahə 1) with 1," in warnings(tmp_path, one, other)
    assert "feature 1 (yasak) with 100 m2" in warnings(tmp_path, one, other)


@pytest.mark.parametrize("fields", [{"status": "Cancelled"}, {"hazard": "SHA", "Active": "no"}])
def test_a_state_that_denies_the_work_is_told_without_a_role_too(tmp_path: Path, fields: dict[str, Any]) -> None:
    key, value = list(fields.items())[-1]
    told = f"field '{key}' '{value}': worked all the same"
    assert told in warnings(tmp_path, drawn("Polygon", [FIELD], **fields))
    assert told not in warnings(tmp_path, WORK, drawn("Point", FIELD[0], **fields))


@pytest.mark.parametrize(
    "name",
    ["dia_m", "Diameter", "r", "R (m)", "standoff", "stand_off_m", "safe_dist", "радиус", "radiusu", "Yar\u0131çap"],
)
def test_a_field_that_may_mean_a_radius_is_refused_for_a_mark(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="write radius_m"):
        warnings(tmp_path, WORK, drawn("Point", FIELD[0], role="marker", **{name: 30}))


@pytest.mark.parametrize("name", ["distance_m", "rows", "remark_1", "diagonal", "radar", "d"])
def test_other_numbers_of_a_mark_are_its_own(tmp_path: Path, name: str) -> None:
    pin = drawn("Point", FIELD[0], role="marker", **{name: 30})
    site = load_site(saved(tmp_path, document(WORK, pin)), "safe")
    assert len(site.marks) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Required depth: 20 cm",
        "clear to a depth of 0,2 m",
        "20 cm deep",
        "Глибина обробки 20 см",
        "d\u0259rinlik 20 sm",
    ],
)
def test_a_depth_in_running_text_is_told_as_not_read(tmp_path: Path, text: str) -> None:
    told = "speaks of a depth, which is not read; write required_depth_m"
    for key in ("description", "remarks", "what is asked"):
        assert told in warnings(tmp_path, drawn("Polygon", [FIELD], role="work_area", **{key: text}))
    kml = KML.format("SHA", " ".join(f"{lon},{lat}" for lon, lat in FIELD))
    (tmp_path / "site.kml").write_text(kml.replace("</name>", f"</name><description>{text}</description>"))
    assert told in "\n".join(load_site(tmp_path / "site.kml", "safe").warnings)
    pond = drawn("Polygon", [BESIDE], role="keep_out", description=text)
    assert told not in warnings(tmp_path, WORK, pond)


@pytest.mark.parametrize("text", ["depth unknown", "2 pits, depth of water 2 m", "in-depth survey of 2024", "5 m wide"])
def test_other_text_states_no_depth(tmp_path: Path, text: str) -> None:
    assert "depth" not in warnings(tmp_path, drawn("Polygon", [FIELD], role="work_area", remarks=text))


@pytest.mark.parametrize("circle", [{"center": [True, 46.9], "radius": 5}, {"center": [39.9, 46.9], "radius": "1_0"}])
def test_a_circle_of_a_plan_has_numbers(tmp_path: Path, circle: dict[str, Any]) -> None:
    fence = {"circles": [{"inclusion": False, "circle": circle}], "polygons": []}
    (tmp_path / "site.plan").write_text(json.dumps({"fileType": "Plan", "geoFence": fence}))
    with pytest.raises(InputError, match="needs a center"):
        load_site(tmp_path / "site.plan", "safe")


def test_attributes_of_a_mac_are_no_part_of_an_archive(tmp_path: Path) -> None:
    text = KML.format("work area", " ".join(f"{lon},{lat}" for lon, lat in FIELD))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("doc.kml", text)
        archive.writestr("__MACOSX/._doc.kml", b"\x00\x05\x16\x07\x00")
    (tmp_path / "site.kmz").write_bytes(packed.getvalue())
    assert load_site(tmp_path / "site.kmz", "safe").work_area.area > 1_000.0
