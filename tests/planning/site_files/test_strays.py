"""A figure that stands where it is not read is refused, and what is said twice has one value: nothing is lost."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.planning.coverage.support import document, feature, ring_lonlat
from vehicle.contracts.errors import InputError
from vehicle.contracts.task_role import TaskRole
from vehicle.planning.site.depth_fields import KEYS
from vehicle.planning.site.site import Site, load_site
from vehicle.planning.site.strays import OF_SHAPE, OF_SITE, meant
from vehicle.planning.task.whole import agreed_role

FIELD = ring_lonlat([(-20, -15), (22, -14), (19, 16), (-21, 14)])
PIN = {"type": "Point", "coordinates": FIELD[0]}
SAID = {
    "outside": "unknown", "tripwires": "none", "overrun_m": 0, "task_role": "ground_preparation",
    "required_depth_m": 0.2, "slope_deg": 25, "radius_m": 50, "taken_down": True, "heading_deg": 90,
}  # fmt: skip
HUGE = "1" + "0" * 400


def loaded(folder: Path, doc: dict[str, Any] | str, suffix: str = ".geojson", name: str = "site") -> Site:
    path = folder / f"{name}{suffix}"
    path.write_text(doc if isinstance(doc, str) else json.dumps(doc), encoding="utf-8")
    return load_site(path)


def asked(path: Path, key: str, word: str) -> Site:
    return load_site(path, outside=word) if key == "outside" else load_site(path, tripwires=word)


@pytest.mark.parametrize("key", SAID)
@pytest.mark.parametrize("where", ["beside", "geometry", "inside", "deep", "in a list"])
def test_a_figure_is_refused_where_it_is_not_read(tmp_path: Path, key: str, where: str) -> None:
    work, said = feature("work_area", FIELD), {key: SAID[key]}
    if where == "beside":
        work |= said
    elif where == "geometry":
        work["geometry"] |= said
    else:
        row = {"inside": said, "deep": {"a": {"b": [said]}}, "in a list": [1, said]}[where]
        work["properties"]["attributes"] = row
    with pytest.raises(InputError, match=f"feature 0: '{key}' stands where it is not read"):
        loaded(tmp_path, document(work))


@pytest.mark.parametrize("key", SAID)
def test_a_whole_file_states_what_is_of_the_site_and_no_figure_of_a_shape(tmp_path: Path, key: str) -> None:
    doc = document(feature("work_area", FIELD), **{key: SAID[key]})
    if key in OF_SHAPE:
        with pytest.raises(InputError, match=f"'{key}' is not read for the whole file"):
            loaded(tmp_path, doc)
    else:
        assert getattr(loaded(tmp_path, doc), "overrun" if key == "overrun_m" else key) not in (None, "safe")
    with pytest.raises(InputError, match=f"'{key}' stands where it is not read"):
        loaded(tmp_path, document(feature("work_area", FIELD), metadata={key: SAID[key]}))
    with pytest.raises(InputError, match=f"'{key}' stands where it is not read"):
        loaded(tmp_path, document(feature("work_area", FIELD)) | {"properties": [{key: SAID[key]}]})


@given(st.sampled_from([*OF_SITE, *OF_SHAPE, *KEYS]), st.sampled_from(["", " ", "-", "__"]), st.booleans())
def test_a_field_is_known_however_it_is_written(name: str, between: str, loud: bool) -> None:
    key = name.replace("_", between) if between else name
    assert meant(key.upper() if loud else key)


@pytest.mark.parametrize("key", ["", "m", "outsider", "basis", "slope", "radius", "назва", "depth", 7])
def test_other_fields_are_not(key: object) -> None:
    assert meant(key) == ""


def test_the_slope_of_a_work_area_is_its_slope(tmp_path: Path) -> None:
    alone = loaded(tmp_path, document(feature("work_area", FIELD, slope_deg=12)))
    drawn = loaded(tmp_path, document(feature("work_area", FIELD), feature("slope", FIELD, slope_deg=12)))
    assert [slope for slope, _ in alone.slopes] == [slope for slope, _ in drawn.slopes] != []
    assert alone.slopes[0][1].equals(drawn.slopes[0][1])
    assert loaded(tmp_path, document(feature("work_area", FIELD, slope_deg=0))).slopes == ()
    for wrong in ("12", -1, 90, True, "steep"):
        with pytest.raises(InputError, match="needs slope_deg, a number from 0 to 90"):
            loaded(tmp_path, document(feature("work_area", FIELD, slope_deg=wrong)))


@pytest.mark.parametrize("key", ["required_depth_m", "overrun_m", "radius_m", "heading_deg", "slope_deg"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_number_that_no_machine_holds_is_one_line(tmp_path: Path, key: str, sign: str) -> None:
    role = {"radius_m": "marker", "heading_deg": "parking"}.get(key, "work_area")
    row = {"type": "Feature", "properties": {"role": role, key: 0}, "geometry": PIN}
    text = json.dumps(document(feature("work_area", FIELD), *([row] if role != "work_area" else [])))
    if role == "work_area":
        text = text.replace('"role": "work_area"', f'"role": "work_area", "{key}": 0', 1)
    with pytest.raises(InputError, match=key):
        loaded(tmp_path, text.replace(f'"{key}": 0', f'"{key}": {sign}{HUGE}'))


@pytest.mark.parametrize("spelled", ["task_role", "Task_Role", "task role", "TaskRole"])
@pytest.mark.parametrize("wide", [True, False])
def test_a_task_role_is_read_however_it_is_written(tmp_path: Path, spelled: str, wide: bool) -> None:
    role = {spelled: "technical_survey"}
    work = feature("work_area", FIELD, **({} if wide else role))
    assert loaded(tmp_path, document(work, **(role if wide else {}))).task_role == "technical_survey"


@pytest.mark.parametrize("name", ["--role", "the plan", "None"])
def test_the_name_of_a_file_hides_no_role(tmp_path: Path, name: str) -> None:
    site = loaded(tmp_path, document(feature("work_area", FIELD), task_role="quality_control"), name=name)
    with pytest.raises(InputError, match="make them one"):
        agreed_role(site, said={name: TaskRole.GROUND_PREPARATION})


def test_a_perimeter_that_is_the_work_declares(tmp_path: Path) -> None:
    row = feature("work_area", FIELD, outside="unknown", required_depth_m=0.2, overrun_m=0.5)
    row["properties"] = {"name": "Perimeter"} | {k: v for k, v in row["properties"].items() if k != "role"}
    site = loaded(tmp_path, document(row))
    assert (site.outside, site.required_depth_m, site.overrun.allowed_m) == ("unknown", 0.2, 0.5)


def test_an_empty_field_beside_another_spelling_is_no_contradiction(tmp_path: Path) -> None:
    row = feature("work_area", FIELD, outside=None, Outside="unknown")
    assert loaded(tmp_path, document(row)).outside == "unknown"
    with pytest.raises(InputError, match="declared twice"):
        loaded(tmp_path, document(feature("work_area", FIELD, outside="safe", Outside="unknown")))


def test_two_people_do_not_answer_for_one_ground(tmp_path: Path) -> None:
    doc = document(feature("work_area", FIELD), said_by="A") | {"properties": {"said_by": "B"}}
    with pytest.raises(InputError, match="said_by is declared twice"):
        loaded(tmp_path, doc)


@pytest.mark.parametrize("wish", ["²", "１", "٣", "9" * 5000, "-1", "1.0"])  # noqa: RUF001
def test_the_number_of_a_feature_is_of_latin_digits(tmp_path: Path, wish: str) -> None:
    loaded(tmp_path, document(feature("work_area", FIELD)))
    with pytest.raises(InputError, match="--feature"):
        load_site(tmp_path / "site.geojson", feature=wish)


def test_a_name_that_is_no_utf_8_is_one_line(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.geojson"))
    with pytest.raises(InputError, match="is not UTF-8; rename the file") as refused:
        load_site(path)
    assert str(refused.value).isascii()


@pytest.mark.parametrize(("key", "drawn", "given"), [("outside", "unknown", "safe"), ("tripwires", "possible", "none")])
def test_a_word_of_the_file_is_not_overruled_in_silence(tmp_path: Path, key: str, drawn: str, given: str) -> None:
    loaded(tmp_path, document(feature("work_area", FIELD), **{"outside": "safe", key: drawn}))
    path, line = tmp_path / "site.geojson", f"{key} is taken as {given}, as it was asked for; the file says {drawn}"
    assert line in asked(path, key, given).warnings
    assert not any("asked for" in told for told in asked(path, key, drawn).warnings)


# --- KML and plans of a ground station -------------------------------------------------------------------------------
def data(*pairs: tuple[str, str]) -> str:
    rows = "".join(f'<Data name="{key}"><value>{value}</value></Data>' for key, value in pairs)
    return f"<ExtendedData>{rows}</ExtendedData>"


def kml(own: str = "", placemark: str = "", folder: str | None = None) -> str:
    corners = " ".join(f"{lon},{lat}" for lon, lat in FIELD)
    ring = f"<LinearRing><coordinates>{corners}</coordinates></LinearRing>"
    polygon = f"<Polygon><outerBoundaryIs>{ring}</outerBoundaryIs></Polygon>"
    inner = f"<Placemark><name>Work area</name>{placemark}{polygon}</Placemark>"
    inner = inner if folder is None else f"<Folder>{folder}{inner}</Folder>"
    return f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{own}{inner}</Document></kml>'


ALL = (("outside", "unknown"), ("Required depth m", "0.2"), ("overrun_m", "0.5"), ("said_by", "A"))


def test_a_kml_document_states_what_is_of_the_site(tmp_path: Path) -> None:
    site = loaded(tmp_path, kml(data(*ALL)), ".kml")
    assert (site.outside, site.required_depth_m, site.overrun.allowed_m) == ("unknown", 0.2, 0.5)


def test_a_kml_document_says_one_thing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="outside is declared twice"):
        loaded(tmp_path, kml(data(("outside", "safe"), ("outside", "unknown"))), ".kml")
    with pytest.raises(InputError, match="outside is declared twice"):
        loaded(tmp_path, kml(data(("outside", "safe")), data(("outside", "unknown"))), ".kml")
    with pytest.raises(InputError, match="outside stands twice"):
        loaded(tmp_path, kml(placemark=data(("outside", "safe"), ("outside", "unknown"))), ".kml")


@pytest.mark.parametrize("key", SAID)
def test_a_folder_states_no_figure_and_a_document_none_of_a_shape(tmp_path: Path, key: str) -> None:
    with pytest.raises(InputError, match=f"folder says {key}"):
        loaded(tmp_path, kml(folder=data((key, "1"))), ".kml")
    if key in OF_SHAPE:
        with pytest.raises(InputError, match=f"document says {key}"):
            loaded(tmp_path, kml(data((key, "1"))), ".kml")


def test_a_slope_in_a_kml_file_is_a_number_however_its_field_is_written(tmp_path: Path) -> None:
    site = loaded(tmp_path, kml(placemark=data(("Slope Deg", "12"))), ".kml")
    assert len(site.slopes) == 1


@pytest.mark.parametrize("key", ["geoFence", "inclusion", "polygon"])
def test_a_plan_of_a_ground_station_says_one_thing(tmp_path: Path, key: str) -> None:
    corners = [[lat, lon] for lon, lat in FIELD[:-1]]
    fence = {"polygons": [{"inclusion": True, "polygon": corners}]}
    text = json.dumps({"fileType": "Plan", "geoFence": fence})
    assert loaded(tmp_path, text, ".plan").work_area.area > 0.0
    with pytest.raises(InputError, match=f"'{key}' stands twice"):
        loaded(tmp_path, text.replace(f'"{key}":', f'"{key}": null, "{key}":'), ".plan")


@pytest.mark.parametrize("value", [5, "role", ["x"], {"a": 1}])
@pytest.mark.parametrize("key", ["says", "number", "times"])
def test_a_member_of_a_feature_is_not_taken_for_what_a_reader_of_this_program_adds(
    tmp_path: Path, key: str, value: object
) -> None:
    ground = feature("work_area", FIELD) | {key: value}
    assert loaded(tmp_path, document(ground)).work_area.area > 0.0
    with pytest.raises(InputError, match="'radius_m' stands where it is not read"):
        loaded(tmp_path, document(ground | {key: {"radius_m": 50}}))
