#!/usr/bin/env bash
# pyproj 3.7.2 (its wheel has PROJ 9.5.1).
#
# "WGS 84" (EPSG:4326) is an ensemble good to 2 m, and PROJ does not move it to ETRS89. Who knows this names the
# realisation and the epoch: WGS 84 (G2139), which is aligned to ITRF2014 within about a centimetre, at 2026.9. From
# ITRF2014 to ETRS89 PROJ moves a point in Bosnia by 1 m, as it should. From WGS 84 (G2139) to the same ETRS89 it moves it
# by nothing, and the epoch is not used: the way leads through the ensemble. To ETRF2000, a member of ETRS89, the same
# G2139 moves by 1 m. PROJ's notes on 9.1 tell of a null transformation between an ensemble and its members; that it
# wins over a known 1 m between two frames is what nobody expects who has named both the frame and the epoch.
#
# In the field: a base station with PPP coordinates and a cadastre in ETRS89 are 1 m apart, more than swaths overlap.
#
# Seen: ITRF2014 to ETRS89 about 0.99 m, G2139 to ETRF2000 about 1.03 m, G2139 to ETRS89 0.00 m.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyproj==3.7.2
cat > frames.py <<'PY'
from pyproj import CRS, Geod, Transformer

POINT, EPOCH = (16.87, 44.81, 200.0), 2026.9


def moved(source, target):
    result = Transformer.from_crs(source, target, always_xy=True).transform(*POINT, EPOCH)
    metres = Geod(ellps="GRS80").inv(*POINT[:2], *result[:2])[2]
    print(f"{CRS(source).name} at {EPOCH} to {CRS(target).name}: {metres:.2f} m")
    return metres


assert 0.9 < moved("EPSG:7912", "EPSG:4937") < 1.1
assert 0.9 < moved("EPSG:9754", "EPSG:7931") < 1.1
assert moved("EPSG:9754", "EPSG:4937") == 0.0
PY
venv/bin/python frames.py
