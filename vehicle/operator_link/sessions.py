"""Sessions of our own consoles: challenge and response, so that nothing recorded before a start is ever accepted.

console: FLAIL_PROOF(its nonce, empty proof) -> vehicle: FLAIL_CHALLENGE(nonce, boot, machine) -> console:
FLAIL_PROOF(its nonce, HMAC over both) -> vehicle: FLAIL_GRANT(session, HMAC over both and the session). A challenge is
good for one answer. Each console has one session, and a new one ends the old one.
"""

import hashlib
import hmac

import msgspec

from vehicle.operator_link.vehicle_view import Message

NONCE_SIZE, PROOF_SIZE = 16, 32
EMPTY_PROOF = bytes(PROOF_SIZE)
CHALLENGE_NS = 2_000_000_000
PROTOCOL_VERSION = 2


class MachineIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """What a proof is bound to besides the key."""

    machine_id: bytes = bytes(8)
    boot_count: int = 0


def proof(
    key: bytes, role: bytes, machine: MachineIdentity, station_id: int, nonces: tuple[bytes, bytes], tail: bytes
) -> bytes:
    """HMAC-SHA-256; `nonces` are the vehicle's and the console's, `role` keeps the two directions apart."""
    said = b"|".join(
        (
            b"flailpilot session 1",
            role,
            machine.machine_id.hex().encode(),
            str(machine.boot_count).encode(),
            str(station_id).encode(),
            nonces[0].hex().encode(),
            nonces[1].hex().encode(),
            tail,
        )
    )
    return hmac.digest(key, said, hashlib.sha256)


def session_bytes(session_id: int) -> bytes:
    """The session as it enters the vehicle's proof."""
    return session_id.to_bytes(8, "little")


class Sessions:
    """Which consoles have proved since this start that they are alive."""

    def __init__(self, machine: MachineIdentity) -> None:
        self._machine = machine
        self._challenges: dict[int, tuple[bytes, bytes, int]] = {}
        self._open: set[int] = set()

    def has(self, station_id: int) -> bool:
        """A session is open."""
        return station_id in self._open

    def end(self, station_id: int) -> None:
        """Its key was revoked, or its identity is in doubt."""
        self._open.discard(station_id)
        self._challenges.pop(station_id, None)

    def ask(self, station_id: int, console_nonce: bytes, nonce: bytes, now_ns: int) -> Message:
        """A console asks; `nonce` was drawn for it."""
        self._challenges[station_id] = (nonce, console_nonce, now_ns)
        return "FLAIL_CHALLENGE", {
            "boot_count": self._machine.boot_count,
            "protocol_version": PROTOCOL_VERSION,
            "target_system": station_id,
            "nonce": nonce,
            "machine_id": self._machine.machine_id,
        }

    def answer(
        self, station_id: int, console_nonce: bytes, given: bytes, key: bytes, session_id: int, now_ns: int
    ) -> Message:
        """A console proves; whatever it says, its challenge is used up."""
        nonce, first, then_ns = self._challenges.pop(station_id, (b"", b"", 0))
        nonces = (nonce, console_nonce)
        wanted = proof(key, b"console", self._machine, station_id, nonces, b"")
        in_time = bool(nonce) and now_ns - then_ns <= CHALLENGE_NS and first == console_nonce
        granted = hmac.compare_digest(wanted, given) and in_time
        if not granted:
            return "FLAIL_GRANT", {"target_system": station_id, "result": 1}
        self._open.add(station_id)
        return "FLAIL_GRANT", {
            "session_id": session_id,
            "target_system": station_id,
            "result": 0,
            "proof": proof(key, b"vehicle", self._machine, station_id, nonces, session_bytes(session_id)),
        }
