"""A vehicle's signed link with three stations in memory: our console, a ground station, a sentry who may only STOP."""

import itertools
import os
from typing import Any

import msgspec

from console.client.protocol import Credentials, LinkProtocol
from console.client.station import NEUTRAL
from firmware_bridge.mavlink import adapters, codec
from firmware_bridge.mavlink.framing import Frame, FrameParser
from firmware_bridge.mavlink.signature import StationSigner, key_of
from firmware_bridge.mavlink.signing import Verifier
from firmware_bridge.mavlink.tables import SPEC_BY_NAME, SPECS
from firmware_bridge.types import Observation, OperatorFrame
from tests.builders import DATUM, config
from tests.console.hands import feed
from tests.operator_link.exchange import gate_report, report
from tests.operator_link.small_plan import small_plan
from vehicle.contracts.messages import Mode
from vehicle.operator_link.admission import Address, Channel
from vehicle.operator_link.keystore import ConsoleKey, KeyFile
from vehicle.operator_link.link import LinkSettings, OperatorLink
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.operator_link.pursuit import Goal
from vehicle.operator_link.sessions import MachineIdentity
from vehicle.operator_link.station_frame import station_frame
from vehicle.operator_link.transport import take_keys

S_NS, TICK_NS = 1_000_000_000, 20_000_000
STAMPS_A_TICK = 2_000
"""Of 10 us each: the sentry's clock goes on like the vehicle's."""
CHANNEL = Channel(name="udp")
CONSOLE_ID, GROUND_STATION_ID, SENTRY_ID = 250, 251, 9
CONSOLE_HERE, GROUND_STATION_HERE, SENTRY_HERE = ("10.0.0.7", 14550), ("10.0.0.8", 14550), ("10.0.0.9", 14550)
MACHINE = MachineIdentity(machine_id=bytes(range(8)), boot_count=3)
CLOCK = 37_000_000_000_000
SENTRY = "sentry"


def key(system_id: int, name: str) -> ConsoleKey:
    return ConsoleKey(
        name=name, system_id=system_id, key_id=f"{system_id:08x}", secret=f"secret of {name}", created="2026-11-30"
    )


KEYS = KeyFile(
    machine_id=MACHINE.machine_id.hex(),
    keys=(key(CONSOLE_ID, "console"), key(GROUND_STATION_ID, "ground station")),
    stop_only=(key(SENTRY_ID, SENTRY),),
)


def credentials(system_id: int, name: str) -> Credentials:
    return Credentials(system_id=system_id, secret=f"secret of {name}", machine_id=MACHINE.machine_id.hex(), name=name)


def make_link(boot_count: int, now_ns: int) -> OperatorLink:
    """A link that knows the three keys."""
    verifier = Verifier({}, {}, CLOCK + boot_count * 10**9, now_ns, lambda: 0.5)
    settings = LinkSettings(machine=msgspec.structs.replace(MACHINE, boot_count=boot_count))
    desk = MissionUpload(DATUM, lambda _: "", small_plan())
    link = OperatorLink(config(), DATUM, verifier, desk, os.urandom, settings=settings)
    take_keys(link, KEYS, now_ns)
    return link


class Rig:
    """Time by hand. The console has a session, the ground station arms and holds its sticks."""

    def __init__(self) -> None:
        self.now_ns = S_NS
        self.session = 77
        self.said: list[str] = []
        self.link = make_link(3, self.now_ns)
        self.link.hints._say = self.said.append
        self.signer = StationSigner(key_of(f"secret of {SENTRY}"), CLOCK)
        self.tick = 100
        self.mode, self.holder = Mode.MANUAL, CONSOLE_ID
        self._counter = itertools.count()
        self._parsers: dict[Address, FrameParser] = {}
        self.report()
        self.meet()

    def meet(self) -> None:
        """The sentry's station follows the vehicle's stamps, as any station does, and is heard from then on."""
        for _ in range(50):
            self.step()
            self.say("HEARTBEAT", type=6, autopilot=8)
            for frame in parsed(self.sent(SENTRY_HERE)):
                self.signer.accepts(frame.signed)
        assert any(where == SENTRY_HERE for _, where in self.link.peers)

    def report(self) -> None:
        """What the loop tells."""
        told = report(gate_report(self.mode, (), self.holder), tick=self.tick)
        told = msgspec.structs.replace(told, session_id=self.session)
        self.encoded = adapters.encode_vehicle(station_frame(told, DATUM))
        self.link.offer(told)

    def others(self) -> "Rig":
        """Console and ground station on the air."""
        console = LinkProtocol(credentials(CONSOLE_ID, "console"))
        for _ in range(150):
            self.step()
            feed(console, NEUTRAL, self.now_ns)
            for datagram in console.send(self.now_ns):
                self.link.receive(CHANNEL, CONSOLE_HERE, datagram, self.now_ns)
            for frame in self.sent(CONSOLE_HERE):
                console.receive(frame, self.now_ns)
        assert console.open
        signer = StationSigner(key_of("secret of ground station"), console._signer.stamp if console._signer else CLOCK)
        beat = codec.encode_fields("HEARTBEAT", {"type": 6, "autopilot": 8}, 0, GROUND_STATION_ID, 190)
        signed = signer.sign(beat, SPEC_BY_NAME["HEARTBEAT"].seed)
        self.link.receive(CHANNEL, GROUND_STATION_HERE, signed, self.now_ns)
        station = self.link.station(GROUND_STATION_ID)
        assert station is not None
        station.pursue(Goal.ARM, self.now_ns)
        self.signer.stamp = max(self.signer.stamp, signer.stamp)
        self.drained()
        return self

    def step(self, count: int = 1) -> None:
        """A tick of the link, without the vehicle's own."""
        for _ in range(count):
            self.now_ns += TICK_NS
            self.signer.stamp += STAMPS_A_TICK
            self.tick += 1
            self.report()
            self.link.verifier.made_durable(self.link.verifier.wanted(self.now_ns))
            self.link.step(self.now_ns)

    def sent(self, address: Address) -> list[bytes]:
        """To one address; what goes to the others is lost."""
        for (_, where), peer in self.link.peers.items():
            if where == address and peer.extension:
                peer.send_frame("FLAIL_VEHICLE", self.encoded, self.link.verifier, self.now_ns)
        return [frame for _, where, frames in self.link.outbox() if where == address for frame in frames]

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """What the sentry's station is sent."""
        parser = self._parsers.setdefault(SENTRY_HERE, FrameParser())
        frames = [one for data in self.sent(SENTRY_HERE) for one in parser.feed(data)]
        return [(SPECS[frame.msg_id].name, codec.decode_fields(frame)) for frame in frames]

    def say(self, name: str, **fields: Any) -> None:
        """A message of the sentry's station, signed."""
        packed = codec.encode_fields(name, fields, next(self._counter) & 0xFF, SENTRY_ID, 190)
        self.signed(name, packed)

    def signed(self, name: str, packed: bytes) -> None:
        """A frame of the sentry's station."""
        self.link.receive(CHANNEL, SENTRY_HERE, self.signer.sign(packed, SPEC_BY_NAME[name].seed), self.now_ns)

    def drained(self) -> tuple[list[OperatorFrame], list[Observation]]:
        """What the next tick hears."""
        batch = self.link.drain(self.now_ns)
        return list(batch.operator), list(batch.observations)

    def state(self) -> tuple[object, ...]:
        """All of the link that a station could change, beside what the next tick hears."""
        link = self.link
        values = [link.parameters.message(number)[1]["param_value"] for number in range(len(link.parameters))]
        stations = {
            one.station_id: (one.goal, one.sticks._latched, one.sticks.newest)
            for one in link.present.stations.values()
            if one.station_id != SENTRY_ID
        }
        peers = {
            where: (peer.signs_for, peer.extension, dict(peer.streams._rates_hz), peer.streams.beats)
            for (_, where), peer in link.peers.items()
            if where != SENTRY_HERE
        }
        desk = {one: link.reports.desk.answer(one) for one in (CONSOLE_ID, GROUND_STATION_ID)}
        return (
            values,
            [link.lists.list_id(kind) for kind in (0, 1, 2)],
            dict(link.lists.uploading),
            link.view.idle_mode,
            stations,
            SENTRY_ID in link.present.stations,
            peers,
            desk,
            [link.sessions.has(one) for one in (CONSOLE_ID, GROUND_STATION_ID)],
            sorted(link.verifier.stations),
            link.files.taker,
        )


def parsed(datagrams: list[bytes]) -> list[Frame]:
    parser = FrameParser()
    return [frame for data in datagrams for frame in parser.feed(data)]
