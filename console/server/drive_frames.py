"""Frames of the sockets /drive and /state between page and server. Pure; little endian, see docs/CONSOLE.md.

up   reading 36 B, act 16 B, stop 12 B, ack 8 B        down   echo 24 B, tick 8 B, answers as JSON
"""

import math
import struct
from enum import IntEnum
from typing import Final

import msgspec

from firmware_bridge.types import OperatorEdge, ToolMode

READING, ACT, STOP, ACK, TILE, CLEAR, ECHO, TICK = 1, 2, 3, 4, 16, 17, 129, 130
_READING: Final = struct.Struct("<BBHIdhhhHIHhI")
_ACT: Final = struct.Struct("<BBHdI")
_STOP: Final = struct.Struct("<BBHd")
_ACK: Final = struct.Struct("<BBHI")
_ECHO: Final = struct.Struct("<BBHIdII")
_TICK: Final = struct.Struct("<BBHI")
HOLD, ROTOR, PICTURE, FOCUSED = 1, 2, 16, 32
TOOL_SHIFT, TOOL_BITS = 2, 3
PER_STICK, PER_RATIO, TOOL_PER_M, TILT_PER_RAD = 10_000, 10_000, 1_000, 1_000
NO_VIDEO, NO_BATTERY, NO_TILT = 65_535, 65_535, -32_768

ACTS: Final = {
    1: OperatorEdge.TAKE,
    2: OperatorEdge.RELEASE,
    3: OperatorEdge.ARM,
    4: OperatorEdge.DISARM,
    5: OperatorEdge.RESET,
    6: OperatorEdge.ACKNOWLEDGE,
    7: OperatorEdge.MISSION_START,
    8: OperatorEdge.MISSION_PAUSE,
    9: OperatorEdge.ATTENTION,
    10: OperatorEdge.RECOVERY,
    11: OperatorEdge.RELEASE_ESTOP,
    12: OperatorEdge.ENGINE_START,
}
"""Numbers of the acts in the page's protocol."""
ACT_NAMES: Final = {
    1: "TAKE",
    2: "RELEASE",
    3: "ARM",
    4: "DISARM",
    5: "RESET",
    6: "ACKNOWLEDGE",
    7: "START",
    8: "PAUSE",
    9: "ATTENTION",
    10: "RECOVERY",
    11: "RELEASE_ESTOP",
    12: "ENGINE_START",
}
AWAY_FROM_MOTION: Final = OperatorEdge.RELEASE | OperatorEdge.DISARM | OperatorEdge.MISSION_PAUSE
"""Acts that are valid regardless of delay."""


class Verdict(IntEnum):
    """The result of a reading."""

    SENT = 0
    TOO_OLD = 1
    NOT_NEWEST = 2
    NO_SESSION = 3
    NOT_HELD = 4


class PageReading(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One reading of the input devices by the page. Sticks -1..1, forward and left positive; None: unknown.

    `video_age_ms`: age of the picture on the screen, None without one.
    """

    number: int
    page_ms: float
    source: int
    hold: bool
    drive: float
    turn: float
    rotor_request: bool
    tool_mode: ToolMode
    tool_value_m: float
    vehicle_tick: int
    battery: float | None
    tilt_rad: float | None
    video_age_ms: int | None
    picture: bool
    focused: bool


class PageAct(msgspec.Struct, frozen=True, gc=False):
    """A deliberate act. `number` is chosen by the page, for the answer."""

    act: int
    number: int
    page_ms: float
    vehicle_tick: int

    @property
    def edge(self) -> OperatorEdge:
        """The vehicle's code of the act."""
        return ACTS[self.act]


class PageStop(msgspec.Struct, frozen=True, gc=False):
    """STOP; with `engine_off` the engine is cut too."""

    engine_off: bool
    number: int


class PageAck(msgspec.Struct, frozen=True, gc=False):
    """The page has processed the message with this number."""

    sequence: int


FromPage = PageReading | PageAct | PageStop | PageAck


def decoded(data: bytes) -> FromPage:
    """Decode a frame of the page.

    A stop is accepted even if the rest of its frame is wrong.

    Raises:
        ValueError: It is no frame, or has impossible values; such a page may not drive.
    """
    kind = data[0] if data else 0
    if kind == STOP:
        return _stop(data)
    size = {READING: _READING.size, ACT: _ACT.size, ACK: _ACK.size}.get(kind)
    if size is None or len(data) != size:
        raise ValueError(f"frame of type {kind} and {len(data)} bytes")
    if kind == READING:
        return _reading(data)
    if kind == ACT:
        _, act, number, page_ms, tick = _ACT.unpack(data)
        if act not in ACTS or not math.isfinite(page_ms):
            raise ValueError(f"act {act} at {page_ms}")
        return PageAct(act, number, page_ms, tick)
    return PageAck(_ACK.unpack(data)[3])


def _stop(data: bytes) -> PageStop:
    number = int.from_bytes(data[2:4], "little")
    return PageStop(len(data) > 1 and data[1] == 1, number)


def _reading(data: bytes) -> PageReading:
    (_, source, flags, number, page_ms, drive, turn, tool_mm, video_ms, tick, battery, tilt, spare) = _READING.unpack(
        data
    )
    tool = flags >> TOOL_SHIFT & TOOL_BITS
    if not math.isfinite(page_ms) or max(abs(drive), abs(turn)) > PER_STICK or tool > ToolMode.DEPTH:
        raise ValueError(f"reading with sticks {drive}, {turn}, tool {tool}, time {page_ms}")
    if source > 3 or spare or (battery > PER_RATIO and battery != NO_BATTERY):
        raise ValueError(f"reading of source {source}, battery {battery}, spare {spare}")
    return PageReading(
        number=number,
        page_ms=page_ms,
        source=source,
        hold=bool(flags & HOLD),
        drive=drive / PER_STICK,
        turn=turn / PER_STICK,
        rotor_request=bool(flags & ROTOR),
        tool_mode=ToolMode(tool),
        tool_value_m=tool_mm / TOOL_PER_M,
        vehicle_tick=tick,
        battery=None if battery == NO_BATTERY else battery / PER_RATIO,
        tilt_rad=None if tilt == NO_TILT else tilt / TILT_PER_RAD,
        video_age_ms=None if video_ms == NO_VIDEO else video_ms,
        picture=bool(flags & PICTURE),
        focused=bool(flags & FOCUSED),
    )


def encoded_reading(reading: PageReading) -> bytes:
    """Encode a reading as the page does, for tests and the simulated operator."""
    flags = reading.hold * HOLD | reading.rotor_request * ROTOR | reading.tool_mode << TOOL_SHIFT
    flags |= reading.picture * PICTURE | reading.focused * FOCUSED
    return _READING.pack(
        READING,
        reading.source,
        flags,
        reading.number,
        reading.page_ms,
        round(reading.drive * PER_STICK),
        round(reading.turn * PER_STICK),
        round(reading.tool_value_m * TOOL_PER_M),
        NO_VIDEO if reading.video_age_ms is None else min(reading.video_age_ms, NO_VIDEO - 1),
        reading.vehicle_tick,
        NO_BATTERY if reading.battery is None else round(reading.battery * PER_RATIO),
        NO_TILT if reading.tilt_rad is None else round(reading.tilt_rad * TILT_PER_RAD),
        0,
    )


def encoded_act(act: PageAct) -> bytes:
    """Encode an act as the page does."""
    return _ACT.pack(ACT, act.act, act.number, act.page_ms, act.vehicle_tick)


def encoded_stop(stop: PageStop) -> bytes:
    """Encode a stop as the page does."""
    return _STOP.pack(STOP, stop.engine_off, stop.number, 0.0)


def encoded_ack(sequence: int) -> bytes:
    """Encode an acknowledgement as the page does."""
    return _ACK.pack(ACK, 0, 0, sequence)


def encoded_echo(reading: PageReading, verdict: Verdict, tick: int, sequence: int) -> bytes:
    """Encode the server's frame: result of a reading, vehicle tick, and its number on the operator link."""
    return _ECHO.pack(ECHO, verdict, 0, reading.number, reading.page_ms, tick & 0xFFFFFFFF, sequence & 0xFFFFFFFF)


def decoded_echo(data: bytes) -> tuple[int, Verdict, int]:
    """Decode number of the reading, its result, vehicle tick."""
    _, verdict, _, number, _, tick, _ = _ECHO.unpack(data)
    return number, Verdict(verdict), tick


def encoded_tick(tick: int) -> bytes:
    """Encode the server's frame of a newer vehicle tick, sent as soon as it is received."""
    return _TICK.pack(TICK, 0, 0, tick & 0xFFFFFFFF)


def decoded_tick(data: bytes) -> int | None:
    """Decode the tick of such a frame; None for any other frame."""
    return int(_TICK.unpack(data)[3]) if len(data) == _TICK.size and data[0] == TICK else None
