"""A vehicle's verifier and stations for the tests: time by hand, keys by name."""

from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.signature import key_of, sign
from firmware_bridge.mavlink.signing import Verifier
from firmware_bridge.mavlink.stamps import NS_PER_STAMP
from firmware_bridge.mavlink.tables import SPEC_BY_NAME

S_NS = 1_000_000_000
START_NS = 7 * S_NS
CLOCK = 37_000_000_000_000
"""A stamp of the year 2026."""
DAY = 86_400 * 100_000
STATION, OTHER = 250, 251
KEY, OTHER_KEY, WRONG_KEY = key_of("one"), key_of("two"), key_of("nobody")
HEARTBEAT = SPEC_BY_NAME["HEARTBEAT"]


def frame(stamp: int, *, key: bytes = KEY, system_id: int = STATION, component: int = 190, link_id: int = 0) -> bytes:
    """A signed heartbeat with this very stamp."""
    plain = codec.encode(HEARTBEAT, (0, 6, 8, 0, 4, 3), 17, system_id, component)
    return sign(plain, HEARTBEAT.seed, key, link_id, stamp)


def verifier(
    reserved: int = 0, clock: int = CLOCK, *, uniform: float = 0.25, durable: bool = True, trusted: bool = False
) -> Verifier:
    """A vehicle that has just started, with two consoles."""
    made = Verifier(
        {STATION: (KEY,), OTHER: (OTHER_KEY,)},
        {STATION: reserved, OTHER: reserved},
        clock,
        START_NS,
        lambda: uniform,
        clock_trusted=trusted,
    )
    if durable:
        made.made_durable(made.wanted(START_NS))
    return made


def newest(made: Verifier, system_id: int = STATION, now_ns: int = START_NS) -> int:
    """The stamp that a station which hears the vehicle now would sign with."""
    plain = codec.encode(HEARTBEAT, (0, 10, 3, 0, 4, 3), 0, 1, 1)
    signed = made.sign(plain, HEARTBEAT.seed, system_id, 0, now_ns)
    return int.from_bytes(signed[-12:-6], "little")


def stamps_of(ns: int) -> int:
    """Nanoseconds as stamps."""
    return ns // NS_PER_STAMP
