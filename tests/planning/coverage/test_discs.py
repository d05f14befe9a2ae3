"""Discs of turns as they are drawn: never smaller than the exact ones, and where ground is scarce hardly larger."""

import math

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.planning.coverage.support import BENCH, MEDIUM
from vehicle.config.load import load_machine
from vehicle.config.vehicle import footprint
from vehicle.planning.coverage.discs import COARSE, FINE, OF_CORNERS, arcs_for, round_buffer
from vehicle.planning.coverage.ground import LEG_SLACK_M, PIVOT_SLACK_M
from vehicle.planning.coverage.settings import PlanSettings, reach_of

EXACT = 400
"""Chords to a quarter circle of what counts as exact: they lie 2 micrometres inside a disc of 2.5 m."""


@st.composite
def grounds(draw):
    """A polygon of any shape, with jogs of millimetres and decimetres in its edges as passes leave them."""
    angles = sorted(draw(st.lists(st.floats(0.0, 2.0 * math.pi), min_size=3, max_size=14, unique=True)))
    radii = draw(st.lists(st.floats(0.3, 30.0), min_size=len(angles), max_size=len(angles)))
    jogs = draw(st.lists(st.sampled_from((0.0, 0.004, 0.02, 0.3)), min_size=len(angles), max_size=len(angles)))
    ring = []
    for angle, radius, jog in zip(angles, radii, jogs, strict=True):
        at = (radius * math.cos(angle), radius * math.sin(angle))
        ring += [at, (at[0] + jog * math.sin(angle), at[1] + jog)]
    return shapely.make_valid(shapely.Polygon(ring))


@given(ground=grounds(), radius_m=st.floats(0.5, 4.0), arcs=st.sampled_from((COARSE, FINE, OF_CORNERS)))
def test_a_drawn_disc_covers_the_exact_one(ground, radius_m, arcs):
    exact = shapely.buffer(ground, radius_m - 1e-5, quad_segs=EXACT)
    assert shapely.difference(exact, round_buffer(ground, radius_m, arcs)).area < 1e-6


@pytest.mark.parametrize("machine", [BENCH, MEDIUM, footprint(load_machine("memat"))], ids=lambda machine: machine.name)
@given(ground=grounds())
def test_a_place_chosen_for_a_turn_stays_free_when_the_ground_is_drawn_again(machine, ground):
    radius_m = reach_of(machine, PlanSettings(), "possible", "unknown").pivot_solid_m
    chosen = shapely.buffer(ground, radius_m + PIVOT_SLACK_M, quad_segs=EXACT)
    assert shapely.difference(round_buffer(ground, radius_m + LEG_SLACK_M, FINE), chosen).area < 1e-6


def test_the_ground_outside_decides_for_everything_planned_on_a_site():
    assert arcs_for("safe") is COARSE
    assert arcs_for("unknown") is FINE
    assert reach_of(BENCH, PlanSettings(), "possible", "unknown").arcs is FINE
