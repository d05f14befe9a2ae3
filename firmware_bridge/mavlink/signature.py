"""MAVLink 2 signatures: key, hash, signing of a frame, and a station's signer."""

import hashlib
import hmac

from fastcrc.crc16 import mcrf4xx

from firmware_bridge.mavlink.framing import CRC_SIZE, FLAG_SIGNED, HEADER_SIZE, MARKER, SIGNATURE_SIZE

HASH_SIZE = 6


def key_of(secret: str) -> bytes:
    """Return the 32-byte key of a secret text, derived as ground stations derive it."""
    return hashlib.sha256(secret.encode("utf-8")).digest()


def signature(key: bytes, unsigned_part: bytes) -> bytes:
    """Return the first 48 bits of SHA-256 over key, header, payload, CRC, link id and stamp."""
    return hashlib.sha256(key + unsigned_part).digest()[:HASH_SIZE]


def sign(frame: bytes, seed: bytes, key: bytes, link_id: int, stamp: int) -> bytes:
    """Return the signed frame of an unsigned one, with a new CRC, because the CRC covers the signature flag.

    Raises:
        ValueError: Not an unsigned MAVLink 2 frame.
    """
    if len(frame) < HEADER_SIZE + CRC_SIZE or frame[:1] != MARKER or frame[2]:
        raise ValueError("only an unsigned MAVLink 2 frame can be signed")
    body = frame[1:2] + bytes([FLAG_SIGNED]) + frame[3:-CRC_SIZE]
    part = (
        MARKER
        + body
        + mcrf4xx(seed, mcrf4xx(body)).to_bytes(2, "little")
        + bytes([link_id])
        + stamp.to_bytes(6, "little")
    )
    return part + signature(key, part)


class StationSigner:
    """A station's signer: signs with the highest stamp made or heard, by MAVLink's rule, and checks received frames."""

    def __init__(self, key: bytes, clock_stamp: int, link_id: int = 0) -> None:
        self.key, self.stamp, self.link_id = key, clock_stamp, link_id
        self._marks: dict[tuple[int, int, int], int] = {}

    def sign(self, frame: bytes, seed: bytes) -> bytes:
        """Return a signed frame for the vehicle."""
        self.stamp += 1
        return sign(frame, seed, self.key, self.link_id, self.stamp)

    def knows(self, signed: bytes) -> bool:
        """Whether a frame is signed with this key, however old it is."""
        return bool(signed) and hmac.compare_digest(signature(self.key, signed[:-HASH_SIZE]), signed[-HASH_SIZE:])

    def accepts(self, signed: bytes) -> bool:
        """Whether a frame is the vehicle's, and newer than all before it."""
        if not self.knows(signed):
            return False
        stamp = int.from_bytes(signed[-SIGNATURE_SIZE + 1 : -HASH_SIZE], "little")
        name = (signed[5], signed[6], signed[-SIGNATURE_SIZE])
        if stamp <= self._marks.get(name, 0):
            return False
        self._marks[name] = stamp
        self.stamp = max(self.stamp, stamp)
        return True
