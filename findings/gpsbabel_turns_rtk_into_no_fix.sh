#!/usr/bin/env bash
# gpsbabel 1.8.0 (Debian 12: gpsbabel 1.8.0+ds-5 with libshp2 1.5.0-3+b1 and libusb-1.0-0 2:1.0.26-1, unpacked in a folder).
# Needs Debian 12 with libqt5core5a; on another system it says so and fails.
#
# NMEA 0183 knows nine fix qualities: 1 is a plain position, 4 RTK fixed, 5 RTK float. gpsbabel knows the first four. A
# centimetre position becomes "unknown", and written as NMEA again it is quality 0, "no fix", and RMC status V, "do not
# use", while the plain position beside it keeps quality 1. In GPX the RTK points have no <fix> at all, and the filter
# `discard,fixunknown` removes them and keeps the plain ones. gpsbabel's documentation of the NMEA format and of that
# filter does not speak of RTK.
#
# In the field: a log that was passed through gpsbabel counts the ground worked with RTK as worked without a position.
#
# Seen: qualities 1 2 4 5 go in, 1 2 0 0 come out; RMC status A A V V; the filter keeps two of four.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
chmod 755 .
apt-get download -qq gpsbabel=1.8.0+ds-5 libshp2=1.5.0-3+b1 libusb-1.0-0=2:1.0.26-1 2>/dev/null || { echo "not Debian 12"; exit 1; }
for package in *.deb; do dpkg-deb -x "$package" root; done
export LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu:$folder/root/lib/x86_64-linux-gnu"
babel="$folder/root/usr/bin/gpsbabel"
python3 - > drive.nmea <<'PY'
from functools import reduce

for second, quality in enumerate((1, 2, 4, 5)):
    place = f"4448.{1234567 + second * 10},N,01652.1234567,E"
    for body in (
        f"GNGGA,1200{second:02}.00,{place},{quality},20,0.7,150.123,M,45.6,M,1.2,0001",
        f"GNRMC,1200{second:02}.00,A,{place},0.400,0.0,301126,,,{'ADRF'[second]},V",
    ):
        print(f"${body}*{reduce(lambda total, sign: total ^ ord(sign), body, 0):02X}", end="\r\n")
PY
field() { grep "$1" "$2" | cut -d, -f"$3" | tr '\n' ' '; }
"$babel" -i nmea -f drive.nmea -o nmea -F again.nmea
"$babel" -i nmea -f drive.nmea -x discard,fixunknown -o nmea -F kept.nmea
went="$(field GGA drive.nmea 7)/ $(field RMC drive.nmea 3)"
came="$(field GGA again.nmea 7)/ $(field RMC again.nmea 3)"
kept="$(field GGA kept.nmea 7)"
echo "in: $went"
echo "out: $came"
echo "discard,fixunknown keeps: $kept"
[ "$went" = "1 2 4 5 / A A A A " ] && [ "$came" = "1 2 0 0 / A A V V " ] && [ "$kept" = "1 2 " ]
