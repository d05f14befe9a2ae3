"""A name that only speaks of keep-outs does not outvote a role field; a name that may be a keep-out's does."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.planning.coverage.support import document, feature, ring_lonlat, saved
from vehicle.contracts.errors import InputError
from vehicle.planning.site.role_mentions import Mention, mention_of
from vehicle.planning.site.role_sources import Kind, RoleError, Source, judged, sources_of
from vehicle.planning.site.role_words import Level, heard
from vehicle.planning.site.site import load_site

FIELD = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
HOLES = [[(x + dx, y) for x, y in [(-2, -2), (2, -2), (2, 2), (-2, 2)]] for dx in (-8, 0, 8)]
BESIDE = """Field near keep-out 3|Strip between the keep-outs|Paddock around exclusion zone|Area next to a no-go zone|
Area by Keep-Outs|Parcel 4, along keepout|Feld 7 beside obstacle 2|Champ 3 (north area beside keepouts)|
Verge round the exclusion zone|Hangar field near restricted areas|AREA_BEHIND_KEEPOUT_2"""
HOLDING = """Area with keep-outs|area_with_5_keepouts|Field 7 with five round keep-outs|Task 12 incl. keepouts|
Parcel including one keep-out|Field containing exclusion zones|FieldWithKeepOuts|
Champ avec with keep-outs|Field (with keep-outs)|Field with restricted areas|champ 12 with 2 no-gos"""
PLURAL = """round_keepouts_3p5ha|round keep-outs|Meier keepouts|hill keepouts north|SE corner exclusions|
star-Keep-Outs-2|comb obstacles 1.2 ha|Krasnoye no-gos|Feld_keepout_zones|terrain exclusions 4"""
NAMES_IT = """Keepout 1|keep-outs|Keep-outs 3 ha|old keepouts|Five keep-outs|5 keepouts|north keep-out zones|
near keep-outs|with with keep out|
field keepout|Field, keep out|Field: keep-out|Field near the road: keep out|Field by the road keep out|do not enter|
Field with pond do not enter|zone of exclusion|Exclusion zone with house|Keep-outs near field|House with keep-outs|
Field with no entry|Danger|danger area beside road|Stay off|restricted areas|Field with keep-outs, do not work|
Ponds with keep-outs|keep-out with two holes|Meier's danger|in keep-outs|Kee-pouts hill|Pole 4 with obstacles|
L_keepouts|Field with keep: outs|keep; with outs|Plan with keep-outs|Field excluding"""

KEYS = ("role", "Role", "ROLE", "rolle", "rol", "area_role", "roles")
"""How files in several languages name the field that states the role."""


def rows(text):
    return [row.strip() for row in text.replace("\n", "").split("|")]


def verdict(properties, holes, *told):
    return judged(sources_of({"type": "Feature", "properties": properties, "geometry": None}, told), holes)


def is_refused(properties, holes, *told):
    try:
        verdict(properties, holes, *told)
    except RoleError as refusal:
        line = str(refusal)
        return line.endswith("correct one of them") and "\n" not in line
    return False


@pytest.mark.parametrize(
    ("text", "kind"),
    [(text, kind) for kind, texts in zip(Mention, (BESIDE, HOLDING, PLURAL), strict=True) for text in rows(texts)],
)
def test_a_text_that_speaks_of_keep_outs_is_told_from_a_name_of_one(text, kind):
    assert mention_of(text) is kind


@pytest.mark.parametrize("text", rows(NAMES_IT))
def test_a_name_of_a_keep_out_and_an_order_are_no_mention(text):
    assert mention_of(text) is None


@pytest.mark.parametrize("text", [text for text in rows(NAMES_IT) if heard(text) and heard(text).level is Level.SURE])
def test_a_work_area_named_as_a_keep_out_is_refused_whatever_its_holes(text):
    for key in KEYS:
        for holes in (0, 1, 5):
            assert is_refused({key: "work_area", "name": text}, holes), (key, holes)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("named", ["name", "NAME", "title", "label", "name_fr", "description", "comment"])
def test_a_role_decides_over_a_text_that_speaks_of_keep_outs(key, named):
    for role in ("work_area", "perimeter", "Minefield", "SHA 12"):
        for text, holes in ((rows(BESIDE)[0], 0), (rows(HOLDING)[0], 0), (rows(HOLDING)[3], 3), (rows(PLURAL)[0], 5)):
            found = verdict({key: role, named: text}, holes)
            assert found.role == ("perimeter" if role == "perimeter" else "work_area")
            assert found.explicit


@pytest.mark.parametrize("text", [text for texts in (BESIDE, HOLDING) for text in rows(texts)])
def test_each_mention_is_reported(text):
    found = verdict({"role": "work_area", "name": text}, 0)
    assert found.notes[0].endswith("speaks of a keep-out; its role work_area decides")
    assert ("no hole" in " ".join(found.notes)) == (mention_of(text) is Mention.HOLDING)
    assert "no hole" not in " ".join(verdict({"role": "work_area", "name": text}, 1).notes)


@pytest.mark.parametrize("text", rows(PLURAL))
def test_keep_outs_in_the_plural_need_several_holes(text):
    for holes in (0, 1):
        assert is_refused({"role": "work_area", "name": text}, holes)
    for holes in (2, 5):
        assert verdict({"role": "work_area", "name": text}, holes).role == "work_area"


@pytest.mark.parametrize("role", ["safe_ground", "access", "parking"])
def test_tracks_stand_on_no_ground_with_keep_outs(role):
    for text in (*rows(PLURAL), "Field with obstacles", "Track with keep-outs"):
        assert is_refused({"role": role, "name": text}, 5), text
    assert verdict({"role": role, "name": "Track along the keep-outs"}, 0).role == role


@pytest.mark.parametrize("text", [text for texts in (BESIDE, HOLDING, PLURAL) for text in rows(texts)])
def test_without_a_role_field_every_mention_keeps_out_or_is_refused(text):
    for holes in (0, 5):
        try:
            found = verdict({"name": text}, holes)
        except RoleError:
            continue
        assert found.role == "keep_out"


@pytest.mark.parametrize("text", [rows(BESIDE)[0], rows(HOLDING)[0], rows(PLURAL)[0]])
def test_a_field_that_states_the_role_still_contradicts(text):
    for said in ({"type": "keep out"}, {"keepout": True}, {"Role": "keep_out"}, {"class": text}, {"kind": "house"}):
        with pytest.raises(RoleError):
            verdict({"role": "work_area", "name": "Field 7", **said}, 5)
    for kind in (Kind.FOLDER, Kind.STYLE):
        assert is_refused({"role": "work_area"}, 5, Source(kind, "layer", "Keepouts 3"))


WORDS = (
    "keep out",
    "Keep-Outs",
    "no go",
    "do not enter",
    "obstacle",
    "field",
    "area",
    "7",
    "with",
    "near",
    "and",
    "the",
)


@pytest.mark.long
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6), st.integers(0, 3))
def test_no_keep_out_becomes_work_without_a_note(tokens, holes):
    """Whatever the name says: the keep-out is refused, or its mention is reported and ground stands before it."""
    name = " ".join(tokens)
    said = heard(name)
    if said is None or said.role != "keep_out":
        return
    try:
        found = verdict({"role": "work_area", "name": name}, holes)
    except RoleError:
        return
    assert "speaks of a keep-out" in found.notes[0]
    if said.level is Level.SURE:
        assert next(token for token in tokens if token not in ("the", "with", "near", "and")) in ("field", "area", "7")
        assert "do not enter" not in tokens


@given(st.text(max_size=40))
def test_no_text_breaks_it(text):
    assert mention_of(text) in (None, *Mention)


def test_a_site_is_read_with_its_holes_and_told_so(tmp_path):
    row = feature("work_area", ring_lonlat(FIELD), *map(ring_lonlat, HOLES), name="round_keepouts_3p5ha")
    site = load_site(saved(tmp_path, document(row)), "safe")
    assert site.work_area.area > 1000.0
    for hole in HOLES:
        assert site.keep_out.covers(shapely.Point(np.mean(hole, axis=0)))
    assert any("feature 0: its name 'round_keepouts_3p5ha' speaks of a keep-out" in line for line in site.warnings)
    bare = feature("work_area", ring_lonlat(FIELD), name="round_keepouts_3p5ha")
    with pytest.raises(InputError, match="its role says work_area, its name 'round_keepouts_3p5ha' says keep_out"):
        load_site(saved(tmp_path, document(bare), "bare.geojson"), "safe")
