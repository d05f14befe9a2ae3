"""What a folder, a layer or a class says of all in it, and what a shape's own name denies."""

import pytest
import shapely

from tests.planning.coverage.support import document, feature, ring_lonlat, saved
from vehicle.contracts.errors import InputError
from vehicle.planning.site.site import load_site


@pytest.mark.parametrize("said", [{"layer": "SHA 104"}, {"type": "SHA"}, {"group": "Work area"}])
@pytest.mark.parametrize("answer", [None, "keep_out"])
def test_a_role_of_a_whole_group_does_not_make_the_inner_polygon_work(tmp_path, said, answer):
    inner = [(-3, -4), (2, -3), (1, 3), (-4, 2)]
    outer = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
    rows = [
        {"type": "Feature", "properties": said, "geometry": {"type": "Polygon", "coordinates": [ring_lonlat(ring)]}}
        for ring in (outer, inner)
    ]
    path = saved(tmp_path, document(*rows))
    if answer is None:
        with pytest.raises(InputError, match=r"feature 1 lies inside or across feature 0.*--unmarked"):
            load_site(path, "safe")
        return
    site = load_site(path, "safe", unmarked=answer)
    assert site.keep_out.area == pytest.approx(shapely.Polygon(inner).area, rel=1e-3)


@pytest.mark.parametrize("name", ["not safe", "Road, closed", "never used", "Road (mined)", "lane, uxo", "suspected"])
def test_ground_that_bears_is_not_named_as_its_contrary(tmp_path, name):
    outer = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
    beside = [(x + 60, y) for x, y in outer]
    rows = [feature("work_area", ring_lonlat(outer)), feature("safe_ground", ring_lonlat(beside), name=name)]
    with pytest.raises(InputError, match="may mean the contrary"):
        load_site(saved(tmp_path, document(*rows)), "safe")


def test_a_depth_by_its_bare_name_is_understood(tmp_path):
    outer = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
    site = load_site(saved(tmp_path, document(feature("work_area", ring_lonlat(outer), depth="20 cm"))), "safe")
    assert site.required_depth_m == pytest.approx(0.2)


MINED = (
    "Access (mined)",
    "Access lane, contaminated",
    "Parking: suspected",
    "Safe area - UXO",
    "Access road dangerous",
)


@pytest.mark.parametrize("name", MINED)
def test_a_name_that_says_the_contrary_of_its_role_is_refused(tmp_path, name):
    ring = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
    rows = [
        feature("work_area", ring_lonlat(ring)),
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {"type": "Polygon", "coordinates": [ring_lonlat([(x + 60, y) for x, y in ring])]},
        },
    ]
    with pytest.raises(InputError, match=r"feature 1: its name .* or the contrary"):
        load_site(saved(tmp_path, document(*rows)), "safe")


@pytest.mark.parametrize("name", ["Access road to the minefield", "Safe lane beside mined ground", "Parking 2"])
def test_what_lies_elsewhere_says_nothing_of_the_ground(tmp_path, name):
    ring = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
    beside = ring_lonlat([(x + 60, y) for x, y in ring])
    row = {"type": "Feature", "properties": {"name": name}, "geometry": {"type": "Polygon", "coordinates": [beside]}}
    site = load_site(saved(tmp_path, document(feature("work_area", ring_lonlat(ring)), row)), "safe")
    assert not site.safe_ground.is_empty
