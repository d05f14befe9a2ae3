"""What consoles are told, there and back: every value, every unknown, and nothing of what is damaged."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.console_types import (
    ActWhy,
    BeatFlag,
    BeatFrame,
    EngineStartStep,
    StrokesFrame,
    WorkFlag,
    WorkFrame,
)
from firmware_bridge.mavlink import _dialect as d
from firmware_bridge.mavlink import adapters, console_adapters
from firmware_bridge.mavlink.framing import Frame, FrameParser
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import FixType, OperatorEdge
from tests.firmware_bridge.samples import OPERATOR
from vehicle.contracts.messages import StartBlock

U16, U32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFF_FFFF)
NUMBER = st.none() | st.floats(-1e6, 1e6, width=32)
FLOATS = console_adapters._FLOATS


def only(data: bytes) -> Frame:
    (frame,) = FrameParser().feed(data)
    return frame


@given(
    st.builds(
        BeatFrame,
        tick=U32,
        session_low=U32,
        mode=st.integers(0, 10),
        worst_reason=st.integers(0, 255),
        flags=st.integers(0, sum(BeatFlag)).map(BeatFlag),
        heard=U16,
        act_number=U16,
        act_refused=st.integers(0, sum(OperatorEdge)).map(OperatorEdge),
        act_why=st.sampled_from(ActWhy),
        act_reason=st.none() | st.integers(0, 254),
    )
)
def test_a_beat_comes_back_as_itself(beat: BeatFrame) -> None:
    assert console_adapters.decode_beat(only(console_adapters.encode_beat(beat))) == beat


@given(
    st.builds(
        WorkFrame,
        tick=U32,
        flags=st.integers(0, sum(WorkFlag)).map(WorkFlag),
        cap_reason=st.integers(0, 255),
        base_id=st.none() | st.integers(1, 0xFFFF),
        fix=st.none() | st.sampled_from([fix for fix in FixType if fix]),
        satellites=st.none() | st.integers(0, 254),
        fuel_ratio=st.none() | st.integers(0, 10_000).map(lambda part: part / 10_000),
        fuel_time_min=st.none() | st.integers(0, 65_534),
        start_block=st.integers(0, 255),
        engine_start=st.sampled_from(EngineStartStep),
        engine_start_left_s=st.integers(0, 6_553).map(lambda tenths: tenths / 10.0),
        engine_start_tries=st.integers(0, 255),
        **dict.fromkeys(FLOATS, NUMBER),
    )
)
def test_the_work_comes_back_as_itself_and_unknown_as_unknown(work: WorkFrame) -> None:
    assert console_adapters.decode_work(only(console_adapters.encode_work(work))) == work


@given(st.floats(0.0, 1e4, width=32), st.floats(-3.0, 3.0, width=32))
def test_where_a_mission_begins_comes_back_and_at_the_place_itself_it_is_still_known(
    distance_m: float, bearing_rad: float
) -> None:
    work = WorkFrame(
        tick=1, flags=WorkFlag(0), cap_reason=255, start_distance_m=distance_m, start_bearing_rad=bearing_rad
    )
    told = console_adapters.decode_work(only(console_adapters.encode_work(work)))
    assert told.start_distance_m == pytest.approx(max(distance_m, console_adapters.LEAST_M))
    assert told.start_bearing_rad == bearing_rad


def test_each_figure_of_the_work_has_a_place_of_its_own() -> None:
    fields = zip(*_fields("FLAIL_WORK"), strict=True)
    names = [name for name, kind in fields if kind == "float" and not name.startswith("start_")]
    assert len(names) == len(FLOATS)
    for place, (wire, name) in enumerate(zip(names, FLOATS, strict=True)):
        assert name.startswith(wire), (place, wire, name)


def _fields(message: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    spec = SPEC_BY_NAME[message]
    return spec.fields, spec.kinds


@pytest.mark.parametrize(
    ("flags", "prefix"),
    [
        (BeatFlag, "FLAIL_BEAT_FLAGS"),
        (WorkFlag, "FLAIL_WORK_FLAGS"),
        (ActWhy, "FLAIL_ACT_WHY"),
        (StartBlock, "FLAIL_START_BLOCK"),
        (EngineStartStep, "FLAIL_ENGINE_START"),
    ],
)
def test_numbers_are_those_of_the_dialect(
    flags: type[BeatFlag | WorkFlag | ActWhy | StartBlock | EngineStartStep], prefix: str
) -> None:
    told = {name: getattr(d, name) for name in vars(d) if name.startswith(f"{prefix}_")}
    assert {f"{prefix}_{one.name}": one.value for one in flags} == told


def test_a_number_that_is_none_travels_as_unknown() -> None:
    work = WorkFrame(tick=1, flags=WorkFlag(0), cap_reason=255, rotor_torque_nm=math.nan, correction_age_s=math.inf)
    told = console_adapters.decode_work(only(console_adapters.encode_work(work)))
    assert (told.rotor_torque_nm, told.correction_age_s) == (None, None)


@given(
    st.builds(
        StrokesFrame,
        session_low=U32,
        plan=U32,
        first=U32,
        acts=U32,
        strokes=st.lists(st.binary(min_size=1, max_size=40), max_size=5).map(tuple),
    )
    | st.builds(StrokesFrame, session_low=U32, plan=U32, first=U32, acts=U32, act=st.binary(min_size=1, max_size=230))
)
def test_strokes_come_back_as_themselves(told: StrokesFrame) -> None:
    assert console_adapters.decode_strokes(only(console_adapters.encode_strokes(told))) == told


@given(st.binary(max_size=248))
def test_damaged_strokes_are_none_and_break_nothing(payload: bytes) -> None:
    told = console_adapters.decode_strokes(Frame(SPEC_BY_NAME["FLAIL_STROKES"].msg_id, 0, 1, 1, payload))
    assert told is None or told.act is not None or sum(1 + len(one) for one in told.strokes) <= 230


def test_more_than_a_frame_carries_is_refused() -> None:
    with pytest.raises(ValueError, match="carries 230"):
        console_adapters.encode_strokes(StrokesFrame(session_low=1, plan=1, first=1, acts=0, act=bytes(231)))


def test_an_act_number_travels_beside_the_frame_and_older_frames_have_none() -> None:
    frame = OPERATOR
    numbered = only(adapters.encode_operator(frame, act_number=4_711, act_tick=70_000))
    assert console_adapters.act_of(numbered) == (4_711, 70_000)
    assert adapters.decode_operator(numbered) == adapters.decode_operator(only(adapters.encode_operator(frame)))
    assert console_adapters.act_of(only(adapters.encode_operator(frame))) == (0, 0)
