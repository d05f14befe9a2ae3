"""Stations that cannot be heard: said at the vehicle, and to the station where that tells an attacker nothing."""

import pytest
from pymavlink.dialects.v10 import ardupilotmega as v1

from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.signature import sign
from firmware_bridge.mavlink.signing import Verifier
from firmware_bridge.mavlink.stamps import STAMPS_PER_S
from firmware_bridge.mavlink.tables import SPEC_BY_NAME, SPECS
from tests.builders import DATUM, config
from tests.operator_link.exchange import S_NS
from vehicle.operator_link.admission import Channel
from vehicle.operator_link.hints import speaks_v1, v1_text
from vehicle.operator_link.link import OperatorLink
from vehicle.operator_link.mission_upload import MissionUpload

KEY, OTHER = b"k" * 32, b"o" * 32
HERE = ("10.0.0.9", 14550)
CHANNEL = Channel(name="udp")
OPEN = Channel(name="udp", unsigned=True)
CLOCK = 10**14


class Bench:
    """One link with a key for system 7; what it says to its log and to the station."""

    def __init__(self, keys: dict[int, tuple[bytes, ...]] | None = None) -> None:
        self.now_ns = S_NS
        self.said: list[str] = []
        verifier = Verifier({7: (KEY,)} if keys is None else keys, {}, CLOCK, self.now_ns, lambda: 0.5)
        self.link = OperatorLink(config(), DATUM, verifier, MissionUpload(DATUM), bytes, say=self.said.append)
        self.link.verifier.made_durable(self.link.verifier.wanted(self.now_ns))

    def hear(self, data: bytes, channel: Channel = CHANNEL) -> list[bytes]:
        """Bytes in, frames out."""
        self.now_ns += 2 * S_NS
        self.link.receive(channel, HERE, data, self.now_ns)
        self.link.step(self.now_ns)
        return [frame for _, address, frames in self.link.outbox() for frame in frames if address == HERE]

    def beat(self, system_id: int = 7, key: bytes | None = KEY, ahead_s: float = 0.0) -> bytes:
        frame = codec.encode_fields("HEARTBEAT", {"type": 6}, 0, system_id, 190)
        if key is None:
            return frame
        stamp = CLOCK + round((self.now_ns / S_NS + ahead_s) * STAMPS_PER_S)
        return sign(frame, SPEC_BY_NAME["HEARTBEAT"].seed, key, 1, stamp)


def texts(frames: list[bytes]) -> list[str]:
    found = [one for frame in frames for one in FrameParser().feed(frame)]
    return [codec.decode_fields(one)["text"] for one in found if SPECS[one.msg_id].name == "STATUSTEXT"]


def v1_heartbeat() -> bytes:
    """As pymavlink packs it for MAVLink 1."""
    link = v1.MAVLink(None, srcSystem=255, srcComponent=190)
    return bytes(v1.MAVLink_heartbeat_message(6, 8, 0, 0, 4, 3).pack(link))


@pytest.mark.parametrize("channel", [CHANNEL, OPEN])
def test_mavlink_1_is_said_once_at_both_ends_and_lets_nobody_in(channel: Channel) -> None:
    bench = Bench()
    answers = bench.hear(v1_heartbeat(), channel)
    assert len(answers) == 1
    (heard,) = v1.MAVLink(None).parse_buffer(answers[0])
    assert (heard.get_type(), heard.text) == ("STATUSTEXT", "MAVLink 1 is not heard here: set MAVLink 2")
    assert (heard.get_srcSystem(), heard.get_srcComponent()) == (1, 1)
    assert bench.said == [
        "operator link udp: 10.0.0.9:14550 speaks MAVLink 1, which is not heard; set MAVLink 2 in the station"
    ]
    for _ in range(20):
        assert bench.hear(v1_heartbeat(), channel) == []
    assert len(bench.said) == 1
    assert bench.link.peers == {}


def test_noise_is_no_mavlink_1() -> None:
    assert speaks_v1(b"xx" + v1_heartbeat())
    assert speaks_v1(v1_text())
    broken = bytearray(v1_heartbeat())
    broken[8] ^= 1
    assert not speaks_v1(bytes(broken))
    for cut in range(len(v1_heartbeat())):
        assert not speaks_v1(v1_heartbeat()[:cut])


def test_an_unsigned_station_is_named_at_the_vehicle_only() -> None:
    bench = Bench()
    assert bench.hear(bench.beat(key=None)) == []
    assert "10.0.0.9:14550 as system 7 does not sign" in bench.said[0]
    assert "flailpilot keys" in bench.said[0]


def test_a_system_id_without_a_key_is_named_with_those_that_have_one() -> None:
    bench = Bench()
    assert bench.hear(bench.beat(system_id=255)) == []
    assert "as system 255: no key for that system id (there are keys for: 7)" in bench.said[0]


def test_another_key_is_named_at_the_vehicle_only() -> None:
    bench = Bench()
    assert bench.hear(bench.beat(key=OTHER)) == []
    assert "signed with another key" in bench.said[0]


@pytest.mark.parametrize(("ahead_s", "words"), [(500 * 86400.0, "more than a year ahead"), (-3600.0, "is behind")])
def test_a_clock_that_is_off_is_said_to_the_station_too(ahead_s: float, words: str) -> None:
    bench = Bench()
    answers = bench.hear(bench.beat(ahead_s=ahead_s))
    assert words in bench.said[0]
    assert texts(answers) == ["Not heard: your clock is not the vehicle's"]
    assert all(frame[2] == 1 for frame in answers)  # signed
    assert texts(bench.hear(bench.beat(ahead_s=ahead_s))) == []


def test_a_flood_of_reasons_is_a_line_a_second_at_most() -> None:
    bench = Bench()
    for system_id in range(2, 200):
        bench.link.receive(CHANNEL, HERE, bench.beat(system_id=system_id, key=OTHER), bench.now_ns)
    assert len(bench.said) == 1


def test_the_vehicles_own_number_is_named_on_a_bench_too() -> None:
    bench = Bench(keys={})
    assert bench.hear(bench.beat(system_id=1, key=None), OPEN) == []
    assert "set the station's system id, such as 255" in bench.said[0]
