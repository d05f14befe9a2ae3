"""What a text says about a role: understood, or a doubt that the reader refuses; never ignored."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.planning.site.role_sources import Kind, RoleError, Source, judged, sources_of
from vehicle.planning.site.role_words import Level, heard, heard_of_a_folder
from vehicle.planning.site.roles import ROLES, table

ROOT = Path(__file__).parents[3]

KEEP_OUT = """Keepout|keep-out 1|Keep-Out: well|KEEP_OUT|keepouts|KeepOutZone|keepoutzone3|Keep  Out|no-go|No Go Zone 4|
exclusion|Exclusion zone|Exclusion-Zone_2|obstacle 3|obstacles|danger|House|house 3|Old well|Farm pond|pond area|
House of the miller|Polygon 4 (house)|no access|NO ENTRY|Do not enter!|Don't mow here|do_not_flail|off-limits|
out of bounds|unsafe ground|restricted area|water|trees|Trees 12|building|power line|
Keep\u00a0Out|\uff2b\uff25\uff25\uff30\u3000\uff2f\uff35\uff34|
kee-pout|Kept out|avoid|hole 2|House & garden|Keep out: the old well beside the northern gate of the farm"""
DOUBT = """not a keep-out|
no keepout|keepout removed|former house|kepout|keepuot|keep ot|exlusion zone|obsticle|obstical|
work / keep out|keep_out, work_area|work area (do not flail)|dangerous area|access denied|Safe ground (closed)|
Perimeter of house|safe ground - house"""
NOTHING = """Field 7|Untitled Polygon|Boundary|Inner 1|North paddock|House field|Field near pond|Field without wells|
Welling field|Wellington|Workshop|Ranger field|Nature reserve|Start here|Polygon 12|SHA 12 of the miller||7|Plot III"""
ROLE = {
    "Work area 1": "work_area",
    "work_area": "work_area",
    "SHA 12": "work_area",
    "Minefield 3": "work_area",
    "safe ground, road": "safe_ground",
    "Access road": "access",
    "access to the well": "access",
    "Perimeter": "perimeter",
    "Inclusion fence": "perimeter",
    "marker 3": "marker",
    "Mine sign": "marker",
    "Base station": "base_station",
    "RTK base": "base_station",
    "Control point 2": "control_point",
    "operator post": "operator_post",
    "Parking": "parking",
    "benchmark 1": "benchmark",
    "Turning-Point 3": "turning_point",
}


def rows(text):
    return [row.strip() for row in text.replace("\n", "").split("|")]


@pytest.mark.parametrize("text", rows(KEEP_OUT))
def test_a_keep_out_is_heard_however_it_is_spelled(text):
    found = heard(text)
    assert found is not None
    assert (found.role, found.level) == ("keep_out", Level.SURE)


@pytest.mark.parametrize("text", rows(DOUBT))
def test_a_negation_a_mixture_or_a_slip_is_a_doubt(text):
    found = heard(text)
    assert found is not None
    assert found.level is Level.DOUBT


@pytest.mark.parametrize("text", rows(NOTHING))
def test_other_names_say_nothing(text):
    assert heard(text) is None


@pytest.mark.parametrize("text", ["Block 7 - well", "Church Row 5", "bg_arable_1p5ha_4holes"])
def test_a_thing_named_beside_other_words_is_a_hint(text):
    found = heard(text)
    assert found is not None
    assert (found.role, found.level) == ("keep_out", Level.HINT)


@pytest.mark.parametrize("text", ROLE)
def test_every_other_role_is_heard(text):
    found = heard(text)
    assert found is not None
    assert (found.role, found.level) == (ROLE[text], Level.SURE)


@given(st.data())
def test_every_word_of_the_table_is_heard_in_any_case_with_any_marks_and_numbers(data):
    role = data.draw(st.sampled_from(ROLES))
    word = data.draw(st.sampled_from((role.name, *role.words, *role.things)))
    mark = data.draw(st.sampled_from([" ", "_", "-", "  ", ""]))
    case = data.draw(st.sampled_from([str.lower, str.upper, str.title, str]))
    number = data.draw(st.sampled_from(["", " 1", "_12", "-3", " no 4", " II"]))
    text = case(word.replace("_", " ").replace(" ", mark)) + number
    found = heard(text)
    if mark == "" and " " in word and role.name != "keep_out" and found is None:
        return  # `carpark3` without a space is only known of keep-outs
    assert found is not None, text
    assert (found.role, found.level) == (role.name, Level.SURE), text


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text):
    found = heard(text)
    assert found is None or found.role in {role.name for role in ROLES}


def test_the_page_prints_the_table():
    assert table() in (ROOT / "docs" / "OPERATION.md").read_text(encoding="utf-8")


# --- what wins -------------------------------------------------------------------------------------------------------
def verdict(properties, *told, **outer):
    return judged(sources_of({"type": "Feature", "properties": properties, "geometry": None, **outer}, told))


SAYS_KEEP_OUT = [
    {"role": "keepout"},
    {"Role": "Keep-Out"},
    {"ROLE ": "no go"},
    {"roles": ["keep_out"]},
    {"area_role": "exclusion"},
    {"name": "House"},
    {"Name": "Keepout 3"},
    {"title": "no-go"},
    {"type": "keep out"},
    {"CLASS": "obstacle"},
    {"Nutzung": "keepout"},
    {"building": "yes"},
    {"keepout": True},
    {"keep_out": 1},
    {"is_obstacle": "yes"},
    {"exclude": "y"},
    {"inclusion": False},
    {"keepout": "the old well"},
    {"natural": "water"},
    {"work": "no"},
    {"description": "Keep out"},
    {"comment": "<b>do not enter</b>"},
    {"tags": {"building": "barn"}},
    {"a": [{"b": {"role": "keep_out"}}]},
    {"role": "keep_out", "name": "Field 7"},
]


@pytest.mark.parametrize("properties", SAYS_KEEP_OUT, ids=str)
def test_any_field_can_say_keep_out(properties):
    assert verdict(properties).role == "keep_out"


def test_members_beside_the_properties_are_heard():
    assert verdict({}, role="keep_out").role == "keep_out"
    assert verdict({}, id="keepout-1").role == "keep_out"
    assert judged(sources_of({"geometry": {"type": "Polygon", "role": "keep_out"}})).role == "keep_out"


CONTRADICT = [
    {"role": "work_area", "name": "Keepout 1"},
    {"role": "work_area", "type": "house"},
    {"role": "safe_ground", "name": "no access"},
    {"role": "access", "keepout": True},
    {"role": "work_area", "Role": "keep_out"},
    {"role": "perimeter", "description": "keep out"},
    {"role": "moon"},
    {"role": 3},
    {"role": "not keep_out"},
    {"role": "work_area?/keep_out?"},
    {"name": "not a keep-out"},
    {"description": "there are no keep-outs here"},
    {"name": "Safe ground", "type": "work area"},
]


@pytest.mark.parametrize("properties", CONTRADICT, ids=str)
def test_what_contradicts_itself_or_is_not_understood_is_refused(properties):
    with pytest.raises(RoleError):
        verdict(properties)


HARMLESS = [
    {},
    {"name": "Field 7", "holes": 4, "area_ha": 1.4, "origin": "keepout.zip", "licence": "use restricted"},
    {"holes": 1},
    {"house_number": 12},
    {"building_no": 3},
    {"village": "Church", "owner": "House Ltd", "crop": "trees"},
    {"keepout": False},
    {"keepout": 0},
    {"obstacle": None},
    {"exclude": "no"},
    {"role": None},
    {"role": ""},
    {"description": "Do not forget the gate key. Danger of frost in May."},
    {"type": "farmland", "class": "arable"},
    {"stroke": "#ff0000", "fill-opacity": 0.4},
    {"FID": 3, "OBJECTID": 4},
]


@pytest.mark.parametrize("properties", HARMLESS, ids=str)
def test_ordinary_fields_say_nothing(properties):
    found = verdict(properties)
    assert (found.role, found.hint) == (None, "")


def test_a_folder_a_layer_and_a_style_say_what_nobody_nearer_does():
    for source in (
        Source(Kind.FOLDER, "folder", "Keep-outs"),
        Source(Kind.FOLDER, "layer", "houses"),
        Source(Kind.STYLE, "style", "#keepout"),
        Source(Kind.DOCUMENT, "document", "No-go zones.kml"),
    ):
        assert verdict({"name": "7"}, source).role == "keep_out"
    for text in ("Field 7", "Field and keep-outs", "Field 7 with house.kml"):
        assert verdict({"name": "7"}, Source(Kind.DOCUMENT, "document", text)).role is None
    mixed = verdict({"name": "Keepout 1"}, Source(Kind.FOLDER, "folder", "Work areas"))
    assert mixed.role == "keep_out"
    assert "kept out" in mixed.notes[0]
    assert verdict({"name": "Access road"}, Source(Kind.FOLDER, "folder", "Work areas")).role == "access"
    with pytest.raises(RoleError):
        verdict({"role": "work_area"}, Source(Kind.FOLDER, "layer", "keepouts"))


def test_a_layer_named_by_a_thing_with_a_remark_is_a_doubt():
    assert heard_of_a_folder("Pond: by the road").level is Level.DOUBT
    assert heard_of_a_folder("Ponds 12").level is Level.SURE
    assert heard_of_a_folder("Field by the pond") is None
