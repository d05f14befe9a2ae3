"""Cells with a direction of their own: faces tile the area, the search never pays more, the plan keeps its promises."""

import itertools
import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planning.coverage.support import BENCH, MEDIUM, document, feature, planned, ring_lonlat, saved
from vehicle.contracts.plan import SegmentKind
from vehicle.planning.coverage import cell_labels as labels_room
from vehicle.planning.coverage.cell_labels import FaceCosts, FaceSets, best_labels, connected, in_small_products
from vehicle.planning.coverage.cell_lines import faces_of
from vehicle.planning.coverage.cell_order import working_order
from vehicle.planning.coverage.directions import swath_cost_s
from vehicle.planning.coverage.job import plan_job
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.sweep_cells import KEEP_OUT_END_S, costs_of, direction_at, directions_to_choose, parted
from vehicle.planning.site.site import load_site

pytestmark = pytest.mark.long

BENT = [(0, 0), (60, 0), (60, 14), (44, 14), (76, 66), (64, 74), (26, 14), (0, 14)]
"""A block of 60 x 14 m with an arm of 14 m that leaves it at 60 degrees."""
COMB = [
    (0, 0), (120, 0), (120, 30), (108, 30), (126, 66), (117, 70), (97, 30), (66, 30), (84, 66), (75, 70), (55, 30),
    (24, 30), (42, 66), (33, 70), (13, 30), (0, 30),
]  # fmt: skip
"""Three teeth askew: no direction pays for one tooth alone once all have it."""
PLAIN = [(0, 0), (40, 0), (40, 20), (0, 20)]
HOLED = [(10, 4), (14, 4), (14, 8), (10, 8)]


def site_of(tmp_path, *rings):
    return load_site(saved(tmp_path, document(feature("work_area", *[ring_lonlat(ring) for ring in rings]))), "safe")


def cells_of(tmp_path, *rings):
    site = site_of(tmp_path, *rings)
    return parted(site.work_area.difference(site.keep_out), plan_job(site, BENCH, PlanSettings())), site


@st.composite
def stars(draw):
    """Areas round about a middle, often concave, some with a keep-out."""
    count = draw(st.integers(4, 14))
    radii = draw(st.lists(st.floats(8.0, 60.0), min_size=count, max_size=count))
    angles = [2.0 * math.pi * k / count for k in range(count)]
    shell = shapely.Polygon([(r * math.cos(a), r * math.sin(a)) for r, a in zip(radii, angles, strict=True)])
    hole = shapely.Point(draw(st.floats(-9.0, 9.0)), 0.0).buffer(draw(st.sampled_from([0.0, 2.0, 4.0])), quad_segs=3)
    return max(shapely.get_parts(shell.difference(hole)), key=lambda part: part.area)


@settings(max_examples=40)
@given(area=stars())
def test_faces_tile_the_area(area):
    faces = faces_of(area, np.array([0.0, 1.1]))
    assert shapely.area(faces.polygons).sum() == pytest.approx(area.area, abs=0.1 * area.length)
    tree = shapely.STRtree(faces.polygons)
    a, b = tree.query(faces.polygons, predicate="overlaps")
    assert shapely.area(shapely.intersection(faces.polygons[a], faces.polygons[b])).sum() < 0.1 * area.length
    assert ((faces.sides >= 0) & (faces.sides < len(faces.polygons))).all()
    assert (faces.sides[:, 0] != faces.sides[:, 1]).all()
    assert faces.cut_off.shape[1] == len(faces.polygons)


@given(
    pairs=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=16),
)
def test_connected_groups(pairs):
    reached = np.eye(12, dtype=bool)
    for a, b in pairs:
        reached[a, b] = reached[b, a] = True
    for _ in range(4):
        reached = (reached.astype(int) @ reached.astype(int)) > 0
    group = connected(12, np.array(pairs, dtype=int).reshape(-1, 2))
    assert ((group[:, None] == group[None, :]) == reached).all()
    assert sorted(set(group.tolist())) == list(range(len(set(group.tolist()))))


@st.composite
def costs(draw):
    """A few faces in a row and round about, a few directions; only ends at seams of different directions cost."""
    faces, directions = draw(st.integers(2, 6)), draw(st.integers(2, 4))
    seconds = st.floats(0.0, 500.0)
    sides = np.array([pair for pair in itertools.combinations(range(faces), 2) if draw(st.booleans())] or [(0, 1)])
    face_s = np.array([[draw(seconds) for _ in range(directions)] for _ in range(faces)])
    end_s = np.array([[draw(st.floats(0.0, 90.0)) for _ in range(directions)] for _ in sides])
    pair_s = end_s[:, :, None] + end_s[:, None, :]
    pair_s[:, np.arange(directions), np.arange(directions)] = 0.0
    return FaceCosts(face_s, pair_s, sides, np.full(faces, 100.0))


@given(costs=costs(), data=st.data())
def test_a_saving_is_the_difference_of_what_all_costs(costs, data):
    faces, directions = costs.face_s.shape
    labels = np.array([data.draw(st.integers(0, directions - 1)) for _ in range(faces)])
    sets = np.array([[data.draw(st.booleans()) for _ in range(faces)] for _ in range(3)])
    saved_s = costs.savings_s(labels, FaceSets.of(costs, sets))
    for k, direction in itertools.product(range(3), range(directions)):
        then = np.where(sets[k], direction, labels)
        assert saved_s[k, direction] == pytest.approx(costs.total_s(labels) - costs.total_s(then), abs=0.05)


def test_a_product_in_parts_is_the_product(monkeypatch):
    a, b = np.arange(60.0).reshape(12, 5), np.arange(15.0).reshape(5, 3) / 1024.0
    for size in (1, 40, 10**6):
        monkeypatch.setattr(labels_room, "SMALL_PRODUCT", size)
        assert (in_small_products(a, b) == a @ b).all()
    assert in_small_products(a[:0], b).shape == (0, 3)


@given(costs=costs())
def test_cells_never_cost_more_than_one_direction_and_seldom_more_than_the_best(costs):
    faces, directions = costs.face_s.shape
    single = np.eye(faces, dtype=bool)
    labels = best_labels(costs, single, list(range(directions)))
    found_s = costs.total_s(labels)
    assert found_s <= costs.face_s.sum(axis=0).min() + 1e-6
    best_s = min(costs.total_s(np.array(trial)) for trial in itertools.product(range(directions), repeat=faces))
    assert best_s - 1e-6 <= found_s <= 1.5 * best_s + 100.0


def test_what_cells_cost_is_the_closed_form_of_each_and_the_seams(tmp_path):
    found, site = cells_of(tmp_path, BENT)
    job = plan_job(site, BENCH, PlanSettings())
    assert len(found.cells) == 2
    alone_s = sum(
        swath_cost_s(cell.polygon, np.array([cell.theta_rad]), job.reach, job.settings, BENCH)[0]
        for cell in found.cells
    )
    assert alone_s <= found.cost_s <= alone_s + 60.0
    assert found.cost_s < 0.97 * found.whole_s


@pytest.mark.parametrize("rings", [(BENT,), (BENT, HOLED)])
def test_faces_of_one_direction_cost_what_the_closed_form_says(tmp_path, rings):
    _, site = cells_of(tmp_path, *rings)
    job, area = plan_job(site, BENCH, PlanSettings()), site.work_area.difference(site.keep_out)
    angles = directions_to_choose(area)
    faces = faces_of(area, angles[:4])
    assert (len(rings) > 1) == faces.at_keep_out.any()
    direct_s = swath_cost_s(area, angles, job.reach, job.settings, BENCH, KEEP_OUT_END_S)
    assert costs_of(faces, angles, job).face_s.sum(axis=0) == pytest.approx(direct_s, rel=0.01)
    shell_s = swath_cost_s(shapely.Polygon(area.exterior), angles, job.reach, job.settings, BENCH)
    ends = 2.0 * 4.0 / (BENCH.tool_width_m - job.settings.overlap_at_m(0.0))
    along = int(np.argmin(np.abs(np.sin(angles))))
    assert direct_s[along] - shell_s[along] >= 0.5 * KEEP_OUT_END_S * ends * (len(rings) - 1)


@pytest.mark.parametrize(("ring", "count"), [(BENT, 2), (COMB, 4)], ids=["arm", "comb"])
def test_an_arm_gets_its_own_direction(tmp_path, ring, count):
    found, site = cells_of(tmp_path, ring)
    assert len(found.cells) == count
    assert abs(math.sin(found.cells[0].theta_rad)) < 0.02, "the block first: its swaths run along the seams"
    assert all(math.degrees(cell.theta_rad) == pytest.approx(61.0, abs=5.0) for cell in found.cells[1:])
    assert shapely.union_all([cell.polygon for cell in found.cells]).area == pytest.approx(
        site.work_area.area, rel=0.01
    )
    for cell in found.cells:
        assert direction_at(found.cells, cell.polygon.buffer(-1.0), 0.5) == cell.theta_rad
    assert direction_at((), site.work_area, 0.5) == 0.5


@pytest.mark.parametrize(
    "rings", [([(0, 0), (40, 0), (40, 20), (0, 20)],), ([(0, 0), (40, 0), (40, 20), (0, 20)], HOLED)]
)
def test_a_plain_field_is_one_cell(tmp_path, rings):
    assert len(cells_of(tmp_path, *rings)[0].cells) == 1


def test_what_lies_in_a_cell(tmp_path):
    found, site = cells_of(tmp_path, BENT)
    shares = [cell.share_of(np.array([site.work_area], dtype=object)) for cell in found.cells]
    assert sum(shapely.area(share).sum() for share in shares) >= site.work_area.area
    assert len(found.cells[0].share_of(np.array([], dtype=object))) == 0
    assert len(found.cells[0].share_of(np.array([shapely.box(500, 500, 501, 501)]))) == 0


@given(
    ends=st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=4, max_size=4),
    places=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), min_size=4, max_size=4),
)
def test_no_order_of_cells_is_cheaper(ends, places):
    matrix = np.array(ends, dtype=float)
    boxes = [shapely.box(x, y, x + 2, y + 2) for x, y in places]

    def cost_s(order):
        shut = sum(40.0 * matrix[k, other] for at, k in enumerate(order) for other in order[at + 1 :])
        ways_m = sum(boxes[a].centroid.distance(boxes[b].centroid) for a, b in itertools.pairwise(order))
        return shut + ways_m / BENCH.transit_speed_mps

    least_s = min(cost_s(order) for order in itertools.permutations(range(4)))
    assert cost_s(working_order(boxes, matrix, BENCH)) == pytest.approx(least_s, abs=0.1)


def test_with_many_cells_those_without_ends_at_seams_still_come_first():
    boxes = [shapely.box(10 * k, 0, 10 * k + 9, 5) for k in range(9)]
    ends = np.zeros((9, 9))
    ends[:8, 8] = 5.0
    assert working_order(boxes, ends, BENCH)[0] == 8
    assert sorted(working_order(boxes, ends, BENCH)) == list(range(9))


@pytest.mark.parametrize(
    ("rings", "machine"),
    [((BENT,), MEDIUM), ((BENT, HOLED), BENCH), pytest.param((COMB,), MEDIUM, marks=pytest.mark.release)],
    ids=["arm", "arm and keep-out", "comb"],
)
def test_a_plan_in_cells_keeps_every_promise_and_is_cheaper(tmp_path, rings, machine):
    path = saved(tmp_path, document(feature("work_area", *[ring_lonlat(ring) for ring in rings]), outside="safe"))
    plan, report = planned(path, tmp_path / "plan", machine)
    assert report.complaints() == []
    courses = [s.yaw_start_rad % math.pi for s in plan.segments if s.kind is SegmentKind.SWATH]
    assert np.ptp(courses) > math.radians(30.0)
    for direction_rad in (0.0, math.radians(61.0)):
        one = plan_site(load_site(path), machine, PlanSettings(direction_rad=direction_rad))
        assert plan.time_s < 0.99 * one.time_s


def test_the_same_cells_and_the_same_plan_again(tmp_path):
    site = site_of(tmp_path, BENT)
    assert plan_site(site, BENCH).plan_hash == plan_site(site, BENCH).plan_hash


def a_job():
    """Any: of the site only machine and settings are asked for."""
    with tempfile.TemporaryDirectory() as folder:
        return plan_job(site_of(Path(folder), PLAIN), BENCH, PlanSettings())


def box_at(east_m, north_m, length_m, width_m, turn_rad):
    """A rectangle about a place, turned."""
    cos, sin = math.cos(turn_rad), math.sin(turn_rad)
    half = ((-length_m, -width_m), (length_m, -width_m), (length_m, width_m), (-length_m, width_m))
    return [(east_m + 0.5 * (x * cos - y * sin), north_m + 0.5 * (x * sin + y * cos)) for x, y in half]


@settings(max_examples=15)
@given(
    sizes=st.lists(st.tuples(st.floats(6.0, 50.0), st.floats(6.0, 30.0), st.floats(0.0, 3.1)), min_size=2, max_size=3),
    holed=st.booleans(),
)
def test_ground_in_several_parts_has_cells(sizes, holed):
    parts = [shapely.Polygon(box_at(80.0 * k, 0.0, *size)) for k, size in enumerate(sizes)]
    area = shapely.MultiPolygon(parts).difference(shapely.box(-1.0, -1.0, 1.0, 1.0) if holed else shapely.Point())
    found = parted(area, a_job())
    assert sum(cell.polygon.area for cell in found.cells) == pytest.approx(area.area, rel=0.02)


@pytest.mark.parametrize(
    ("works", "road"),
    [
        ([box_at(0, 0, 60, 40, 0.0), box_at(90, 10, 60, 40, 0.0)], None),
        ([box_at(0, 0, 40, 16, 0.0), box_at(60, 20, 40, 14, 1.1)], None),
        ([box_at(0, 0, 60, 40, 0.0)], box_at(0, 0, 4, 60, 0.0)),
    ],
    ids=["two alike", "two askew", "a road across"],
)
def test_parts_that_no_line_joins_are_planned(tmp_path, works, road):
    roads = [feature("keep_out", ring_lonlat(road), name="road")] if road else []
    features = [*(feature("work_area", ring_lonlat(ring)) for ring in works), *roads]
    plan, report = planned(saved(tmp_path, document(*features, outside="safe")), tmp_path / "plan", MEDIUM)
    assert report.complaints() == []
    assert len({s.yaw_start_rad for s in plan.segments if s.kind is SegmentKind.SWATH}) > 1
