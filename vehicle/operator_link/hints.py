"""Why a station is not heard: for the vehicle's log, and for the station if that tells an attacker nothing.

A stranger gets no answer. A station that speaks MAVLink 1 is told so once, in MAVLink 1. A station that signs with one
of our keys and has a wrong clock is told under that key. Everything else goes to the vehicle's log only.
"""

from collections.abc import Callable
from typing import NamedTuple

from fastcrc.crc16 import mcrf4xx

from firmware_bridge.mavlink.framing import CRC_SIZE
from firmware_bridge.mavlink.signing import Verdict
from firmware_bridge.mavlink.tables import CRC_EXTRA, SPEC_BY_NAME
from vehicle.operator_link.admission import Address

AGAIN_NS = 60_000_000_000
"""The same of the same place is said again after so long."""
ANY_NS = 1_000_000_000
"""And nothing at all more often than so, whoever pours in whatever."""
KNOWN_MAX = 64
V1_MARKER, V1_HEADER_SIZE = 0xFE, 6
V1_DO = "set MAVLink 2 in the station"
V1_TEXT = b"MAVLink 1 is not heard here: set MAVLink 2"
STATUSTEXT, WARNING = SPEC_BY_NAME["STATUSTEXT"], 4
CLOCK = {
    Verdict.AHEAD: "its clock is ahead of this vehicle's",
    Verdict.FAR_FUTURE: "its clock is more than a year ahead of this vehicle's",
    Verdict.BEFORE_BOOT: "its clock is behind this vehicle's, or it plays an old recording",
    Verdict.STALE: "its clock is behind this vehicle's, or it plays an old recording",
}
OTHER = {
    Verdict.BAD_SIGNATURE: "signed with another key than the one here; type the secret in again, or rotate the key",
    Verdict.WRONG_LINK: "the same stream came over another link within 5 s",
    Verdict.TOO_MANY_STREAMS: "too many components or link ids under one key",
}


class Refused(NamedTuple):
    """A frame that was refused: where it came from, as whom, and why. `verdict`: None if it was not signed."""

    channel: str
    address: Address
    system_id: int
    verdict: Verdict | None


def words(refused: Refused, keys: tuple[int, ...]) -> str:
    """One line for the log; "" where there is nothing to say (a replay)."""
    place = f"operator link {refused.channel}: {shown(refused.address)}"
    who = f"{place} as system {refused.system_id}"
    if refused.system_id <= 1:
        return f"{who} is not heard: that number is the vehicle's own or none; set the station's system id, such as 255"
    if refused.verdict is None:
        held = f"keys are here for system {', '.join(map(str, keys))}" if keys else "no key is here yet"
        return f"{who} does not sign and is not heard; {held} (`flailpilot keys`)"
    if refused.verdict is Verdict.UNKNOWN_STATION:
        held = ", ".join(map(str, keys)) or "none"
        return (
            f"{who}: no key for that system id (there are keys for: {held}); set the station's system id, or make a key"
        )
    why = CLOCK.get(refused.verdict, OTHER.get(refused.verdict, ""))
    return f"{who} is not heard: {why}" if why else ""


def shown(address: Address) -> str:
    """As people write it."""
    return address if isinstance(address, str) else f"{address[0]}:{address[1]}"


def speaks_v1(data: bytes) -> bool:
    """A whole MAVLink 1 frame of a message that we know is in these bytes."""
    at = data.find(V1_MARKER)
    while at >= 0:
        end = at + V1_HEADER_SIZE + data[at + 1] + CRC_SIZE if at + V1_HEADER_SIZE <= len(data) else len(data) + 1
        seed = CRC_EXTRA.get(data[at + 5]) if end <= len(data) else None
        if seed is not None and mcrf4xx(data[at + 1 : end - CRC_SIZE] + seed) == data[end - 2] | data[end - 1] << 8:
            return True
        at = data.find(V1_MARKER, at + 1)
    return False


def v1_text(said: bytes = V1_TEXT) -> bytes:
    """A STATUSTEXT in MAVLink 1, for who hears nothing else."""
    payload = bytes([WARNING]) + said.ljust(50, b"\0")
    body = bytes([len(payload), 0, 1, 1, STATUSTEXT.msg_id]) + payload
    return bytes([V1_MARKER]) + body + mcrf4xx(body + STATUSTEXT.seed).to_bytes(CRC_SIZE, "little")


class Hints:
    """Tells each thing once in a certain time. Bounded, whatever arrives."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said: dict[tuple[object, ...], int] = {}
        self._any_ns = -ANY_NS

    def due(self, key: tuple[object, ...], now_ns: int) -> bool:
        """Whether this may be said now; it then counts as said."""
        if now_ns - self._any_ns < ANY_NS or now_ns - self._said.get(key, -AGAIN_NS) < AGAIN_NS:
            return False
        if len(self._said) >= KNOWN_MAX:
            self._said.pop(next(iter(self._said)))
        self._said.pop(key, None)
        self._said[key] = self._any_ns = now_ns
        return True

    def older(self, channel: str, address: Address, data: bytes, now_ns: int) -> list[bytes]:
        """MAVLink 1 is said once, in MAVLink 1, and is no way in."""
        host = address if isinstance(address, str) else address[0]
        if V1_MARKER not in data or not speaks_v1(data) or not self.due(("v1", channel, host), now_ns):
            return []
        self.say(f"operator link {channel}: {shown(address)} speaks MAVLink 1, which is not heard; {V1_DO}")
        return [v1_text()]

    def say(self, line: str) -> None:
        """To the log."""
        if line:
            self._say(line)
