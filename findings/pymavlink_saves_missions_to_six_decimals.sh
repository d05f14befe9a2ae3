#!/usr/bin/env bash
# pymavlink 2.4.50.
#
# MAVLink 2 sends a mission item's latitude and longitude as whole 1e-7 degrees, a step of 1.1 cm, and a mission in memory
# keeps all of it. `MAVWPLoader.save` and `MAVFenceLoader.save`, which MAVProxy's `wp save` and `fence save` call too, write
# degrees with six decimals: a step of 11 cm. So a mission that is saved and loaded again has moved by up to 5.6 cm, each
# item by another distance, and two parallel swaths are no longer as far apart as they were planned.
#
# Seen: of 200 swaths that lie exactly 1.8 m apart, the saved ones lie 1.78 or 1.89 m apart.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pymavlink==2.4.50
cat > swaths.py <<'PY'
from pymavlink import mavwp
from pymavlink.dialects.v20 import ardupilotmega as mav

M_PER_DEGREE = 111_195.0
lats_e7 = [447_650_000 + round(1e7 * 1.8 * swath / M_PER_DEGREE) for swath in range(200)]
planned, again = mavwp.MAVWPLoader(), mavwp.MAVWPLoader()
for seq, lat_e7 in enumerate(lats_e7):
    planned.add(mav.MAVLink_mission_item_message(1, 1, seq, 3, 16, 0, 1, 0, 0, 0, 0, lat_e7 / 1e7, 17.1234567, 0))
planned.save("swaths.waypoints")
again.load("swaths.waypoints")
moved_m = [abs(again.wp(seq).x - lat_e7 / 1e7) * M_PER_DEGREE for seq, lat_e7 in enumerate(lats_e7)]
apart_m = [(again.wp(seq + 1).x - again.wp(seq).x) * M_PER_DEGREE for seq in range(len(lats_e7) - 1)]
was_m = [(b - a) * M_PER_DEGREE / 1e7 for a, b in zip(lats_e7, lats_e7[1:])]

fence, fence_again = mavwp.MAVFenceLoader(), mavwp.MAVFenceLoader()
for lat_e7 in (447_650_004, 447_650_104, 447_650_204):
    fence.add_latlon(lat_e7 / 1e7, 17.1234567)
fence.save("fence.txt")
fence_m = abs(float(open("fence.txt").readline().split()[0]) - 44.7650004) * M_PER_DEGREE

print(f"swaths planned {min(was_m):.2f} to {max(was_m):.2f} m apart, saved and loaded {min(apart_m):.2f} to {max(apart_m):.2f} m")
print(f"an item moved by up to {100 * max(moved_m):.1f} cm, a corner of the fence by {100 * fence_m:.1f} cm")
assert all(abs(planned.wp(seq).x - lat_e7 / 1e7) < 1e-9 for seq, lat_e7 in enumerate(lats_e7)), "memory has all digits"
assert max(was_m) - min(was_m) < 0.02
assert 0.05 < max(moved_m) < 0.06 and max(apart_m) - min(apart_m) > 0.1 and fence_m > 0.04
PY
venv/bin/python swaths.py
