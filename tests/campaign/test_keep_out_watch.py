"""Inv-3 of the watch: a track or the tool over a keep-out is told wherever it happens."""

import math

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box

from campaign.invariants import Invariants
from tests.builders import config
from vehicle.config.vehicle import footprint
from vehicle.contracts.geometry import rectangle_m

MACHINE = footprint(config().machine)
KEEP_OUTS = MultiPolygon([box(5.0, 5.0, 7.0, 6.0), Polygon([(-20.0, 0.0), (-16.0, 1.0), (-18.0, 9.0)])])


def told(east_m: float, north_m: float, yaw_rad: float, keep_outs: shapely.Geometry = KEEP_OUTS) -> set[str]:
    watch = Invariants(MACHINE, keep_outs, 1.0)
    watch.check_ground(east_m, north_m, yaw_rad, 1.0)
    return {breach.name for breach in watch.breaches}


def seen(east_m: float, north_m: float, yaw_rad: float) -> set[str]:
    half_m, ahead_m, length_m = MACHINE.track_length_m / 2.0, MACHINE.tool_ahead_m, MACHINE.tool_length_m
    parts = {
        "track_over_keep_out": (half_m, half_m, MACHINE.track_outer_width_m / 2.0),
        "tool_over_keep_out": (ahead_m + length_m / 2.0 + 1e-3, length_m / 2.0 - ahead_m, MACHINE.tool_width_m / 2.0),
    }
    return {
        name
        for name, (front_m, rear_m, half_width_m) in parts.items()
        if KEEP_OUTS.intersects(Polygon(rectangle_m((east_m, north_m), yaw_rad, front_m, rear_m, half_width_m)))
    }


@given(st.floats(-28.0, 14.0), st.floats(-8.0, 16.0), st.floats(-math.pi, math.pi))
def test_what_shapely_sees_everywhere_is_told(east_m: float, north_m: float, yaw_rad: float) -> None:
    assert told(east_m, north_m, yaw_rad) == seen(east_m, north_m, yaw_rad)


@pytest.mark.parametrize("turn", range(16))
def test_the_farthest_corner_is_seen(turn: int) -> None:
    yaw_rad = turn * math.pi / 8.0
    front_m = MACHINE.tool_ahead_m + MACHINE.tool_length_m / 2.0
    corner_m = rectangle_m((0.0, 0.0), yaw_rad, front_m, 0.0, MACHINE.tool_width_m / 2.0)[2]
    east_m, north_m = 5.0 - corner_m[0], 5.0 - corner_m[1]
    inside_m = math.cos(math.pi / 4.0) * 0.01
    assert "tool_over_keep_out" in told(east_m + inside_m, north_m + inside_m, yaw_rad)


def test_without_keep_outs_nothing_is_told() -> None:
    assert told(0.0, 0.0, 0.0, Polygon()) == set()
