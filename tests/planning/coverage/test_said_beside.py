"""What a file says beside a role: a radius round a polygon, a state that denies it, a depth under another name."""

import json

import pytest
import shapely

from tests.planning.coverage.support import document, feature, ring_lonlat, saved
from vehicle.contracts.errors import InputError
from vehicle.planning.site.role_words import Level, heard
from vehicle.planning.site.site import load_site

FIELD = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
POST = [(-3, -4), (2, -3), (1, 3), (-4, 2)]
BESIDE = [(x + 60, y) for x, y in FIELD]


def loaded(folder, *rows, **fields):
    return load_site(saved(folder, document(feature("work_area", ring_lonlat(FIELD)), *rows, **fields)), "safe")


# --- radius_m round a polygon ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["Polygon", "LineString"])
def test_a_radius_round_a_drawn_outline_is_kept_out_too(tmp_path, kind):
    row = feature("keep_out", ring_lonlat(POST), radius_m=3)
    if kind == "LineString":
        row["geometry"] = {"type": kind, "coordinates": ring_lonlat(POST)}
    site = loaded(tmp_path, row)
    asked = shapely.Polygon(site.datum.enu_from_lonlat_array(ring_lonlat(POST))).buffer(3.0, quad_segs=64)
    assert site.keep_out.intersection(asked).area == pytest.approx(asked.area, rel=1e-3)
    assert site.keep_out.area < 1.06 * asked.area


@pytest.mark.parametrize("radius", [-3, "three", 0, True])
def test_a_radius_round_a_polygon_that_is_none_is_refused(tmp_path, radius):
    with pytest.raises(InputError, match="radius_m is"):
        loaded(tmp_path, feature("keep_out", ring_lonlat(POST), radius_m=radius))


@pytest.mark.parametrize(
    "key", ["radius", "radius_cm", "Radius in metres", "Safety radius", "diameter_m", "buffer_m", "safety_distance"]
)
@pytest.mark.parametrize("role", ["marker", "operator_post", "base_station", "control_point"])
def test_a_radius_under_another_name_is_never_the_default(tmp_path, role, key):
    point = {"type": "Point", "coordinates": ring_lonlat([(1.0, 2.0)])[0]}
    row = {"type": "Feature", "properties": {"role": role, key: 20}, "geometry": point}
    with pytest.raises(InputError, match=r"radius_m"):
        loaded(tmp_path, row)


@pytest.mark.parametrize("key", ["buffer_m", "safety radius"])
def test_a_radius_under_another_name_of_a_drawn_keep_out_is_told(tmp_path, key):
    site = loaded(tmp_path, feature("keep_out", ring_lonlat(POST), **{key: "3 m"}))
    assert any(key in line and "radius_m" in line for line in site.warnings)


@pytest.mark.parametrize(
    "said",
    [{"clearance_team": "Team 4"}, {"clearance_date": 20260504}, {"buffer": ""}, {"radius": 0}, {"radius": None}],
)
def test_fields_that_are_no_radius_refuse_nothing(tmp_path, said):
    row = feature("marker", ring_lonlat(POST), **said)
    assert loaded(tmp_path, row).keep_out.area > shapely.Polygon(POST).area


# --- what denies a role ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["safe_ground", "access", "parking"])
@pytest.mark.parametrize(
    "said",
    [
        {"status": "closed"},
        {"Status": "not approved"},
        {"verified": "no"},
        {"confirmed": False},
        {"safe": 0},
        {"passable": "n"},
        {"state": "cancelled"},
        {"active": "false"},
        {"description": "Machine must not enter"},
        {"name": "Safe lane?"},
        {"name": "Safe area (unconfirmed)"},
        {"name": "Parking (mines found)"},
    ],
)
def test_ground_that_bears_is_not_denied_by_another_field(tmp_path, role, said):
    with pytest.raises(InputError, match=r"feature 1: .*correct one of them"):
        loaded(tmp_path, feature(role, ring_lonlat(BESIDE), **said))


@pytest.mark.parametrize(
    "name", ["Safe lane?", "Safe area (unconfirmed)", "Parking (mines found)", "Access, unchecked"]
)
def test_a_doubtful_name_does_not_make_ground_that_bears(tmp_path, name):
    row = feature("x", ring_lonlat(BESIDE), name=name)
    del row["properties"]["role"]
    with pytest.raises(InputError, match="may mean"):
        loaded(tmp_path, row)


@pytest.mark.parametrize("name", ["Access to house", "Safe lane 2", "Access road to minefield 3", "Car park"])
@pytest.mark.parametrize("said", [{}, {"status": "open"}, {"verified": "yes"}, {"approved": True}, {"active": 1}])
def test_ground_that_bears_is_still_read(tmp_path, name, said):
    row = feature("x", ring_lonlat(BESIDE), name=name, **said)
    del row["properties"]["role"]
    assert loaded(tmp_path, row).safe_ground.area > 100.0


@pytest.mark.parametrize(
    "said",
    [
        {"include": "no"},
        {"included": False},
        {"workable": "no"},
        {"flail": False},
        {"name": "do not work"},
        {"description": "Flail is not allowed here"},
        {"notes": "machine must not enter"},
    ],
)
def test_work_is_not_denied_by_another_field(tmp_path, said):
    with pytest.raises(InputError, match=r"feature 1: .*correct one of them"):
        loaded(tmp_path, feature("work_area", ring_lonlat(BESIDE), **said))


@pytest.mark.parametrize("said", [{"include": "no"}, {"workable": False}])
def test_a_field_that_denies_work_makes_a_polygon_without_role_no_work(tmp_path, said):
    rows = [feature("x", ring_lonlat(BESIDE), **said), feature("x", ring_lonlat(FIELD))]
    for row in rows:
        del row["properties"]["role"]
    with pytest.raises(InputError, match="may mean"):
        load_site(saved(tmp_path, document(*rows)), "safe")


@pytest.mark.parametrize("said", [{"status": "Cancelled"}, {"active": False}, {"state": "suspended"}])
def test_work_whose_state_says_otherwise_is_told(tmp_path, said):
    site = loaded(tmp_path, feature("work_area", ring_lonlat(BESIDE), **said))
    assert any(next(iter(said)) in line for line in site.warnings)


@pytest.mark.parametrize(
    "said",
    [
        {"status": "Open"},
        {"status": "Confirmed, not started"},
        {"description": "Hunting is not allowed here"},
        {"description": "The farmer must not be disturbed"},
        {"verified": "yes"},
        {"safe": "no"},
    ],
)
def test_work_with_harmless_words_is_read(tmp_path, said):
    assert loaded(tmp_path, feature("work_area", ring_lonlat(BESIDE), **said)).work_area.area > 2000.0


# --- a depth under another name --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("req_depth_cm", 20),
        ("depth_required_m", 0.2),
        ("DepthReq", "20 cm"),
        ("required_d", "20 cm"),
        ("clear_dep", "20cm"),
    ],
)
def test_a_required_depth_under_another_name_is_read(tmp_path, key, value):
    path = saved(tmp_path, document(feature("work_area", ring_lonlat(FIELD), **{key: value})))
    assert load_site(path, "safe").required_depth_m == pytest.approx(0.2)


@pytest.mark.parametrize("where", ["work area", "collection"])
def test_a_depth_that_is_not_understood_is_told(tmp_path, where):
    said = {"flail_depth": "20 cm"}
    row = feature("work_area", ring_lonlat(FIELD), **(said if where == "work area" else {}))
    site = load_site(saved(tmp_path, document(row) | (said if where == "collection" else {})), "safe")
    assert site.required_depth_m is None
    assert any("flail_depth" in line and "required_depth_m" in line for line in site.warnings)


# --- the name of the ground ------------------------------------------------------------------------------------------
def test_another_slope_is_another_site(tmp_path):
    sites = [loaded(tmp_path, feature("slope", ring_lonlat(POST), slope_deg=degrees)) for degrees in (5, 40)]
    assert sites[0].site_hash != sites[1].site_hash


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("field.wkt", "POLYGON((0 0,1 0,1 1,0 0))", "well-known text"),
        ("field.txt", "MULTIPOLYGON (((0 0,1 0,1 1,0 0)))", "well-known text"),
        ("field.geojsonl", '{"type":"Feature"}\n{"type":"Feature"}\n', "one feature a line"),
        ("field.tsv", "a\tb", "a table"),
        ("field.json", json.dumps({"fileType": "Plan", "mission": {}}), ".plan"),
    ],
)
def test_what_a_file_is_stands_in_the_refusal(tmp_path, name, text, said):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        load_site(path, "safe")


# --- numbers ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Minefield no. 7", "work_area"),
        ("Work area No. 4", "work_area"),
        ("Keep-out no. 2", "keep_out"),
        ("House No. 12", "keep_out"),
        ("Access road no. 3", "access"),
        ("Safe lane (no. 3)", "safe_ground"),
        ("Well, no.5", "keep_out"),
    ],
)
def test_a_number_is_no_denial(name, role):
    found = heard(name)
    assert found is not None
    assert (found.role, found.level) == (role, Level.SURE)


@pytest.mark.parametrize("name", ["Road no. 3", "No. 4", "track Nr. 2"])
def test_ground_that_bears_may_have_a_number(tmp_path, name):
    assert loaded(tmp_path, feature("access", ring_lonlat(BESIDE), name=name)).safe_ground.area > 100.0


@pytest.mark.parametrize("name", ["No. Not safe 4", "no access 3", "no 4x4 road, no entry"])
def test_a_denial_beside_a_number_still_denies(tmp_path, name):
    with pytest.raises(InputError, match="correct one of them"):
        loaded(tmp_path, feature("access", ring_lonlat(BESIDE), name=name))


# --- fields that say that something is not known or not begun --------------------------------------------------------
@pytest.mark.parametrize("key", ["status", "type", "hazard_class", "survey_status"])
@pytest.mark.parametrize(
    "value", ["Not started", "Not yet cleared", "not specified", "Not available", "NOT SURVEYED", "not applicable"]
)
def test_a_field_of_which_nothing_is_known_denies_no_work(tmp_path, key, value):
    row = feature("x", ring_lonlat(FIELD), name="SHA 7", **{key: value})
    del row["properties"]["role"]
    rows = [row, feature("keep_out", ring_lonlat(POST))]
    assert load_site(saved(tmp_path, document(*rows)), "safe").work_area.area > 1000.0


@pytest.mark.parametrize("value", ["Not to be worked", "not for the flail", "not allowed", "never to be entered"])
def test_a_field_that_says_not_is_still_a_doubt(tmp_path, value):
    row = feature("x", ring_lonlat(FIELD), name="SHA 7", status=value)
    del row["properties"]["role"]
    with pytest.raises(InputError, match=r"may mean keep_out|is a keep_out by"):
        load_site(saved(tmp_path, document(row)), "safe")


@pytest.mark.parametrize("value", ["not known", "Not specified"])
def test_a_key_that_says_keep_out_is_heard_whatever_is_known(tmp_path, value):
    row = feature("work_area", ring_lonlat(POST), keep_out=value)
    del row["properties"]["role"]
    assert loaded(tmp_path, row).keep_out.area == pytest.approx(shapely.Polygon(POST).area, rel=1e-3)
