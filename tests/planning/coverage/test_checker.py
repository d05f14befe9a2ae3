"""The checker must object: each fault put into a good plan's files is found, and named by its property."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import shapely

from tests.planning.coverage.checker import AREA_TOL_M2, SiteTruth, _thick_m2, check, read_legs
from tests.planning.coverage.support import planned

pytestmark = pytest.mark.long

EXAMPLE = Path(__file__).parents[3] / "configs" / "sites" / "example.geojson"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    planned(EXAMPLE, folder)
    return folder


@pytest.fixture
def files(good):
    summary = json.loads((good / "summary.json").read_text(encoding="utf-8"))
    document = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    return summary, read_legs(good / "poses.csv"), SiteTruth(document, summary["datum"], "safe")


def shifted(leg, along_m=0.0, left_m=0.0):
    yaw = leg.rows[0, 5]
    leg.rows[:, 3] += along_m * math.cos(yaw) - left_m * math.sin(yaw)
    leg.rows[:, 4] += along_m * math.sin(yaw) + left_m * math.cos(yaw)


def test_untouched_plan_passes(files):
    assert check(*files).complaints() == []


def test_a_swath_left_out_is_missed(files):
    summary, legs, truth = files
    middle = [leg for leg in legs if leg.down][4]
    middle.down = False
    report = check(summary, legs, truth)
    assert report.missed_m2 > 1.0
    assert report.missed_raster_m2 > 1.0


def test_a_swath_a_hand_too_short_is_missed(files):
    summary, legs, truth = files
    long = max((leg for leg in legs if leg.down), key=lambda leg: np.ptp(leg.rows[:, 3]))
    long.rows[:, 3:5] = long.rows[0, 3:5] + 0.98 * (long.rows[:, 3:5] - long.rows[0, 3:5])
    assert check(summary, legs, truth).missed_m2 > 0.05


def test_a_swath_aside_by_more_than_the_overlap_is_missed(files):
    summary, legs, truth = files
    shifted([leg for leg in legs if leg.down][3], left_m=0.5)
    assert check(summary, legs, truth).missed_m2 > 0.1


def test_order_of_swaths_matters_to_the_tracks(files):
    summary, legs, truth = files
    swaths = [i for i, leg in enumerate(legs) if leg.down]
    for i in swaths[:3]:
        legs[i].down = False
    report = check(summary, legs, truth)
    assert report.track_violations
    assert report.raised_tool_violations


def test_pivot_beside_a_swath_just_opened_is_found(files):
    summary, legs, truth = files
    first = next(leg for leg in legs if leg.down)
    middle = first.rows[len(first.rows) // 2].copy()
    turn = next(leg for leg in legs if leg.kind == "turn")
    turn.rows[:, 3:5] = middle[3:5]
    assert check(summary, legs, truth).track_violations


def test_a_way_across_the_keep_out_is_found(files):
    summary, legs, truth = files
    long = max((leg for leg in legs if leg.down), key=lambda leg: np.ptp(leg.rows[:, 3]))
    centre = truth.keep_out.centroid
    long.rows[:, 3:5] += np.array([centre.x, centre.y]) - long.rows[:, 3:5].mean(axis=0)
    report = check(summary, legs, truth)
    assert any("tool" in line for line in report.keep_out_violations)
    assert any("tracks" in line for line in report.keep_out_violations)


def test_a_jump_and_a_sideways_motion_are_found(files):
    summary, legs, truth = files
    legs[3].rows[:, 3:5] += 0.4
    next(leg for leg in legs[4:] if leg.kind == "swath").rows[:, 5] += 0.1
    complaints = " ".join(check(summary, legs, truth).form_violations)
    assert "jump" in complaints
    assert "along its yaw" in complaints


def test_wrong_figures_in_the_summary_are_found(files):
    summary, legs, truth = files
    summary["untreatable"][0]["area_m2"] += 1.0
    summary["area_m2"] += 5.0
    assert len(check(summary, legs, truth).form_violations) == 2


def test_an_unlisted_rim_is_missed(files):
    summary, legs, truth = files
    summary["untreatable"] = []
    report = check(summary, legs, truth)
    assert report.missed_m2 > 0.3
    assert report.missed_shrunk_m2 > report.missed_m2


def test_start_on_unprocessed_ground_has_no_way_back(files):
    summary, legs, truth = files
    legs[0].rows[:, 3:5] += truth.work.centroid.coords[0] - legs[0].rows[0, 3:5]
    assert check(summary, legs, truth).way_back_violations


@pytest.mark.parametrize(("width_m", "seen"), [(4e-6, False), (3e-4, True)])
def test_a_crack_of_micrometres_is_rounding_and_a_wider_one_is_not(width_m, seen):
    crack = shapely.box(0.0, 0.0, 90.0, width_m)
    assert (_thick_m2(crack) > AREA_TOL_M2) == seen
