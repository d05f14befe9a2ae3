"""One station on two links of different delay: whatever was made before what was already heard never counts."""

import itertools
from typing import Any

import pytest

from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.signature import sign
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import OperatorEdge, OperatorFrame
from tests.operator_link.exchange import Exchange
from tests.operator_link.signing_bench import KEY, START_NS, STATION, newest, stamps_of, verifier
from vehicle.contracts.messages import Mode
from vehicle.operator_link.admission import Channel

FAST, SLOW = Channel(name="udp", link_id=0), Channel(name="lte", link_id=1)
MS = 1_000_000
TICK_MS = 20
ARM = 400
NAMED: dict[str, Any] = {"target_system": 1, "target_component": 1}


class TwoLinks:
    """A station that signs with its clock, so many seconds ahead of the vehicle's stamps, over both links."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        self.link = Exchange()
        self.link.link.admission.verifier = made = verifier()
        self.link.now_ns = START_NS
        self.first = newest(made) + round(ahead_s * 1e5)
        self._frames = 0

    def made(self, name: str, channel: Channel, **fields: Any) -> bytes:
        """A frame as it is signed now; it may arrive later."""
        self._frames += 1
        stamp = self.first + stamps_of(self.link.now_ns - START_NS) + self._frames
        plain = codec.encode_fields(name, fields, 0, STATION, 190)
        return sign(plain, SPEC_BY_NAME[name].seed, KEY, channel.link_id, stamp)

    def arrives(self, channel: Channel, frame: bytes) -> None:
        self.link.link.receive(channel, (channel.name, 14551), frame, self.link.now_ns)

    def say(self, name: str, channel: Channel = FAST, **fields: Any) -> None:
        self.arrives(channel, self.made(name, channel, **fields))

    def ticks(self, count: int) -> list[OperatorFrame]:
        return [frame for frame in self.link.ticks(count) if frame.station_id == STATION]


def stick(name: str, drive: float, held: bool) -> dict[str, Any]:
    if name == "MANUAL_CONTROL":
        return {"target": 1, "z": round(1000 * drive), "buttons": 16 if held else 0}
    pulses = {"chan1_raw": 1500, "chan3_raw": round(1500 + 500 * drive), "chan8_raw": 1900 if held else 1000}
    return {**NAMED, **pulses}


@pytest.mark.parametrize("name", ["MANUAL_CONTROL", "RC_CHANNELS_OVERRIDE"])
@pytest.mark.parametrize("ahead_s", [0.0, 0.02])
@pytest.mark.parametrize("delay_ms", [60, 100, 140, 260, 500])
def test_an_older_stick_of_the_slow_link_never_counts(delay_ms: int, ahead_s: float, name: str) -> None:
    """Full stick, then a little: on the slow link the full stick arrives between newer frames of the fast one."""
    station = TwoLinks(ahead_s)
    station.say("HEARTBEAT", type=6)
    station.say("HEARTBEAT", SLOW, type=6)
    station.link.vehicle(Mode.MANUAL, (), STATION)
    under_way: list[tuple[int, bytes]] = []
    drives: list[float] = []
    for tick in range(100):
        now_ns, drive = station.link.now_ns, -0.9 if 25 <= tick < 50 else 0.3
        if tick % 2 == 0:
            said = stick(name, 0.0 if tick < 10 else drive, tick >= 10)
            station.say(name, FAST, **said)
            under_way.append((now_ns + delay_ms * MS, station.made(name, SLOW, **said)))
        for due_ns, frame in under_way[:]:
            if due_ns <= now_ns:
                station.arrives(SLOW, frame)
                under_way.remove((due_ns, frame))
        drives += [frame.drive for frame in station.ticks(1)]
    signs = [1 if drive > 0 else -1 for drive in drives if drive]
    changes = sum(one != other for one, other in itertools.pairwise(signs))
    assert changes == 2, "forwards, back, forwards, as the hand did"


def test_sticks_of_before_a_stop_do_not_count_as_centred_after_it() -> None:
    station = TwoLinks()
    station.say("HEARTBEAT", type=6)
    station.link.vehicle(Mode.MANUAL, (), STATION)
    late = [station.made("MANUAL_CONTROL", SLOW, **stick("MANUAL_CONTROL", 0.0, held)) for held in (False, True)]
    station.ticks(5)
    station.say("COMMAND_LONG", command=ARM, param1=0.0, **NAMED)
    for frame in late:
        station.arrives(SLOW, frame)
    made = station.link.link.station(STATION)
    assert made is not None
    assert made.sticks.newest is None


@pytest.mark.parametrize("ahead_s", [0.0, 5.0])
@pytest.mark.parametrize("stop", ["disarm", "hold", "emergency stop"])
def test_an_arming_of_before_a_stop_arms_nothing_after_it(stop: str, ahead_s: float) -> None:
    """The arming took the slow link, the stop that came after it the fast one."""
    station = TwoLinks(ahead_s)
    station.say("HEARTBEAT", type=6)
    arming = station.made("COMMAND_LONG", SLOW, command=ARM, param1=1.0, **NAMED)
    station.ticks(5)
    if stop == "hold":
        station.say("SET_MODE", target_system=1, base_mode=1, custom_mode=4)
    else:
        station.say("COMMAND_LONG", command=ARM, param1=0.0, param2=21196.0 * (stop != "disarm"), **NAMED)
    station.ticks(5)
    station.link.vehicle(Mode.DISARMED)
    station.arrives(SLOW, arming)
    assert not any(frame.edges & (OperatorEdge.ARM | OperatorEdge.TAKE) for frame in station.ticks(60))


@pytest.mark.parametrize(
    ("held_s", "ahead_s", "arms"), [(2, 0.0, True), (8, 0.0, False), (40, 0.0, False), (40, 5.0, False)]
)
def test_an_arming_that_was_held_back_while_its_station_was_heard_arms_nothing(
    held_s: int, ahead_s: float, arms: bool
) -> None:
    """The window of stamps is a minute wide; what the station said since tells how late it comes."""
    station = TwoLinks(ahead_s)
    station.say("HEARTBEAT", type=6)
    arming = station.made("COMMAND_LONG", SLOW, command=ARM, param1=1.0, **NAMED)
    for _ in range(held_s):
        station.ticks(50)
        station.say("HEARTBEAT", type=6)
    station.link.vehicle(Mode.DISARMED)
    station.arrives(SLOW, arming)
    assert any(frame.edges & OperatorEdge.TAKE for frame in station.ticks(60)) is arms


@pytest.mark.parametrize("behind_s", [0.0, 30.0])
def test_a_station_whose_clock_is_behind_arms_all_the_same(behind_s: float) -> None:
    station = TwoLinks()
    station.link.now_ns += round(behind_s * 1e9)
    station.first -= round(behind_s * 1e5)
    station.say("HEARTBEAT", type=6)
    station.link.vehicle(Mode.DISARMED)
    station.say("COMMAND_LONG", SLOW, command=ARM, param1=1.0, **NAMED)
    assert any(frame.edges & OperatorEdge.TAKE for frame in station.ticks(10))


def test_an_arming_of_after_the_stop_arms() -> None:
    station = TwoLinks()
    station.say("COMMAND_LONG", command=ARM, param1=0.0, **NAMED)
    station.ticks(5)
    station.link.vehicle(Mode.DISARMED)
    station.say("COMMAND_LONG", SLOW, command=ARM, param1=1.0, **NAMED)
    assert any(frame.edges & OperatorEdge.TAKE for frame in station.ticks(10))
