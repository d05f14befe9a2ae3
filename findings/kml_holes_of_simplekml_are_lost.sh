#!/usr/bin/env bash
# simplekml 1.3.6 writes; pyogrio 0.13.0 (GDAL 3.12), fastkml 1.4.0 and @tmcw/togeojson 7.1.3 read.
#
# A polygon with three holes, as simplekml's documentation shows it (`innerboundaryis` is a list of rings). KML 2.2 gives
# every hole an `innerBoundaryIs` of its own; simplekml puts all the rings into one, as Google Earth does when it saves.
# GDAL, and so QGIS, keeps the last ring and drops the others; fastkml keeps the first one; togeojson keeps all three. No
# reader warns (fastkml by default refuses every file of simplekml, for its numeric ids; here it is told to be lenient).
#
# In the field: the holes are the houses, wells and known mines that a machine must keep out of; all but one are gone.
#
# Seen: three holes written; one read by GDAL, one by fastkml, and not the same one; three by togeojson.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts @tmcw/togeojson@7.1.3 @xmldom/xmldom@0.9.12
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check simplekml==1.3.6 pyogrio==0.13.0 geopandas==1.2.0 shapely==2.1.2 \
  fastkml==1.4.0 lxml==6.1.3
cat > write.py <<'PY'
import simplekml


def square(lon, lat, size):
    corners = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    return [(round(lon + x * size, 6), round(lat + y * size, 6)) for x, y in corners]


file = simplekml.Kml()
file.newpolygon(
    name="lot 1",
    outerboundaryis=square(16.87, 44.81, 0.001),
    innerboundaryis=[square(16.8701, 44.8101, 0.0001), square(16.8704, 44.8104, 0.0001), square(16.8707, 44.8107, 0.0001)],
)
file.save("lot.kml")
PY
cat > read.py <<'PY'
import pyogrio
from fastkml import Placemark, kml
from fastkml.utils import find_all

polygon = pyogrio.read_dataframe("lot.kml").geometry[0]
print("gdal", *sorted(ring.coords[0][0] for ring in polygon.interiors))
placemark = next(find_all(kml.KML.parse("lot.kml", strict=False, validate=False), of_type=Placemark))
print("fastkml", *sorted(ring.coords[0][0] for ring in placemark.geometry.interiors))
PY
cat > read.mjs <<'JS'
import fs from 'fs'
import { kml } from '@tmcw/togeojson'
import { DOMParser } from '@xmldom/xmldom'
const text = new DOMParser().parseFromString(fs.readFileSync('lot.kml', 'utf8'), 'text/xml')
const [, ...holes] = kml(text).features[0].geometry.coordinates
console.log('togeojson', ...holes.map((ring) => ring[0][0]).sort())
JS
venv/bin/python write.py
{ venv/bin/python read.py; node read.mjs; } | tee seen
[ "$(cat seen)" = "gdal 16.8707
fastkml 16.8701
togeojson 16.8701 16.8704 16.8707" ]
