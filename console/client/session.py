"""The console's part of the mutual proof that opens a session; it detects a replayed recording of the vehicle. Pure."""

from collections.abc import Callable
from typing import Any

import msgspec

from firmware_bridge.mavlink.signature import key_of
from vehicle.operator_link.sessions import EMPTY_PROOF, PROTOCOL_VERSION, MachineIdentity, proof, session_bytes

ASK_NS = 500_000_000
SILENT_NS = 2_000_000_000
"""After this time without a report or beat a session is proved anew; for the vehicle the link is lost long before."""
Fields = dict[str, Any]


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The key file that `flailpilot keys create --out` wrote. An empty secret works on unsigned loopback only.

    `stop_only`: the vehicle takes nothing but STOP from this key.
    """

    system_id: int
    secret: str = ""
    machine_id: str = "0000000000000000"
    name: str = "console"
    stop_only: bool = False


class SessionProof:
    """Asks until the vehicle has authenticated itself. `problem`: why it cannot, as a key; "" while unknown."""

    def __init__(self, system_id: int, secret: str, machine_id: str, draw: Callable[[int], bytes]) -> None:
        self._system_id, self._draw = system_id, draw
        self._known = bytes.fromhex(machine_id)
        self._key = key_of(secret) if secret else bytes(32)
        self._nonce = self._answer = b""
        self._ask_ns: int | None = None
        self._heard_ns: int | None = None
        self._expected: Callable[[int], bytes] = lambda _: b""
        self.open = False
        self.session_id = 0
        self.problem = ""

    def challenged(self, fields: Fields, now_ns: int) -> bool:
        """Process FLAIL_CHALLENGE; False if it is from another machine or of another protocol version."""
        if fields["target_system"] != self._system_id:
            return False
        if fields["protocol_version"] != PROTOCOL_VERSION:
            self.problem = "wrong_version"
            return False
        if fields["machine_id"] != self._known:
            self.problem = "wrong_machine"
            return False
        machine = MachineIdentity(machine_id=self._known, boot_count=fields["boot_count"])
        nonces = (fields["nonce"], self._nonce)
        key, station = self._key, self._system_id
        self._expected = lambda session: proof(key, b"vehicle", machine, station, nonces, session_bytes(session))
        self._ask_ns = now_ns
        self._answer = proof(key, b"console", machine, station, nonces, b"")
        return True

    def granted(self, fields: Fields) -> bool:
        """Process FLAIL_GRANT; False if it opens no session."""
        if fields["target_system"] != self._system_id:
            return False
        if fields["result"] or fields["proof"] != self._expected(fields["session_id"]):
            self.problem = "wrong_key"
            return False
        self.open, self.session_id, self.problem = True, fields["session_id"], ""
        return True

    def ended(self) -> None:
        """Start the proof again after a restart of the vehicle."""
        self.open, self._ask_ns = False, None

    def heard(self, now_ns: int) -> None:
        """Note the grant, a report or a beat."""
        self._heard_ns = now_ns

    def silent(self, now_ns: int) -> bool:
        """End a session that has been silent for long, so that it is proved anew; True in that moment.

        The vehicle forgets the answers to acts with the proof. So the caller drops acts and readings, except STOP: an
        act that was done and not answered would be done twice. What was measured goes to the next session.
        """
        self._heard_ns = now_ns if self._heard_ns is None else self._heard_ns
        if not self.open or now_ns - self._heard_ns < SILENT_NS:
            return False
        self.ended()
        return True

    def due(self, now_ns: int) -> Fields | None:
        """Return the FLAIL_PROOF to send now."""
        if self._answer:
            answer, self._answer = self._answer, b""
            return {"target_system": 1, "nonce": self._nonce, "proof": answer}
        if self.open or (self._ask_ns is not None and now_ns - self._ask_ns < ASK_NS):
            return None
        self._ask_ns, self._nonce = now_ns, self._draw(16)
        return {"target_system": 1, "nonce": self._nonce, "proof": EMPTY_PROOF}
