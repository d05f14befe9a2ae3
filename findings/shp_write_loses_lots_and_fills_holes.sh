#!/usr/bin/env bash
# @mapbox/shp-write 0.4.3 (npm) writes what pyogrio 0.13.0 (GDAL 3.12) reads.
#
# Its readme promises Polygon and MultiPolygon. Two things get lost on the way from GeoJSON, both without a word:
# - Polygons and MultiPolygons go to two passes that write files of the same name, so the second one replaces the first.
#   One lot in two pieces among the features is enough: every lot in one piece is gone.
# - The rings are written as they come. GeoJSON (RFC 7946, 3.1.6) winds an outline counter-clockwise and its holes
#   clockwise, a shapefile the other way round (ESRI's description of 1998), and GDAL reads by that: the holes come back
#   as filled polygons on top of the outline, so the area grows with every hole.
#
# In the field: most lots are missing from the map that goes to the survey team, and the keep-outs of the others are gone.
#
# Seen: of three lots one comes back; a lot with two holes comes back without one, larger than its outline.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts @mapbox/shp-write@0.4.3
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyogrio==0.13.0 geopandas==1.2.0 shapely==2.1.2
cat > write.cjs <<'JS'
const fs = require('fs')
const { zip } = require('@mapbox/shp-write')
const square = (x, y, size) => [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
const lot = (x) => [square(x, 44, 0.01), square(x + 0.002, 44.002, 0.001).reverse(), square(x + 0.005, 44.005, 0.001).reverse()]
const feature = (name, type, coordinates) => ({ type: 'Feature', properties: { name }, geometry: { type, coordinates } })
const lots = [feature('lot 1', 'Polygon', lot(16)), feature('lot 2', 'Polygon', lot(17))]
const both = [...lots, feature('lot 3', 'MultiPolygon', [lot(18), lot(19)])]
const run = async () => {
  for (const [file, features] of [['simple', lots], ['both', both]]) {
    fs.writeFileSync(`${file}.geojson`, JSON.stringify({ type: 'FeatureCollection', features }))
    const packed = await zip({ type: 'FeatureCollection', features }, { outputType: 'base64', compression: 'STORE' })
    fs.writeFileSync(`${file}.zip`, Buffer.from(packed, 'base64'))
  }
}
run()
JS
cat > read.py <<'PY'
import warnings

import pyogrio

warnings.simplefilter("ignore")


def seen(file):
    frame = pyogrio.read_dataframe(file)
    parts = [part for shape in frame.geometry for part in getattr(shape, "geoms", [shape])]
    holes = sum(len(part.interiors) for part in parts)
    print(f"{file}: {list(frame['name'])}, {holes} holes, area {sum(part.area for part in parts):.6f}")
    return list(frame["name"]), holes, sum(part.area for part in parts)


drawn, written = seen("simple.geojson"), seen("simple.zip")
assert drawn[0] == written[0] == ["lot 1", "lot 2"]
assert (drawn[1], written[1]) == (4, 0)
assert drawn[2] < 0.0002 < written[2]
drawn, written = seen("both.geojson"), seen("both.zip")
assert drawn[0] == ["lot 1", "lot 2", "lot 3"] and written[0] == ["lot 3"]
PY
node write.cjs
venv/bin/python read.py
