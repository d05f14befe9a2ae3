#!/usr/bin/env bash
# mavkit 0.3.0 and mavctl 0.4.1, heard by pymavlink 2.4.50.
#
# Both are ground control clients, and neither ever sends a HEARTBEAT, not even while connected. A vehicle that watches
# its ground station by heartbeats (ArduPilot's FS_GCS_ENABLE, PX4's NAV_DLL_ACT) sees none, and one that answers only
# whoever spoke never learns that they are there. Both ask for a few messages when they have found the vehicle and are
# silent from then on.
#
# Seen: with a vehicle that sends HEARTBEAT once a second for 12 s, each connects, sends something, and no HEARTBEAT.
set -euo pipefail
folder=$(mktemp -d)
export MAVCTL_HOME="$folder/m" MAVLINK20=1
trap '"$folder/venv/bin/mavctl" daemon stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pymavlink==2.4.50 mavkit==0.3.0 mavctl==0.4.1
cat > vehicle.py <<'PY'
import collections
import socket
import sys
import time

from pymavlink import mavutil

link = mavutil.mavlink_connection(f"udpout:127.0.0.1:{sys.argv[1]}", source_system=1, source_component=1)
heard = collections.Counter()
for _ in range(12):
    link.mav.heartbeat_send(mavutil.mavlink.MAV_TYPE_GROUND_ROVER, mavutil.mavlink.MAV_AUTOPILOT_ARDUPILOTMEGA, 1, 0, 3)
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        message = link.recv_match(blocking=True, timeout=0.1)
        if message is not None and message.get_srcSystem() != 1:
            heard[message.get_type()] += 1
print(sum(heard.values()), heard["HEARTBEAT"], dict(heard))
PY
cat > station.py <<'PY'
import asyncio
import sys

import mavkit


async def main():
    vehicle = await mavkit.Vehicle.connect(f"udpin:127.0.0.1:{sys.argv[1]}")
    print("mavkit is connected, mode", vehicle.state.mode_name, flush=True)
    await asyncio.sleep(30)


asyncio.run(main())
PY
port() { venv/bin/python -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
verdict=0
judge() {
  echo "$1 sent $2 messages, of them $3 HEARTBEAT: $4"
  [ "$2" -gt 0 ] && [ "$3" -eq 0 ] || verdict=1
}

number=$(port)
venv/bin/python station.py "$number" > mavkit.log &
station=$!
read -r all beats which < <(venv/bin/python vehicle.py "$number")
kill "$station"
grep -q "is connected" mavkit.log
judge mavkit "$all" "$beats" "$which"

number=$(port)
venv/bin/mavctl daemon start --connect "udp:127.0.0.1:$number" >/dev/null
venv/bin/python vehicle.py "$number" > mavctl.log &
vehicle=$!
venv/bin/python -c 'import threading; threading.Event().wait(5)'
venv/bin/mavctl status --json | grep -q '"connected": true'
wait "$vehicle"
read -r all beats which < mavctl.log
judge mavctl "$all" "$beats" "$which"
exit "$verdict"
