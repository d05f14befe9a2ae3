#!/usr/bin/env bash
# arcgis2geojson 3.1.3 (PyPI) and @terraformer/arcgis 2.2.2 (npm), beside pyogrio 0.13.0 (GDAL 3.12).
#
# A line of ArcGIS can carry a measure (M) at every vertex: a chainage, a time, a depth. Its JSON then has `hasM: true`, and
# the third number is the measure; a height is there only with `hasZ: true`. GDAL reads it so. Both converters copy the
# third number as it is, and in GeoJSON (RFC 7946, 3.1.1) a third number is the height in metres above the ellipsoid. A
# line without any height comes out with one, and nothing tells. Neither readme speaks of measures.
#
# In the field: a track with seconds as measure climbs a metre a second on the map of the planner, which sees a slope.
#
# Seen: measures 1200 and 1279.5 are no heights to GDAL in the original, and heights 1200 and 1279.5 after both converters.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts @terraformer/arcgis@2.2.2
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check arcgis2geojson==3.1.3 pyogrio==0.13.0 geopandas==1.2.0 shapely==2.1.2
cat > track.json <<'JSON'
{
  "geometryType": "esriGeometryPolyline", "hasM": true, "spatialReference": {"wkid": 4326},
  "fields": [{"name": "run", "type": "esriFieldTypeInteger"}],
  "features": [{
    "attributes": {"run": 1},
    "geometry": {"hasM": true, "paths": [[[16.87, 44.81, 1200], [16.871, 44.81, 1279.5]]]}
  }]
}
JSON
cat > convert.mjs <<'JS'
import fs from 'fs'
import { arcgisToGeoJSON } from '@terraformer/arcgis'
const track = JSON.parse(fs.readFileSync('track.json', 'utf8'))
fs.writeFileSync('terraformer.geojson', JSON.stringify(arcgisToGeoJSON(track)))
JS
cat > read.py <<'PY'
import json

import pyogrio
from arcgis2geojson import arcgis2geojson

with open("track.json") as file, open("arcgis2geojson.geojson", "w") as converted:
    json.dump(arcgis2geojson(json.load(file)), converted)
heights = {}
for name in ("track.json", "arcgis2geojson.geojson", "terraformer.geojson"):
    line = pyogrio.read_dataframe(name).geometry[0]
    heights[name] = [vertex[2] for vertex in line.coords] if line.has_z else []
    print(f"{name}: heights {heights[name]}")
assert heights == {"track.json": [], "arcgis2geojson.geojson": [1200, 1279.5], "terraformer.geojson": [1200, 1279.5]}
PY
node convert.mjs
venv/bin/python read.py
