"""Bytes -> MAVLink 2 frames. Pure: no clock, no I/O, never raises on what the wire brings.

Nothing is accepted before its checksum. A stray marker costs nothing but itself: after any refusal the search goes on
at marker + 1, so an intact frame that began inside a false one is still found. A message of unknown id has no known
checksum seed and is therefore never accepted; it is searched through like noise. MAVLink 1 frames are noise too.
"""

import struct
from collections.abc import Mapping

import msgspec
from fastcrc.crc16 import mcrf4xx

from firmware_bridge.mavlink.tables import CRC_EXTRA

MARKER = b"\xfd"
HEADER = struct.Struct("<xBBxBBBHB")
"""Length, incompatibility flags, sequence, system, component, id (low 16, high 8 bits)."""
HEADER_SIZE = 10
CRC_SIZE = 2
SIGNATURE_SIZE = 13
FLAG_SIGNED = 0x01
"""The one incompatibility flag there is; a frame with any other must not be understood."""
FRAME_SIZE_MAX = HEADER_SIZE + 255 + CRC_SIZE + SIGNATURE_SIZE


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One frame whose checksum held. `signed` is the whole frame, marker to signature, where it carries one.

    A signature is *not* verified here: that takes keys, time and memory (who must refuse unsigned frames looks at
    `signed` and hands it to a verifier).
    """

    msg_id: int
    sequence: int
    system_id: int
    component_id: int
    payload: bytes
    signed: bytes = b""


_MARKER = MARKER[0]
_unpack_header = HEADER.unpack_from


class FrameParser:
    """Incremental and bounded: between calls it keeps less than one frame (280 bytes).

    Args:
        crc_extra: checksum seed by message id; only these ids exist for this parser.
    """

    def __init__(self, crc_extra: Mapping[int, bytes] = CRC_EXTRA) -> None:
        self._seed_of = dict(crc_extra).get
        self._tail = b""
        self.received_bytes = 0
        self.accepted_bytes = 0
        self.accepted_frames = 0
        self.bad_frames = 0

    @property
    def pending(self) -> bytes:
        """What may still become a frame."""
        return self._tail

    @property
    def noise_bytes(self) -> int:
        """Bytes that belonged to no accepted frame."""
        return self.received_bytes - self.accepted_bytes - len(self._tail)

    def reset(self) -> None:
        """Forget a half frame, as after a re-plug; the counters stay."""
        self._tail = b""

    def feed(self, chunk: bytes) -> list[Frame]:
        """All frames that `chunk` completes, in order."""
        buffer = self._tail + chunk if self._tail else chunk
        self.received_bytes += len(chunk)
        frames: list[Frame] = []
        size, seed_of, accepted_bytes = len(buffer), self._seed_of, 0
        at = buffer.find(MARKER)
        while at >= 0:
            if size - at < HEADER_SIZE:
                break
            length, flags, sequence, system, component, id_low, id_high = _unpack_header(buffer, at)
            msg_id = id_low | id_high << 16
            seed = seed_of(msg_id)
            if seed is not None and flags <= FLAG_SIGNED:
                crc_at = at + HEADER_SIZE + length
                end = crc_at + (CRC_SIZE + SIGNATURE_SIZE if flags else CRC_SIZE)
                if end > size:
                    break
                if mcrf4xx(buffer[at + 1 : crc_at] + seed) == buffer[crc_at] | buffer[crc_at + 1] << 8:
                    payload = buffer[at + HEADER_SIZE : crc_at]
                    signed = buffer[at:end] if flags else b""
                    frames.append(Frame(msg_id, sequence, system, component, payload, signed))
                    accepted_bytes += end - at
                    at = end if end < size and buffer[end] == _MARKER else buffer.find(MARKER, end)
                    continue
                self.bad_frames += 1
            at = buffer.find(MARKER, at + 1)
        self._tail = buffer[at:] if at >= 0 else b""
        self.accepted_bytes += accepted_bytes
        self.accepted_frames += len(frames)
        return frames


def frame_bytes(
    msg_id: tuple[int, int], seed: bytes, payload: bytes, sequence: int, system_id: int, component_id: int
) -> bytes:
    """One unsigned frame round a packed payload; `msg_id` is split into its low 16 and high 8 bits.

    Trailing zeros are cut as MAVLink 2 demands (one byte stays); `sequence` is taken modulo 256.
    """
    trimmed = payload.rstrip(b"\0") or b"\0"
    body = _BODY.pack(len(trimmed), 0, 0, sequence & 0xFF, system_id, component_id, *msg_id) + trimmed
    return MARKER + body + mcrf4xx(body + seed).to_bytes(2, "little")


_BODY = struct.Struct("<BBBBBBHB")
