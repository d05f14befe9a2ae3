"""MAVLink 2 signatures: our own verifier and signer. Pure: no clock, no file; the owner hands time and marks in.

Order of the checks: the hash (constant time), then the stream, then the stamp above the stream's mark, then the window,
then durability; only then is anything remembered. A forged frame therefore changes nothing but a counter.

Stamps need no clock. Every key has its own line of stamps, never issued twice, across restarts too: before stamps are
used a reservation above them is on disk, and a start begins above it. MAVLink's rule makes a station sign with the
highest stamp it has heard; so a frame stamped at or above `base` was made after this start, and the vehicle's newest
stamp minus the frame's is the frame's age. A station whose own clock runs ahead is refused once and answered with a
stamp from an unguessable place further ahead, which it then follows (`docs/OPERATOR_LINK.md` says what remains).
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum

import msgspec
from fastcrc.crc16 import mcrf4xx

from firmware_bridge.mavlink.framing import CRC_SIZE, FLAG_SIGNED, HEADER_SIZE, MARKER, SIGNATURE_SIZE

NS_PER_STAMP = 10_000
STAMPS_PER_S = 100_000
"""A stamp counts 10 us since 2015-01-01 UTC."""
STAMP_MAX = (1 << 48) - 1
HASH_SIZE = 6
AHEAD_S = 10
"""A frame may be stamped so much above what the vehicle has issued itself (safety.md E.2.2)."""
BEHIND_S = 60
"""MAVLink's own limit for a stream's first frame; here it holds for every frame."""
LEAD_S = 2
BLOCK_S = 20
"""How far ahead stamps are reserved on disk; a crash skips at most this much."""
JUMP_S = (3_600, 14_400)
JUMP_PAUSE_S = 60
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
    """Answer of `Verifier.verify`; `age_s` is what the stamp proves of the frame's age, 0 where it proves nothing."""

    verdict: Verdict
    age_s: float = 0.0


def key_of(secret: str) -> bytes:
    """The 32 byte key of a secret text, as ground stations derive it from what is typed into them."""
    return hashlib.sha256(secret.encode("utf-8")).digest()


def system_id_of(signed: bytes) -> int:
    """Who claims to have sent a signed frame."""
    return signed[5]


def signature(key: bytes, unsigned_part: bytes) -> bytes:
    """First 48 bits of SHA-256 over key and everything before the hash: header, payload, CRC, link id and stamp."""
    return hashlib.sha256(key + unsigned_part).digest()[:HASH_SIZE]


def sign(frame: bytes, seed: bytes, key: bytes, link_id: int, stamp: int) -> bytes:
    """A signed frame of an unsigned one; the flag is part of the CRC, so that is made anew.

    Raises:
        ValueError: not an unsigned MAVLink 2 frame.
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


class StampLine:
    """The stamps of one key: what may be accepted, what is issued, what is reserved."""

    def __init__(self, reserved: int, clock_stamp: int, now_ns: int) -> None:
        self.reserved = reserved
        self.base = 0
        self._start(max(reserved, clock_stamp) + LEAD_S * STAMPS_PER_S, now_ns)
        self.jumped_ns: int | None = None
        self.issued = 0

    def _start(self, stamp: int, now_ns: int) -> None:
        self.base = self._origin = stamp
        self._origin_ns = now_ns

    def at(self, now_ns: int) -> int:
        """The newest stamp this line can have issued by now."""
        return max(self.issued, self._origin + (now_ns - self._origin_ns) // NS_PER_STAMP)

    def issue(self, now_ns: int) -> int:
        """A stamp that was never issued before."""
        self.issued = max(self.issued + 1, self.at(now_ns))
        return min(self.issued, STAMP_MAX)

    def jump(self, stamp: int, share: float, now_ns: int) -> bool:
        """Begin anew above a stamp that came from ahead; `share` in [0, 1) picks the place. Once a minute at most."""
        if self.jumped_ns is not None and now_ns - self.jumped_ns < JUMP_PAUSE_S * 1_000_000_000:
            return False
        self.jumped_ns = now_ns
        low_s, high_s = JUMP_S
        self._start(stamp + int((low_s + share * (high_s - low_s)) * STAMPS_PER_S), now_ns)
        return True

    def wanted(self, now_ns: int) -> int | None:
        """A reservation to be written now, if what is left is less than half a block above what may be accepted."""
        needed = self.at(now_ns) + AHEAD_S * STAMPS_PER_S
        if self.reserved >= needed + BLOCK_S * STAMPS_PER_S // 2:
            return None
        return min(needed + BLOCK_S * STAMPS_PER_S, STAMP_MAX)


class _Stream(msgspec.Struct):
    mark: int
    link: str
    heard_ns: int


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
        self._streams: dict[tuple[int, int, int], _Stream] = {}
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
        self._streams = {stream: memory for stream, memory in self._streams.items() if stream[0] in self._keys}

    def verify(self, signed: bytes, link: str, now_ns: int) -> Accepted:
        """Judge one signed frame (marker to hash, its CRC already found right) that came over `link`."""
        accepted = self._judge(signed, link, now_ns)
        if accepted.verdict is not Verdict.OK:
            self.refused[accepted.verdict] += 1
        return accepted

    def _judge(self, signed: bytes, link: str, now_ns: int) -> Accepted:
        if len(signed) < HEADER_SIZE + CRC_SIZE + SIGNATURE_SIZE or signed[:1] != MARKER or signed[2] != FLAG_SIGNED:
            return Accepted(Verdict.MALFORMED)
        system_id = system_id_of(signed)
        keys = self._keys.get(system_id)
        if keys is None:
            return Accepted(Verdict.UNKNOWN_STATION)
        part, given = signed[:-HASH_SIZE], signed[-HASH_SIZE:]
        if not any([hmac.compare_digest(signature(key, part), given) for key in keys]):  # noqa: C419 (no short cut)
            return Accepted(Verdict.BAD_SIGNATURE)
        link_id = signed[-SIGNATURE_SIZE]
        stamp = int.from_bytes(signed[-SIGNATURE_SIZE + 1 : -HASH_SIZE], "little")
        name = (system_id, signed[6], link_id)
        stream = self._streams.get(name)
        if stream is not None and stream.link != link and now_ns - stream.heard_ns < LINK_HOLD_S * 1_000_000_000:
            return Accepted(Verdict.WRONG_LINK)
        if stream is None and sum(1 for known in self._streams if known[0] == system_id) >= STREAMS_MAX:
            return Accepted(Verdict.TOO_MANY_STREAMS)
        if stream is not None and stamp <= stream.mark:
            return Accepted(Verdict.REPLAYED)
        line = self._lines[system_id]
        window = self._window(line, stamp, now_ns)
        if window.verdict is Verdict.OK:
            self._streams[name] = _Stream(stamp, link, now_ns)
        return window

    def _window(self, line: StampLine, stamp: int, now_ns: int) -> Accepted:
        newest = line.at(now_ns)
        if stamp > newest + AHEAD_S * STAMPS_PER_S:
            if stamp > newest + JUMP_LIMIT_S * STAMPS_PER_S:
                return Accepted(Verdict.FAR_FUTURE)
            if not self._trusted:
                line.jump(stamp, self._uniform(), now_ns)
            return Accepted(Verdict.AHEAD)
        if stamp < line.base:
            return Accepted(Verdict.BEFORE_BOOT)
        if stamp < newest - BEHIND_S * STAMPS_PER_S:
            return Accepted(Verdict.STALE)
        if stamp > line.reserved:
            return Accepted(Verdict.NOT_DURABLE)
        return Accepted(Verdict.OK, max(0, newest - stamp) / STAMPS_PER_S)

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


class StationSigner:
    """A station's end: signs with the highest stamp it made or heard, as MAVLink asks, and checks what it hears."""

    def __init__(self, key: bytes, clock_stamp: int, link_id: int = 0) -> None:
        self.key, self.stamp, self.link_id = key, clock_stamp, link_id
        self._marks: dict[tuple[int, int, int], int] = {}

    def sign(self, frame: bytes, seed: bytes) -> bytes:
        """One frame to the vehicle."""
        self.stamp += 1
        return sign(frame, seed, self.key, self.link_id, self.stamp)

    def accepts(self, signed: bytes) -> bool:
        """True for a frame of the vehicle, newer than all before it."""
        if not signed or not hmac.compare_digest(signature(self.key, signed[:-HASH_SIZE]), signed[-HASH_SIZE:]):
            return False
        stamp = int.from_bytes(signed[-SIGNATURE_SIZE + 1 : -HASH_SIZE], "little")
        name = (signed[5], signed[6], signed[-SIGNATURE_SIZE])
        if stamp <= self._marks.get(name, 0):
            return False
        self._marks[name] = stamp
        self.stamp = max(self.stamp, stamp)
        return True
