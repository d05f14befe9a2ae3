"""FLAIL_NEIGHBOUR on the vehicle's signed link: any key may tell a ring, nobody else, and a flood is bounded."""

import msgspec
import pytest

from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import NeighbourFrame
from tests.firmware_bridge.samples import NEIGHBOUR
from tests.operator_link.stop_only_rig import CHANNEL, SENTRY_HERE, SENTRY_ID, Rig
from vehicle.operator_link.pending_inputs import NEIGHBOURS_A_TICK

TOLD = msgspec.structs.replace(NEIGHBOUR, station_id=SENTRY_ID)


def heard(rig: Rig) -> tuple[NeighbourFrame, ...]:
    return rig.link.drain(rig.now_ns).neighbours


def test_a_station_that_may_do_nothing_but_stop_may_tell_a_ring_for_it_only_limits() -> None:
    rig = Rig()
    rig.step()
    before = rig.state()
    rig.signed("FLAIL_NEIGHBOUR", adapters.encode_neighbour(TOLD))
    assert rig.state() == before
    assert heard(rig) == (TOLD,)
    assert heard(rig) == (), "each is told to one tick"


def test_without_a_right_signature_nothing_of_it_is_heard() -> None:
    rig = Rig()
    rig.link.receive(CHANNEL, SENTRY_HERE, adapters.encode_neighbour(TOLD), rig.now_ns)
    assert heard(rig) == ()
    rig.step()
    signed = rig.signer.sign(adapters.encode_neighbour(TOLD), b"\0")
    rig.link.receive(CHANNEL, SENTRY_HERE, signed[:-1] + bytes([signed[-1] ^ 1]), rig.now_ns)
    assert heard(rig) == ()


def test_a_frame_that_is_repeated_by_whomever_is_heard_once() -> None:
    rig = Rig()
    rig.step()
    signed = rig.signer.sign(adapters.encode_neighbour(TOLD), SPEC_BY_NAME["FLAIL_NEIGHBOUR"].seed)
    rig.link.receive(CHANNEL, SENTRY_HERE, signed, rig.now_ns)
    assert len(heard(rig)) == 1
    rig.link.receive(CHANNEL, SENTRY_HERE, signed, rig.now_ns)
    assert heard(rig) == ()


def test_nothing_is_heard_of_a_station_whose_identity_is_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig()
    rig.step()
    monkeypatch.setattr(rig.link.admission, "doubted", lambda _station, _now_ns: True)
    rig.signed("FLAIL_NEIGHBOUR", adapters.encode_neighbour(TOLD))
    assert heard(rig) == ()


def test_of_one_ring_the_newest_word_waits_and_a_flood_of_names_is_cut_off() -> None:
    rig = Rig()
    rig.step()
    for radius_m in (10.0, 20.0):
        rig.signed("FLAIL_NEIGHBOUR", adapters.encode_neighbour(msgspec.structs.replace(TOLD, radius_m=radius_m)))
        rig.signer.stamp += 1
    assert [one.radius_m for one in heard(rig)] == [20.0]
    for number in range(NEIGHBOURS_A_TICK + 5):
        rig.signed("FLAIL_NEIGHBOUR", adapters.encode_neighbour(msgspec.structs.replace(TOLD, name=f"n{number}")))
        rig.signer.stamp += 1
    assert [one.name for one in heard(rig)] == [f"n{number}" for number in range(NEIGHBOURS_A_TICK)]
