#!/usr/bin/env bash
# pyproj 3.7.2 (its wheel has PROJ 9.5.1).
#
# EPSG:31276 ("MGI / Balkans zone 6") is the Gauss-Krueger grid of Bosnia and Herzegovina from the time when one datum,
# MGI, stood for Austria and Yugoslavia. EPSG has split it since: today's code is EPSG:8678, on MGI 1901. The old code
# still works: `CRS("EPSG:31276")` gives no warning, its area of use is the Balkans, and `Transformer.from_crs` to
# EPSG:4326 works. But the only operation left for MGI is for Austria, so PROJ takes a "ballpark" one, which shifts no
# datum. pyproj's documentation of `allow_ballpark` says that such operations are allowed unless switched off; a
# reader who sees the area of use expects a datum shift there. `only_best=True` changes nothing.
#
# In the field: a hazardous area lies 400 m from where it is, with the right shape and size, on a map that looks right.
#
# Seen: the same easting and northing, read as 31276 and as 8678, are 400 to 420 m apart; no warning is given.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyproj==3.7.2
cat > codes.py <<'PY'
import warnings

warnings.simplefilter("error")
from pyproj import CRS, Geod, Transformer

POINT = 6530000.0, 4950000.0
area = CRS("EPSG:31276").area_of_use
old, new = (
    Transformer.from_crs(code, "EPSG:4326", always_xy=True, only_best=True).transform(*POINT)
    for code in ("EPSG:31276", "EPSG:8678")
)
metres = Geod(ellps="WGS84").inv(*old, *new)[2]
print(f"EPSG:31276 is for {area.name}")
print(f"EPSG:31276: {old[1]:.6f} {old[0]:.6f}; EPSG:8678: {new[1]:.6f} {new[0]:.6f}; {metres:.0f} m apart")
assert "Bosnia" in area.name
assert area.west < new[0] < area.east and area.south < new[1] < area.north
assert 400 < metres < 420
PY
venv/bin/python codes.py
