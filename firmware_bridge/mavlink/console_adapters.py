"""Encodes and decodes FLAIL_BEAT, FLAIL_WORK and FLAIL_STROKES; reads the act number in a console's frame."""

import math
from typing import Any, Final

import msgspec

from firmware_bridge.console_types import (
    ActWhy,
    BeatFlag,
    BeatFrame,
    EngineStartStep,
    StrokesFrame,
    WorkFlag,
    WorkFrame,
)
from firmware_bridge.mavlink.command_adapters import HOST_COMPONENT_ID, SYSTEM_ID
from firmware_bridge.mavlink.conventions import (
    fuel_from_wire,
    optional_from_wire,
    saturated_u16,
    wire_from_fuel,
    wire_from_optional,
)
from firmware_bridge.mavlink.framing import Frame, frame_bytes
from firmware_bridge.mavlink.tables import SPEC_BY_NAME, MessageSpec
from firmware_bridge.types import FixType, OperatorEdge

ACT: Final = 255
"""`count` of a FLAIL_STROKES that carries one act instead of strokes."""
UNKNOWN_SATELLITES: Final = 255
_BEAT, _WORK, _STROKES = SPEC_BY_NAME["FLAIL_BEAT"], SPEC_BY_NAME["FLAIL_WORK"], SPEC_BY_NAME["FLAIL_STROKES"]
_OPERATOR = SPEC_BY_NAME["FLAIL_OPERATOR"]
_ACT_AT, _ACT_TICK_AT = _OPERATOR.position("act_number"), _OPERATOR.position("act_tick")
DATA_MAX: Final = _STROKES.array_lengths[-1]
"""Number of bytes for strokes, each after its length, in one FLAIL_STROKES."""
LOW: Final = 0xFFFF_FFFF
_WHYS = {why.value: why for why in ActWhy}
_STARTS = {step.value: step for step in EngineStartStep}
_FIXES = {fix.value: fix for fix in FixType}
_WHOLE = ("tick", "flags", "cap_reason", "base_id", "fix", "satellites", "fuel_ratio", "fuel_time_min", "day_count")
_EXTENSIONS = ("start_", "engine_start")
_FLOATS = tuple(name for name in WorkFrame.__struct_fields__ if name not in _WHOLE and not name.startswith(_EXTENSIONS))
"""Fields of a WorkFrame in wire order that are floats on the wire, before its extensions."""
LEAST_M: Final = 1e-3
"""A start that is nearer than this is told as so far away: 0 is not told."""


def act_of(frame: Frame) -> tuple[int, int]:
    """Return act number and act tick of a FLAIL_OPERATOR; 0 from a console that does not send them."""
    values = _unpacked(_OPERATOR, frame)
    return int(values[_ACT_AT]), int(values[_ACT_TICK_AT])


def encode_beat(beat: BeatFrame, sequence: int = 0) -> bytes:
    """Return the frame of FLAIL_BEAT."""
    payload = _BEAT.packer.pack(
        beat.tick & LOW,
        beat.session_low & LOW,
        beat.flags,
        beat.heard & 0xFFFF,
        beat.act_number,
        beat.act_refused,
        beat.worst_reason,
        beat.mode,
        beat.act_why,
        0 if beat.act_reason is None else beat.act_reason + 1,
    )
    return _framed(_BEAT, payload, sequence)


def decode_beat(frame: Frame) -> BeatFrame:
    """Decode a beat; a reason for a refusal that this program does not know counts as none."""
    tick, session, flags, heard, number, refused, worst, mode, why, reason = _unpacked(_BEAT, frame)
    return BeatFrame(
        tick=tick,
        session_low=session,
        mode=mode,
        worst_reason=worst,
        flags=BeatFlag(flags),
        heard=heard,
        act_number=number,
        act_refused=OperatorEdge(refused),
        act_why=_WHYS.get(why, ActWhy.NOT_NOW),
        act_reason=reason - 1 if reason else None,
    )


def encode_work(work: WorkFrame, sequence: int = 0) -> bytes:
    """Return the frame of FLAIL_WORK."""
    payload = _WORK.packer.pack(
        work.tick & LOW,
        *(wire_from_optional(getattr(work, name)) for name in _FLOATS),
        work.flags,
        work.base_id or 0,
        work.cap_reason,
        work.fix or 0,
        UNKNOWN_SATELLITES if work.satellites is None else min(work.satellites, UNKNOWN_SATELLITES - 1),
        wire_from_fuel(work.fuel_ratio),
        0 if work.fuel_time_min is None else saturated_u16(work.fuel_time_min + 1),
        work.day_count,
        work.start_block,
        0.0 if work.start_distance_m is None else max(work.start_distance_m, LEAST_M),
        work.start_bearing_rad or 0.0,
        saturated_u16(math.ceil(10.0 * work.engine_start_left_s)),
        work.engine_start,
        min(work.engine_start_tries, 0xFF),
    )
    return _framed(_WORK, payload, sequence)


def decode_work(frame: Frame) -> WorkFrame:
    """Decode the figures of the work."""
    *before, day_count, block, away_m, bearing_rad, left_ds, step, tries = _unpacked(_WORK, frame)
    tick, *floats, flags, base_id, cap_reason, fix, satellites, fuel, fuel_time_min = before
    told = away_m > 0.0  # False for NaN too
    return WorkFrame(
        tick=tick,
        flags=WorkFlag(flags),
        cap_reason=cap_reason,
        day_count=day_count,
        base_id=base_id or None,
        fix=_FIXES.get(fix) or None,
        satellites=None if satellites == UNKNOWN_SATELLITES else satellites,
        fuel_ratio=optional_from_wire(fuel_from_wire(fuel)),
        fuel_time_min=fuel_time_min - 1 if fuel_time_min else None,
        start_block=block,
        start_distance_m=away_m if told else None,
        start_bearing_rad=bearing_rad if told else None,
        engine_start=_STARTS.get(step, EngineStartStep.NOT_OFFERED),
        engine_start_left_s=left_ds / 10.0,
        engine_start_tries=tries,
        **{name: optional_from_wire(value) for name, value in zip(_FLOATS, floats, strict=True)},
    )


def encode_strokes(told: StrokesFrame, sequence: int = 0) -> bytes:
    """Return the frame of FLAIL_STROKES.

    Raises:
        ValueError: The strokes do not fit one frame.
    """
    data = b"".join(bytes([len(one)]) + one for one in told.strokes) if told.act is None else told.act
    if len(data) > DATA_MAX:
        raise ValueError(f"{len(data)} bytes of strokes, FLAIL_STROKES carries {DATA_MAX}")
    count = ACT if told.act is not None else len(told.strokes)
    payload = _STROKES.packer.pack(
        told.session_low & LOW, told.plan & LOW, told.first & LOW, told.acts & LOW, count, len(data), data
    )
    return _framed(_STROKES, payload, sequence)


def decode_strokes(frame: Frame) -> StrokesFrame | None:
    """Decode strokes; None if count and lengths do not fit the data."""
    session, plan, first, acts, count, length, data = _unpacked(_STROKES, frame)
    told = StrokesFrame(session_low=session, plan=plan, first=first, acts=acts)
    data = data[:length]
    if count == ACT:
        return msgspec.structs.replace(told, act=data)
    strokes = []
    while data:
        size = data[0]
        if len(data) < 1 + size:
            return None
        strokes.append(data[1 : 1 + size])
        data = data[1 + size :]
    return msgspec.structs.replace(told, strokes=tuple(strokes)) if len(strokes) == count else None


def _unpacked(spec: MessageSpec, frame: Frame) -> tuple[Any, ...]:
    size = spec.max_length
    return spec.packer.unpack(frame.payload[:size].ljust(size, b"\0"))


def _framed(spec: MessageSpec, payload: bytes, sequence: int) -> bytes:
    return frame_bytes(spec.header_id, spec.seed, payload, sequence, SYSTEM_ID, HOST_COMPONENT_ID)
