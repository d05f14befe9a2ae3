"""An operator's end of a session as byte ports: whoever makes frames writes them here, signed and proved they go out.

`SessionPort(SigningPort(wire, key), station_id, key, now_ns)` is a whole console's link without its hands.
"""

import hmac
import os
from collections.abc import Callable

from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.framing import Frame, FrameParser
from firmware_bridge.mavlink.signature import StationSigner
from firmware_bridge.mavlink.tables import CRC_EXTRA, SPEC_BY_NAME
from firmware_bridge.ports import BytePort
from vehicle.operator_link.link import OPEN_KEY
from vehicle.operator_link.sessions import EMPTY_PROOF, NONCE_SIZE, MachineIdentity, proof, session_bytes

ASK_NS = 500_000_000
COMPONENT_ID = 190
"""MAV_COMP_ID_MISSIONPLANNER: any ground station."""
CHALLENGE_ID, GRANT_ID = SPEC_BY_NAME["FLAIL_CHALLENGE"].msg_id, SPEC_BY_NAME["FLAIL_GRANT"].msg_id
VEHICLE_ID = SPEC_BY_NAME["FLAIL_VEHICLE"].msg_id


class SigningPort:
    """A `BytePort` that signs what it sends and lets only the vehicle's signed frames in."""

    def __init__(self, port: BytePort, key: bytes, clock_stamp: int = 0) -> None:
        self._port = port
        self._signer = StationSigner(key, clock_stamp)
        self._parser = FrameParser()
        self.refused = 0

    def read(self) -> bytes:
        """Frames that the vehicle signed with our key, each newer than all before it."""
        frames = self._parser.feed(self._port.read())
        good = [frame.signed for frame in frames if self._signer.accepts(frame.signed)]
        self.refused += len(frames) - len(good)
        return b"".join(good)

    def write(self, frame: bytes) -> None:
        """One unsigned frame, signed."""
        seed = CRC_EXTRA[int.from_bytes(frame[7:10], "little")]
        self._port.write(self._signer.sign(frame, seed))

    def close(self) -> None:
        """Give the port up."""
        self._port.close()


class SessionPort:
    """A `BytePort` round another one. Asks for a session while it has none, and anew when the vehicle has another.

    `heard_ns`: when the first FLAIL_VEHICLE arrived since `forget`.
    """

    def __init__(
        self,
        port: BytePort,
        station_id: int,
        now_ns: Callable[[], int],
        key: bytes = OPEN_KEY,
        draw: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._port, self._station_id, self._key = port, station_id, key
        self._now_ns, self._draw = now_ns, draw
        wanted = (CHALLENGE_ID, GRANT_ID, VEHICLE_ID)
        self._parser = FrameParser({msg_id: CRC_EXTRA[msg_id] for msg_id in wanted})
        self._nonce = draw(NONCE_SIZE)
        self._machine, self._vehicle_nonce = MachineIdentity(), b""
        self._asked_ns, self._sequence = -(10**18), 0
        self.session_id = 0
        self.heard_ns: int | None = None

    def forget(self) -> None:
        """The vehicle program is started anew; what the one before sent and nobody read yet does not count either."""
        while self._port.read():
            pass
        self.session_id, self.heard_ns = 0, None

    def read(self) -> bytes:
        """What arrived; keeps the session open beside."""
        chunk = self._port.read()
        for frame in self._parser.feed(chunk):
            self._hear(frame)
        now_ns = self._now_ns()
        if not self.session_id and now_ns - self._asked_ns >= ASK_NS:
            self._asked_ns, self._nonce = now_ns, self._draw(NONCE_SIZE)
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
            self.heard_ns = self.heard_ns or self._now_ns()
            if self.session_id and codec.decode_fields(frame)["session_id"] != self.session_id:
                self.session_id = 0
            return
        fields = codec.decode_fields(frame)
        if fields["target_system"] != self._station_id:
            return
        nonces = (self._vehicle_nonce, self._nonce)
        if frame.msg_id == CHALLENGE_ID:
            self._machine = MachineIdentity(machine_id=fields["machine_id"], boot_count=fields["boot_count"])
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
