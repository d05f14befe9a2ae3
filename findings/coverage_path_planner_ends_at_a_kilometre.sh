#!/usr/bin/env bash
# coverage-path-planner 1.4.0 (the engine of CaSSAndRA).
#
# A square of 20 m is planned with lines of 1 m at angle 0. The same square, moved east, must get the same lines. It does
# as long as it ends at x = 1000; past that the planner returns fewer lines or none, without an error, an exception or a
# word in the result. A field in UTM metres (x is always some hundred thousand) gets an empty path, and one from 900 to
# 1100 m that asks for a border lap gets that lap alone, which looks like a plan. The readme names no unit, no range and
# no origin; it promises complete coverage.
#
# In the field: a plan that is taken for whole leaves the ground inside its border lap untouched.
#
# Seen: 39 points at x = 980, none at x = 990 and at 500000; 6 % of the strip from 900 to 1100 m is covered.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check coverage-path-planner==1.4.0 shapely==2.1.2
cat > plan.py <<'PY'
import coverage_path_planner as planner
from shapely.geometry import LineString, box


def plan(west, south, east, north, border):
    """Points of the path, and the covered share of the field with a tool 1 m wide."""
    field = box(west, south, east, north)
    ring = [planner.Point(x, y) for x, y in field.exterior.coords[:-1]]
    settings = planner.PathSettings()
    settings.pattern, settings.offset, settings.angle, settings.distanceToBorder = "lines", 1.0, 0.0, 0.5
    settings.mowArea, settings.mowBorder, settings.borderLaps = True, border, int(border)
    settings.mowExclusionsBorder, settings.exclusionsBorderLaps = False, 0
    start = planner.Point(west + 1, south + 1)
    path = planner.PathService().computeFullTask(planner.Environment(planner.Polygon(ring)), settings, start).path
    points = [(point.x, point.y) for point in path.getPoints()]
    swept = LineString(points).buffer(0.5) if len(points) > 1 else LineString()
    return len(points), swept.intersection(field).area / field.area


seen = {}
for name, west, east, border in (
    ("square at x = 0", 0, 20, False),
    ("square at x = 980", 980, 1000, False),
    ("square at x = 990", 990, 1010, False),
    ("square at x = 500000", 500000, 500020, False),
    ("strip from 700 to 900", 700, 900, True),
    ("strip from 900 to 1100", 900, 1100, True),
):
    seen[name] = plan(west, 0, east, 20, border)
    print(f"{name}: {seen[name][0]} points, {seen[name][1]:.0%} of the field")
assert seen["square at x = 0"][0] == seen["square at x = 980"][0] > 30
assert seen["square at x = 990"] == seen["square at x = 500000"] == (0, 0)
assert seen["strip from 700 to 900"][1] > 0.99
assert seen["strip from 900 to 1100"][1] < 0.1
PY
venv/bin/python plan.py
