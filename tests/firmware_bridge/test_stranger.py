"""The line a person reads when something else, or nothing, talks on the port."""

import random
from pathlib import Path

import pytest

from firmware_bridge.mavlink import codec
from firmware_bridge.stranger import describe
from tests.firmware_bridge.test_framing import FRAMES
from tests.marks import reads_shared

GNSS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "gnss"


@reads_shared
@pytest.mark.parametrize(
    ("recording", "word"),
    [
        ("gpsd_ublox-neo-m8n.log", "receiver"),
        ("pynmea_pygpsdata-um981.log", "NMEA"),
        ("pyubx2-NAV.log", "UBX"),
        ("rtklib_ubx_20080526.ubx", "receiver"),
    ],
)
def test_real_receivers_are_recognised(recording: str, word: str) -> None:
    heard = (GNSS / recording).read_bytes()[:4_000]
    assert word in describe(heard)
    assert "not the controller" in describe(heard)


def test_silence_and_crumbs() -> None:
    assert "powered" in describe(b"")
    assert "only 5 bytes" in describe(b"\x00\x01\x02\x03\x04")


def test_an_autopilot_and_other_mavlink() -> None:
    heartbeat = codec.encode_fields("HEARTBEAT", {"type": 10, "mavlink_version": 3}, 1, 1, 1)
    assert "HEARTBEAT" in describe(heartbeat * 5)
    assert "no FLAIL_STATUS" in describe(FRAMES[0] * 5)
    assert "MAVLink 1" in describe(bytes.fromhex("fe09000101000000000006080004036d15") * 5)


def test_a_console_a_reference_station_and_a_wrong_baud_rate() -> None:
    assert 'text arrives here ("U-Boot 2024.01' in describe(
        b"U-Boot 2024.01 (Jan 08)\r\nDRAM: 1 GiB\r\nHit any key to stop\r\n" * 2
    )
    rtcm = b"\xd3\x00\x13" + bytes(range(19)) + b"abc"
    assert "RTCM" in describe(rtcm * 4)
    assert "baud rate" in describe(random.Random(5).randbytes(400))
