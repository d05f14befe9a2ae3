"""Bad inputs on the operator's wire, without a key or with a recording: refused, and nothing but counters changes."""

import os
from typing import Any

import msgspec
import pytest

from console.client.link import Credentials, LinkProtocol
from console.client.station import NEUTRAL, Controls
from firmware_bridge.mavlink import adapters, codec
from firmware_bridge.mavlink.signature import key_of, sign
from firmware_bridge.mavlink.signing import Verifier
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import OperatorEdge, OperatorFrame
from tests.builders import DATUM, config
from tests.console.hands import feed
from tests.operator_link.exchange import gate_report, report
from tests.operator_link.small_plan import small_plan
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Mode
from vehicle.operator_link.admission import Channel
from vehicle.operator_link.link import LinkSettings, OperatorLink
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.operator_link.sessions import MachineIdentity
from vehicle.operator_link.station_frame import station_frame
from vehicle.operator_link.transport import Serial, Tcp, Udp, check_wire

S_NS = 1_000_000_000
CHANNEL = Channel(name="radio")
SECRET = "the only console's secret text"  # noqa: S105
MACHINE = MachineIdentity(machine_id=bytes(range(8)), boot_count=3)
CONSOLE = Credentials(system_id=250, secret=SECRET, machine_id=MACHINE.machine_id.hex())
HERE = ("10.0.0.7", 14550)
CLOCK = 37_000_000_000_000


class Radio:
    """A vehicle's signed link and a console on it, time by hand."""

    def __init__(self, reserved: int = 0, clock: int = CLOCK, session: int = 77) -> None:
        self.now_ns = S_NS
        verifier = Verifier({250: (key_of(SECRET),)}, {250: reserved}, clock, self.now_ns, lambda: 0.5)
        verifier.made_durable(verifier.wanted(self.now_ns))
        settings = LinkSettings(machine=MACHINE)
        desk = MissionUpload(DATUM, lambda _: "", small_plan())
        self.link = OperatorLink(config(), DATUM, verifier, desk, os.urandom, settings=settings)
        self.session = session
        self.vehicle(Mode.MANUAL)
        self.recording: list[bytes] = []

    def vehicle(self, mode: Mode) -> None:
        """What the loop reports; the console holds control."""
        told = msgspec.structs.replace(report(gate_report(mode, (), 250)), session_id=self.session)
        self.report = adapters.encode_vehicle(station_frame(told, DATUM))
        self.link.offer(told)

    def frames(self) -> list[OperatorFrame]:
        """What the next tick would read."""
        heard = adapters.MessageReader(adapters.VEHICLE_DECODERS).feed(self.link.drain(self.now_ns).data)
        return [frame for frame in heard if isinstance(frame, OperatorFrame)]

    def state(self) -> tuple[object, ...]:
        """All that an attacker must not change."""
        link = self.link
        values = [link.parameters.message(number)[1]["param_value"] for number in range(len(link.parameters))]
        lists = [link.lists.list_id(kind) for kind in (0, 1, 2)]
        admission = link.admission
        heard = (
            sorted(link.peers),
            sorted(link.present.stations),
            admission.doubted(250, self.now_ns),
            link.sessions.has(250),
        )
        doubted = {name: identity.address for name, identity in admission._identities.items()}
        sticks = [(one.sticks._latched, one.goal) for one in link.present.stations.values()]
        return (
            values,
            lists,
            link.lists.uploading,
            link.view.idle_mode,
            heard,
            doubted,
            sticks,
            self.frames(),
        )

    def marks(self) -> tuple[object, ...]:
        """What the verifier remembers; only a frame with a right hash and stamp may change it."""
        verifier = self.link.verifier
        return (
            {name: {key: held[0] for key, held in ring.streams.items()} for name, ring in verifier._rings.items()},
            {name: line.base for name, line in verifier._lines.items()},
            sorted(verifier.stations),
        )

    def hear_out(self, datagram: bytes) -> None:
        """A good frame of the console, so that its stream is known."""
        self.link.receive(CHANNEL, HERE, datagram, self.now_ns)

    def talk(
        self, console: LinkProtocol, seconds: float, *, controls: Controls | None = NEUTRAL, lost: bool = False
    ) -> None:
        """Console and vehicle hear each other; what the console sends is recorded, and lost where `lost`.

        `controls` None: nobody's hands are there.
        """
        for _ in range(round(seconds / 0.02)):
            self.now_ns += 20_000_000
            if controls is not None:
                feed(console, controls, self.now_ns)
            for datagram in console.send(self.now_ns):
                self.recording.append(datagram)
                if not lost:
                    self.link.receive(CHANNEL, HERE, datagram, self.now_ns)
            for frame in self.told():
                console.receive(frame, self.now_ns)

    def told(self) -> list[bytes]:
        """What the link sends now, and a report of the loop."""
        self.link.verifier.made_durable(self.link.verifier.wanted(self.now_ns))
        self.link.step(self.now_ns)
        for peer in self.link.peers.values():
            if peer.extension:
                peer.send_frame("FLAIL_VEHICLE", self.report, self.link.verifier, self.now_ns)
        return [frame for _, _, frames in self.link.outbox() for frame in frames]

    def attack(self, datagram: bytes, address: tuple[str, int] = ("10.6.6.6", 666)) -> None:
        self.now_ns += 1_000_000
        self.link.receive(CHANNEL, address, datagram, self.now_ns)


def connected() -> tuple[Radio, LinkProtocol]:
    radio, console = Radio(), LinkProtocol(CONSOLE)
    radio.talk(console, 3.0)
    assert console.open
    assert radio.link.sessions.has(250)
    radio.frames()
    return radio, console


MESSAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "arm": ("COMMAND_LONG", {"command": 400, "param1": 1.0, "target_system": 1}),
    "kill": ("COMMAND_LONG", {"command": 185, "param1": 1.0, "target_system": 1}),
    "mode": ("SET_MODE", {"base_mode": 1, "custom_mode": 15, "target_system": 1}),
    "start": ("COMMAND_LONG", {"command": 300, "target_system": 1}),
    "parameter": ("PARAM_SET", {"param_id": "MAN_SPEED", "param_value": 0.1, "param_type": 9, "target_system": 1}),
    "clear": ("MISSION_CLEAR_ALL", {"mission_type": 255, "target_system": 1}),
    "count": ("MISSION_COUNT", {"count": 0, "target_system": 1}),
    "sticks": ("MANUAL_CONTROL", {"target": 1, "z": 900, "buttons": 16}),
    "override": ("RC_CHANNELS_OVERRIDE", {"chan3_raw": 1900, "chan8_raw": 1900, "target_system": 1}),
    "signing": ("SETUP_SIGNING", {"secret_key": b"x" * 32, "target_system": 1}),
    "proof": ("FLAIL_PROOF", {"target_system": 1, "nonce": b"n" * 16, "proof": b"p" * 32}),
    "operator": ("FLAIL_OPERATOR", {"session_id": 77, "sequence": 10**6, "echo_tick": 99, "drive": 1.0, "flags": 1}),
    "estop": ("FLAIL_OPERATOR", {"session_id": 77, "sequence": 10**6, "echo_tick": 99, "edges": 16}),
}
FORGERIES = ("unsigned", "wrong key", "far future", "unknown id", "vehicle's id", "cut", "flag cleared", "moved", "v1")


def forged(kind: str, name: str, fields: dict[str, Any]) -> bytes:
    seed = SPEC_BY_NAME[name].seed
    system_id = {"unknown id": 66, "vehicle's id": 1}.get(kind, 250)
    plain = codec.encode_fields(name, fields, 0, system_id, 190)
    wrong = key_of("guess")
    if kind == "unsigned":
        return plain
    if kind == "v1":
        return b"\xfe" + plain[1:2] + plain[4:8] + plain[10:]
    stamp = (1 << 48) - 2 if kind == "far future" else CLOCK + 300_000
    signed = sign(plain, seed, wrong, 0, stamp)
    if kind == "cut":
        return signed[:-3]
    if kind == "flag cleared":
        return signed[:2] + b"\0" + signed[3:]
    if kind == "moved":
        other = sign(
            codec.encode_fields("HEARTBEAT", {"type": 6}, 0, 250, 190),
            SPEC_BY_NAME["HEARTBEAT"].seed,
            key_of(SECRET),
            0,
            stamp,
        )
        return signed[:-13] + other[-13:]
    return signed


@pytest.mark.parametrize("size", [1, 9, 10, 12, 25, 280, 1400, 65_000])
def test_noise_makes_no_peer_and_keeps_no_byte(size: int) -> None:
    radio, _ = connected()
    before = radio.state()
    for port in range(50):
        radio.attack(os.urandom(size), ("10.6.6.6", 1000 + port))
    assert radio.state() == before
    assert len(radio.link.peers) == 1


def test_the_console_is_heard_again_at_once_after_a_forged_far_future() -> None:
    radio, console = connected()
    for _ in range(200):
        radio.attack(forged("far future", *MESSAGES["arm"]), HERE)
    radio.talk(console, 0.1)
    assert radio.frames()


def test_a_whole_recording_played_again_changes_nothing() -> None:
    radio, console = connected()
    radio.talk(console, 2.0, controls=Controls(hold_to_run=True, drive=0.7))
    radio.frames()
    before = radio.state()
    for datagram in radio.recording:
        radio.attack(datagram)
        radio.attack(datagram, HERE)
    assert radio.state() == before


@pytest.mark.parametrize("clock", [CLOCK, CLOCK - 30 * 86_400 * 100_000, 0, CLOCK + 3650 * 86_400 * 100_000])
@pytest.mark.parametrize("heard", [True, False])
def test_a_recording_played_after_a_reboot_drives_nothing(clock: int, heard: bool) -> None:
    radio, console = connected()
    radio.talk(console, 2.0, controls=Controls(hold_to_run=True, drive=0.7), lost=not heard)
    reserved = CLOCK + 60 * 100_000
    again = Radio(reserved, clock, session=91)
    before = again.state()
    for datagram in radio.recording:
        again.attack(datagram, HERE)
    assert again.frames() == []
    assert not again.link.sessions.has(250)
    if heard:
        assert again.state() == before
    fresh = LinkProtocol(CONSOLE)
    again.talk(fresh, 3.0)
    assert fresh.open


def test_a_captured_proof_opens_nothing_twice() -> None:
    radio, _ = connected()
    radio.link.sessions.end(250)
    for datagram in radio.recording:
        radio.attack(datagram, HERE)
    assert not radio.link.sessions.has(250)


def test_without_a_session_a_key_alone_drives_nothing_but_stops() -> None:
    radio = Radio()
    console = LinkProtocol(CONSOLE)
    console.session.open, console.session.session_id = True, radio.session
    radio.talk(console, 1.0, controls=Controls(hold_to_run=True, drive=0.5))
    assert not [frame for frame in radio.frames() if frame.hold_to_run or frame.drive or frame.native]
    console.stop(radio.now_ns, engine_off=True)
    radio.talk(console, 0.2)
    assert [frame.edges for frame in radio.frames() if frame.edges] == [OperatorEdge.ESTOP]


def test_unsigned_channels_are_loopback_only() -> None:
    unsigned = Channel(name="x", unsigned=True)
    check_wire(Udp(channel=unsigned, host="127.0.0.1"))
    check_wire(Udp(channel=CHANNEL, host="0.0.0.0"))  # noqa: S104
    for host in ("0.0.0.0", "10.0.0.1", "::", "example.invalid"):  # noqa: S104
        with pytest.raises(InputError, match="unsigned"):
            check_wire(Tcp(channel=unsigned, host=host))
    with pytest.raises(InputError, match="serial"):
        check_wire(Serial(channel=unsigned, port=None))  # type: ignore[arg-type]


def test_a_revoked_console_is_gone() -> None:
    radio, console = connected()
    radio.link.verifier.set_keys({}, radio.now_ns)
    radio.link.revoke(250)
    radio.talk(console, 1.0, controls=Controls(hold_to_run=True, drive=0.5))
    assert radio.frames() == []
