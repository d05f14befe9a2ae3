#!/usr/bin/env bash
# dronekit2 3.0.0 with pymavlink 2.4.50.
#
# `vehicle.commands.download()` asks with MISSION_REQUEST also over MAVLink 2, so a vehicle answers with MISSION_ITEM,
# whose latitude and longitude are single precision degrees. At 47 degrees north and 8 degrees east a step is 0.4 m
# north and 0.07 m east. `CommandInt`, which this fork has for centimetres, does not help: the digits are gone when it is
# made from what was downloaded. A mission read and sent back unchanged has moved.
#
# Seen: a vehicle that has both kinds is asked by MISSION_REQUEST only; the item comes back 0.1 to 0.3 m away.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pymavlink==2.4.50 dronekit2==3.0.0
cat > both.py <<'PY'
import collections
import os
import threading

os.environ["MAVLINK20"] = "1"
from dronekit import CommandInt, connect
from pymavlink import mavutil

HOME, ITEM = (471234567, 81234567), (471239873, 81239871)
vehicle = mavutil.mavlink_connection("udpin:127.0.0.1:0", source_system=1, source_component=1)
port = vehicle.port.getsockname()[1]
asked, got, done = collections.Counter(), {}, threading.Event()


def serve():
    mav = vehicle.mav
    while not done.is_set():
        m = vehicle.recv_match(blocking=True, timeout=0.2)
        if m is None:
            continue
        name = m.get_type()
        if name == "HEARTBEAT":
            mav.heartbeat_send(10, 3, 1, 0, 3)
            mav.param_value_send(b"A", 1.0, 9, 1, 0)
        elif name == "MISSION_REQUEST_LIST":
            mav.mission_count_send(255, 0, 2)
        elif name in ("MISSION_REQUEST", "MISSION_REQUEST_INT"):
            asked[name] += 1
            x, y = (HOME, ITEM)[m.seq]
            if name == "MISSION_REQUEST":
                mav.mission_item_send(255, 0, m.seq, 3, 16, 0, 1, 0, 0, 0, 0, x / 1e7, y / 1e7, 1.0)
            else:
                mav.mission_item_int_send(255, 0, m.seq, 6, 16, 0, 1, 0, 0, 0, 0, x, y, 1.0)
        elif name == "MISSION_COUNT":
            mav.mission_request_send(255, 0, 0)
        elif name == "MISSION_ITEM" and m.seq == 0:
            mav.mission_request_send(255, 0, 1)
        elif name == "MISSION_ITEM_INT" and m.seq == 1:
            got[1] = m.x, m.y
            done.set()


threading.Thread(target=serve, daemon=True).start()
client = connect(f"udpout:127.0.0.1:{port}", wait_ready=["mode"], heartbeat_timeout=30)
commands = client.commands
commands.download()
commands.wait_ready()
held = [commands[number] for number in range(len(commands))]
commands.clear()
for item in held:
    commands.add(CommandInt.from_command(item))
commands.upload(timeout=20)
assert done.wait(20)
moved = [(after - before) * 0.0111 for before, after in zip(ITEM, got[1])]
print("asked by", dict(asked))
print(f"sent back {moved[0]:+.2f} m north, {moved[1] * 0.68:+.2f} m east of where it was")
assert set(asked) == {"MISSION_REQUEST"}
assert 0.05 < max(abs(value) for value in moved) < 0.5
os._exit(0)
PY
venv/bin/python both.py
