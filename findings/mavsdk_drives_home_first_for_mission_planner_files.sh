#!/usr/bin/env bash
# mavsdk 4.1.0, with pymavlink 2.4.50 as an ArduPilot rover.
#
# Line 0 of a file that Mission Planner wrote is the home position and is no waypoint: ArduPilot keeps index 0 for home,
# so the number of a line is the number of its item. `import_mission_planner_mission` knows of index 0: when the vehicle
# is an ArduPilot it puts a home item in front, made from line 0. But it leaves line 0 in the list as well. The list has
# one item more than the file, the home position has become waypoint 1, and all later numbers are one too high, but not
# the one that a DO_JUMP line names. pymavlink's reader gives as many items as lines. The documentation of
# `import_mission_planner_mission` says nothing of an item added; MAVSDK's own test starts its file with a take-off.
#
# In the field: the machine first drives straight to the place where home was set, across whatever lies between.
#
# Seen: five items for four lines; items 0 and 1 are both home; the jump to waypoint 2 leads one waypoint too early.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pymavlink==2.4.50 mavsdk==4.1.0
{
  printf 'QGC WPL 110\n'
  printf '0\t1\t0\t16\t0\t0\t0\t0\t47.1234567\t8.1234567\t400\t1\n'
  printf '1\t0\t3\t16\t0\t0\t0\t0\t47.1240000\t8.1240000\t0\t1\n'
  printf '2\t0\t3\t16\t0\t0\t0\t0\t47.1250000\t8.1240000\t0\t1\n'
  printf '3\t0\t3\t177\t2\t1\t0\t0\t0\t0\t0\t1\n'
} > field.waypoints
cat > both.py <<'PY'
import asyncio
import os
import socket
import threading

os.environ["MAVLINK20"] = "1"
from mavsdk.asyncio import ComponentType, Configuration, Mavsdk
from mavsdk.asyncio.plugins.mission_raw import MissionRawAsync
from pymavlink import mavutil, mavwp

FILE = "field.waypoints"
free = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
free.bind(("127.0.0.1", 0))
port = free.getsockname()[1]
free.close()
done = threading.Event()


def rover():
    link = mavutil.mavlink_connection(f"udpout:127.0.0.1:{port}", source_system=1, source_component=1)
    m = mavutil.mavlink
    while not done.wait(0.2):
        link.mav.heartbeat_send(m.MAV_TYPE_GROUND_ROVER, m.MAV_AUTOPILOT_ARDUPILOTMEGA, 1, 4, m.MAV_STATE_STANDBY)


async def imported():
    sdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
    await sdk.add_any_connection(f"udpin://127.0.0.1:{port}")
    system = await sdk.first_autopilot(20.0)
    assert system is not None, "no vehicle"
    return (await MissionRawAsync(system).import_mission_planner_mission(FILE)).mission_items


threading.Thread(target=rover, daemon=True).start()
items = asyncio.run(imported())
done.set()
loader = mavwp.MAVWPLoader()
lines = loader.load(FILE)
for item in items:
    print(f"item {item.seq}: command {item.command}, {item.x / 1e7} {item.y / 1e7}, param1 {item.param1}")
print(f"{lines} lines in the file, {len(items)} items from MAVSDK")
assert lines == 4 and len(items) == 5
assert (items[0].x, items[0].y) == (items[1].x, items[1].y) == (471234567, 81234567)
meant, jump = loader.wp(2), items[4]
assert (jump.command, jump.param1) == (177, 2.0)
reached = items[int(jump.param1)]
print(f"the jump meant {meant.x} and leads to {reached.x / 1e7}")
assert abs(meant.x - 47.125) < 1e-6 and reached.x == 471240000
os._exit(0)
PY
venv/bin/python both.py
