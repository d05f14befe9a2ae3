"""The console's end of the operator protocol: session, signing, sticks. Pure: bytes and times in, bytes out.

Frames go out at 20 Hz while `feed` is called. Without a reading of the sticks for 150 ms nothing is sent, and the
vehicle stops: a frozen console must not look alive.
"""

import secrets
from collections.abc import Callable

import msgspec

from console.client.station import NEUTRAL, PERIOD_NS, Controls, Station
from firmware_bridge.mavlink import adapters, codec
from firmware_bridge.mavlink.framing import Frame, FrameParser
from firmware_bridge.mavlink.signature import StationSigner, key_of
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import Observation, ObservationResult, OperatorEdge, VehicleFrame
from vehicle.operator_link.sessions import EMPTY_PROOF, MachineIdentity, proof, session_bytes

STICKS_NS = 150_000_000
"""A reading of the sticks counts so long."""
HEARTBEAT_NS = 1_000_000_000
ASK_NS = 500_000_000
LOST_NS = 500_000_000
"""Without a report for so long the operator is shown that the link is lost."""
PRESS_NS = 150_000_000
REPEAT_NS = 1_000_000_000
"""An observation whose answer was lost is told again; the vehicle records it once."""
COMPONENT_ID = 190


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The key file that `flailpilot keys create --out` wrote. An empty secret talks to an unsigned loopback only."""

    system_id: int
    secret: str = ""
    machine_id: str = "0000000000000000"
    name: str = "console"


class LinkProtocol:
    """Pure: `receive` takes datagrams, `send` gives those that are due, `feed` takes a reading of the controls."""

    def __init__(
        self,
        credentials: Credentials,
        clock_stamp: int = 0,
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._credentials, self._draw = credentials, draw
        self._key = key_of(credentials.secret) if credentials.secret else bytes(32)
        self._signer = StationSigner(self._key, clock_stamp) if credentials.secret else None
        self._station = Station(credentials.system_id)
        self._parser = FrameParser()
        self._nonce, self._answer = b"", b""
        self._sequence = 0
        self._controls, self._read_ns = NEUTRAL, -(10**18)
        self._press, self._press_until_ns = OperatorEdge.NONE, 0
        self._due_ns = self._beat_ns = self._ask_ns = 0
        self._expected_session: Callable[[int], bytes] = lambda _: b""
        self.open = False
        self.vehicle: VehicleFrame | None = None
        self.heard_ns = -(10**18)
        self.texts: list[str] = []
        self.results: dict[int, ObservationResult] = {}
        self._observations: dict[int, tuple[Observation, int]] = {}
        self.refused = self.sent = 0

    # --- in ----------------------------------------------------------------------------------------------------------
    def receive(self, data: bytes, now_ns: int) -> None:
        """Bytes from the vehicle; what is not signed by this machine is not seen."""
        for frame in self._parser.feed(data):
            if self._signer is not None and not self._signer.accepts(frame.signed):
                self.refused += 1
                continue
            handler = _HANDLERS.get(frame.msg_id)
            if handler is not None:
                handler(self, frame, now_ns)

    def _report(self, frame: Frame, now_ns: int) -> None:
        self.vehicle, self.heard_ns = adapters.decode_vehicle(frame), now_ns
        if self.open and self.vehicle.session_id != self._station.session_id:
            self.open = False  # the vehicle restarted: prove anew
        if self.open:
            self._station.seen(self.vehicle.session_id, self.vehicle.tick)

    def _challenge(self, frame: Frame, now_ns: int) -> None:
        fields = codec.decode_fields(frame)
        known = bytes.fromhex(self._credentials.machine_id)
        if fields["target_system"] != self._credentials.system_id or fields["machine_id"] != known:
            self.refused += 1
            return
        machine = MachineIdentity(machine_id=known, boot_count=fields["boot_count"])
        nonces = (fields["nonce"], self._nonce)
        station = self._credentials.system_id
        self._expected_session = lambda session: proof(
            self._key, b"vehicle", machine, station, nonces, session_bytes(session)
        )
        self._ask_ns = now_ns
        self._answer = proof(self._key, b"console", machine, station, nonces, b"")

    def _grant(self, frame: Frame, now_ns: int) -> None:
        del now_ns
        fields = codec.decode_fields(frame)
        session = fields["session_id"]
        if fields["target_system"] != self._credentials.system_id or fields["result"]:
            return
        if fields["proof"] != self._expected_session(session):
            self.refused += 1
            return
        self.open = True
        self._station.session_id = session

    def _text(self, frame: Frame, now_ns: int) -> None:
        del now_ns
        self.texts = [*self.texts[-99:], codec.decode_fields(frame)["text"]]

    def _result(self, frame: Frame, now_ns: int) -> None:
        del now_ns
        result = adapters.decode_observation_result(frame)
        if result is not None and result.station_id == self._credentials.system_id:
            self._observations.pop(result.sequence, None)
            self.results[result.sequence] = result

    # --- the operator ------------------------------------------------------------------------------------------------
    def feed(self, controls: Controls, now_ns: int) -> None:
        """One reading of sticks and buttons."""
        self._controls, self._read_ns = controls, now_ns

    def press(self, edges: OperatorEdge, now_ns: int) -> None:
        """An act: down for 150 ms; the vehicle counts it once."""
        self._press, self._press_until_ns = edges, now_ns + PRESS_NS

    def observe(self, observation: Observation) -> int:
        """Send it, once a second, until the vehicle has answered; the number under which `results` has the answer.

        Station and session are filled in here. Raises ValueError for what the vehicle would refuse as impossible.
        """
        sequence = int.from_bytes(self._draw(4), "little")
        observation = msgspec.structs.replace(
            observation, station_id=self._credentials.system_id, session_id=0, sequence=sequence
        )
        adapters.encode_observation(observation)
        self._observations[sequence] = (observation, 0)
        return sequence

    def lost(self, now_ns: int) -> bool:
        """No report for half a second."""
        return now_ns - self.heard_ns > LOST_NS

    # --- out ---------------------------------------------------------------------------------------------------------
    def send(self, now_ns: int) -> list[bytes]:
        """Datagrams that are due."""
        frames: list[bytes] = []
        if now_ns - self._beat_ns >= HEARTBEAT_NS:
            self._beat_ns = now_ns
            frames.append(self._packed("HEARTBEAT", {"type": 6, "autopilot": 8, "mavlink_version": 3}))
        if self._answer:
            frames.append(
                self._packed("FLAIL_PROOF", {"target_system": 1, "nonce": self._nonce, "proof": self._answer})
            )
            self._answer = b""
        elif not self.open and now_ns - self._ask_ns >= ASK_NS:
            self._ask_ns, self._nonce = now_ns, self._draw(16)
            frames.append(self._proof(EMPTY_PROOF))
        if self.open and now_ns >= self._due_ns and now_ns - self._read_ns <= STICKS_NS:
            self._due_ns = now_ns + PERIOD_NS
            self.sent += 1
            frames.append(self._operator(now_ns))
        if self.open:
            frames += self._observed(now_ns)
        return frames

    def _observed(self, now_ns: int) -> list[bytes]:
        frames = []
        for sequence, (observation, due_ns) in self._observations.items():
            if now_ns >= due_ns:
                told = msgspec.structs.replace(observation, session_id=self._station.session_id)
                frame = adapters.encode_observation(told, self._next())
                frames.append(self._signed("FLAIL_OBSERVATION", frame))
                self._observations[sequence] = (observation, now_ns + REPEAT_NS)
        return frames

    def _proof(self, given: bytes) -> bytes:
        return self._packed("FLAIL_PROOF", {"target_system": 1, "nonce": self._nonce, "proof": given})

    def _operator(self, now_ns: int) -> bytes:
        edges = self._press if now_ns < self._press_until_ns else OperatorEdge.NONE
        controls = msgspec.structs.replace(self._controls, edges=self._controls.edges | edges)
        frame = adapters.encode_operator(self._station.frame(controls), self._next())
        return self._signed("FLAIL_OPERATOR", frame)

    def _packed(self, name: str, fields: dict[str, object]) -> bytes:
        frame = codec.encode_fields(name, fields, self._next(), self._credentials.system_id, COMPONENT_ID)
        return self._signed(name, frame)

    def _signed(self, name: str, frame: bytes) -> bytes:
        return self._signer.sign(frame, SPEC_BY_NAME[name].seed) if self._signer is not None else frame

    def _next(self) -> int:
        self._sequence = (self._sequence + 1) & 0xFF
        return self._sequence


_HANDLERS: dict[int, Callable[[LinkProtocol, Frame, int], None]] = {
    SPEC_BY_NAME["FLAIL_VEHICLE"].msg_id: LinkProtocol._report,  # noqa: SLF001 (a table of its own methods)
    SPEC_BY_NAME["FLAIL_CHALLENGE"].msg_id: LinkProtocol._challenge,  # noqa: SLF001
    SPEC_BY_NAME["FLAIL_GRANT"].msg_id: LinkProtocol._grant,  # noqa: SLF001
    SPEC_BY_NAME["FLAIL_OBSERVATION_RESULT"].msg_id: LinkProtocol._result,  # noqa: SLF001
    SPEC_BY_NAME["STATUSTEXT"].msg_id: LinkProtocol._text,  # noqa: SLF001
}
