"""Finds MAVLink 2 frames in bytes. Pure: no clock, no I/O; it never raises, whatever the bytes are.

Nothing is accepted before its checksum was compared. After a refusal the search continues at marker + 1, so a stray
marker cannot hide a correct frame that began after it. The checksum of a message with an unknown id cannot be computed,
so it is not accepted and is searched like noise. MAVLink 1 frames are noise too.
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
"""The only incompatibility flag that is known; a frame with any other must be refused."""
FRAME_SIZE_MAX = HEADER_SIZE + 255 + CRC_SIZE + SIGNATURE_SIZE


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One frame with a correct checksum. `signed`: the whole frame from marker to signature, if it has one.

    The signature is *not* verified here, because that needs keys, time and memory. A receiver that requires signatures
    gives `signed` to a verifier.
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
    """Parses in pieces and with a bound: between calls it keeps less than one frame (280 bytes).

    Args:
        crc_extra: Checksum seed by message id; messages with other ids are not accepted.
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
        """Return the bytes that may still become a frame."""
        return self._tail

    @property
    def noise_bytes(self) -> int:
        """Number of bytes that belonged to no accepted frame."""
        return self.received_bytes - self.accepted_bytes - len(self._tail)

    def reset(self) -> None:
        """Forget a partial frame after a reconnection; the counters stay."""
        self._tail = b""

    def feed(self, chunk: bytes) -> list[Frame]:
        """Return all frames that `chunk` completes, in order."""
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
    """Return one unsigned frame around a packed payload; `msg_id` is split into its low 16 and high 8 bits.

    Trailing zeros are cut as MAVLink 2 requires (one byte stays); `sequence` is taken modulo 256.
    """
    trimmed = payload.rstrip(b"\0") or b"\0"
    body = _BODY.pack(len(trimmed), 0, 0, sequence & 0xFF, system_id, component_id, *msg_id) + trimmed
    return MARKER + body + mcrf4xx(body + seed).to_bytes(2, "little")


_BODY = struct.Struct("<BBBBBBHB")
