#!/usr/bin/env bash
# mavctl 0.4.1 with pymavlink 2.4.50.
#
# `mavctl disarm --confirm` looks at the relative altitude before it looks at what the vehicle says of itself. A ground
# rover (MAV_TYPE_GROUND_ROVER) that reports MAV_LANDED_STATE_ON_GROUND and stands 1.5 m above the place where it was
# started is "airborne": exit status 5, reason in_flight, nothing is sent, and the hint offers --force, which is sent as
# the emergency motor stop. At 0 m the same command is sent.
#
# Seen: DISARM is sent at 0.0 m and not at 1.5 m; status 5, reason in_flight.
set -euo pipefail
folder=$(mktemp -d)
export MAVCTL_HOME="$folder/m" MAVLINK20=1
trap '"$folder/venv/bin/mavctl" daemon stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pymavlink==2.4.50 mavctl==0.4.1
cat > rover.py <<'PY'
"""An armed rover on the ground, so many metres above home; runs mavctl beside itself."""
import json
import socket
import subprocess
import sys
import threading
import time

from pymavlink import mavutil

free = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
free.bind(("127.0.0.1", 0))
port = free.getsockname()[1]
free.close()
link = mavutil.mavlink_connection(f"udpout:127.0.0.1:{port}", source_system=1, source_component=1)
height_mm, disarms = 0, []


def serve():
    m = mavutil.mavlink
    while True:
        link.mav.heartbeat_send(m.MAV_TYPE_GROUND_ROVER, m.MAV_AUTOPILOT_ARDUPILOTMEGA, 129, 4, m.MAV_STATE_ACTIVE)
        link.mav.extended_sys_state_send(0, m.MAV_LANDED_STATE_ON_GROUND)
        link.mav.global_position_int_send(0, 471234567, 81234567, 400000 + height_mm, height_mm, 0, 0, 0, 0)
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            heard = link.recv_match(type="COMMAND_LONG", blocking=True, timeout=0.1)
            if heard is not None and heard.command == m.MAV_CMD_COMPONENT_ARM_DISARM:
                disarms.append(heard.param1)
                link.mav.command_ack_send(heard.command, m.MAV_RESULT_ACCEPTED)


def mavctl(*words):
    done = subprocess.run(["venv/bin/mavctl", *words, "--json"], capture_output=True, text=True)
    return done.returncode, json.loads(done.stderr)["error"] if done.returncode else None


threading.Thread(target=serve, daemon=True).start()
assert mavctl("daemon", "start", "--connect", f"udp:127.0.0.1:{port}")[0] == 0
time.sleep(3)
for height_mm in (0, 1500):
    disarms.clear()
    time.sleep(2)
    status, error = mavctl("disarm", "--confirm")
    reason = error["detail"]["reason"] if error else "-"
    print(f"{height_mm / 1000} m above home, ON_GROUND: status {status}, reason {reason}, disarms sent {len(disarms)}")
    if error:
        print("hint:", error["detail"]["hint"])
    assert (status, reason, len(disarms)) == ((0, "-", 1) if height_mm == 0 else (5, "in_flight", 0))
PY
venv/bin/python rover.py
