"""The operator's end of a session on the bench link: answers the vehicle's challenge, then passes frames through."""

import hmac
import os

from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.framing import Frame, FrameParser
from firmware_bridge.mavlink.tables import CRC_EXTRA, SPEC_BY_NAME
from firmware_bridge.ports import BytePort
from vehicle.clock import SystemClock
from vehicle.operator_link.link import OPEN_KEY
from vehicle.operator_link.sessions import EMPTY_PROOF, NONCE_SIZE, Machine, proof, session_bytes

ASK_NS = 500_000_000
COMPONENT_ID = 190
"""MAV_COMP_ID_MISSIONPLANNER: any ground station."""
CHALLENGE_ID, GRANT_ID = SPEC_BY_NAME["FLAIL_CHALLENGE"].msg_id, SPEC_BY_NAME["FLAIL_GRANT"].msg_id
VEHICLE_ID = SPEC_BY_NAME["FLAIL_VEHICLE"].msg_id
CLOCK = SystemClock()


class SessionPort:
    """A `BytePort` round another one. Asks for a session while it has none, and anew when the vehicle has another.

    `heard_ns`: when the first FLAIL_VEHICLE arrived since `forget`.
    """

    def __init__(self, port: BytePort, station_id: int, key: bytes = OPEN_KEY) -> None:
        self._port, self._station_id, self._key = port, station_id, key
        wanted = (CHALLENGE_ID, GRANT_ID, VEHICLE_ID)
        self._parser = FrameParser({msg_id: CRC_EXTRA[msg_id] for msg_id in wanted})
        self._nonce = os.urandom(NONCE_SIZE)
        self._machine, self._vehicle_nonce = Machine(), b""
        self._asked_ns = self._sequence = 0
        self.session_id = 0
        self.heard_ns: int | None = None

    def forget(self) -> None:
        """The vehicle program is started anew."""
        self.session_id, self.heard_ns = 0, None

    def read(self) -> bytes:
        """What arrived; keeps the session open beside."""
        chunk = self._port.read()
        for frame in self._parser.feed(chunk):
            self._hear(frame)
        now_ns = CLOCK.now_ns()
        if not self.session_id and now_ns - self._asked_ns >= ASK_NS:
            self._asked_ns, self._nonce = now_ns, os.urandom(NONCE_SIZE)
            self._prove(EMPTY_PROOF)
        return chunk

    def write(self, frame: bytes) -> None:
        """One frame to the vehicle."""
        self._port.write(frame)

    def close(self) -> None:
        """Give the port up."""
        self._port.close()

    def _hear(self, frame: Frame) -> None:
        if frame.msg_id == VEHICLE_ID:
            self.heard_ns = self.heard_ns or CLOCK.now_ns()
            if self.session_id and codec.decode_fields(frame)["session_id"] != self.session_id:
                self.session_id = 0
            return
        fields = codec.decode_fields(frame)
        if fields["target_system"] != self._station_id:
            return
        nonces = (self._vehicle_nonce, self._nonce)
        if frame.msg_id == CHALLENGE_ID:
            self._machine = Machine(machine_id=fields["machine_id"], boot_count=fields["boot_count"])
            self._vehicle_nonce = fields["nonce"]
            nonces = (self._vehicle_nonce, self._nonce)
            self._prove(proof(self._key, b"console", self._machine, self._station_id, nonces, b""))
        elif fields["result"] == 0:
            session_id = int(fields["session_id"])
            wanted = proof(self._key, b"vehicle", self._machine, self._station_id, nonces, session_bytes(session_id))
            self.session_id = session_id if hmac.compare_digest(wanted, fields["proof"]) else 0

    def _prove(self, given: bytes) -> None:
        self._sequence = (self._sequence + 1) & 0xFF
        fields = {"target_system": 1, "nonce": self._nonce, "proof": given}
        self._port.write(codec.encode_fields("FLAIL_PROOF", fields, self._sequence, self._station_id, COMPONENT_ID))
