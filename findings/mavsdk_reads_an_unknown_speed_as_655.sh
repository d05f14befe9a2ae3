#!/usr/bin/env bash
# mavsdk 4.1.0, with pymavlink 2.4.50 as the vehicle.
#
# GPS_RAW_INT has words for "unknown": 65535 for HDOP, VDOP, ground speed and course, 0 for a receiver that gives no yaw
# (north is 36000). `telemetry.raw_gps` scales them like measurements. In the same library `heading` turns the same 65535
# of GLOBAL_POSITION_INT into NaN, and `battery` turns its unknown temperature into NaN, so a program that checks for NaN
# has every reason to think that it has checked. A comparison with 65535 does not find it either: the value is 655.35.
#
# In the field: a receiver that gives no speed looks like 655 m/s, and one without yaw like a machine that points north.
#
# Seen: ground speed 655.35 m/s, course 655.35 degrees, HDOP 655.35, yaw 0.0; heading and battery temperature NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pymavlink==2.4.50 mavsdk==4.1.0
cat > both.py <<'PY'
import asyncio
import math
import os
import socket
import threading

os.environ["MAVLINK20"] = "1"
from mavsdk.asyncio import ComponentType, Configuration, Mavsdk
from mavsdk.asyncio.plugins.telemetry import TelemetryAsync
from pymavlink import mavutil

free = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
free.bind(("127.0.0.1", 0))
port = free.getsockname()[1]
free.close()
UNKNOWN, NO_TEMPERATURE = 65535, 32767


def rover():
    link = mavutil.mavlink_connection(f"udpout:127.0.0.1:{port}", source_system=1, source_component=1)
    m, send = mavutil.mavlink, link.mav
    while True:
        send.heartbeat_send(m.MAV_TYPE_GROUND_ROVER, m.MAV_AUTOPILOT_ARDUPILOTMEGA, 1, 4, m.MAV_STATE_STANDBY)
        send.gps_raw_int_send(
            0, m.GPS_FIX_TYPE_RTK_FIXED, 470000000, 80000000, 400000, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 20,
            alt_ellipsoid=447000, h_acc=14, v_acc=20, yaw=0,
        )
        send.global_position_int_send(0, 470000000, 80000000, 400000, 0, 0, 0, 0, UNKNOWN)
        send.battery_status_send(0, 0, 0, NO_TEMPERATURE, [12000] + [UNKNOWN] * 9, -1, -1, -1, -1)
        threading.Event().wait(0.2)


async def heard():
    sdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
    await sdk.add_any_connection(f"udpin://127.0.0.1:{port}")
    system = await sdk.first_autopilot(20.0)
    assert system is not None, "no vehicle"
    telemetry = TelemetryAsync(system)
    await asyncio.sleep(3)
    return await telemetry.raw_gps(), await telemetry.heading(), await telemetry.battery()


threading.Thread(target=rover, daemon=True).start()
gps, heading, battery = asyncio.run(heard())
print(f"raw_gps: {gps.velocity_m_s:.2f} m/s, course {gps.cog_deg:.2f}, HDOP {gps.hdop:.2f}, yaw {gps.yaw_deg}")
print(f"heading {heading.heading_deg}, battery temperature {battery.temperature_degc}")
assert abs(gps.horizontal_uncertainty_m - 0.014) < 1e-6
assert all(abs(value - 655.35) < 0.01 for value in (gps.velocity_m_s, gps.cog_deg, gps.hdop, gps.vdop))
assert gps.yaw_deg == 0.0
assert math.isnan(heading.heading_deg) and math.isnan(battery.temperature_degc)
os._exit(0)
PY
venv/bin/python both.py
