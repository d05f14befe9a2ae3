"""What else lies on a station's wire: MAVLink 1, half frames, other messages. None holds a stop up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v10 import ardupilotmega as v1

from firmware_bridge.mavlink import codec
from firmware_bridge.types import OperatorEdge
from tests.operator_link.exchange import Exchange
from vehicle.contracts.messages import Mode

HERE = ("127.0.0.1", 14551)
FALSE_BEGIN = b"\xfd\xf0\x00\x00\x00\xff\xbe\x4c\x00\x00"
"""Reads as the head of a COMMAND_LONG of 240 bytes."""


def driving() -> Exchange:
    link = Exchange()
    link.say("HEARTBEAT", type=6)
    link.vehicle(Mode.MANUAL, (), 255)
    link.ticks(5)
    return link


def edges(link: Exchange, ticks: int = 2) -> OperatorEdge:
    found = OperatorEdge.NONE
    for frame in link.ticks(ticks):
        found |= frame.edges
    return found


def v1_parameter(value: bytes) -> bytes:
    """A PARAM_SET of MAVLink 1 whose name carries these bytes."""
    message = v1.MAVLink_param_set_message(1, 1, value, 0.0, 9)
    return bytes(message.pack(v1.MAVLink(None, srcSystem=255, srcComponent=190)))


@pytest.mark.parametrize("before", [FALSE_BEGIN, FALSE_BEGIN + bytes(100), b"\xfd", v1_parameter(FALSE_BEGIN)])
def test_a_stop_after_a_false_beginning_is_heard_at_once(before: bytes) -> None:
    link = driving()
    link.link.receive(link.channel, HERE, before, link.now_ns)
    link.say("COMMAND_LONG", command=400, param1=0.0, target_system=1, target_component=1)
    assert OperatorEdge.STOP in edges(link)


@pytest.mark.parametrize("before", [FALSE_BEGIN, FALSE_BEGIN + FALSE_BEGIN, v1_parameter(FALSE_BEGIN)])
@pytest.mark.parametrize("cut", [0, 7, 14])
def test_a_stop_in_one_piece_with_a_false_beginning_is_heard_at_once(before: bytes, cut: int) -> None:
    """As a stream brings it: something before it, the beginning of the next frame behind it."""
    link = driving()
    fields = {"command": 400, "param1": 0.0, "target_system": 1, "target_component": 1}
    stop = codec.encode_fields("COMMAND_LONG", fields, 0, 255, 190)
    again = codec.encode_fields("COMMAND_LONG", {**fields, "param2": 21196.0}, 0, 255, 190)
    link.link.receive(link.channel, HERE, before + stop + again[:cut], link.now_ns)
    assert edges(link) is OperatorEdge.STOP
    link.link.receive(link.channel, HERE, again[cut:], link.now_ns)
    assert edges(link) is OperatorEdge.ESTOP


LINK = driving()


@pytest.mark.long
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_whatever_came_before_it_a_stop_is_heard_at_once(one: bytes, other: bytes) -> None:
    link = LINK
    for noise in (b"\xfd" + one, b"\xfe" + other, FALSE_BEGIN + one):
        link.link.receive(link.channel, HERE, noise, link.now_ns)
    link.say("COMMAND_LONG", command=400, param1=0.0, param2=21196.0, target_system=1, target_component=1)
    assert OperatorEdge.ESTOP in edges(link)


@pytest.mark.parametrize("cut", [1, 5, 9, 10, 20, 30])
def test_a_frame_in_two_pieces_is_still_one(cut: int) -> None:
    link = driving()
    fields = {"command": 400, "param1": 0.0, "target_system": 1, "target_component": 1}
    frame = codec.encode_fields("COMMAND_LONG", fields, 0, 255, 190)
    for piece in (frame[:cut], frame[cut:]):
        link.link.receive(link.channel, HERE, piece, link.now_ns)
    assert OperatorEdge.STOP in edges(link)


def test_arming_in_mavlink_1_among_heard_frames_arms_nothing() -> None:
    link = Exchange()
    link.say("HEARTBEAT", type=6)
    old = v1.MAVLink(None, srcSystem=255, srcComponent=190)
    for message in (
        v1.MAVLink_command_long_message(1, 1, 400, 0, 1.0, 0, 0, 0, 0, 0, 0),
        v1.MAVLink_set_mode_message(1, 1, 10),
        v1.MAVLink_manual_control_message(1, 0, 0, 900, 0, 16),
    ):
        link.link.receive(link.channel, HERE, bytes(message.pack(old)), link.now_ns)
        link.say("HEARTBEAT", type=6)
        assert edges(link, 30) is OperatorEdge.NONE


@pytest.mark.parametrize("first", [0, 250, 255])
def test_the_count_of_frames_of_a_station_means_nothing(first: int) -> None:
    """It wraps after 255; a station that restarts, or is heard over two links, counts as it likes."""
    link = driving()
    for number in (first, first, first + 1, first + 2, first - 1):
        fields = {"command": 193, "param1": 0.0, "target_system": 1, "target_component": 1}
        frame = codec.encode_fields("COMMAND_LONG", fields, number & 0xFF, 255, 190)
        link.link.receive(link.channel, HERE, frame, link.now_ns)
        assert OperatorEdge.STOP in edges(link)
