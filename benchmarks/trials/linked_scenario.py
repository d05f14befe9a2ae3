"""A drill whose operator comes over the whole operator link: signed frames, a proved session, the link's own checks."""

import functools
import hashlib

import msgspec

from benchmarks.trials.session_port import SessionPort, SigningPort
from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.sim_operator import SimOperator
from firmware_bridge.flail_adapter import FlailAdapter
from firmware_bridge.mavlink.signature import key_of
from firmware_bridge.mavlink.signing import Verifier
from firmware_bridge.ports import BytePort
from sim.noise import generator
from sim.process import VehicleProcess
from sim.radio import RadioChannel, RadioPort
from vehicle.contracts.sockets import ControllerWire, Sink, SourceBatch, TickRecord
from vehicle.control.state import VehicleState
from vehicle.operator_link.admission import Channel
from vehicle.operator_link.link import LinkSettings, OperatorLink
from vehicle.operator_link.loop_frames import NAME
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.operator_link.sessions import MachineIdentity
from vehicle.runtime.loop import VehicleLoop

STATION_ID = 7
SECRET = "the drill's console"  # noqa: S105 (of a simulation)
CHANNEL = Channel(name="radio", bytes_per_s=20_000.0)
HERE = ("10.0.0.7", 14550)
STRANGER = ("10.6.6.6", 666)


class LinkedWire:
    """The operators of the vehicle's loop, source and sink: a whole operator link on a simulated radio."""

    name = NAME

    def __init__(self, link: OperatorLink, wire: RadioPort) -> None:
        self.link, self._wire = link, wire
        self.strange: list[bytes] = []
        self.heard: list[bytes] = []
        """What arrived last."""

    def drain(self, now_ns: int) -> SourceBatch:
        """Take in what arrived, serve it, and give the tick what was accepted."""
        link = self.link
        arrived, self._wire.inbox[:] = list(self._wire.inbox), []
        for datagram in self.strange:
            link.receive(CHANNEL, STRANGER, datagram, now_ns)
        self.strange = []
        self.heard = arrived
        for datagram in arrived:
            link.receive(CHANNEL, HERE, datagram, now_ns)
        link.verifier.made_durable(link.verifier.wanted(now_ns))
        link.step(now_ns)
        self._flush()
        return link.drain(now_ns)

    def accept(self, record: TickRecord) -> None:
        """A report for the consoles."""
        self.link.accept(record)
        self._flush()

    def _flush(self) -> None:
        for _, address, frames in self.link.outbox():
            if address == HERE:
                for frame in frames:
                    self._wire.write(frame)


class LinkedFaultScenario(FaultScenario):
    """`link` is the vehicle's. Its random numbers come from the seed, so that a run repeats."""

    def __init__(self, settings: FaultScenarioSettings | None = None, sinks: tuple[Sink, ...] = ()) -> None:
        super().__init__(settings, sinks)
        self._boots = 0
        self._reserved: dict[int, int] = {}
        self._draws = generator(self.settings.seed, "link")
        self.process = VehicleProcess(self._loop(self.parts.vehicle.state), self._loop)
        key = key_of(SECRET)
        signed: BytePort = SigningPort(self.radio.station, key)
        draw = functools.partial(_drawn, self.settings.seed)
        self.session = SessionPort(signed, STATION_ID, lambda: self.now_ns, key, draw)
        self.hands = SimOperator(self.session, STATION_ID, at_machine=self.visit)

    @property
    def up(self) -> RadioChannel:
        """To the vehicle."""
        return self.radio.up

    @property
    def down(self) -> RadioChannel:
        """To the console."""
        return self.radio.down

    def pour(self, datagram: bytes) -> None:
        """Noise before the vehicle's receiver, under the console's address."""
        self.radio.vehicle.inbox.append(datagram)

    def _loop(self, state: VehicleState) -> VehicleLoop:
        """A process: a link that remembers what is on disk, and the loop behind it."""
        self._boots += 1
        verifier = Verifier({STATION_ID: (key_of(SECRET),)}, self._reserved, 0, self.now_ns, self._draws.random)
        made_durable = verifier.made_durable

        def keep(reserved: dict[int, int]) -> None:
            self._reserved.update(reserved)
            made_durable(reserved)

        verifier.made_durable = keep  # type: ignore[method-assign,assignment]
        verifier.made_durable(verifier.wanted(self.now_ns))
        self.link = OperatorLink(
            state.config,
            state.datum,
            verifier,
            MissionUpload(state.datum, plan=state.mission.plan),
            self._draws.bytes,
            settings=LinkSettings(machine=MachineIdentity(boot_count=self._boots)),
        )
        self.wire = LinkedWire(self.link, self.radio.vehicle)
        controller = ControllerWire(self.line, FlailAdapter())
        return VehicleLoop(state, controller, (self.wire, self.plans), (*self.sinks, self.wire))


def _drawn(seed: int, count: int) -> bytes:
    return hashlib.sha256(f"console {seed}".encode()).digest()[:count]


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """One stop of a trial."""

    shape: str
    seed: int
    scene: str
    latency_ms: float
    speed_mps: float
    breaches: tuple[str, ...] = ()
