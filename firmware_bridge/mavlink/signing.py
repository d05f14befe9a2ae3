"""The vehicle's verifier and signer of MAVLink 2. Pure: no clock, no file; the owner hands time and marks in.

Order of the checks: the hash (constant time), then the stream, then the stamp above the stream's mark, then the window,
then durability; only then is anything remembered. A forged frame therefore changes nothing but a counter.

Stamps need no clock. Every key has its own line of stamps, never issued twice, across restarts too: before stamps are
used a reservation above them is on disk, and a start begins above it. MAVLink's rule makes a station sign with the
highest stamp it has heard; so a frame stamped at or above `base` was made after this start, and the vehicle's newest
stamp minus the frame's is the frame's age. One stamped ahead of it may have been held back for as long as it is ahead,
and counts as that old. A station whose own clock runs far ahead is refused once and answered with a stamp from an
unguessable place further ahead, which it then follows (`docs/OPERATOR_LINK.md` says what remains).
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
"""MAVLink's own limit for a stream's first frame; here it holds for every frame."""
JUMP_LIMIT_S = 400 * 86_400
"""A vehicle without a clock may have slept over a winter; a stamp beyond that is a broken clock, not a station."""
STREAMS_MAX = 8
LINK_HOLD_S = 5
"""A stream stays with the link on which it was last heard for so long."""


class Verdict(IntEnum):
    """What the verifier says of a frame; everything but OK is refused, and only OK was remembered."""

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
    """Answer of `Verifier.verify`; the frame may be as old as `age_s`, by its stamp."""

    verdict: Verdict
    age_s: float = 0.0


_MARKER = MARKER[0]
_SIGNED_SIZE_MIN = HEADER_SIZE + CRC_SIZE + SIGNATURE_SIZE
_SIGNATURE = struct.Struct(f"<BIH{HASH_SIZE}s")
_LINK_HOLD_NS = LINK_HOLD_S * 1_000_000_000
_AHEAD, _BEHIND = AHEAD_S * STAMPS_PER_S, BEHIND_S * STAMPS_PER_S
_same = hmac.compare_digest


class _Keyring:
    """What every frame of one station is held against.

    The keys are digested once: a copy of that state, fed with the frame, is cheaper than key and frame anew.
    `streams`: component and link id -> mark, name of the link, when it was last heard [ns].
    """

    __slots__ = ("hashes", "line", "streams")

    def __init__(self, keys: Iterable[bytes], line: StampLine) -> None:
        self.hashes = tuple(hashlib.sha256(key) for key in keys)
        self.line = line
        self.streams: dict[tuple[int, int], tuple[int, str, int]] = {}


class Verifier:
    """All keys of one vehicle, on all its links: a frame heard on one link is known on every other.

    Args:
        keys: system id -> its keys, the newest first (two while a key is being rotated).
        reserved: system id -> stamp on disk; a missing one counts as 0.
        clock_stamp: the wall clock as a stamp; only ever raises the start, a clock that is behind does no harm.
        uniform: unguessable numbers in [0, 1).
        clock_trusted: the wall clock is disciplined; stations ahead of it are then wrong and never followed.
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
        """System ids that have a key."""
        return self._keys.keys()

    def key(self, system_id: int) -> bytes | None:
        """The newest key of a station."""
        keys = self._keys.get(system_id)
        return keys[0] if keys else None

    def set_keys(self, keys: Mapping[int, tuple[bytes, ...]], now_ns: int) -> None:
        """Keys as they are from now on: revoked ones are forgotten with their streams; lines of stamps stay."""
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
        """Judge one signed frame (marker to hash, its CRC already found right) that came over `link`."""
        size = len(signed)
        if size < _SIGNED_SIZE_MIN or signed[0] != _MARKER or signed[2] != FLAG_SIGNED:
            return self._refuse(Verdict.MALFORMED)
        ring = self._rings.get(signed[5])
        if ring is None:
            return self._refuse(Verdict.UNKNOWN_STATION)
        link_id, stamp_low, stamp_high, given = _SIGNATURE.unpack_from(signed, size - SIGNATURE_SIZE)
        part, genuine = signed[:-HASH_SIZE], False
        for digested in ring.hashes:  # all are tried: how long it takes tells nothing of which key it was
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
        """A frame for one station, signed with that station's newest key.

        Raises:
            KeyError: the station has no key.
        """
        keys, line = self._keys[system_id], self._lines[system_id]
        return sign(frame, seed, keys[0], link_id, line.issue(now_ns))

    def wanted(self, now_ns: int) -> dict[int, int]:
        """Reservations that should be written to disk now."""
        found = {system_id: self._lines[system_id].wanted(now_ns) for system_id in self._keys}
        return {system_id: stamp for system_id, stamp in found.items() if stamp is not None}

    def made_durable(self, reserved: Mapping[int, int]) -> None:
        """These reservations are on disk."""
        for system_id, stamp in reserved.items():
            self._reserved[system_id] = max(stamp, self._reserved.get(system_id, 0))
            line = self._lines.get(system_id)
            if line is not None:
                line.reserved = max(line.reserved, stamp)
