"""Golden exchanges: what stations ask, in their order, and exactly what they are answered."""

import math
import struct

import pytest

from firmware_bridge.types import OperatorEdge
from tests.operator_link.exchange import CHANNEL, S_NS, Exchange, acks, names, texts
from vehicle.contracts.messages import Event, Mode
from vehicle.operator_link.admission import Channel
from vehicle.operator_link.transfer import FENCE, MISSION
from vehicle.operator_link.words import WAITS, station_text, waiting_text

ACCEPTED, REJECTED, DENIED, UNSUPPORTED = 0, 1, 2, 3


@pytest.fixture
def link() -> Exchange:
    made = Exchange()
    made.say("HEARTBEAT", type=6)
    made.hear()
    return made


# --- connecting ------------------------------------------------------------------------------------------------------
def test_nobody_is_answered_before_he_spoke_and_then_within_a_step() -> None:
    made = Exchange()
    assert made.hear(3.0, streams=True) == []
    made.say("HEARTBEAT", type=6)
    first = made.hear(streams=True)
    assert "HEARTBEAT" in names(first)
    beat = dict(first)["HEARTBEAT"]
    assert (beat["type"], beat["autopilot"], beat["custom_mode"], beat["base_mode"]) == (10, 3, 0, 65)


def test_qgc_connects(link: Exchange) -> None:
    heard = link.command(512, 148.0)
    assert acks(heard) == [ACCEPTED]
    version = dict(heard)["AUTOPILOT_VERSION"]
    for bit in (4, 8, 2, 131072, 16384, 32768, 8192):
        assert version["capabilities"] & bit, bit
    assert version["flight_sw_version"] & 0xFF == 0  # a development version is never "not the latest"
    assert acks(link.command(512, 397.0)) == [UNSUPPORTED]
    assert acks(link.command(512, 435.0, 99.0)) == [DENIED]
    modes = [fields for name, fields in link.command(512, 435.0, 0.0) if name == "AVAILABLE_MODES"]
    assert [mode["custom_mode"] for mode in modes] == [0, 4, 5, 10, 11, 12, 15, 16]
    assert [mode["mode_index"] for mode in modes] == list(range(1, 9))
    one = link.command(512, 435.0, 4.0)
    assert dict(one)["AVAILABLE_MODES"]["mode_name"] == "Lane mission"
    heard = link.command(512, 242.0)
    assert acks(heard) == [ACCEPTED]


def test_streams_reach_what_stations_wait_for(link: Exchange) -> None:
    heard = names(link.hear(10.0, streams=True))
    for name in ("BATTERY_STATUS", "HOME_POSITION", "SYS_STATUS", "AVAILABLE_MODES_MONITOR", "EXTENDED_SYS_STATE"):
        assert name in heard, name
    assert 9 <= heard.count("HEARTBEAT") <= 11
    link.say(
        "REQUEST_DATA_STREAM", target_system=1, target_component=1, req_stream_id=10, req_message_rate=0, start_stop=0
    )
    assert "ATTITUDE" not in names(link.hear(3.0, streams=True))
    assert acks(link.command(511, 30.0, 100_000.0)) == [ACCEPTED]
    assert 25 <= names(link.hear(3.0, streams=True)).count("ATTITUDE") <= 35
    assert acks(link.command(511, 9999.0, 100_000.0)) == [UNSUPPORTED]


def test_a_narrow_radio_gets_less_and_never_late() -> None:
    narrow = Channel(name="udp", unsigned=True, bytes_per_s=400.0)
    made = Exchange(channel=narrow)
    made.say("HEARTBEAT", type=6)
    made.hear(5.0, streams=True)
    heard = made.hear(20.0, streams=True)
    assert names(heard).count("HEARTBEAT") >= 19
    assert sum(len(repr(fields)) > 0 for _, fields in heard) * 30 <= 20 * 400 * 1.5


# --- parameters ------------------------------------------------------------------------------------------------------
def test_parameters_by_list_by_name_by_index(link: Exchange) -> None:
    link.say("PARAM_REQUEST_LIST", target_system=1, target_component=1)
    rows = [fields for name, fields in link.hear(1.0) if name == "PARAM_VALUE"]
    assert [row["param_index"] for row in rows] == list(range(rows[0]["param_count"]))
    assert sorted(row["param_id"] for row in rows) == [row["param_id"] for row in rows]
    link.say("PARAM_REQUEST_READ", target_system=1, target_component=1, param_id="FS_TIMEOUT", param_index=-1)
    (row,) = link.hear()
    assert row[1]["param_value"] == pytest.approx(0.45)
    link.say("PARAM_REQUEST_READ", target_system=1, target_component=1, param_id="NOBODY", param_index=-1)
    assert names(link.hear()) == ["PARAM_ERROR"]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("MAN_SPEED", 0.2, None),
        ("MAN_SPEED", 3.0, 2),
        ("MAN_SPEED", -0.1, 2),
        ("MAN_SPEED", math.nan, 2),
        ("MAN_SPEED", math.inf, 2),
        ("JOY_HOLD_BTN", 3.5, 2),
        ("WP_SPEED", 1.0, 5),
        ("FS_TIMEOUT", 9.0, 5),
        ("FLAIL_SPEED_MAX", 9.0, 5),
    ],
)
def test_a_set_is_answered_with_what_holds_now(link: Exchange, name: str, value: float, error: int | None) -> None:
    before = link.link.parameters[name]
    link.say("PARAM_SET", target_system=1, target_component=1, param_id=name, param_value=value, param_type=9)
    heard = link.hear()
    expected = value if error is None else before
    assert heard[0][1]["param_value"] == pytest.approx(expected)
    assert link.link.parameters[name] == pytest.approx(expected)
    assert [fields["error"] for kind, fields in heard if kind == "PARAM_ERROR"] == ([] if error is None else [error])


def test_no_parameter_changes_while_armed(link: Exchange) -> None:
    link.vehicle(Mode.READY, holder=255)
    link.say("PARAM_SET", target_system=1, target_component=1, param_id="MAN_SPEED", param_value=0.1, param_type=9)
    assert [fields["error"] for kind, fields in link.hear() if kind == "PARAM_ERROR"] == [3]
    assert link.link.parameters["MAN_SPEED"] == pytest.approx(0.27)


def ftp(link: Exchange, opcode: int, argument: bytes = b"", size: int | None = None) -> tuple[int, bytes]:
    head = struct.pack("<HBBBBBxI", 3, 9, opcode, len(argument) if size is None else size, 0, 0, 0)
    link.say("FILE_TRANSFER_PROTOCOL", target_system=1, target_component=1, payload=(head + argument).ljust(251, b"\0"))
    payload = link.hear()[0][1]["payload"]
    return payload[3], payload[12 : 12 + payload[4]]


def test_files_offer_the_parameters_and_refuse_the_rest(link: Exchange) -> None:
    code, size = ftp(link, 4, b"@PARAM/param.pck?withdefaults=1")
    assert code == 128
    _, content = ftp(link, 5, size=239)
    assert content[:2] == struct.pack("<H", 0x671C)
    assert int.from_bytes(size, "little") >= len(content)
    assert ftp(link, 4, b"/etc/passwd") == (129, b"\x0a")
    assert ftp(link, 4, b"@PARAM/../keys.json") == (129, b"\x0a")
    for opcode in (6, 7, 8, 9, 10, 11, 12, 13):
        assert ftp(link, opcode, b"x")[0] == 129
    assert ftp(link, 77) == (129, b"\x07")


# --- commands --------------------------------------------------------------------------------------------------------
def test_arming_gives_one_final_answer_and_a_repeat_acts_once(link: Exchange) -> None:
    assert acks(link.command(400, 1.0)) == []
    assert acks(link.command(400, 1.0, confirmation=1)) == []
    edges = [frame.edges for frame in link.ticks(10)]
    assert edges.count(OperatorEdge.TAKE) == 1
    link.vehicle(Mode.READY, holder=255)
    assert acks(link.hear(0.2)) == [ACCEPTED]
    assert acks(link.command(400, 1.0, confirmation=2)) == [ACCEPTED]
    assert acks(link.hear(3.0)) == []


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        (("estop_machine",), "E-stop on machine"),
        (("handshake",), "another version"),
        (("track_stuck",), "A track runs"),
    ],
)
def test_arming_is_refused_in_words(link: Exchange, reasons: tuple[str, ...], words: str) -> None:
    link.vehicle(Mode.DISARMED, reasons)
    heard = link.command(400, 1.0, 21196.0)
    assert acks(heard) == [DENIED]
    assert texts(heard)[0].startswith("Arm: ")
    assert words in texts(heard)[0]
    assert link.ticks(40) == []
    assert acks(link.command(401)) == [ACCEPTED]


def test_stop_disarm_and_emergency_stop_come_from_every_station(link: Exchange) -> None:
    link.vehicle(Mode.AUTO_WORK, holder=250)
    for command, params, edge in (
        (193, (0.0,), OperatorEdge.STOP),
        (400, (0.0,), OperatorEdge.STOP),
        (400, (0.0, 21196.0), OperatorEdge.ESTOP),
        (185, (1.0,), OperatorEdge.ESTOP),
        (176, (1.0, 4.0), OperatorEdge.STOP),
    ):
        link.command(command, *params)
        assert [frame.edges for frame in link.ticks()] == [edge]
        assert link.ticks() == []


def test_a_wait_is_an_armed_mission_that_stands_and_that_a_station_can_only_stop(link: Exchange) -> None:
    link.vehicle(Mode.WAIT, ("position_float",), holder=250)
    link.link.event(Event(t_ns=0, tick=1, kind="mode", text="AUTO_WORK -> WAIT"))
    heard = link.hear(1.2, streams=True)
    beat, mission = dict(heard)["HEARTBEAT"], dict(heard)["MISSION_CURRENT"]
    assert (beat["custom_mode"], beat["base_mode"] & 128, mission["mission_mode"]) == (5, 128, 2)
    assert "WAIT: stands, rotor turns. START, else a stop" in texts(heard)
    assert acks(link.command(300)) == [DENIED]
    assert texts(link.command(176, 1.0, 0.0)) == ["Manual: hold the mission first"]
    link.command(193, 0.0)
    assert [frame.edges for frame in link.ticks()] == [OperatorEdge.STOP]


@pytest.mark.parametrize("name", sorted(WAITS))
def test_what_a_mission_waits_for_is_told_without_the_disarm_of_the_stop_that_it_may_become(
    link: Exchange, name: str
) -> None:
    """To a station that hears it happen, and to one that comes meanwhile; the stop's own text comes with the stop."""
    link.vehicle(Mode.WAIT, (name,), holder=250)
    link.link.event(Event(t_ns=0, tick=1, kind="reason", text=f"reason: {name}"))
    told = texts(link.hear(0.1))
    link.say("HEARTBEAT", type=6, system_id=254, port=14552)
    told += texts(link.hear(0.1, port=14552))
    assert told.count(waiting_text(name)) == 2
    assert station_text(name) not in told
    link.vehicle(Mode.STOPPING, (name,), holder=250)
    link.link.event(Event(t_ns=0, tick=2, kind="mode", text="WAIT -> STOPPING"))
    assert station_text(name) in texts(link.hear(0.1))


def test_what_would_move_it_is_refused(link: Exchange) -> None:
    link.vehicle(Mode.READY, holder=255)
    for command, params in (
        (300, ()),
        (20, ()),
        (176, (1.0, 10.0)),
        (176, (1.0, 15.0)),
        (192, ()),
        (178, ()),
        (179, ()),
    ):
        heard = link.command(command, *params)
        assert acks(heard) == [DENIED], command
        assert texts(heard), command
    assert acks(link.command(176, 1.0, 11.0)) == [DENIED]  # said with the first of its kind
    heard = link.command(22)
    assert (acks(heard), texts(heard)) == ([UNSUPPORTED], ["Command 22 does nothing here"])
    heard = link.command(176, 192.0)
    assert (acks(heard), texts(heard)) == ([UNSUPPORTED], ["Mode: only by its custom number"])
    for name in ("SET_POSITION_TARGET_LOCAL_NED", "SET_POSITION_TARGET_GLOBAL_INT", "SET_ATTITUDE_TARGET"):
        link.say(name, target_system=1, target_component=1)
    assert texts(link.hear()) == ["Set-points are refused: stick, or plan and Auto"]
    assert acks(link.command(31234)) == [UNSUPPORTED]
    assert all(not frame.hold_to_run and not frame.edges for frame in link.ticks(50))


def test_signing_is_never_set_up_by_radio(link: Exchange) -> None:
    link.say("SETUP_SIGNING", target_system=1, target_component=1, secret_key=b"k" * 32)
    heard = link.hear()
    assert "signing" in texts(heard)[0]
    assert list(link.link.verifier.stations) == []


def test_time_ping_and_logs_are_answered_at_once(link: Exchange) -> None:
    link.say("TIMESYNC", tc1=0, ts1=123)
    link.say("PING", seq=4, time_usec=9)
    link.say("LOG_REQUEST_LIST", target_system=1, target_component=1)
    assert names(link.hear()) == ["TIMESYNC", "PING", "LOG_ENTRY"]


def test_others_are_not_meant(link: Exchange) -> None:
    link.say("COMMAND_LONG", command=185, param1=1.0, target_system=7, target_component=1)
    link.say("COMMAND_LONG", command=185, param1=1.0, target_system=1, target_component=100)
    assert texts(link.hear()) == ["You ask for vehicle 7; this is vehicle 1"]
    link.say("COMMAND_LONG", command=185, param1=1.0, target_system=7, target_component=1)
    assert link.hear() == []
    assert link.ticks(5) == []


# --- identity --------------------------------------------------------------------------------------------------------
def test_two_senders_of_one_identity_stop_the_machine_and_are_not_believed() -> None:
    made = Exchange()
    for turn in range(6):
        made.say("HEARTBEAT", type=6, port=14551 + turn % 2)
        made.hear()
    assert OperatorEdge.STOP in [frame.edges for frame in made.ticks()]
    assert made.link.admission.doubted(255, made.now_ns)
    made.vehicle(Mode.MANUAL, holder=255)
    assert made.ticks(20) == []
    made.now_ns += 10 * S_NS
    made.say("HEARTBEAT", type=6, port=14551)
    assert not made.link.admission.doubted(255, made.now_ns)


def test_calls_with_one_key_one_after_the_other_are_one_station() -> None:
    made = Exchange()
    for port in range(14551, 14557):  # each call of `observe` or `shift` opens a port of its own, and ends
        made.say("HEARTBEAT", type=6, port=port)
        made.hear(0.4)
    assert made.ticks() == []
    assert not made.link.admission.doubted(255, made.now_ns)


def test_a_second_sender_is_found_out_among_calls_that_end() -> None:
    made = Exchange()
    for port in (14551, 14552, 14553, 14551):  # the first one lives on
        made.say("HEARTBEAT", type=6, port=port)
        made.hear(0.4)
    assert OperatorEdge.STOP in [frame.edges for frame in made.ticks()]
    assert made.link.admission.doubted(255, made.now_ns)


def test_senders_that_change_their_port_for_each_frame_are_found_out() -> None:
    made = Exchange()
    for port in range(15000, 15010):
        made.say("HEARTBEAT", type=6, port=port)
        made.hear(0.05)
    assert OperatorEdge.STOP in [frame.edges for frame in made.ticks()]


def test_a_station_that_comes_back_on_another_port_is_the_same() -> None:
    made = Exchange()
    made.say("HEARTBEAT", type=6, port=14551)
    made.hear(5.0)
    made.say("HEARTBEAT", type=6, port=14999)
    assert made.ticks(3) == []
    assert not made.link.admission.doubted(255, made.now_ns)


def test_numbers_of_the_dialect_are_as_they_were() -> None:
    assert CHANNEL.unsigned
    assert (MISSION, FENCE) == (0, 1)


def test_what_only_backing_out_leaves_is_armed_and_said(link: Exchange) -> None:
    link.vehicle(Mode.DISARMED, ("slope",))
    link.command(400, 1.0)
    link.ticks(10)
    link.vehicle(Mode.READY, ("slope",), holder=255)
    heard = link.hear(0.1)
    assert acks(heard) == [ACCEPTED]
    assert texts(heard) == ["Too steep. Disarm, arm, SMART_RTL"]
