#!/usr/bin/env bash
# geotiff 3.0.5 and georaster 1.6.0 (npm) read what rasterio 1.4.4 (GDAL) writes.
#
# A GeoTIFF of spot heights or depths is usually "pixel is point": the tie point of the file is then the middle of the
# first cell (GeoTIFF 1.1, 7.1), not its corner. GDAL writes and reads it so, and its bounds are the same for both kinds.
# geotiff.js knows the key (`pixelIsArea()` is false), but `getOrigin` and `getBoundingBox` treat the tie point as the
# corner, and georaster builds its xmin and ymax on them. The readme of geotiff.js says that the bounding box is the
# geospatial one; that it is another for pixel-is-point is not said.
#
# In the field: a grid of depths with cells of 5 m, drawn on a web map, lies 2.5 m south-east of the ground it is about.
#
# Seen: one grid written as area and as point has one place in rasterio, and two in both npm packages, half a cell apart.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts geotiff@3.0.5 georaster@1.6.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check rasterio==1.4.4
cat > write.py <<'PY'
import numpy as np
import rasterio
from rasterio.transform import from_origin

for kind in ("Area", "Point"):
    form = dict(driver="GTiff", width=4, height=4, count=1, dtype="float32", crs="EPSG:32633")
    with rasterio.open(f"{kind}.tif", "w", transform=from_origin(500000, 4950000, 5, 5), **form) as grid:
        grid.update_tags(AREA_OR_POINT=kind)
        grid.write(np.full((4, 4), 0.2, "float32"), 1)
    with rasterio.open(f"{kind}.tif") as grid:
        print(kind, "rasterio", *(int(value) if value == int(value) else value for value in grid.bounds))
PY
cat > read.cjs <<'JS'
const fs = require('fs')
const read = require('georaster')
const run = async () => {
  const { fromArrayBuffer } = await import('geotiff')
  for (const kind of ['Area', 'Point']) {
    const bytes = new Uint8Array(fs.readFileSync(`${kind}.tif`)).buffer
    const image = await (await fromArrayBuffer(bytes)).getImage()
    const grid = await read(bytes)
    console.log(kind, 'geotiff', ...image.getBoundingBox(), image.pixelIsArea() ? '' : '(knows that it is points)')
    console.log(kind, 'georaster', grid.xmin, grid.ymin, grid.xmax, grid.ymax)
  }
  process.exit()
}
run()
JS
{ venv/bin/python write.py; node read.cjs; } | tee seen
right="500000 4949980 500020 4950000"
shifted="500002.5 4949977.5 500022.5 4949997.5"
for line in "Area rasterio $right" "Point rasterio $right" "Area geotiff $right" "Area georaster $right" \
  "Point geotiff $shifted" "Point georaster $shifted"; do
  grep -q "^$line" seen
done
