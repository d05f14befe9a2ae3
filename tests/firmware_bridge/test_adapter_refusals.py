"""Nonsense is refused on both sides of the wire, and unknown is told from zero."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.mavlink import adapters, codec, tables
from firmware_bridge.mavlink.adapters import MessageReader
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.types import ControllerStatus, FixType
from tests.firmware_bridge import samples
from tests.firmware_bridge.wire import adapters_frame, read_one, rewired

WIRE_FIELDS = {
    "command": "FLAIL_COMMAND",
    "operator": "FLAIL_OPERATOR",
    "status": "FLAIL_STATUS",
    "imu": "FLAIL_IMU",
    "gnss": "FLAIL_GNSS",
    "vehicle": "FLAIL_VEHICLE",
    "observation": "FLAIL_OBSERVATION",
    "result": "FLAIL_OBSERVATION_RESULT",
    "neighbour": "FLAIL_NEIGHBOUR",
}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 5.01, -5.01])
@pytest.mark.parametrize("field", ["track_left_mps", "track_right_mps"])
def test_command_refuses_on_both_sides(field: str, bad: float) -> None:
    with pytest.raises(ValueError, match="out of range"):
        adapters.encode_command(msgspec.structs.replace(samples.COMMAND, **{field: bad}), 1)
    wire = rewired(adapters.encode_command(samples.COMMAND, 1), **{field.removesuffix("_mps"): bad})
    reader = MessageReader(adapters.CONTROLLER_DECODERS)
    assert reader.feed(wire) == []
    assert (reader.refused, reader.bad_frames) == (1, 1)


@pytest.mark.parametrize(
    ("field", "wire_field", "bad"),
    [
        ("rotor_speed_radps", "rotor_speed", 300.5),
        ("rotor_speed_radps", "rotor_speed", -300.5),
        ("rotor_speed_radps", "rotor_speed", math.nan),
        ("tool_value_m", "tool_value", 3.5),
        ("tool_value_m", "tool_value", -3.5),
        ("tool_value_m", "tool_value", math.nan),
        ("valid_for_ms", "valid_for_ms", 261),
    ],
)
def test_command_refuses_rotor_tool_and_lease(field: str, wire_field: str, bad: float) -> None:
    with pytest.raises(ValueError, match="out of range"):
        adapters.encode_command(msgspec.structs.replace(samples.COMMAND, **{field: bad}), 1)
    wire = rewired(adapters.encode_command(samples.COMMAND, 1), **{wire_field: bad})
    assert read_one(adapters.CONTROLLER_DECODERS, wire) is None


def test_command_limits_themselves_pass() -> None:
    edge = msgspec.structs.replace(
        samples.COMMAND,
        track_left_mps=5.0,
        track_right_mps=-5.0,
        rotor_speed_radps=-300.0,
        tool_value_m=3.0,
        valid_for_ms=150,
    )
    assert read_one(adapters.CONTROLLER_DECODERS, adapters.encode_command(edge, 1)).track_right_mps == -5.0
    with pytest.raises(ValueError, match="out of range"):
        adapters.encode_command(msgspec.structs.replace(edge, valid_for_ms=-1), 1)


@pytest.mark.parametrize("fields", [{"tool_mode": 3}, {"engine_mode": 5}, {"flags": 128}, {"flags": 0x8000}])
def test_command_refuses_what_it_does_not_know(fields: dict[str, int]) -> None:
    wire = rewired(adapters.encode_command(samples.COMMAND, 1), **fields)
    assert read_one(adapters.CONTROLLER_DECODERS, wire) is None


STATUS_FLOATS = [
    "track_left", "track_right", "applied_left", "applied_right", "applied_rotor", "rotor_speed", "rotor_torque",
    "tool_height", "depth", "depth_sigma", "engine_speed", "engine_load", "hydraulic_pressure", "hydraulic_temp",
    "coolant_temp", "supply_voltage",
]  # fmt: skip


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", STATUS_FLOATS)
def test_an_infinite_reading_is_refused_and_an_unknown_one_is_heard(field: str, bad: float) -> None:
    wire = rewired(adapters.encode_status(samples.STATUS, 1), **{field: bad})
    heard = read_one(adapters.HOST_DECODERS, wire)
    if math.isinf(bad) or field.startswith("applied_"):
        assert heard is None
        return
    assert isinstance(heard, ControllerStatus)
    unknown = [name for name in heard.__struct_fields__ if getattr(heard, name) != getattr(samples.STATUS, name)]
    assert len(unknown) == 1
    assert math.isnan(getattr(heard, unknown[0]))


@pytest.mark.parametrize("peak_g", [0.0, math.inf, math.nan, -1.0])
def test_a_shock_of_any_size_hides_no_status(peak_g: float) -> None:
    heard = read_one(adapters.HOST_DECODERS, rewired(adapters.encode_status(samples.STATUS, 1), shock_peak=peak_g))
    assert isinstance(heard, ControllerStatus)
    assert heard.shock_peak_g == pytest.approx(peak_g, nan_ok=True)


def test_a_controller_that_does_not_tell_the_peak_tells_none() -> None:
    frame = adapters.encode_status(msgspec.structs.replace(samples.STATUS, shock_peak_g=0.0), 1)
    heard = read_one(adapters.HOST_DECODERS, frame)
    assert len(frame) == len(adapters.encode_status(samples.STATUS, 1)) - 4, "the field is cut off the end"
    assert isinstance(heard, ControllerStatus)
    assert heard.shock_peak_g == 0.0


@pytest.mark.parametrize("fields", [{"state": 5}, {"depth_datum": 3}, {"flags": 256}])
def test_status_of_another_protocol_version_is_refused(fields: dict[str, int]) -> None:
    assert read_one(adapters.HOST_DECODERS, rewired(adapters.encode_status(samples.STATUS, 1), **fields)) is None


@pytest.mark.parametrize(
    ("wire", "ratio"),
    [(0, math.nan), (1, 0.0), (5_001, 0.5), (10_001, 1.0), (10_002, math.nan), (0xFFFF, math.nan)],
)
def test_fuel_is_bounded_and_a_controller_without_the_field_tells_none(wire: int, ratio: float) -> None:
    heard = read_one(adapters.HOST_DECODERS, rewired(adapters.encode_status(samples.STATUS, 1), fuel=wire))
    assert isinstance(heard, ControllerStatus)
    assert heard.fuel_ratio == ratio or (math.isnan(ratio) and math.isnan(heard.fuel_ratio))
    assert msgspec.structs.replace(heard, fuel_ratio=0.625) == samples.STATUS, "a gauge hides nothing else"


@pytest.mark.parametrize("ratio", [math.nan, -0.01, 1.01, math.inf])
def test_what_is_no_share_of_a_tank_is_told_as_unknown(ratio: float) -> None:
    odd = msgspec.structs.replace(samples.STATUS, fuel_ratio=ratio)
    heard = read_one(adapters.HOST_DECODERS, adapters.encode_status(odd, 1))
    assert isinstance(heard, ControllerStatus)
    assert math.isnan(heard.fuel_ratio)


IMU_FLOATS = ["roll_rate", "pitch_rate", "yaw_rate", "accel_x", "accel_y", "accel_z", "roll", "pitch"]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("field", IMU_FLOATS)
def test_imu_refuses_what_is_not_finite(field: str, bad: float) -> None:
    assert read_one(adapters.HOST_DECODERS, rewired(adapters.encode_imu(samples.IMU, 1), **{field: bad})) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"lat": math.nan},
        {"lat": 90.5},
        {"lat": -90.5},
        {"lon": 180.5},
        {"lon": -180.5},
        {"lon": math.inf},
        {"alt": math.nan},
        {"sigma_horizontal": math.nan},
        {"sigma_horizontal": -0.01},
        {"sigma_vertical": -0.01},
        {"sigma_vertical": math.inf},
        {"speed": math.nan},
        {"course": math.nan},
        {"fix": 9},
        {"heading_fix": 9},
    ],
)
def test_gnss_refuses_nonsense(fields: dict[str, float]) -> None:
    assert read_one(adapters.HOST_DECODERS, rewired(adapters.encode_gnss(samples.GNSS, 1), **fields)) is None


@pytest.mark.parametrize("fields", [{"heading": math.nan}, {"heading_sigma": math.nan}, {"heading_sigma": -0.1}])
def test_heading_without_sigma_is_unknown(fields: dict[str, float]) -> None:
    fix = read_one(adapters.HOST_DECODERS, rewired(adapters.encode_gnss(samples.GNSS, 1), **fields))
    assert fix.yaw_rad is None
    assert fix.yaw_sigma_rad == math.pi
    (frame,) = FrameParser().feed(adapters.encode_gnss(fix, 1))
    assert math.isnan(codec.decode_fields(frame)["heading"])
    assert math.isnan(codec.decode_fields(frame)["heading_sigma"])


def test_corrections_that_never_came_are_infinitely_old() -> None:
    wire = rewired(adapters.encode_gnss(samples.GNSS, 1), correction_age=math.nan)
    fix = read_one(adapters.HOST_DECODERS, wire)
    assert fix.correction_age_s == math.inf
    assert read_one(adapters.HOST_DECODERS, adapters.encode_gnss(fix, 1)).correction_age_s == math.inf


@pytest.mark.parametrize(("number", "fix"), [(5, FixType.RTK_FLOAT), (7, FixType.DGPS), (8, FixType.DGPS)])
def test_only_rtk_fixed_reads_as_rtk_fixed(number: int, fix: FixType) -> None:
    assert read_one(adapters.HOST_DECODERS, rewired(adapters.encode_gnss(samples.GNSS, 1), fix=number)).fix is fix


def test_a_controller_that_sends_no_extensions_says_nothing_of_heading_restart_and_time() -> None:
    (frame,) = FrameParser().feed(adapters.encode_gnss(samples.GNSS, 1))
    older = adapters_frame(tables.SPEC_BY_NAME["FLAIL_GNSS"], frame.payload[:56], 1)
    fix = read_one(adapters.HOST_DECODERS, older)
    assert (fix.time_utc_us, fix.heading_fix, fix.heading_age_ms, fix.restart_count) == (None, None, None, 0)
    assert fix.satellites == samples.GNSS.satellites
    assert read_one(adapters.HOST_DECODERS, adapters.encode_gnss(fix, 1)) == fix


@pytest.mark.parametrize(("age_ms", "read_ms"), [(0, 0), (1, 1), (65_533, 65_533), (65_534, 65_534), (10**6, 65_534)])
def test_an_age_of_the_heading_is_told_from_none_and_saturates(age_ms: int, read_ms: int) -> None:
    fix = msgspec.structs.replace(samples.GNSS, heading_age_ms=age_ms)
    assert read_one(adapters.HOST_DECODERS, adapters.encode_gnss(fix, 1)).heading_age_ms == read_ms


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1.0001, -1.0001])
@pytest.mark.parametrize("field", ["drive", "turn"])
def test_sticks_are_refused_on_both_sides(field: str, bad: float) -> None:
    with pytest.raises(ValueError, match="out of range"):
        adapters.encode_operator(msgspec.structs.replace(samples.OPERATOR, **{field: bad}))
    wire = rewired(adapters.encode_operator(samples.OPERATOR), **{field: bad})
    assert read_one(adapters.VEHICLE_DECODERS, wire) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"tool_value": math.nan},
        {"tool_value": 3.01},
        {"battery": -0.01},
        {"battery": 1.01},
        {"battery": math.nan},
        {"tilt": math.nan},
        {"tilt": 3.2},
        {"tool_mode": 3},
        {"flags": 8},
        {"edges": 16384},
        {"edges": 0x80000000},
    ],
)
def test_operator_frame_refuses_nonsense(fields: dict[str, float]) -> None:
    assert read_one(adapters.VEHICLE_DECODERS, rewired(adapters.encode_operator(samples.OPERATOR), **fields)) is None


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"lat": 90.01}, "place"),
        ({"lat": math.nan}, "place"),
        ({"lon": -180.01}, "place"),
        ({"lon": math.inf}, "place"),
        ({"radius": -0.5}, "radius"),
        ({"radius": 5000.5}, "radius"),
        ({"radius": math.nan}, "radius"),
        ({"speed": -0.5}, "speed"),
        ({"speed": 10.5}, "speed"),
        ({"speed": math.nan}, "speed"),
        ({"name": b""}, "name"),
        ({"name": b"a\nb"}, "name"),
    ],
)
def test_a_ring_that_cannot_be_is_refused_on_both_sides(fields: dict[str, Any], word: str) -> None:
    assert read_one(adapters.VEHICLE_DECODERS, rewired(adapters.encode_neighbour(samples.NEIGHBOUR), **fields)) is None
    of = {"lat": "lat_deg", "lon": "lon_deg", "radius": "radius_m", "speed": "speed_mps", "name": "name"}
    typed = {of[name]: value.decode() if isinstance(value, bytes) else value for name, value in fields.items()}
    with pytest.raises(ValueError, match=word):
        adapters.encode_neighbour(msgspec.structs.replace(samples.NEIGHBOUR, **typed))


def test_the_bounds_of_a_ring_pass_and_an_unknown_kind_does_not() -> None:
    bounds: list[dict[str, Any]] = [
        {"radius_m": 0.0, "speed_mps": 0.0},
        {"radius_m": 5000.0, "speed_mps": 10.0, "age_ms": 65535},
    ]
    for changes in bounds:
        sent = msgspec.structs.replace(samples.NEIGHBOUR, **changes)
        assert read_one(adapters.VEHICLE_DECODERS, adapters.encode_neighbour(sent)) == sent
    beyond: list[dict[str, Any]] = [{"station_id": 0}, {"age_ms": -1}, {"name": "n" * 21}]
    for changes in beyond:
        with pytest.raises(ValueError, match=r"station|age|name"):
            adapters.encode_neighbour(msgspec.structs.replace(samples.NEIGHBOUR, **changes))
    assert read_one(adapters.VEHICLE_DECODERS, rewired(adapters.encode_neighbour(samples.NEIGHBOUR), kind=2)) is None
    late = msgspec.structs.replace(samples.NEIGHBOUR, age_ms=70_000)
    assert read_one(adapters.VEHICLE_DECODERS, adapters.encode_neighbour(late)).age_ms == 65535


@given(st.sampled_from(sorted(WIRE_FIELDS)), st.binary(max_size=120), st.integers(0, 255))
def test_any_payload_is_read_or_refused_but_never_raises(kind: str, payload: bytes, system: int) -> None:
    spec = tables.SPEC_BY_NAME[WIRE_FIELDS[kind]]
    wire = adapters_frame(spec, payload, system)
    for decoders in (
        adapters.HOST_DECODERS,
        adapters.CONTROLLER_DECODERS,
        adapters.VEHICLE_DECODERS,
        adapters.STATION_DECODERS,
    ):
        reader = MessageReader(decoders)
        messages = reader.feed(wire)
        assert len(messages) + reader.refused == (1 if spec.msg_id in decoders else 0)
