"""Ways to open ground where the ground outside is unknown: columns inside a headland, components divided by cells."""

import math

import pytest

from tests.planning.coverage.support import document, feature, planned, ring_lonlat, saved
from vehicle.config.load import load_machine
from vehicle.config.vehicle import footprint
from vehicle.contracts.plan import SegmentKind
from vehicle.planning.coverage import planner as planner_room
from vehicle.planning.coverage import trials
from vehicle.planning.coverage.ground_model import first_model
from vehicle.planning.coverage.job import Opening, plan_job
from vehicle.planning.coverage.planner import cells_for, directions_for, tries_for
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.trials import BY_CELL, INSIDE, WITHOUT_POCKETS, trials_for
from vehicle.planning.site.site import load_site

pytestmark = pytest.mark.long

MEMATT, DEEP = footprint(load_machine("memat")), PlanSettings(required_depth_m=0.15)
TAPER = [(0, 0), (45, 0), (45, 20), (140, 32), (138, 37), (45, 40), (45, 60), (0, 60)]
"""A block with an arm: only rows from the arm can be entered, and they are in the middle of those of the block."""
BESIDE = [(46, 20.1), (47, 12), (141, 24), (140, 32)]
HOOK = [(0, 0), (70, 0), (70, 14), (16, 14), (30, 62), (16, 66), (0, 14)]
ALONG_ARM_RAD = math.atan2(48, 14)
BELOW = [(0, 0), (0, -9), (70, -9), (70, 0)]


def site_at(folder, shell, strip):
    rows = (feature("work_area", ring_lonlat(shell)), feature("safe_ground", ring_lonlat(strip)))
    return saved(folder, document(*rows, outside="unknown"))


def made_with(path, opening, monkeypatch):
    """The plan of one attempt; the independent checker finds nothing in it."""
    found = cells_for(first_model(plan_job(load_site(path), MEMATT, DEEP)))
    parts = found.cells if found is not None else ()
    monkeypatch.setattr(planner_room, "trials_for", lambda _, ways, *__: iter([trials.Trial(ways, opening, parts)]))
    monkeypatch.setattr(planner_room, "is_good", lambda _: True)
    plan, report = planned(path, path.parent / "plan", MEMATT, DEEP)
    assert report.complaints() == []
    return plan


def backed_out_m(plan):
    """Way in reverse [m]."""
    return sum(math.dist(*one.points_m) for one in plan.segments if one.kind is SegmentKind.REVERSE)


def test_a_column_begins_inside_a_headland_if_none_can_at_its_ends(tmp_path, monkeypatch):
    path = site_at(tmp_path, TAPER, BESIDE)
    plain = made_with(path, Opening(pockets=True), monkeypatch)
    inside = made_with(path, INSIDE, monkeypatch)
    assert backed_out_m(inside) < 0.8 * backed_out_m(plain)
    assert inside.time_s < plain.time_s


def test_a_component_divided_by_cells_is_worked_in_the_directions_of_its_cells(tmp_path, monkeypatch):
    path = site_at(tmp_path, HOOK, BELOW)
    whole = made_with(path, Opening(pockets=True), monkeypatch)
    divided = made_with(path, BY_CELL, monkeypatch)
    assert divided.time_s < whole.time_s
    swaths_m = [(math.dist(*one.points_m), one.yaw_start_rad) for one in divided.segments if one.tool_down]
    along_m = [way_m for way_m, yaw_rad in swaths_m if abs(math.sin(yaw_rad - ALONG_ARM_RAD)) < 0.1]
    base_m = [way_m for way_m, yaw_rad in swaths_m if abs(math.sin(yaw_rad)) < 0.1]
    assert min(sum(along_m), sum(base_m)) > 0.25 * sum(way_m for way_m, _ in swaths_m)


@pytest.mark.parametrize("shell", [TAPER, HOOK], ids=["taper", "hook"])
def test_what_is_tried_first_and_what_only_beside_keep_outs(tmp_path, shell):
    path = site_at(tmp_path, shell, BESIDE if shell is TAPER else BELOW)
    ground = first_model(plan_job(load_site(path), MEMATT, DEEP))
    ways, found = directions_for(ground), cells_for(ground)
    tried = list(trials_for(ground, ways, found, tries_for(ground, ways)))
    assert all(trial.opening.pockets for trial in tried)
    assert (tried[0].opening is BY_CELL) == (found is not None) == bool(tried[0].cells)
    assert len({trial.directions[0] for trial in tried}) == len(tried) - 2 * (found is not None)
    assert not WITHOUT_POCKETS.pockets
