#!/usr/bin/env bash
# mgrs 2.1.0 (npm, from the makers of proj4js) and mgrs 1.5.0 (PyPI, on GEOTRANS).
#
# A reference in the Military Grid is cut off, not rounded: it names a square, and its digits are the square's south-west
# corner. The Python library reads a reference as that corner; `toPoint` of the JavaScript library gives the middle of the
# square. Both write the same reference for the same place, so each round trip agrees with itself to a square, and no test
# of one of them shows it.
#
# In the field: a marker given as MGRS on paper lies half a square further north-east on the web map than in the office:
# 0.7 m at ten digits, 7 m at the eight digits that are usual on a radio.
#
# Seen: one reference, two places, apart by half a diagonal, bearing 45 degrees in the grid.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts mgrs@2.1.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mgrs==1.5.0 packaging==24.2 pyproj==3.7.1
cat > read.mjs <<'JS'
import * as found from 'mgrs'
const mgrs = found.default ?? found
for (const digits of [5, 4]) {
  const reference = mgrs.forward([16.868705, 44.802057], digits)
  console.log(reference, ...mgrs.toPoint(reference))
}
JS
node read.mjs > seen
cat > read.py <<'PY'
import math
import sys

import mgrs
from pyproj import Transformer

grid = Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True)
for line, square_m in zip(open("seen").read().splitlines(), (1.0, 10.0), strict=True):
    reference, lon, lat = line.split()
    assert mgrs.MGRS().toMGRS(44.802057, 16.868705, MGRSPrecision=5 if square_m == 1.0 else 4) == reference
    corner = mgrs.MGRS().toLatLon(reference)
    east, north = grid.transform(corner[1], corner[0])
    east_js, north_js = grid.transform(float(lon), float(lat))
    apart = math.hypot(east_js - east, north_js - north)
    print(f"{reference}: Python {east:.2f} {north:.2f}, JavaScript {east_js:.2f} {north_js:.2f}, {apart:.2f} m apart")
    assert abs(apart - square_m / math.sqrt(2)) < 0.05 * square_m
    assert abs(east_js - east - square_m / 2) < 0.05 * square_m
PY
venv/bin/python read.py
