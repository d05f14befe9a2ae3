"""A key that may do nothing but STOP: every act, every message, random frames, and nothing but STOP comes of them."""

import itertools
import struct
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.client.protocol import LinkProtocol
from firmware_bridge.mavlink import adapters, codec
from firmware_bridge.mavlink.framing import frame_bytes
from firmware_bridge.mavlink.tables import SPEC_BY_NAME, SPECS
from firmware_bridge.types import Observation, ObservationKind, OperatorEdge, OperatorFrame, ToolMode
from tests.operator_link.stop_only_rig import (
    CHANNEL,
    CONSOLE_HERE,
    CONSOLE_ID,
    KEYS,
    SENTRY,
    SENTRY_HERE,
    SENTRY_ID,
    Rig,
    credentials,
    key,
    parsed,
)
from vehicle.contracts.messages import Mode
from vehicle.operator_link import link as link_module
from vehicle.operator_link import stop_only
from vehicle.operator_link.commands import TABLE
from vehicle.operator_link.files import CREATE, HEAD, OPEN
from vehicle.operator_link.plain_frames import OWN_STATION_ID
from vehicle.operator_link.pursuit import Goal
from vehicle.operator_link.services import FTP_SIZE, SERVICES
from vehicle.operator_link.stop_only_stations import NOTE
from vehicle.operator_link.transport import take_keys

STOPS = OperatorEdge.STOP | OperatorEdge.ESTOP
HEARD = {"HEARTBEAT", "FLAIL_PROOF", "TIMESYNC", "FLAIL_OPERATOR", "COMMAND_LONG", "COMMAND_INT", "SET_MODE"}
RIG = Rig().others()
"""One for all examples: what one frame left behind would show with the next."""
SIGNED_NAMES = [SPECS[msg_id].name for msg_id in SERVICES] + ["FLAIL_OPERATOR", "FLAIL_OBSERVATION", "FLAIL_PROOF"]


def comes_of(rig: Rig, name: str, packed: bytes) -> str:
    """STOP or nothing; whatever else it is, is an error. Goals of other stations end with a stop, as they must."""
    station = rig.link.station(251)
    assert station is not None
    if station.goal is not Goal.ARM:
        station.pursue(Goal.ARM, rig.now_ns)
    rig.step()
    rig.drained()
    before = rig.state()
    admission = rig.link.admission
    refused = sum(admission.verifier.refused.values()), admission.unsigned_refused, rig.link.limiter.dropped_bytes
    rig.signed(name, packed)
    now = sum(admission.verifier.refused.values()), admission.unsigned_refused, rig.link.limiter.dropped_bytes
    assert now == refused, "it was not even looked at"
    frames, observations = rig.drained()
    for note in observations:
        assert (note.station_id, note.kind, note.who, note.text) == (SENTRY_ID, ObservationKind.NOTE, SENTRY, NOTE)
    stopped = [frame for frame in frames if frame.edges]
    if not stopped:
        assert rig.state() == before, name
        assert not observations
        return "nothing"
    (stop,) = stopped
    assert (stop.station_id, stop.edges) == (OWN_STATION_ID, OperatorEdge.STOP)
    assert not any((stop.hold_to_run, stop.drive, stop.turn, stop.rotor_request, stop.tool_value_m))
    assert station.goal is Goal.NONE
    station.pursue(Goal.ARM, rig.now_ns)
    assert rig.state() == before, name
    return "STOP"


def operator(rig: Rig, edges: OperatorEdge, number: int = 0, **changes: Any) -> bytes:
    frame = OperatorFrame(
        station_id=SENTRY_ID,
        session_id=rig.session,
        sequence=rig.tick,
        echo_tick=rig.tick,
        sample_count=rig.tick,
        **{
            "hold_to_run": False,
            "drive": 0.0,
            "turn": 0.0,
            "rotor_request": False,
            "tool_mode": ToolMode.HOLD,
            "tool_value_m": 0.0,
            "edges": edges,
            "battery_ratio": 1.0,
            "tilt_rad": 0.0,
            "video_age_ms": 0,
        }
        | changes,
    )
    return adapters.encode_operator(frame, 0, number)


ACTS = [OperatorEdge.NONE, *OperatorEdge, *(one | two for one, two in itertools.combinations(OperatorEdge, 2))]


@pytest.mark.parametrize("driving", [False, True])
def test_every_act_of_our_console_is_stop_or_nothing(driving: bool) -> None:
    hands = {"hold_to_run": True, "drive": 1.0, "turn": -1.0, "rotor_request": True} if driving else {}
    for number, edges in enumerate(ACTS, 1):
        came = comes_of(RIG, "FLAIL_OPERATOR", operator(RIG, edges, number, **hands))
        assert came == ("STOP" if edges & STOPS else "nothing"), edges


@pytest.mark.long
def test_every_command_is_stop_or_nothing() -> None:
    """All that the link knows and the numbers around them, with every parameter that decides."""
    numbers = sorted({*TABLE, *range(16, 60), *range(170, 260), *range(300, 320), 400, 401, 31010, 65535})
    stopped = set()
    for number, first, second in itertools.product(numbers, (0.0, 1.0, 209.0, float("nan")), (0.0, 4.0, 10.0, 21196.0)):
        for name in ("COMMAND_LONG", "COMMAND_INT"):
            fields = {"command": number, "param1": first, "param2": second, "target_system": 1}
            packed = codec.encode_fields(name, fields, 0, SENTRY_ID, 190)
            if comes_of(RIG, name, packed) == "STOP":
                stopped.add(number)
    assert stopped == {17, 176, 185, 193, 262, 400}


VALUES = st.sampled_from([0, 1, 2, 4, 16, 77, 190, 255]) | st.integers(0, 2**31 - 1)


@pytest.mark.long
@given(st.sampled_from(SIGNED_NAMES), st.data())
def test_every_message_a_console_can_send_is_stop_or_nothing(name: str, data: st.DataObject) -> None:
    spec = SPEC_BY_NAME[name]
    payload = data.draw(st.binary(min_size=1, max_size=spec.max_length))
    packed = frame_bytes(spec.header_id, spec.seed, payload, 0, SENTRY_ID, data.draw(st.sampled_from([1, 190])))
    came = comes_of(RIG, name, packed)
    assert came == "nothing" or name in HEARD


@pytest.mark.long
@given(st.sampled_from(sorted(spec.name for spec in SPECS.values())), st.binary(min_size=1, max_size=255))
def test_every_message_of_the_dialect_is_stop_or_nothing(name: str, payload: bytes) -> None:
    spec = SPEC_BY_NAME[name]
    packed = frame_bytes(spec.header_id, spec.seed, payload[: spec.max_length], 0, SENTRY_ID, 190)
    came = comes_of(RIG, name, packed)
    assert came == "nothing" or name in HEARD


def payload_of(opcode: int, path: bytes) -> bytes:
    return (HEAD.pack(1, 0, opcode, len(path), 0, 0, 0) + path).ljust(FTP_SIZE, b"\0")


MEANT: list[tuple[str, dict[str, Any]]] = [
    ("PARAM_SET", {"param_id": "MAN_SPEED", "param_value": 0.1, "param_type": 9, "target_system": 1}),
    ("MISSION_CLEAR_ALL", {"mission_type": 0, "target_system": 1}),
    ("MISSION_COUNT", {"count": 3, "mission_type": 1, "target_system": 1}),
    ("MANUAL_CONTROL", {"target": 1, "z": 500, "buttons": 16}),
    ("COMMAND_LONG", {"command": 400, "param1": 1.0, "target_system": 1}),
]


@pytest.mark.parametrize(("name", "fields"), MEANT)
def test_with_the_check_removed_more_than_stop_would_come_of_it(name: str, fields: dict[str, Any]) -> None:
    """So the tests above see what they look for."""
    rig = Rig().others()
    rig.link.stop_only.ids = frozenset()
    rig.mode, rig.holder = Mode.DISARMED, 0
    rig.step(3)
    before = reached(rig)
    rig.say(name, **fields)
    assert reached(rig) != before


def reached(rig: Rig) -> tuple[object, ...]:
    """Parameters, lists, mode; what the sentry's station works towards, and its sticks."""
    station = rig.link.station(SENTRY_ID)
    own = (station.goal, station.sticks.newest) if station is not None else (Goal.NONE, None)
    return (*rig.state()[:4], *own)


def test_with_the_check_removed_its_acts_and_sticks_would_reach_the_tick() -> None:
    rig = Rig().others()
    rig.link.stop_only.ids = frozenset()
    rig.link.sessions._open.add(SENTRY_ID)
    rig.signed("FLAIL_OPERATOR", operator(rig, OperatorEdge.ARM, hold_to_run=True, drive=1.0))
    assert any(frame.station_id == SENTRY_ID and frame.drive for frame in rig.drained()[0])


def test_no_service_and_no_tick_hears_such_a_station(monkeypatch: pytest.MonkeyPatch) -> None:
    """Default deny: a service that is added later is refused too, until `stop_only` says otherwise."""

    def must_not(*_: object) -> list[Any]:
        raise AssertionError("a service was asked")

    rig = Rig().others()
    monkeypatch.setattr(link_module, "SERVICES", dict.fromkeys(SERVICES, must_not))
    for msg_id in SERVICES:
        spec = SPECS[msg_id]
        rig.signed(spec.name, frame_bytes(spec.header_id, spec.seed, b"\1" * spec.max_length, 0, SENTRY_ID, 190))
    assert not any(frame.station_id == SENTRY_ID for frame in rig.drained()[0])


@pytest.mark.parametrize("name", sorted({*SIGNED_NAMES} - HEARD))
def test_each_refusal_is_said_with_its_reason(name: str) -> None:
    spec = SPEC_BY_NAME[name]
    packed = frame_bytes(spec.header_id, spec.seed, b"\1" * spec.max_length, 0, SENTRY_ID, 190)
    rig = Rig()
    (frame,) = parsed([packed])
    heard = stop_only.judged(frame, codec.decode_fields(frame), rig.now_ns)
    assert not heard.stop
    assert heard.refused
    assert heard.told[-1][0] == "STATUSTEXT"
    assert len(heard.told[-1][1]["text"]) <= 50
    assert heard.told[-1][1]["text"].startswith("Stop-only key: ")


@pytest.mark.parametrize(
    ("name", "fields", "answer", "says"),
    [
        ("PARAM_SET", MEANT[0][1], "PARAM_ERROR", {"param_id": "MAN_SPEED", "error": 3}),
        ("MISSION_COUNT", MEANT[2][1], "MISSION_ACK", {"type": 14, "mission_type": 1, "target_system": SENTRY_ID}),
        ("COMMAND_LONG", MEANT[4][1], "COMMAND_ACK", {"command": 400, "result": 2, "target_system": SENTRY_ID}),
        ("COMMAND_LONG", {"command": 512, "param1": 148.0, "target_system": 1}, "COMMAND_ACK", {"result": 2}),
        ("COMMAND_LONG", {"command": 400, "target_system": 1}, "COMMAND_ACK", {"command": 400, "result": 0}),
        ("COMMAND_LONG", {"command": 185, "param1": 1.0, "target_system": 1}, "COMMAND_ACK", {"result": 2}),
        (
            "FLAIL_OBSERVATION",
            {"sequence": 5, "session_id": 77, "kind": 5},
            "FLAIL_OBSERVATION_RESULT",
            {"sequence": 5, "result": 2, "text": stop_only.WHY},
        ),
        (
            "FILE_TRANSFER_PROTOCOL",
            {"target_system": 1, "payload": payload_of(OPEN, b"@PARAM/param.pck")},
            "FILE_TRANSFER_PROTOCOL",
            {"target_system": SENTRY_ID},
        ),
        (
            "FILE_TRANSFER_PROTOCOL",
            {"target_system": 1, "payload": payload_of(CREATE, b"@PLAN/stage.z")},
            "FILE_TRANSFER_PROTOCOL",
            {"target_system": SENTRY_ID},
        ),
    ],
)
def test_a_refusal_is_the_answer_that_such_a_message_has(
    name: str, fields: dict[str, Any], answer: str, says: dict[str, Any]
) -> None:
    rig = Rig()
    rig.say(name, **fields)
    rig.step()
    found = [told for kind, told in rig.told() if kind == answer]
    assert len(found) == 1
    assert {field: found[0][field] for field in says} == says
    if name == "FILE_TRANSFER_PROTOCOL":
        assert found[0]["payload"][3] == 129  # NAK


def test_an_act_is_refused_in_the_beat_and_stop_is_taken() -> None:
    rig = Rig()
    desk = rig.link.reports.desk
    rig.signed("FLAIL_OPERATOR", operator(rig, OperatorEdge.ARM, 7))
    assert (desk.answer(SENTRY_ID).number, desk.answer(SENTRY_ID).refused) == (7, OperatorEdge.ARM)
    rig.step()
    rig.signed("FLAIL_OPERATOR", operator(rig, OperatorEdge.ESTOP, 8))
    assert (desk.answer(SENTRY_ID).number, desk.answer(SENTRY_ID).refused) == (8, OperatorEdge.ESTOP)
    assert [frame.edges for frame in rig.drained()[0]] == [OperatorEdge.STOP]
    rig.step()
    texts = [told["text"] for kind, told in rig.told() if kind == "STATUSTEXT"]
    assert "Stop-only key: ENGINE OFF refused" in texts
    rig.signed("FLAIL_OPERATOR", operator(rig, OperatorEdge.STOP, 9))
    assert desk.waits


def test_a_stop_from_a_broken_frame_counts() -> None:
    spec = SPEC_BY_NAME["FLAIL_OPERATOR"]
    rig = Rig()
    packed = bytearray(operator(rig, OperatorEdge.STOP))
    payload = bytes(packed[10 : 10 + packed[1]]).ljust(spec.max_length, b"\0")
    broken = bytearray(payload)
    at = payload.index(struct.pack("<f", 1.0))  # the battery: beyond full
    broken[at : at + 4] = struct.pack("<f", 9.0)
    rig.signed("FLAIL_OPERATOR", frame_bytes(spec.header_id, spec.seed, bytes(broken), 0, SENTRY_ID, 190))
    assert [frame.edges for frame in rig.drained()[0]] == [OperatorEdge.STOP]


def test_each_press_is_one_line_in_the_record_under_its_name() -> None:
    rig = Rig().others()
    notes: list[Observation] = []
    for number in (4, 4, 4, 5, 5):
        for _ in range(10):
            rig.step()
            rig.signed("FLAIL_OPERATOR", operator(rig, OperatorEdge.STOP, number))
            notes += rig.drained()[1]
    assert [(note.who, note.text, note.station_id, note.session_id) for note in notes] == [
        (SENTRY, NOTE, SENTRY_ID, rig.session)
    ] * 2
    assert notes[0].sequence != notes[1].sequence
    assert rig.said.count(f"operator link: STOP by {SENTRY} (station {SENTRY_ID})") == 2
    frames = [frame for frame in parsed(rig.sent(CONSOLE_HERE)) if frame.msg_id == SPEC_BY_NAME["STATUSTEXT"].msg_id]
    told = [codec.decode_fields(frame)["text"] for frame in frames]
    assert f"STOP by {SENTRY} (station {SENTRY_ID})" in told


def test_a_long_name_fits_the_record() -> None:
    rig = Rig()
    name = "Überwacher am östlichen Rand"
    held = msgspec.structs.replace(KEYS, stop_only=(msgspec.structs.replace(key(SENTRY_ID, SENTRY), name=name),))
    take_keys(rig.link, held, rig.now_ns)
    rig.signed("FLAIL_OPERATOR", operator(rig, OperatorEdge.STOP, 1))
    ((note,),) = [rig.drained()[1]]
    assert name.startswith(note.who)
    assert 15 < len(note.who.encode()) <= 20


def test_rights_that_change_end_what_the_station_had() -> None:
    """A full key is taken away and a stop-only key has its number, while the vehicle runs."""
    rig = Rig().others()
    assert rig.link.sessions.has(CONSOLE_ID)
    held = msgspec.structs.replace(KEYS, keys=(key(251, "ground station"),), stop_only=(key(CONSOLE_ID, "console"),))
    take_keys(rig.link, held, rig.now_ns)
    assert not rig.link.sessions.has(CONSOLE_ID)
    assert rig.link.stop_only.ids == {CONSOLE_ID}
    assert SENTRY_ID not in rig.link.verifier.stations


def test_a_number_with_keys_of_both_kinds_may_only_stop() -> None:
    rig = Rig()
    held = msgspec.structs.replace(KEYS, stop_only=(key(CONSOLE_ID, "twice"),))
    take_keys(rig.link, held, rig.now_ns)
    assert CONSOLE_ID in rig.link.stop_only.ids


def test_on_an_address_that_it_shares_it_displaces_nobody() -> None:
    """A serial radio has one address: answers there stay signed for the console; STOP counts all the same."""
    rig = Rig().others()
    before = rig.state()
    packed = rig.signer.sign(operator(rig, OperatorEdge.STOP, 1), SPEC_BY_NAME["FLAIL_OPERATOR"].seed)
    rig.link.receive(CHANNEL, CONSOLE_HERE, packed, rig.now_ns)
    assert [frame.edges for frame in rig.drained()[0] if frame.edges] == [OperatorEdge.STOP]
    assert rig.state()[6] == before[6]


def test_one_that_was_there_first_leaves_a_shared_address_as_it_found_it() -> None:
    rig = Rig()
    console = LinkProtocol(credentials(CONSOLE_ID, "console"), rig.signer.stamp)
    rig.say("FLAIL_PROOF", target_system=1, nonce=b"n" * 16, proof=bytes(32))
    (peer,) = rig.link.peers.values()
    assert peer.streams.beats
    for datagram in console.send(rig.now_ns):
        rig.link.receive(CHANNEL, SENTRY_HERE, datagram, rig.now_ns)
    assert (peer.signs_for, peer.streams.beats) == (CONSOLE_ID, False)
