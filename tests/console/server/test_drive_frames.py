"""Frames of a page: what is read is what was meant, and what cannot be is no frame."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.server import drive_frames as wire
from console.server.drive_frames import PageAck, PageAct, PageReading, PageStop, Verdict
from firmware_bridge.types import ToolMode
from tests.console.server.support import reading

READINGS = st.builds(
    PageReading,
    number=st.integers(0, 2**32 - 1),
    page_ms=st.floats(0, 1e12),
    source=st.integers(0, 3),
    hold=st.booleans(),
    drive=st.integers(-10_000, 10_000).map(lambda value: value / 10_000),
    turn=st.integers(-10_000, 10_000).map(lambda value: value / 10_000),
    rotor_request=st.booleans(),
    tool_mode=st.sampled_from(ToolMode),
    tool_value_m=st.integers(-32_768, 32_767).map(lambda value: value / 1_000),
    vehicle_tick=st.integers(0, 2**32 - 1),
    battery=st.none() | st.integers(0, 10_000).map(lambda value: value / 10_000),
    tilt_rad=st.none() | st.integers(-3_142, 3_142).map(lambda value: value / 1_000),
    video_age_ms=st.none() | st.integers(0, 65_534),
    picture=st.booleans(),
    focused=st.booleans(),
)


@given(READINGS)
def test_a_reading_is_read_as_it_was_meant(one: PageReading) -> None:
    data = wire.encoded_reading(one)
    assert len(data) == 36
    assert wire.decoded(data) == one


@given(st.binary(max_size=48))
def test_what_is_no_frame_is_refused_and_never_raises_otherwise(data: bytes) -> None:
    if data[:1] in (b"\x01", b"\x02", b"\x03", b"\x04"):
        return
    with pytest.raises(ValueError, match="frame of type"):
        wire.decoded(data)


@given(st.binary(max_size=20), st.integers(0, 255))
def test_a_stop_is_taken_whatever_else_is_wrong_with_it(rest: bytes, which: int) -> None:
    frame = wire.decoded(b"\x03" + bytes([which]) + rest)
    assert isinstance(frame, PageStop)
    assert frame.engine_off is (which == 1)
    assert wire.decoded(b"\x03") == PageStop(False, 0)


def changed(place: int, form: str, value: float) -> bytes:
    data = bytearray(wire.encoded_reading(reading()))
    struct.pack_into("<" + form, data, place, value)
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(changed(8, "d", float("nan")), id="time is no number"),
        pytest.param(changed(8, "d", float("inf")), id="time is endless"),
        pytest.param(changed(16, "h", 10_001), id="stick beyond its end"),
        pytest.param(changed(18, "h", -10_001), id="turn beyond its end"),
        pytest.param(changed(2, "H", 3 << 2), id="tool mode that is none"),
        pytest.param(changed(1, "B", 4), id="source that is none"),
        pytest.param(changed(28, "H", 10_001), id="battery above full"),
        pytest.param(changed(32, "I", 1), id="spare"),
        pytest.param(wire.encoded_reading(reading())[:-1], id="short"),
        pytest.param(wire.encoded_reading(reading()) + b"\0", id="long"),
        pytest.param(wire.encoded_act(PageAct(13, 1, 0.0, 0)), id="act that is none"),
        pytest.param(wire.encoded_act(PageAct(3, 1, float("nan"), 0)), id="act without a time"),
    ],
)
def test_what_cannot_be_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"frame|reading|act"):
        wire.decoded(data)


def test_every_act_has_a_name_and_an_edge_of_its_own() -> None:
    assert set(wire.ACTS) == set(wire.ACT_NAMES) == set(range(1, 13))
    assert len(set(wire.ACTS.values())) == len(wire.ACTS)
    for number, edge in wire.ACTS.items():
        assert edge.name is not None
        assert wire.ACT_NAMES[number] in edge.name or edge.name.endswith(wire.ACT_NAMES[number])


def test_the_other_frames() -> None:
    act = PageAct(3, 7, 12.5, 99)
    assert wire.decoded(wire.encoded_act(act)) == act
    assert wire.decoded(wire.encoded_stop(PageStop(True, 9))) == PageStop(True, 9)
    assert wire.decoded(wire.encoded_ack(77)) == PageAck(77)
    echo = wire.encoded_echo(reading(5), Verdict.TOO_OLD, 2**32 + 3, 8)
    assert len(echo) == 24
    assert wire.decoded_echo(echo) == (5, Verdict.TOO_OLD, 3)
