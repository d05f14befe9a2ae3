"""Every message of the table, against pymavlink's packer and parser."""

import math
import random
import struct
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.tables import SPEC_BY_NAME, SPECS, MessageSpec

RANGES = {f"{sign}int{bits}_t": bits for bits in (8, 16, 32, 64) for sign in ("", "u")}


def value_of(kind: str, rng: random.Random) -> Any:
    if kind == "char":
        return rng.choice("abcXYZ 09_")
    if kind == "float":
        return struct.unpack("<f", struct.pack("<f", rng.uniform(-1e6, 1e6)))[0]
    if kind == "double":
        return rng.uniform(-1e6, 1e6)
    bits = RANGES[kind]
    low, high = (0, 2**bits - 1) if kind.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return rng.choice([low, high, rng.randint(low, high)])


def values_of(spec: MessageSpec, seed: int) -> tuple[Any, ...]:
    rng = random.Random(seed)
    cells: list[Any] = []
    for kind, count in zip(spec.kinds, spec.array_lengths, strict=True):
        if not count:
            cells.append(value_of(kind, rng))
        elif kind == "char":
            cells.append("".join(value_of(kind, rng) for _ in range(rng.randint(0, count))))
        elif kind == "uint8_t":
            cells.append(rng.randbytes(count))
        else:
            cells.append(tuple(value_of(kind, rng) for _ in range(count)))
    return tuple(cells)


def oracle_arguments(spec: MessageSpec, values: tuple[Any, ...]) -> dict[str, Any]:
    named = dict(zip(spec.fields, values, strict=True))
    return {k: v.encode() if isinstance(v, str) else list(v) if isinstance(v, bytes) else v for k, v in named.items()}


@pytest.mark.parametrize("name", SPEC_BY_NAME)
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_equals_pymavlink_both_ways(oracle: ModuleType, name: str, seed: int) -> None:
    spec = SPEC_BY_NAME[name]
    values = values_of(spec, seed)
    if name == "HEARTBEAT":
        values = (*values[:-1], 3)
    sender = oracle.MAVLink(None, srcSystem=17, srcComponent=191)
    sender.seq = 200
    cls = oracle.mavlink_map[spec.msg_id]
    theirs = bytes(cls(**oracle_arguments(spec, values)).pack(sender))
    ours = codec.encode(spec, values, 200, 17, 191)
    assert ours == theirs
    (frame,) = FrameParser().feed(theirs)
    assert codec.decode(spec, frame.payload) == values
    read = oracle.MAVLink(None).parse_buffer(bytearray(ours))
    assert [message.get_type() for message in read] == [name]


def test_table_covers_what_was_asked_for() -> None:
    assert len(SPECS) >= 83
    for name in ("FLAIL_COMMAND", "FLAIL_VEHICLE", "HEARTBEAT", "MISSION_ITEM_INT", "EKF_STATUS_REPORT", "PARAM_ERROR"):
        assert name in SPEC_BY_NAME


def test_a_longer_payload_of_a_newer_dialect_is_read_as_far_as_known() -> None:
    spec = SPEC_BY_NAME["FLAIL_IMU"]
    values = values_of(spec, 5)
    assert codec.decode(spec, spec.packer.pack(*values) + b"\x17\x18") == values


def test_named_fields_default_to_zero_and_unknown_names_are_refused() -> None:
    (frame,) = FrameParser().feed(codec.encode_fields("RC_CHANNELS_OVERRIDE", {"chan3_raw": 1600}, 0, 255, 190))
    read = codec.decode_fields(frame)
    assert read["chan3_raw"] == 1600
    assert read["chan1_raw"] == 0
    with pytest.raises(KeyError, match="chan33_raw"):
        codec.encode_fields("RC_CHANNELS_OVERRIDE", {"chan33_raw": 1600}, 0, 255, 190)
    with pytest.raises(KeyError):
        codec.encode_fields("FLAIL_NOTHING", {}, 0, 255, 190)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("STATUSTEXT", {"text": "x" * 51}),
        ("FLAIL_HELLO", {"config_hash": b"123456789"}),
        ("BATTERY_STATUS", {"voltages": (1, 2, 3)}),
        ("HEARTBEAT", {"type": 256}),
        ("HEARTBEAT", {"custom_mode": -1}),
        ("ATTITUDE", {"roll": "left"}),
        ("ATTITUDE", {"roll": 1e39}),
    ],
)
def test_what_does_not_fit_is_refused_by_name(name: str, fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=name):
        codec.encode_fields(name, fields, 0, 1, 1)


def test_an_empty_payload_keeps_one_byte() -> None:
    frame = codec.encode_fields("PARAM_REQUEST_LIST", {}, 0, 1, 1)
    assert frame[1] == 1
    assert len(frame) == 13


@given(st.floats(width=32))
def test_every_float_travels_unchanged(value: float) -> None:
    (frame,) = FrameParser().feed(codec.encode_fields("ATTITUDE", {"pitch": value}, 0, 1, 1))
    read = codec.decode_fields(frame)["pitch"]
    assert read == value or (math.isnan(read) and math.isnan(value))
    assert math.copysign(1.0, read) == math.copysign(1.0, value) or math.isnan(value)


@given(st.text(max_size=16))
def test_text_is_cut_at_its_terminator_and_never_raises(text: str) -> None:
    raw = text.encode("utf-8")
    if len(raw) > 16:
        with pytest.raises(ValueError, match="PARAM_SET"):
            codec.encode_fields("PARAM_SET", {"param_id": text}, 0, 1, 1)
        return
    (frame,) = FrameParser().feed(codec.encode_fields("PARAM_SET", {"param_id": text}, 0, 1, 1))
    assert codec.decode_fields(frame)["param_id"] == text.split("\0", 1)[0]
