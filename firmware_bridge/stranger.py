"""Guesses what sends the bytes on a wire in which no frame of the flail dialect was found."""

import re

from firmware_bridge.mavlink.framing import FrameParser

ENOUGH_BYTES = 64
"""Fewer bytes than this may be noise, so nothing is guessed."""

_NMEA = re.compile(rb"\$(G[A-Z]|P[A-Z]{2})[A-Z0-9]{2,4},[ -~]*\*[0-9A-Fa-f]{2}")
_AUTOPILOT_IDS = {0: "HEARTBEAT", 1: "SYS_STATUS", 24: "GPS_RAW_INT", 30: "ATTITUDE", 33: "GLOBAL_POSITION_INT"}


def describe(heard: bytes) -> str:
    """Return one line for a person about a wire from which no status came.

    Args:
        heard: The bytes that arrived within about a second.
    """
    if not heard:
        return "nothing arrives: is the controller powered, and are its TX and RX crossed to ours?"
    if len(heard) < ENOUGH_BYTES:
        return f"only {len(heard)} bytes arrive: the controller is silent, or the line is noisy"
    for looks_like in (_autopilot, _nmea, _ubx, _rtcm, _mavlink1, _text):
        words = looks_like(heard)
        if words:
            return words
    return (
        f"{len(heard)} bytes arrive and none is a frame: the baud rate is probably wrong "
        "(or another kind of device is on this port)"
    )


def _autopilot(heard: bytes) -> str:
    frames = FrameParser().feed(heard)
    names = sorted({_AUTOPILOT_IDS[frame.msg_id] for frame in frames if frame.msg_id in _AUTOPILOT_IDS})
    if names:
        return f"an autopilot speaks MAVLink here ({', '.join(names)}), not a flail controller: wrong port?"
    if frames:
        return "MAVLink arrives, but no FLAIL_STATUS: the controller did not start its answers, or it is another device"
    return ""


def _nmea(heard: bytes) -> str:
    sentences = _NMEA.findall(heard)
    return "a GNSS receiver speaks NMEA here: this is its port, not the controller's" if sentences else ""


def _ubx(heard: bytes) -> str:
    return "a u-blox receiver speaks UBX here: this is its port, not the controller's" if b"\xb5\x62" in heard else ""


def _rtcm(heard: bytes) -> str:
    at = heard.find(b"\xd3")
    while 0 <= at < len(heard) - 3:
        length = (heard[at + 1] & 0x03) << 8 | heard[at + 2]
        after = at + 6 + length
        if heard[at + 1] & 0xFC == 0 and heard[after : after + 1] == b"\xd3":
            return "RTCM corrections arrive here: this is the radio of the reference station, not the controller"
        at = heard.find(b"\xd3", at + 1)
    return ""


def _mavlink1(heard: bytes) -> str:
    at = heard.find(b"\xfe")
    while 0 <= at < len(heard) - 2:
        after = at + 8 + heard[at + 1]
        if heard[after : after + 1] == b"\xfe":
            return "MAVLink 1 arrives here: set the other side to MAVLink 2"
        at = heard.find(b"\xfe", at + 1)
    return ""


def _text(heard: bytes) -> str:
    printable = sum(byte in b"\r\n\t" or 32 <= byte < 127 for byte in heard)
    if printable < 0.95 * len(heard):
        return ""
    line = max(heard.split(b"\n"), key=len).strip()[:60].decode("ascii", "replace")
    return f'text arrives here ("{line}"): a console or boot loader, not a running controller'
