"""Swaths that end at a keep-out are turned in bands, not backed out of; and what a pass takes along at its ends."""

import math
import random

import pytest

from tests.marks import some
from tests.planning.coverage.support import BENCH, document, feature, planned, ring_lonlat, saved
from vehicle.contracts.plan import SegmentKind
from vehicle.planning.coverage.settings import PlanSettings, reach_of
from vehicle.planning.coverage.swath import Swath

pytestmark = pytest.mark.long

FIELD = [(-110, -24), (115, -25), (112, 24), (-112, 25)]
STRIP = [(-112, 25), (112, 24), (112, 32), (-112, 33)]
REACH = reach_of(BENCH, PlanSettings(overlap_m=0.2), "possible", "safe")


def posts(seed):
    """Three keep-outs as wide as two to four swaths, somewhere in the field."""
    rng, found = random.Random(seed), []
    for k in range(3):
        east, north = -60 + 60 * k + rng.uniform(-8, 8), rng.uniform(-14, 14)
        corners, radius, first = rng.randint(4, 7), rng.uniform(1.5, 4), rng.uniform(0, 6)
        angles = [first + 2 * math.pi * i / corners for i in range(corners)]
        found.append([(east + radius * math.cos(a), north + radius * math.sin(a)) for a in angles])
    return found


@pytest.mark.parametrize(
    ("outside", "seed", "back_max_m"),
    some([("safe", 0, 30.0), ("safe", 2, 20.0), ("unknown", 1, 60.0)], 1, pytest.mark.release),
)
def test_swaths_that_keep_outs_cut_are_not_backed_out_of_far(tmp_path, outside, seed, back_max_m):
    """Swaths are 220 m long, and some 50 m from the strip of safe ground to the far side."""
    shapes = [feature("work_area", ring_lonlat(FIELD)), feature("safe_ground", ring_lonlat(STRIP))]
    doc = document(*shapes[: 1 + (outside == "unknown")], *[feature("keep_out", ring_lonlat(p)) for p in posts(seed)])
    wishes = PlanSettings(direction_rad=0.0)
    plan, report = planned(saved(tmp_path, doc), tmp_path / "plan", settings=wishes, outside=outside)
    assert report.complaints() == []
    assert max(math.dist(*s.points_m) for s in plan.segments if s.kind is SegmentKind.REVERSE) < back_max_m


# --- what lies right before or behind a pass -------------------------------------------------------------------------
def pieces_with(beside, uncovered=(10.0, 20.0), run=(-30.0, 60.0), turn_to_m=6.0):
    """Pieces of one need on ground that bears up to x = 9 and from x = 22, with room to turn further off."""
    gaps, turns = [(-30.0, 9.0), (22.0, 60.0)], [(-30.0, turn_to_m), (25.0, 60.0)]
    swath = Swath.of(REACH, 0.3, 0.1, run, gaps, turns, beside)
    (piece,) = swath.pieces(0.0, [uncovered])
    return piece


def starts_and_ends(piece):
    return {(move.sign, move.reverse): (round(move.a_m, 6), round(move.b_m, 6)) for move in piece.moves}


def test_need_right_behind_and_before_a_pass_is_taken_along():
    plain = starts_and_ends(pieces_with([(10.0, 20.0)]))
    longer = starts_and_ends(pieces_with([(8.8, 9.5), (10.0, 20.0), (21.0, 22.5)]))
    assert plain[1.0, False] == (8.8, 22.0)
    assert longer[1.0, False] == (8.5, 22.6)
    assert plain[-1.0, False] == (22.2, 9.0)
    assert longer[-1.0, False] == (22.8, 8.7)


def test_need_further_off_or_behind_a_keep_out_is_not():
    plain = starts_and_ends(pieces_with([(10.0, 20.0)]))
    assert starts_and_ends(pieces_with([(3.0, 9.5), (10.0, 20.0), (21.0, 40.0)])) == plain
    shut = starts_and_ends(pieces_with([(10.0, 20.0), (19.0, 20.8)], run=(-30.0, 20.4)))
    assert shut[1.0, True][1] == 20.4
    shut = starts_and_ends(pieces_with([(8.4, 9.5), (10.0, 20.0)], run=(8.3, 60.0), turn_to_m=6.4))
    assert shut[1.0, False][0] == 8.3
