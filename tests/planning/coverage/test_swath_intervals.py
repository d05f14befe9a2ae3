"""Spans of swaths over polygons: reckoned over all edges at once they are those of one overlay for each swath."""

import math

import numpy as np
import pytest
import shapely

from tests.planning.coverage.support import BENCH
from vehicle.planning.coverage.ground import Ground, gap_to_turn_m
from vehicle.planning.coverage.settings import PlanSettings, reach_of
from vehicle.planning.coverage.swath import THIN_M, bearing_half_m
from vehicle.planning.coverage.swath_intervals import layered_intervals, outlines_of, swath_intervals


def holed(seed, holes, corners=24):
    """A wobbly field of 120 m with round holes, some of which touch its rim."""
    rng = np.random.default_rng(seed)
    angles = np.linspace(0.0, 2.0 * math.pi, 900, endpoint=False)
    radius = 60.0 + 6.0 * np.sin(7.0 * angles + rng.uniform(0.0, 6.0)) + rng.normal(0.0, 0.05, 900)
    field = shapely.Polygon(np.column_stack([radius * np.cos(angles), radius * np.sin(angles)]))
    places = rng.uniform(-62.0, 62.0, (holes, 2))
    posts = [shapely.Point(at).buffer(rng.uniform(0.3, 3.0), quad_segs=corners // 4) for at in places]
    return field.difference(shapely.union_all(posts))


def one_by_one(parts, y_m, half_m, x0_m, x1_m):
    """The same by one whole overlay for each swath."""
    rows = []
    for y in y_m:
        met = shapely.get_parts(shapely.intersection(shapely.box(x0_m, y - half_m, x1_m, y + half_m), parts))
        real = [p.bounds for p in met if p.geom_type == "Polygon"]
        real = sorted((b[0], b[2]) for b in real if b[2] - b[0] > THIN_M and b[3] - b[1] > THIN_M)
        merged = []
        for low, high in real:
            if merged and low <= merged[-1][1] + THIN_M:
                merged[-1] = (merged[-1][0], max(merged[-1][1], high))
            else:
                merged.append((low, high))
        rows.append(merged)
    return rows


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("half_m", [0.85, 0.01, 2.6])
def test_the_same_as_by_one_overlay_for_each_swath(seed, half_m):
    ground = holed(seed, 70)
    parts = np.array([*shapely.get_parts(ground), shapely.box(70.0, -9.0, 75.0, 3.0)], dtype=object)
    y_m = np.random.default_rng(seed).permutation(np.arange(-66.3, 67.0, 1.46))  # in no order
    found = swath_intervals(outlines_of(parts), y_m, half_m, -80.0, 90.0)
    wanted = one_by_one(parts, y_m, half_m, -80.0, 90.0)
    assert [len(row) for row in found] == [len(row) for row in wanted]
    assert np.allclose(
        [edge for row in found for span in row for edge in span],
        [edge for row in wanted for span in row for edge in span],
        atol=2e-5,  # half a micrometre across the swath is some more along it where an edge runs nearly with it
    )


def test_kinds_of_ground_computed_together_do_not_touch_each_other():
    grounds = [outlines_of(np.array([holed(seed, 40)]), 0.3 * seed) for seed in range(3)]
    grounds.insert(1, outlines_of(np.empty(0, dtype=object)))
    halves_m = (0.85, 1.0, 0.01, 2.6)
    y_m = np.random.default_rng(0).permutation(np.arange(-66.3, 67.0, 1.46))
    together = layered_intervals(list(zip(grounds, halves_m, strict=True)), y_m, -80.0, 90.0)
    alone = [swath_intervals(g, y_m, half_m, -80.0, 90.0) for g, half_m in zip(grounds, halves_m, strict=True)]
    assert together == alone


def test_nothing_there():
    assert swath_intervals(outlines_of(np.empty(0, dtype=object)), np.array([1.0, 2.0]), 0.5, -5.0, 5.0) == [[], []]
    away = np.array([holed(1, 50)])
    assert swath_intervals(outlines_of(away), np.array([500.0]), 0.5, -80.0, 90.0) == [[]]
    assert swath_intervals(outlines_of(away), np.empty(0), 0.5, -80.0, 90.0) == []


@pytest.mark.parametrize("tripwires", ["possible", "none"])
def test_where_a_stretch_is_too_short_to_turn_on_there_is_no_place_to_turn(tripwires):
    reach = reach_of(BENCH, PlanSettings(), tripwires, "safe")
    half_m = bearing_half_m(reach)
    least_m = gap_to_turn_m(reach, half_m)
    for gap_m in np.linspace(0.3, 0.999, 8) * least_m:
        below, above = (-30.0, -20.0, 0.0, -half_m + 0.01), (gap_m, half_m - 0.01, 30.0, 20.0)
        walls = [shapely.box(*below), shapely.box(*above)]
        ground = Ground(np.array(walls), np.empty(0, object), np.empty(0, object), (-20.0, -20.0, 20.0, 20.0), reach)
        barred = swath_intervals(outlines_of(ground.pivot), np.zeros(1), THIN_M, -20.0, 20.0)[0]
        assert any(low < 0.0 and high > gap_m for low, high in barred)
