"""Records of the ledger's journal and their bytes.

    record = length u32, kind u8, payload, check 16 bytes        (little endian; length counts the payload)
    packed = length u32, kind 4, block of strokes, check of the last of them     (vehicle/records/stroke_block.py)

A stroke is stored by its codec (`vehicle/contracts/stroke_codec.py`). Formats 1 to 3 also made strokes whose values are
not on the codec's grid of steps; these are stored as doubles. `check` is the BLAKE2b hash of four parts: the check of
the record before, length, kind and payload. So the valid part of a file ends at a record that was torn, changed, taken
out or moved, and the newest check covers all records before it. Up to format 4 the check was a CRC-32 of 4 bytes,
chained in the same way.

A packed record holds consecutive strokes without their checks. They are computed again when it is read: every check
after it, and the newest, is what it was before the strokes were packed.
"""

import hashlib
import mmap
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from vehicle.contracts import stroke_codec
from vehicle.contracts.ledger_types import Confirm, HeldBack, JobMark, LedgerBand, LedgerStroke, Observed, Revoke
from vehicle.records import stroke_block

__all__ = [
    "Confirm",
    "Header",
    "HeldBack",
    "JobMark",
    "Note",
    "Observed",
    "Record",
    "Revoke",
    "Session",
    "decoded",
    "encoded",
]

_HEAD: Final = struct.Struct("<IB")
CHECK_BYTES: Final = 16
CRC_BYTES: Final = 4
"""Length of a check up to format 4."""
CHAINED_SINCE: Final = 5
"""The first format whose checks are hashes."""
PACKED_SINCE: Final = 6
"""The first format that may hold packed records; its other records are those of format 5."""
_STROKE: Final = struct.Struct("<QqdddddB")
_BAND: Final = struct.Struct("<ddddBB")
_PAYLOAD_MAX: Final = 1 << 16


class Header(msgspec.Struct, frozen=True, kw_only=True, tag="header"):
    """The first record: what the strokes belong to. `plan_hash` "": the job marks name the plans."""

    vehicle_id: str
    site_hash: str
    plan_hash: str
    cell_m: float
    datum_lat_deg: float
    datum_lon_deg: float
    datum_alt_m: float
    required_depth_m: float
    k_sigma: float
    site: str = ""
    machine: str = ""


class Session(msgspec.Struct, frozen=True, kw_only=True, tag="session"):
    """A program start: times of strokes count from it; `utc` and its source are for people."""

    session_id: int
    utc: str
    time_source: str = ""


class Note(msgspec.Struct, frozen=True, kw_only=True, tag="note"):
    """Information for people: `kind` is detonation, depth_check, follow_up (`layer`), released (`by`) or taken_over.

    Of `taken_over` (`vehicle/records/taking_over.py`) `layer` is the seal of another vehicle's record.
    """

    kind: str
    text: str
    utc: str
    by: str = ""
    layer: str = ""
    points_m: tuple[tuple[float, float], ...] = ()


Bytes = bytes | mmap.mmap
Record = Header | Session | Revoke | Confirm | Observed | Note | JobMark | HeldBack | LedgerStroke
_WORDS: Final = msgspec.json.Decoder(Header | Session | Revoke | Confirm | Observed | Note | JobMark | HeldBack)
_KIND_WORDS: Final = 1
_KIND_DOUBLES: Final = 2
KIND_STROKE: Final = 3
_KIND_PACKED: Final = 4
STROKE_KINDS: Final = (_KIND_DOUBLES, KIND_STROKE)


class Found(msgspec.Struct, frozen=True, gc=False):
    """A record with a valid check: its kind, its payload, the place after it, and its check.

    `end` of a stroke in a packed record, except the last, is the place of that record: there reading can go on.
    """

    kind: int
    payload: bytes
    end: int
    check: bytes


def first_check(size: int = CHECK_BYTES) -> bytes:
    """Return the value to which the first record's check is chained."""
    return bytes(size)


def encoded(record: Record, check: bytes) -> tuple[bytes, bytes]:
    """Return the bytes of a record that follows one with the given check, and its own check."""
    kind, payload = _stroke(record) if isinstance(record, LedgerStroke) else (_KIND_WORDS, msgspec.json.encode(record))
    body = _HEAD.pack(len(payload), kind) + payload
    check = _chained(check, body)
    return body + check, check


def found_at(content: Bytes, place: int, check: bytes) -> Found | None:
    """Return the record at this place, after one with the given check; None if there is no valid record."""
    size = len(check)
    if len(content) - place < _HEAD.size + size:
        return None
    length, kind = _HEAD.unpack_from(content, place)
    end = place + _HEAD.size + length
    if kind not in _READERS or length > _PAYLOAD_MAX or end + size > len(content):
        return None
    body = content[place:end]
    own = _chained(check, body)
    if own != content[end : end + size]:
        return None
    return Found(kind, body[_HEAD.size :], end + size, own)


def block_at(content: Bytes, place: int, check: bytes) -> list[Found]:
    """Return the strokes of the packed record at this place; none if there is no valid packed record."""
    if not packed_at(content, place) or (claimed := claimed_at(content, place, CHECK_BYTES)) is None:
        return []
    end = claimed[1]
    try:
        rows = stroke_block.unpacked(content[place + _HEAD.size : end - CHECK_BYTES], KIND_STROKE)
        found = []
        for kind, payload in rows:
            if kind != KIND_STROKE:
                decoded(_KIND_DOUBLES, payload)
            check = _chained(check, _HEAD.pack(len(payload), kind) + payload)
            found.append(Found(kind, payload, place, check))
    except ValueError:
        return []
    if check != content[end - CHECK_BYTES : end] or any(kind not in STROKE_KINDS for kind, _ in rows):
        return []
    found[-1] = Found(found[-1].kind, found[-1].payload, end, check)
    return found


def block_of(strokes: Sequence[Found]) -> bytes:
    """Return consecutive strokes as one packed record. Raises ValueError if they are too many or too long for one."""
    block = stroke_block.packed([(row.kind, row.payload) for row in strokes], KIND_STROKE)
    return _HEAD.pack(len(block), _KIND_PACKED) + block + strokes[-1].check


def packed_at(content: Bytes, place: int) -> bool:
    """Whether the record at this place, which need not be valid, is a packed one."""
    return len(content) - place >= _HEAD.size and _HEAD.unpack_from(content, place)[1] == _KIND_PACKED


def frame_of(found: Found) -> bytes:
    """Return the bytes of a record that stands by itself."""
    return _HEAD.pack(len(found.payload), found.kind) + found.payload + found.check


def claimed_at(content: Bytes, place: int, size: int) -> tuple[int, int] | None:
    """Return kind and end of the record at this place without testing its check; None if the file ends before.

    Also None for a kind or a length that no record has.
    """
    if len(content) - place < _HEAD.size + size:
        return None
    length, kind = _HEAD.unpack_from(content, place)
    end = place + _HEAD.size + length + size
    most = stroke_block.BLOCK_MAX if kind == _KIND_PACKED else _PAYLOAD_MAX if kind in _READERS else -1
    return (kind, end) if length <= most and end <= len(content) else None


def decoded(kind: int, payload: bytes) -> Record:
    """Decode a payload.

    Raises:
        ValueError: It is no record of this kind.
    """
    try:
        return _READERS[kind](payload)
    except (msgspec.MsgspecError, struct.error, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None


def check_before(content: Bytes, place: int, size: int) -> bytes:
    """Return the check before this place, to which the record at this place is chained."""
    return content[place - size : place]


def _chained(check: bytes, body: bytes) -> bytes:
    if len(check) == CRC_BYTES:
        return zlib.crc32(body, int.from_bytes(check, "little")).to_bytes(CRC_BYTES, "little")
    return hashlib.blake2b(check + body, digest_size=CHECK_BYTES).digest()


def _stroke(stroke: LedgerStroke) -> tuple[int, bytes]:
    try:
        return KIND_STROKE, stroke_codec.packed(stroke)
    except ValueError:
        return _KIND_DOUBLES, _packed(stroke)


def _packed(stroke: LedgerStroke) -> bytes:
    head = _STROKE.pack(
        stroke.number,
        stroke.t_ns,
        stroke.east_m,
        stroke.north_m,
        stroke.forward_east,
        stroke.forward_north,
        stroke.slope,
        len(stroke.bands),
    )
    return head + b"".join(
        _BAND.pack(band.rear_m, band.front_m, band.right_m, band.left_m, band.flags, band.depth_cm)
        for band in stroke.bands
    )


def _unpacked(payload: bytes) -> LedgerStroke:
    number, t_ns, east_m, north_m, forward_east, forward_north, slope, count = _STROKE.unpack_from(payload)
    rows = (_BAND.unpack_from(payload, _STROKE.size + index * _BAND.size) for index in range(count))
    return LedgerStroke(
        number=number,
        t_ns=t_ns,
        east_m=east_m,
        north_m=north_m,
        forward_east=forward_east,
        forward_north=forward_north,
        slope=slope,
        bands=tuple(
            LedgerBand(rear_m=row[0], front_m=row[1], right_m=row[2], left_m=row[3], flags=row[4], depth_cm=row[5])
            for row in rows
        ),
    )


_READERS: Final[dict[int, Callable[[bytes], Record]]] = {
    _KIND_WORDS: _WORDS.decode,
    _KIND_DOUBLES: _unpacked,
    KIND_STROKE: stroke_codec.unpacked,
}
