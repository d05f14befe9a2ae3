#!/usr/bin/env bash
# opencoverage 0.2.0.
#
# Its readme says that it takes KML polygons, and its reader that it takes the first polygon of the file. It takes the first
# <coordinates> of anything: where the access road (a LineString) stands before the lot, as it does when it was drawn first,
# the road with its ends joined is the field. The lot itself, and every further lot, is not read; a hole is not read
# either. The plan is made and written without a warning. KML 2.2 sets no order for the placemarks.
#
# In the field: the machine is sent over the ground between the bends of the road, and through the keep-outs of a lot.
#
# Seen: 3.5 ha for a lot alone, with or without its hole; 27.7 ha for the same lot with a road drawn before it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opencoverage==0.2.0
cat > read.py <<'PY'
from opencoverage.io import read_survey_map

OUTLINE = "16.87,44.81 16.872,44.81 16.872,44.812 16.87,44.812 16.87,44.81"
HOLE = "16.8705,44.8105 16.871,44.8105 16.871,44.811 16.8705,44.8105"
ROAD = "16.86,44.80 16.865,44.803 16.869,44.80 16.87,44.81"


def ring(kind, coordinates):
    return f"<{kind}><LinearRing><coordinates>{coordinates}</coordinates></LinearRing></{kind}>"


def hectares(name, *shapes):
    placemarks = "".join(f"<Placemark>{shape}</Placemark>" for shape in shapes)
    with open(name, "w") as file:
        file.write(f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{placemarks}</Document></kml>')
    polygon = read_survey_map(name).polygon
    print(f"{name}: {polygon.area / 1e4:.2f} ha, {len(polygon.interiors)} holes")
    return polygon.area / 1e4


whole = f"<Polygon>{ring('outerBoundaryIs', OUTLINE)}</Polygon>"
holed = f"<Polygon>{ring('outerBoundaryIs', OUTLINE)}{ring('innerBoundaryIs', HOLE)}</Polygon>"
road = f"<LineString><coordinates>{ROAD}</coordinates></LineString>"
alone = hectares("lot.kml", whole)
assert 3.4 < alone < 3.6
assert hectares("lot_with_a_hole.kml", holed) == alone
assert 25 < hectares("road_and_lot.kml", road, whole) < 30
assert hectares("lot_and_road.kml", whole, road) == alone
PY
venv/bin/python read.py
