#!/usr/bin/env bash
# shpjs 6.2.0 (with proj4js 2.22.0) reads what pyogrio 0.13.0 (GDAL) writes.
#
# The .prj file of a shapefile names the datum and has no place for its shift: GDAL knows the shift of MGI 1901 from its
# database, proj4js knows a dozen datums by name and takes every other for WGS 84, without a warning. shpjs, behind many
# "drop your shapefile here" pages, returns longitude and latitude that look finished. Its readme says that it projects
# to WGS 84 when there is a .prj file.
#
# In the field: the same shapefile is right in QGIS and 400 m off on the operator's web map; 120 m with Pulkovo 1942.
#
# Seen: a corner of a field in Bosnia is 400 to 420 m from where GDAL puts it, of one in the Donbas 110 to 130 m, and of
# one in WGS 84 / UTM less than a millimetre.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts shpjs@6.2.0 proj4@2.22.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyogrio==0.13.0 geopandas==1.2.0 shapely==2.1.2 pyproj==3.7.2
cat > write.py <<'PY'
import geopandas
from shapely.geometry import box

FIELDS = {8678: (6530000, 4950000), 28406: (6650000, 5400000), 32633: (600000, 4950000)}
for code, (x, y) in FIELDS.items():
    field = geopandas.GeoDataFrame({"lot": [1]}, geometry=[box(x, y, x + 100, y + 100)], crs=code)
    field.to_file(f"{code}.shp", engine="pyogrio")
PY
cat > read.mjs <<'JS'
import fs from 'fs'
import { parseShp } from 'shpjs'
const text = (name) => fs.readFileSync(name, 'utf8')
for (const code of process.argv.slice(2)) {
  const [field] = parseShp(fs.readFileSync(`${code}.shp`), text(`${code}.prj`))
  console.log(code, ...field.coordinates[0][0])
}
JS
cat > compare.py <<'PY'
import sys

import geopandas
from pyproj import Geod

LIMITS = {8678: (400, 420), 28406: (110, 130), 32633: (0, 0.001)}
for line in sys.stdin:
    code, *place = line.split()
    field = geopandas.read_file(f"{code}.shp", engine="pyogrio").to_crs(4326).geometry[0]
    metres = min(Geod(ellps="WGS84").inv(*map(float, place), *corner)[2] for corner in field.exterior.coords)
    print(f"EPSG:{code}: shpjs is {metres:.3f} m from GDAL")
    low, high = LIMITS.pop(int(code))
    assert low <= metres <= high
assert not LIMITS
PY
venv/bin/python write.py
node read.mjs 8678 28406 32633 | venv/bin/python compare.py
