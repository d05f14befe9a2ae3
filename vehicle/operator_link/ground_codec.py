"""How the record of ground travels to consoles: acts in a frame, changes in a file, the whole record in a file.

    act      = kind, until, then: 1 a withdrawal | 2 a check of the base
    changes  = (length u16, payload of FLAIL_STROKES)*
    record   = length u32, header (JSON), then for each tile: column i32, row i32, length u32, packed planes

The tiles are those of the masks, with all their planes, as the vehicle keeps them: packed in either form of
`vehicle/control/ground/raster.py`; in format 1 in the first.
"""

import struct
from collections.abc import Iterator
from typing import Final

import msgspec

from firmware_bridge.console_types import StrokesFrame
from firmware_bridge.mavlink import console_adapters
from firmware_bridge.mavlink.framing import FrameParser
from vehicle.contracts.ledger_types import Confirm, Knowledge, Revoke

RECORD_FORMAT: Final = 2
REASON_MAX: Final = 100
_REVOKE, _CONFIRM = 1, 2
_KIND, _WITHDRAWN, _CHECKED = struct.Struct("<BI"), struct.Struct("<IBBdddd"), struct.Struct("<B")
_SIZE, _LONG, _TILE = struct.Struct("<H"), struct.Struct("<I"), struct.Struct("<iiI")
Act = Revoke | Confirm
"""What changes cells, or makes them firm; nothing else is told."""
Key = tuple[int, int]


class RecordHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Whose record it is and how far it reaches: the newest stroke, and the number of acts of this start.

    Credit is provisional on strokes above `firm` and in the ranges `unclosed`, first and last included. `session_low`:
    low half of the session. `plan_hash`: "" without a plan. `datum`: latitude, longitude [deg], height [m].
    """

    session_low: int
    plan_hash: str
    site_hash: str
    datum: tuple[float, float, float]
    cell_m: float
    required_depth_m: float
    stroke: int
    acts: int
    firm: int
    unclosed: tuple[tuple[int, int], ...]
    vehicle_id: str = ""
    format: int = RECORD_FORMAT


def packed_act(act: Act) -> bytes:
    """One act; the reason of a withdrawal is cut to what fits."""
    if isinstance(act, Confirm):
        return _KIND.pack(_CONFIRM, act.until_number) + _CHECKED.pack(act.closing)
    low, high = act.across_m if act.across_m is not None else (0.0, 0.0)
    told = _WITHDRAWN.pack(
        act.since_number, act.flags, act.across_m is not None, low, high, act.bias_m, act.required_depth_m
    )
    return _KIND.pack(_REVOKE, act.until_number) + told + act.reason.encode()[:REASON_MAX]


def unpacked_act(data: bytes) -> Act:
    """The act of these bytes.

    Raises:
        ValueError: They are none.
    """
    try:
        kind, until = _KIND.unpack_from(data)
        if kind == _CONFIRM:
            (closing,) = _CHECKED.unpack_from(data, _KIND.size)
            return Confirm(kind=Knowledge.BASE.value, by="", until_number=until, closing=bool(closing))
        since, flags, some, low, high, bias_m, required_m = _WITHDRAWN.unpack_from(data, _KIND.size)
    except struct.error as damage:
        raise ValueError(f"no act: {damage}") from None
    if kind != _REVOKE:
        raise ValueError(f"no act: kind {kind}")
    return Revoke(
        reason=data[_KIND.size + _WITHDRAWN.size :].decode(errors="replace"),
        by="",
        since_number=since,
        until_number=until,
        flags=flags,
        across_m=(low, high) if some else None,
        bias_m=bias_m,
        required_depth_m=required_m,
    )


def packed_changes(frames: list[StrokesFrame]) -> bytes:
    """The file of what changed."""
    parts = []
    for one in frames:
        encoded = console_adapters.encode_strokes(one)
        parts.append(_SIZE.pack(len(encoded)) + encoded)
    return b"".join(parts)


def unpacked_changes(data: bytes) -> list[StrokesFrame]:
    """What changed, in order.

    Raises:
        ValueError: It is no such file.
    """
    found = []
    while data:
        (size,) = _SIZE.unpack(data[: _SIZE.size].ljust(_SIZE.size, b"\0"))
        frames = FrameParser().feed(data[_SIZE.size : _SIZE.size + size])
        told = console_adapters.decode_strokes(frames[0]) if len(frames) == 1 else None
        if told is None:
            raise ValueError("no file of changes")
        found.append(told)
        data = data[_SIZE.size + size :]
    return found


def packed_record(header: RecordHeader, tiles: Iterator[tuple[Key, bytes]]) -> bytes:
    """The whole record; each tile packed as the raster packs it."""
    head = msgspec.json.encode(header)
    parts = [_LONG.pack(len(head)), head]
    for (column, row), packed in tiles:
        parts += [_TILE.pack(column, row, len(packed)), packed]
    return b"".join(parts)


def unpacked_record(data: bytes) -> tuple[RecordHeader, dict[Key, bytes]]:
    """Header, and packed tiles by their place.

    Raises:
        ValueError: It is no record, or one of a later format.
    """
    try:
        (length,) = _LONG.unpack_from(data)
        header = msgspec.json.decode(data[_LONG.size : _LONG.size + length], type=RecordHeader)
        if not 1 <= header.format <= RECORD_FORMAT:
            raise ValueError(f"a record of format {header.format}")
        at, tiles = _LONG.size + length, {}
        while at < len(data):
            column, row, size = _TILE.unpack_from(data, at)
            at += _TILE.size
            if at + size > len(data):
                raise ValueError("a record that is cut short")
            tiles[column, row] = data[at : at + size]
            at += size
    except (struct.error, msgspec.DecodeError) as damage:
        raise ValueError(f"no record: {damage}") from None
    return header, tiles
