"""Rings of several vehicles of one console: told to each other with their age, and shown as the vehicle takes them."""

import math
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from console.client.protocol import Credentials, LinkProtocol
from console.client.rings import OLD_MS, RING_UNKNOWN_M, RingBook, ring_of
from console.client.stop_station import Post, StopProtocol
from console.client.strangers import WORDS
from console.client.view import ConsoleView
from console.server.desk import Desk
from console.server.rings import RingExchange, rings_section, short_names
from firmware_bridge.mavlink import adapters, codec
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.signature import StationSigner, key_of
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import NeighbourFrame, NeighbourKind, VehicleFrame
from tests.builders import DATUM, estimate
from tests.firmware_bridge.samples import NEIGHBOUR, VEHICLE
from tests.operator_link.exchange import gate_report, report
from tests.operator_link.stop_only_rig import credentials
from vehicle.contracts.messages import Mode, Neighbour
from vehicle.contracts.units import NS_PER_S
from vehicle.host.clock import Clock
from vehicle.operator_link.station_frame import ring_frames, station_frame

HERE = msgspec.structs.replace(VEHICLE, mode=int(Mode.AUTO_WORK), speed_mps=-0.5, ring_m=60.0)


def view(age_ms: float = 200.0, **changes: Any) -> ConsoleView:
    return ConsoleView(vehicle=msgspec.structs.replace(HERE, **changes), vehicle_age_ms=age_ms)


# --- what a vehicle is told of another -------------------------------------------------------------------------------
def test_a_vehicles_ring_is_told_as_it_tells_it_itself_with_its_age() -> None:
    ring = ring_of("memat 2", view())
    assert ring is not None
    assert (ring.name, ring.kind, ring.radius_m, ring.age_ms) == ("memat 2", NeighbourKind.MACHINE, 60.0, 200)
    assert (ring.lat_deg, ring.lon_deg, ring.speed_mps) == (HERE.lat_deg, HERE.lon_deg, 0.5)
    quicker = ring_of("memat 2", view(), speed=4.0)
    assert quicker is not None
    assert quicker.age_ms == 800


@pytest.mark.parametrize(
    ("mode", "speed_mps", "fastest_mps"),
    [
        (Mode.MANUAL, 0.0, 0.3),
        (Mode.WAIT, 0.1, 0.3),
        (Mode.STOPPING, 1.2, 1.2),
        (Mode.HOLD, 0.0, 0.0),
        (Mode.DISARMED, 0.02, 0.0),
        (Mode.DISARMED, None, 3.0),
    ],
)
def test_how_fast_it_may_be_moving(mode: Mode, speed_mps: float | None, fastest_mps: float) -> None:
    ring = ring_of("B", view(mode=int(mode), speed_mps=speed_mps))
    assert ring is not None
    assert ring.speed_mps == fastest_mps


def test_what_is_not_known_is_not_told_and_an_unknown_ring_is_wide() -> None:
    assert ring_of("B", ConsoleView()) is None
    assert ring_of("B", view(lat_deg=None)) is None
    assert ring_of("B", view(OLD_MS + 1.0)) is None, "the wire ends at 65 s: it would look as old each time"
    assert ring_of("B", view(OLD_MS - 1.0)) is not None
    wide = ring_of("B" * 40, view(ring_m=None))
    assert wide is not None
    assert (wide.radius_m, len(wide.name)) == (RING_UNKNOWN_M, 20)


def test_the_link_sends_the_newest_word_of_each_once_with_its_own_tick() -> None:
    protocol = LinkProtocol(Credentials(system_id=250))
    protocol.rings.tell(NEIGHBOUR, 0)
    assert sent(protocol, 0) == [], "no session"
    protocol.session.open, protocol.session.session_id, protocol.tick = True, 77, 4_000
    protocol.rings.tell(msgspec.structs.replace(NEIGHBOUR, radius_m=10.0), 0)
    protocol.rings.tell(msgspec.structs.replace(NEIGHBOUR, name="C"), 0)
    found = sent(protocol, NS_PER_S)
    assert [(one.name, one.radius_m) for one in found] == [("memat-2", 10.0), ("C", 62.5)]
    assert {(one.station_id, one.echo_tick) for one in found} == {(250, 4_000)}
    assert sent(protocol, 2 * NS_PER_S) == []


def test_what_waited_for_a_link_that_was_away_is_not_sent_as_if_it_were_new() -> None:
    book = RingBook()
    book.tell(NEIGHBOUR, 0)
    assert book.due(250, 4_000, NS_PER_S + 1) == []
    book.tell(NEIGHBOUR, 0)
    assert len(book.due(250, 4_000, NS_PER_S)) == 1


def sent(protocol: LinkProtocol, now_ns: int) -> list[NeighbourFrame]:
    reader = adapters.MessageReader(adapters.VEHICLE_DECODERS)
    return [one for data in protocol.send(now_ns) for one in reader.feed(data) if isinstance(one, NeighbourFrame)]


def steered(name: str, seen: ConsoleView) -> Any:
    link = SimpleNamespace(view=seen, protocol=SimpleNamespace(rings=RingBook()))
    return SimpleNamespace(settings=SimpleNamespace(id=name.lower(), name=name), link=link)


def test_each_vehicle_is_told_of_every_other_one_and_not_of_itself() -> None:
    known = [steered("A", view()), steered("B", view()), steered("C", ConsoleView())]
    desk = cast("Desk", SimpleNamespace(vehicles={one.settings.id: one for one in known}))
    RingExchange(desk, cast("Clock", None)).step(0)
    assert [sorted(one.link.protocol.rings.told) for one in known] == [["B"], ["A"], ["A", "B"]]
    alone = steered("A", view())
    RingExchange(cast("Desk", SimpleNamespace(vehicles={"a": alone})), cast("Clock", None)).step(0)
    assert alone.link.protocol.rings.told == {}


def test_two_vehicles_whose_names_are_alike_for_twenty_bytes_stay_two() -> None:
    names = ["Flail of the northern team 1", "Flail of the northern team 2", "B", "Ф" * 40]
    short = short_names(names)
    assert short == ["Flail of the nor #1", "Flail of the nor #2", "B", "Ф" * 10]
    known = [steered(name, view()) for name in names]
    desk = cast("Desk", SimpleNamespace(vehicles={one.settings.id: one for one in known}))
    RingExchange(desk, cast("Clock", None)).step(0)
    assert sorted(known[2].link.protocol.rings.told) == sorted((short[0], short[1], short[3]))


# --- what the vehicle tells back -------------------------------------------------------------------------------------
def test_the_vehicle_tells_the_rings_it_knows_and_they_are_forgotten_unless_told_again() -> None:
    other = Neighbour(
        station_id=250, name="B", people=True, east_m=30.0, north_m=40.0, radius_m=7.5, speed_mps=0.5, t_ns=NS_PER_S
    )
    told = report(msgspec.structs.replace(gate_report(), rings=(other,)))
    (frame,) = ring_frames(msgspec.structs.replace(told, t_ns=8 * NS_PER_S), DATUM)
    wire = adapters.encode_neighbour(frame, 1, adapters.HOST_COMPONENT_ID)
    protocol = LinkProtocol(Credentials(system_id=250))
    protocol.receive(wire, 0)
    (seen,) = protocol.view(3 * NS_PER_S).rings
    assert (seen.name, seen.kind, seen.radius_m, seen.age_ms) == ("B", NeighbourKind.PEOPLE, 7.5, 7000)
    assert protocol.view(3 * NS_PER_S + 1).rings == ()
    (parsed,) = FrameParser().feed(wire)
    assert (parsed.system_id, parsed.component_id) == (adapters.SYSTEM_ID, adapters.HOST_COMPONENT_ID)


def test_a_ring_wider_than_any_task_states_is_told_as_the_widest() -> None:
    other = Neighbour(
        station_id=2, name="B", people=False, east_m=0.0, north_m=0.0, radius_m=9e3, speed_mps=0.0, t_ns=0
    )
    (frame,) = ring_frames(report(msgspec.structs.replace(gate_report(), rings=(other,))), DATUM)
    assert frame.radius_m == 5_000.0


def test_a_stop_only_station_shares_the_place_of_its_post_twice_a_second_and_nothing_without_one() -> None:
    key = credentials(9, "sentry")
    post = Post(lat_deg=39.99, lon_deg=46.93, radius_m=12.5)
    station = StopProtocol(key, post=post)
    told = [one for ms in range(0, 2_000, 10) for one in rings_in(station.send(ms * 1_000_000))]
    assert len(told) == 4
    assert {(one.name, one.kind, one.radius_m, one.speed_mps) for one in told} == {
        ("sentry", NeighbourKind.PEOPLE, 12.5, 1.0)
    }
    silent = StopProtocol(key)
    assert not [one for ms in range(0, 2_000, 10) for one in rings_in(silent.send(ms * 1_000_000))]
    with pytest.raises(ValueError, match="place"):
        StopProtocol(key, post=msgspec.structs.replace(post, lat_deg=math.nan))


def rings_in(datagrams: list[bytes]) -> list[NeighbourFrame]:
    frames = [frame for data in datagrams for frame in FrameParser().feed(data)]
    found = [adapters.decode_neighbour(one) for one in frames if one.msg_id == SPEC_BY_NAME["FLAIL_NEIGHBOUR"].msg_id]
    return [one for one in found if one is not None]


def shown(away_m: float, age_ms: int = 100, own: VehicleFrame | None = None) -> dict[str, Any]:
    lat_deg, lon_deg, _ = DATUM.geodetic_from_enu(away_m, 0.0)
    ring = msgspec.structs.replace(NEIGHBOUR, lat_deg=lat_deg, lon_deg=lon_deg, radius_m=30.0, age_ms=age_ms)
    at = report(gate_report())
    frame = station_frame(msgspec.structs.replace(at, estimate=estimate(0.0, 0.0)), DATUM)
    frame = msgspec.structs.replace(frame, ring_m=50.0)
    (section,) = rings_section(ConsoleView(vehicle=own or frame, rings=(ring,)), DATUM)
    return section


def test_the_page_gets_rings_in_metres_amber_where_they_are_near_and_marked_where_they_are_silent() -> None:
    section = shown(85.1)
    assert section == {
        "name": "memat-2",
        "people": True,
        "e": 85.1,
        "n": 0.0,
        "radius_m": 30.0,
        "near": False,
        "silent": False,
    }
    assert shown(84.9)["near"]
    assert shown(300.0, age_ms=5_001)["silent"]
    assert not shown(300.0, age_ms=5_000)["silent"]
    assert shown(1e4, own=msgspec.structs.replace(VEHICLE, lat_deg=None))["near"], "an unknown place is near to all"
    assert rings_section(ConsoleView(rings=(NEIGHBOUR,)), None) == []
    assert math.isfinite(section["e"])


# --- one channel each ------------------------------------------------------------------------------------------------
def test_another_vehicle_on_the_channel_is_named_once_in_half_a_minute_and_an_old_frame_is_none() -> None:
    protocol = LinkProtocol(credentials(250, "console"))
    protocol.session.open = True
    own, other = (StationSigner(key_of(f"secret of {name}"), 1) for name in ("console", "another machine"))
    seed = SPEC_BY_NAME["HEARTBEAT"].seed

    def beat(signer: StationSigner, ms: int, count: int = 1) -> int:
        packed = codec.encode_fields("HEARTBEAT", {"type": 6, "autopilot": 8}, 0, 1, 1)
        for _ in range(count):
            protocol.receive(signer.sign(packed, seed), ms * 1_000_000)
        return sum(one.text == WORDS for one in protocol.texts)

    repeated = own.sign(codec.encode_fields("HEARTBEAT", {"type": 6}, 0, 1, 1), seed)
    for _ in range(20):
        protocol.receive(repeated, 0)
    assert beat(own, 0, 20) == 0
    assert [beat(other, ms) for ms in (0, 1_000, 2_000, 3_000)] == [0, 0, 0, 0]
    assert beat(other, 4_900) == 1
    assert beat(other, 20_000, 10) == 1
    assert beat(other, 34_900, 5) == 2
    alone = LinkProtocol(credentials(250, "console"))
    for _ in range(9):
        alone.receive(other.sign(codec.encode_fields("HEARTBEAT", {"type": 6}, 0, 1, 1), seed), 0)
    assert alone.texts == (), "before a session it is a wrong key, which is told already"
