#!/usr/bin/env bash
# gpsd 3.22 (Debian 12: gpsd and libgps28 3.22-4.1+deb12u1, libbluetooth3 5.66-1+deb12u2, libusb-1.0-0 2:1.0.26-1, unpacked
# in a folder). Needs Debian 12; on another system it says so and fails.
#
# A receiver whose NMEA has no GST tells gpsd no error, so gpsd estimates one from the satellites. It knows two kinds of
# fix for this: with differential corrections the estimate is a quarter. RTK is neither. So `eph`, the horizontal error, is
# four times as large with RTK fixed as with DGPS: it gets worse when the position gets a hundred times better. A client
# that asks for `eph` below a limit refuses RTK and takes DGPS. `status` does tell RTK, with other numbers than NMEA: 4 is
# RTK fixed in GGA and RTK float in gpsd. For a plain fix there is no `status` at all.
#
# Seen, the same place and satellites with GGA quality 1, 2, 4, 5: status none, 2, 3, 4; eph 13.3, 3.325, 13.3, 13.3 m.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
chmod 755 .
apt-get download -qq gpsd=3.22-4.1+deb12u1 libgps28=3.22-4.1+deb12u1 libbluetooth3=5.66-1+deb12u2 \
  libusb-1.0-0=2:1.0.26-1 2>/dev/null || { echo "not Debian 12"; exit 1; }
for package in *.deb; do dpkg-deb -x "$package" root; done
export LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu:$folder/root/lib/x86_64-linux-gnu"
cat > told.py <<'PY'
import contextlib
import json
import os
import pty
import select
import socket
import subprocess
import time
import tty
from functools import reduce

EPOCHS = 6
QUALITIES = [quality for quality in (1, 2, 4, 5) for _ in range(EPOCHS)]
receiver, device = pty.openpty()
tty.setraw(device)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
gpsd = subprocess.Popen(["root/usr/sbin/gpsd", "-N", "-n", "-b", "-S", str(port), os.ttyname(device)], stderr=subprocess.DEVNULL)


def connected():
    until = time.monotonic() + 20.0
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port), timeout=20.0)
        assert time.monotonic() < until, "gpsd does not listen"
        time.sleep(0.05)


def write(second, quality):
    place = f"4448.{1234567 + second * 10},N,01652.1234567,E"
    mode = {1: "A", 2: "D", 4: "R", 5: "F"}[quality]
    for body in (
        f"GNRMC,1200{second:02}.00,A,{place},0.400,0.0,031226,,,{mode},V",
        f"GNGGA,1200{second:02}.00,{place},{quality},20,0.7,150.123,M,45.6,M,1.2,0001",
        "GNGSA,A,3,02,05,07,09,13,15,20,,,,,,1.2,0.7,1.0,1",
    ):
        os.write(receiver, f"${body}*{reduce(lambda total, sign: total ^ ord(sign), body, 0):02X}\r\n".encode())


def told_by(wire):
    """Yield reports, and None when half a second brought nothing."""
    rest = b""
    while True:
        if not select.select([wire], [], [], 0.5)[0]:
            yield None
            continue
        *whole, rest = (rest + wire.recv(4096)).split(b"\n")
        yield from map(json.loads, whole)


try:
    told = {}
    with connected() as wire:
        wire.sendall(b'?WATCH={"enable":true,"json":true}\n')
        reports = told_by(wire)
        for second, quality in enumerate(QUALITIES):
            write(second, quality)
            for report in iter(lambda: next(reports), None):
                if report["class"] == "TPV" and "eph" in report:  # an epoch is told when the next one begins
                    told[QUALITIES[int(report["time"][17:19])]] = report.get("status"), report["eph"]
finally:
    gpsd.terminate()
    gpsd.wait()
for quality, (status, eph_m) in told.items():
    print(f"GGA quality {quality}: status {status}, eph {eph_m} m")
assert {quality: status for quality, (status, _) in told.items()} == {1: None, 2: 2, 4: 3, 5: 4}
assert told[1][1] == told[4][1] == told[5][1] == 4 * told[2][1] == 13.3
PY
timeout 120 python3 told.py
