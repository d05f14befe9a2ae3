"""The vehicle's verifier and signer of MAVLink 2. Pure: no clock, no file; the owner gives time and saved marks.

Order of the checks: the hash (constant time), the stream, the stamp above the stream's mark, the window, and whether
the reservation is on disk. Only then is anything remembered, so a forged frame changes nothing but a counter. Stamps
need no clock. Every key has its own line of stamps, and no stamp is issued twice, also after a restart: before stamps
are used, a reservation above them is on disk, and a start begins above it. By MAVLink's rule a station signs with the
highest stamp it has heard. So a frame stamped at or above `base` was made after this start, and its age is the
vehicle's newest stamp minus its own. A frame stamped ahead of it may have been held back for that time, and counts as
that old. A station whose clock is far ahead is refused once. The answer has a stamp that nobody can guess from further
ahead, which the station then continues (`docs/OPERATOR_LINK.md` describes the remaining risk).
"""

import hashlib
import hmac
import struct
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum

import msgspec

from firmware_bridge.mavlink.framing import CRC_SIZE, FLAG_SIGNED, HEADER_SIZE, MARKER, SIGNATURE_SIZE
from firmware_bridge.mavlink.signature import HASH_SIZE, sign
from firmware_bridge.mavlink.stamps import AHEAD_S, STAMPS_PER_S, StampLine

BEHIND_S = 60
"""MAVLink's own limit for the first frame of a stream; here it applies to every frame."""
JUMP_LIMIT_S = 400 * 86_400
"""A vehicle without a clock may have been off for a winter; a stamp further ahead comes from a broken clock."""
STREAMS_MAX = 8
LINK_HOLD_S = 5
"""A stream belongs for this time to the link on which it was last heard."""


class Verdict(IntEnum):
    """Result of the verifier; every result but OK refuses the frame, and only with OK anything is remembered."""

    OK = 0
    MALFORMED = 1
    UNKNOWN_STATION = 2
    BAD_SIGNATURE = 3
    WRONG_LINK = 4
    TOO_MANY_STREAMS = 5
    REPLAYED = 6
    FAR_FUTURE = 7
    AHEAD = 8
    BEFORE_BOOT = 9
    STALE = 10
    NOT_DURABLE = 11


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """A frame that `Verifier.verify` accepted; by its stamp it may be as old as `age_s`."""

    verdict: Verdict
    age_s: float = 0.0


_MARKER = MARKER[0]
_SIGNED_SIZE_MIN = HEADER_SIZE + CRC_SIZE + SIGNATURE_SIZE
_SIGNATURE = struct.Struct(f"<BIH{HASH_SIZE}s")
_LINK_HOLD_NS = LINK_HOLD_S * 1_000_000_000
_AHEAD, _BEHIND = AHEAD_S * STAMPS_PER_S, BEHIND_S * STAMPS_PER_S
_same = hmac.compare_digest


class _Keyring:
    """What the frames of one station are checked with.

    Each key is hashed once: copying that state and adding the frame is cheaper than hashing key and frame again.
    `streams`: component and link id -> mark, name of the link, time when it was last heard [ns].
    """

    __slots__ = ("hashes", "line", "streams")

    def __init__(self, keys: Iterable[bytes], line: StampLine) -> None:
        self.hashes = tuple(hashlib.sha256(key) for key in keys)
        self.line = line
        self.streams: dict[tuple[int, int], tuple[int, str, int]] = {}


class Verifier:
    """All keys of one vehicle, for all its links; a frame heard on one link is known on every other.

    Args:
        keys: System id -> its keys, the newest first (two while a key is being replaced).
        reserved: System id -> stamp on disk; a missing one counts as 0.
        clock_stamp: The wall clock as a stamp; it can only raise the start, so a clock that is behind does no harm.
        uniform: Numbers in [0, 1) that nobody can guess.
        clock_trusted: The wall clock is right; stations ahead of it are then wrong and their stamps never adopted.
    """

    def __init__(
        self,
        keys: Mapping[int, tuple[bytes, ...]],
        reserved: Mapping[int, int],
        clock_stamp: int,
        now_ns: int,
        uniform: Callable[[], float],
        *,
        clock_trusted: bool = False,
    ) -> None:
        self._clock_stamp, self._uniform, self._trusted = clock_stamp, uniform, clock_trusted
        self._reserved = dict(reserved)
        self._keys: dict[int, tuple[bytes, ...]] = {}
        self._lines: dict[int, StampLine] = {}
        self._rings: dict[int, _Keyring] = {}
        self.refused: dict[Verdict, int] = dict.fromkeys(Verdict, 0)
        self.set_keys(keys, now_ns)

    @property
    def stations(self) -> Iterable[int]:
        """Return the system ids that have a key."""
        return self._keys.keys()

    def key(self, system_id: int) -> bytes | None:
        """Return the newest key of a station."""
        keys = self._keys.get(system_id)
        return keys[0] if keys else None

    def set_keys(self, keys: Mapping[int, tuple[bytes, ...]], now_ns: int) -> None:
        """Set the keys from now on: revoked keys and their streams are forgotten; lines of stamps stay."""
        self._keys = {system_id: tuple(held) for system_id, held in keys.items() if held}
        for system_id in self._keys:
            if system_id not in self._lines:
                reserved = self._reserved.get(system_id, 0)
                self._lines[system_id] = StampLine(reserved, self._clock_stamp, now_ns)
        before, self._rings = self._rings, {}
        for system_id, held in self._keys.items():
            self._rings[system_id] = ring = _Keyring(held, self._lines[system_id])
            if system_id in before:
                ring.streams = before[system_id].streams

    def verify(self, signed: bytes, link: str, now_ns: int) -> Accepted:
        """Judge one signed frame (marker to hash, with a correct CRC) that came over `link`."""
        size = len(signed)
        if size < _SIGNED_SIZE_MIN or signed[0] != _MARKER or signed[2] != FLAG_SIGNED:
            return self._refuse(Verdict.MALFORMED)
        ring = self._rings.get(signed[5])
        if ring is None:
            return self._refuse(Verdict.UNKNOWN_STATION)
        link_id, stamp_low, stamp_high, given = _SIGNATURE.unpack_from(signed, size - SIGNATURE_SIZE)
        part, genuine = signed[:-HASH_SIZE], False
        for digested in ring.hashes:  # all are tried, so that the time does not show which key it was
            made = digested.copy()
            made.update(part)
            genuine |= _same(made.digest()[:HASH_SIZE], given)
        if not genuine:
            return self._refuse(Verdict.BAD_SIGNATURE)
        stamp = stamp_low | stamp_high << 32
        name = (signed[6], link_id)
        stream = ring.streams.get(name)
        if stream is None:
            if len(ring.streams) >= STREAMS_MAX:
                return self._refuse(Verdict.TOO_MANY_STREAMS)
        elif link != stream[1] and now_ns - stream[2] < _LINK_HOLD_NS:
            return self._refuse(Verdict.WRONG_LINK)
        elif stamp <= stream[0]:
            return self._refuse(Verdict.REPLAYED)
        line = ring.line
        newest = line.at(now_ns)
        if not (line.base <= stamp <= line.reserved and newest - _BEHIND <= stamp <= newest + _AHEAD):
            return self._refuse(self._out_of_window(line, stamp, newest, now_ns))
        ring.streams[name] = (stamp, link, now_ns)
        return Accepted(Verdict.OK, abs(newest - stamp) / STAMPS_PER_S)

    def _refuse(self, verdict: Verdict) -> Accepted:
        self.refused[verdict] += 1
        return Accepted(verdict)

    def _out_of_window(self, line: StampLine, stamp: int, newest: int, now_ns: int) -> Verdict:
        if stamp > newest + _AHEAD:
            if stamp > newest + JUMP_LIMIT_S * STAMPS_PER_S:
                return Verdict.FAR_FUTURE
            if not self._trusted:
                line.jump(stamp, self._uniform(), now_ns)
            return Verdict.AHEAD
        if stamp < line.base:
            return Verdict.BEFORE_BOOT
        return Verdict.STALE if stamp < newest - _BEHIND else Verdict.NOT_DURABLE

    def sign(self, frame: bytes, seed: bytes, system_id: int, link_id: int, now_ns: int) -> bytes:
        """Return a frame for one station, signed with that station's newest key.

        Raises:
            KeyError: The station has no key.
        """
        keys, line = self._keys[system_id], self._lines[system_id]
        return sign(frame, seed, keys[0], link_id, line.issue(now_ns))

    def wanted(self, now_ns: int) -> dict[int, int]:
        """Return reservations that should be written to disk now."""
        found = {system_id: self._lines[system_id].wanted(now_ns) for system_id in self._keys}
        return {system_id: stamp for system_id, stamp in found.items() if stamp is not None}

    def made_durable(self, reserved: Mapping[int, int]) -> None:
        """Note that these reservations are on disk."""
        for system_id, stamp in reserved.items():
            self._reserved[system_id] = max(stamp, self._reserved.get(system_id, 0))
            line = self._lines.get(system_id)
            if line is not None:
                line.reserved = max(line.reserved, stamp)
