#!/usr/bin/env bash
# pyproj 3.7.2 (its wheel has PROJ 9.5.1).
#
# Old maps and minefield records of former Yugoslavia are in MGI 1901. `Transformer.from_crs("EPSG:6316", "EPSG:4326")`
# looks like one formula, but PROJ picks an operation for each point, by rectangles around the countries. The operations
# of Kosovo's neighbours and the one for the whole area agree within 20 m; Kosovo's own ("MGI 1901 to WGS 84 (14)",
# stated accuracy 1 m) puts a point 1.6 km east of where the others put it. So two corners of one field that lie one metre
# apart come out 1.6 km apart, and nothing is raised or warned. pyproj's documentation says that `area_of_interest` helps
# to select the operation and that an accuracy of -1 is an unknown one; it does not say that one call mixes operations.
#
# In the field: an outline from an old map, or half of it, is worked more than a kilometre from the mines.
#
# Seen: 1 m on the map at 42.96 N 19.95 E becomes about 1600 m; with the operation for the whole area it stays 1 m.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyproj==3.7.2
cat > tear.py <<'PY'
from pyproj import Geod, Transformer
from pyproj.transformer import TransformerGroup

NORTH_M = 4757700.0
ground = Geod(ellps="WGS84")
chosen = Transformer.from_crs("EPSG:6316", "EPSG:4326", always_xy=True)
group = TransformerGroup("EPSG:6316", "EPSG:4326", always_xy=True).transformers
whole = next(one for one in group if "MGI 1901 to WGS 84 (1)" in one.description)
kosovo = next(one for one in group if "MGI 1901 to WGS 84 (14)" in one.description)


def apart(transformer, east):
    """Metres between two points that are one metre apart on the map."""
    one, two = (transformer.transform(x, NORTH_M) for x in (east, east + 1.0))
    return ground.inv(*one, *two)[2]


def jumps(transformer):
    low, high = 7405000.0, 7425000.0
    while high - low > 1.0:
        middle = (low + high) / 2
        one, two = (transformer.transform(x, NORTH_M) for x in (low, middle))
        low, high = (low, middle) if ground.inv(*one, *two)[2] > (middle - low) + 500 else (middle, high)
    return low


east = jumps(chosen)
longitude, latitude = whole.transform(east, NORTH_M)
print(f"the tear is at {latitude:.2f} N {longitude:.2f} E; Kosovo's operation states {kosovo.accuracy} m")
torn, kept = apart(chosen, east), apart(whole, east)
print(f"two points one metre apart on the map: {torn:.0f} m apart as chosen, {kept:.2f} m with one operation for both")
print("accuracy of the transformer as chosen:", chosen.accuracy)
assert 1500 < torn < 1700 and abs(kept - 1) < 0.01
assert kosovo.accuracy == 1.0 and chosen.accuracy == -1
PY
venv/bin/python tear.py
