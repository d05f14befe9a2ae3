"""Typed values through real frames: nothing lost, directions right, nonsense refused."""

import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.mavlink import adapters, codec, tables
from firmware_bridge.mavlink.adapters import MessageReader
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.types import OperatorEdge, ReceivedCommand
from tests.firmware_bridge import samples
from tests.firmware_bridge.wire import read_one

ANGLES = {"yaw_rad", "course_rad"}
PAIRS: dict[str, tuple[Callable[..., bytes], Any, Any]] = {
    "command": (adapters.encode_command, samples.COMMAND, adapters.CONTROLLER_DECODERS),
    "status": (adapters.encode_status, samples.STATUS, adapters.HOST_DECODERS),
    "imu": (adapters.encode_imu, samples.IMU, adapters.HOST_DECODERS),
    "gnss": (adapters.encode_gnss, samples.GNSS, adapters.HOST_DECODERS),
    "hello": (adapters.encode_hello, samples.HELLO, adapters.HOST_DECODERS),
    "operator": (adapters.encode_operator, samples.OPERATOR, adapters.VEHICLE_DECODERS),
    "vehicle": (adapters.encode_vehicle, samples.VEHICLE, adapters.STATION_DECODERS),
    "observation": (adapters.encode_observation, samples.OBSERVATION, adapters.VEHICLE_DECODERS),
    "neighbour": (adapters.encode_neighbour, samples.NEIGHBOUR, adapters.VEHICLE_DECODERS),
    "result": (adapters.encode_observation_result, samples.OBSERVATION_RESULT, adapters.STATION_DECODERS),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_round_trip(kind: str) -> None:
    encode, sent, decoders = PAIRS[kind]
    received = read_one(decoders, encode(sent, 7))
    for field in sent.__struct_fields__:
        expected, got = getattr(sent, field), getattr(received, field)
        if field in ANGLES:
            assert got == pytest.approx(expected, abs=5e-7), field
        else:
            assert got == expected, field
            assert type(got) is type(expected), field


@pytest.mark.parametrize("kind", PAIRS)
def test_every_field_reaches_the_wire(kind: str) -> None:
    encode, sent, _ = PAIRS[kind]
    for field in sent.__struct_fields__:
        value = getattr(sent, field)
        other: Any = 0 if isinstance(value, int) else b"12345678" if isinstance(value, bytes) else 0.0
        if field in {"station_id", "fix", "heading_fix"}:
            other = 2
        elif field == "result":
            other = 1
        elif field == "kind" and kind == "observation":
            other = 4
            sent = msgspec.structs.replace(sent, value=1.0)
        elif field == "time_utc_us":
            other = value + 1
        elif isinstance(value, str):
            other = "x"
        elif isinstance(value, bool):
            other = not value
        changed = msgspec.structs.replace(sent, **{field: type(value)(other)})
        assert encode(changed, 7) != encode(sent, 7), field


def test_a_received_command_has_the_fields_of_the_sent_one() -> None:
    assert ReceivedCommand.__struct_fields__ == type(samples.COMMAND).__struct_fields__


def test_imu_is_frd_on_the_wire() -> None:
    (frame,) = FrameParser().feed(adapters.encode_imu(samples.IMU, 1))
    wire = codec.decode_fields(frame)
    # turning left, nose going up, left acceleration: FLU +, -, + are FRD -, +, -
    assert wire["yaw_rate"] == -0.125
    assert wire["pitch_rate"] == 0.0625
    assert wire["roll_rate"] == 0.03125
    assert wire["accel_y"] == 0.75
    assert wire["accel_z"] == -9.8125
    assert (wire["roll"], wire["pitch"]) == (0.0625, 0.09375)


@given(st.floats(-math.pi, math.pi))
def test_yaw_travels_as_a_heading(yaw_rad: float) -> None:
    fix = msgspec.structs.replace(samples.GNSS, yaw_rad=yaw_rad)
    wire = adapters.encode_gnss(fix, 1)
    (frame,) = FrameParser().feed(wire)
    heading = codec.decode_fields(frame)["heading"]
    # heading from north clockwise: east component sin, north component cos
    assert math.sin(heading) == pytest.approx(math.cos(yaw_rad), abs=1e-6)
    assert math.cos(heading) == pytest.approx(math.sin(yaw_rad), abs=1e-6)
    got = read_one(adapters.HOST_DECODERS, wire).yaw_rad
    assert -math.pi < got <= math.pi
    assert math.remainder(got - yaw_rad, 2 * math.pi) == pytest.approx(0.0, abs=1e-6)


def test_hello_both_ways() -> None:
    host = adapters.encode_hello(samples.HELLO, 0, adapters.HOST_COMPONENT_ID)
    assert host[6] == 1
    assert adapters.encode_hello(samples.HELLO, 0)[6] == 25
    assert read_one(adapters.CONTROLLER_DECODERS, host) == samples.HELLO
    with pytest.raises(ValueError, match="8"):
        adapters.encode_hello(msgspec.structs.replace(samples.HELLO, config_hash=b"1234567"), 0)


def test_station_is_the_sender_and_never_broadcast() -> None:
    (frame,) = FrameParser().feed(adapters.encode_operator(samples.OPERATOR))
    assert (frame.system_id, frame.component_id, frame.sequence) == (253, 190, 4321 & 0xFF)
    with pytest.raises(ValueError, match="out of range"):
        adapters.encode_operator(msgspec.structs.replace(samples.OPERATOR, station_id=0))
    with pytest.raises(ValueError, match="out of range"):
        adapters.encode_operator(msgspec.structs.replace(samples.OPERATOR, station_id=256))
    broadcast = codec.encode(tables.SPECS[53010], (0,) * 15, 0, 0, 190)
    assert read_one(adapters.VEHICLE_DECODERS, broadcast) is None


@given(st.integers(0, 8191), st.floats(-1, 1, width=32), st.booleans(), st.booleans())
def test_operator_edges_and_holds(edges: int, drive: float, hold: bool, rotor: bool) -> None:
    sent = msgspec.structs.replace(
        samples.OPERATOR, edges=OperatorEdge(edges), drive=drive, hold_to_run=hold, rotor_request=rotor
    )
    assert read_one(adapters.VEHICLE_DECODERS, adapters.encode_operator(sent)) == sent


def test_vehicle_unknowns_travel_as_nan() -> None:
    optional = [
        "lat_deg", "lon_deg", "yaw_rad", "speed_mps", "roll_rad", "pitch_rad", "tool_height_m", "depth_m",
        "rotor_speed_radps", "sigma_m",
    ]  # fmt: skip
    for field in optional:
        sent = msgspec.structs.replace(samples.VEHICLE, **{field: None})
        received = read_one(adapters.STATION_DECODERS, adapters.encode_vehicle(sent, 1))
        assert [name for name in optional if getattr(received, name) is None] == [field]


def test_ages_saturate() -> None:
    old = msgspec.structs.replace(samples.VEHICLE, operator_age_ms=70_000)
    assert read_one(adapters.STATION_DECODERS, adapters.encode_vehicle(old, 1)).operator_age_ms == 65_535
    late = msgspec.structs.replace(samples.STATUS, command_age_ms=10**9)
    assert read_one(adapters.HOST_DECODERS, adapters.encode_status(late, 1)).command_age_ms == 65_535
    blind = msgspec.structs.replace(samples.OPERATOR, video_age_ms=10**6)
    assert read_one(adapters.VEHICLE_DECODERS, adapters.encode_operator(blind)).video_age_ms == 65_535


def test_each_reader_hears_only_its_own_wire() -> None:
    everything = b"".join(encode(sent, 1) for encode, sent, _ in PAIRS.values())
    kinds = {
        name: [type(message).__name__ for message in MessageReader(decoders).feed(everything)]
        for name, decoders in {
            "host": adapters.HOST_DECODERS,
            "controller": adapters.CONTROLLER_DECODERS,
            "vehicle": adapters.VEHICLE_DECODERS,
            "station": adapters.STATION_DECODERS,
        }.items()
    }
    assert kinds == {
        "host": ["ControllerStatus", "ImuSample", "GnssFix", "ControllerHello"],
        "controller": ["ReceivedCommand", "ControllerHello"],
        "vehicle": ["OperatorFrame", "Observation", "NeighbourFrame"],
        "station": ["VehicleFrame", "ObservationResult"],
    }
