"""Many strokes as one compressed block: the strokes of older sessions take a sixth of the room.

    block  = BLAKE2b (16 bytes) of the rest, zstd frame that says the size of its content
    values = 0, the varints below          (strokes as their codec has them, `vehicle/contracts/stroke_codec.py`)
    plain  = 1, msgpack of kinds and payloads        (any other strokes: doubles of formats 1 to 3)

    varints: number of strokes, number of values of each; then, for the strokes of each number of values, the first
             value of all of them, the second, and so on; each less what the stroke before it has there

What is packed is unpacked and compared before it is kept, so that the same bytes come back. A block from elsewhere can
say anything: all sizes are checked before any room is taken.
"""

import hashlib
import itertools
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import zstandard

from vehicle.records.stroke_table import Ints, varints_of

DIGEST_BYTES: Final = 16
STROKES_MAX: Final = 4_096
CONTENT_MAX: Final = 1 << 18
"""Of a block's strokes together [bytes]; 4,096 ordinary ones have 150,000."""
BODY_MAX: Final = 1 << 19
"""Of the unpacked frame [bytes]: the strokes, and what says where each ends."""
BLOCK_MAX: Final = BODY_MAX + (1 << 12)
"""Of a block [bytes]: bytes that cannot be compressed become a little more."""
LEVEL: Final = 9
_VALUES, _PLAIN = b"\0", b"\1"
Rows = list[tuple[int, bytes]]
_plain: Final = msgspec.msgpack.Decoder(list[tuple[int, bytes]])


def packed(rows: Rows, kind: int) -> bytes:
    """Return strokes (kind, payload) as a block; `kind` is that of the codec's strokes.

    Raises:
        ValueError: They are too many, too long, or do not come back as they were.
    """
    if not 0 < len(rows) <= STROKES_MAX or sum(len(payload) for _, payload in rows) > CONTENT_MAX:
        raise ValueError("too many strokes for a block")
    bodies = [_PLAIN + msgspec.msgpack.encode(rows)]
    if all(own == kind for own, _ in rows) and (columns := _columns([payload for _, payload in rows])) is not None:
        bodies.insert(0, _VALUES + columns)
    for body in bodies:
        frame = zstandard.ZstdCompressor(level=LEVEL).compress(body)
        block = _digest(frame) + frame
        if _comes_back(block, rows, kind):
            return block
    raise ValueError("a block does not come back as it was")


def _comes_back(block: bytes, rows: Rows, kind: int) -> bool:
    try:
        return unpacked(block, kind) == rows
    except ValueError:
        return False


def unpacked(block: bytes, kind: int) -> Rows:
    """Return the strokes (kind, payload) of a block.

    Raises:
        ValueError: It is no block, was changed, or says that it holds more than a block may.
    """
    frame = block[DIGEST_BYTES:]
    if len(block) > BLOCK_MAX or _digest(frame) != block[:DIGEST_BYTES]:
        raise ValueError("no block of strokes: it was changed")
    try:
        size = zstandard.frame_content_size(frame)
        if not 0 < size <= BODY_MAX:
            raise ValueError(f"no block of strokes: its content has {size:,} bytes")
        body = zstandard.ZstdDecompressor().decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as refusal:
        raise ValueError(f"no block of strokes: {refusal}") from None
    if body[:1] == _VALUES:
        return [(kind, payload) for payload in _payloads(body[1:])]
    if body[:1] != _PLAIN:
        raise ValueError("no block of strokes: of another kind")
    try:
        rows = _plain.decode(body[1:])
    except msgspec.MsgspecError as refusal:
        raise ValueError(f"no block of strokes: {refusal}") from None
    if not 0 < len(rows) <= STROKES_MAX:
        raise ValueError(f"no block of strokes: it holds {len(rows):,}")
    return rows


def _digest(frame: bytes) -> bytes:
    return hashlib.blake2b(frame, digest_size=DIGEST_BYTES).digest()


def _columns(payloads: Sequence[bytes]) -> bytes | None:
    """Return the values of strokes column by column; None if one does not fit 63 bits."""
    split = varints_of(payloads)
    if split is None:
        return None
    values, first, counts = split
    parts = [np.array([len(payloads)], np.int64), np.diff(counts, prepend=0)]
    for count in np.unique(counts).tolist():
        rows = values[first[counts == count][:, None] + np.arange(count)]
        parts.append(np.diff(rows, axis=0, prepend=np.zeros((1, count), np.int64)).T.ravel())
    content = _written(np.concatenate(parts))[0]
    return content if len(content) < BODY_MAX else None


def _payloads(body: bytes) -> list[bytes]:
    """Return the payloads of strokes from their columns. Raises ValueError."""
    split = varints_of([body])
    if split is None:
        raise ValueError("no block of strokes: a value is too long")
    values = split[0]
    number = int(values[0])
    if not 0 < number <= STROKES_MAX or len(values) <= number:
        raise ValueError(f"no block of strokes: it says that it holds {number:,}")
    counts, left = np.cumsum(values[1 : number + 1]), len(values) - 1 - number
    if counts.min() < 1 or counts.max() > left or counts.sum() != left:
        raise ValueError("no block of strokes: its strokes do not hold what it says")
    first, found, place = np.cumsum(counts) - counts, np.empty(left, np.int64), 1 + number
    for count in np.unique(counts).tolist():
        chosen = first[counts == count]
        end = place + len(chosen) * count
        columns = np.cumsum(values[place:end].reshape(count, len(chosen)), axis=1)
        found[chosen[:, None] + np.arange(count)] = columns.T
        place = end
    content, ends = _written(found)
    if len(content) > CONTENT_MAX:
        raise ValueError(f"no block of strokes: they have {len(content):,} bytes")
    bounds = [0, *ends[first + counts - 1].tolist()]
    return [content[start:end] for start, end in itertools.pairwise(bounds)]


def _written(values: Ints) -> tuple[bytes, npt.NDArray[np.int64]]:
    """Return values (k,) as zigzag varints, and where each of them ends (k,)."""
    left: Any = ((values << 1) ^ (values >> 63)).view(np.uint64)
    sizes = np.ones(len(left), np.int64)
    for bits in range(7, 64, 7):
        more = left >> np.uint64(bits) > 0
        if not more.any():
            break
        sizes += more
    ends = np.cumsum(sizes)
    within = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
    content = (np.repeat(left, sizes) >> (7 * within).astype(np.uint64) & np.uint64(0x7F)).astype(np.uint8)
    content[within < np.repeat(sizes, sizes) - 1] |= 0x80
    return content.tobytes(), ends
