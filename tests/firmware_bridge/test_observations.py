"""Observations of a station: what cannot be is refused on both sides, and its sender is told why."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.mavlink import adapters, tables
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.observation_adapters import (
    COUNTED,
    TEXT_BYTES,
    VALUE_BOUNDS,
    WHO_BYTES,
    decode_observation,
    refusal,
)
from firmware_bridge.types import ObservationKind, ObservationResult, ObservationVerdict
from tests.firmware_bridge import samples
from tests.firmware_bridge.wire import adapters_frame, read_one, rewired

GOOD = samples.OBSERVATION
WIRE = adapters.encode_observation(GOOD, 7)
SPEC = tables.SPEC_BY_NAME["FLAIL_OBSERVATION"]


def answer(wire: bytes) -> ObservationResult | None:
    (frame,) = FrameParser().feed(wire)
    assert (decode_observation(frame) is None) is (refusal(frame) is not None)
    return refusal(frame)


@pytest.mark.parametrize("kind", list(ObservationKind))
def test_each_kind_has_bounds_of_its_own_and_the_bounds_themselves_pass(kind: ObservationKind) -> None:
    low, high = VALUE_BOUNDS[kind]
    for value in (low, high):
        sent = msgspec.structs.replace(GOOD, kind=kind, value=value)
        assert read_one(adapters.VEHICLE_DECODERS, adapters.encode_observation(sent)) == sent
    for value in (low - 0.01, high + 0.01, math.nan, math.inf, -math.inf):
        told = answer(rewired(WIRE, kind=int(kind), value=value))
        assert told is not None
        assert told.text.startswith("value")
        with pytest.raises(ValueError, match="value"):
            adapters.encode_observation(msgspec.structs.replace(GOOD, kind=kind, value=value))
    half = answer(rewired(WIRE, kind=int(kind), value=low + 0.5))
    assert (half is not None and "whole number" in half.text) is (kind in COUNTED)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"sigma": -0.01}, "sigma"),
        ({"sigma": 10.01}, "sigma"),
        ({"sigma": math.inf}, "sigma"),
        ({"lat": 90.01}, "place"),
        ({"lat": -90.01}, "place"),
        ({"lon": 180.01}, "place"),
        ({"lon": -math.inf}, "place"),
        ({"lat": math.nan}, "place"),
        ({"lon": math.nan}, "place"),
        ({"time_utc_us": 1}, "time"),
        ({"time_utc_us": 2**64 - 1}, "time"),
        ({"kind": 8}, "kind"),
        ({"kind": 255}, "kind"),
        ({"who": "line\nbreak"}, "who"),
        ({"text": "bell\x07"}, "text"),
    ],
)
def test_what_cannot_be_is_answered_with_what_is_wrong(fields: dict[str, Any], word: str) -> None:
    told = answer(rewired(WIRE, **fields))
    assert told is not None
    assert (told.station_id, told.sequence, told.result) == (253, GOOD.sequence, ObservationVerdict.OUT_OF_BOUNDS)
    assert word in told.text
    assert len(told.text.encode()) <= TEXT_BYTES


def test_words_that_are_no_utf_8_are_refused_by_their_length_or_shown_as_they_came() -> None:
    broken = adapters_frame(SPEC, SPEC.packer.pack(0, 0, 54.0, 9.0, 1, 0.1, 0.0, 0, b"\xff" * 20, b""), 253)
    told = answer(broken)
    assert told is not None
    assert told.text.startswith("who")


def test_a_place_and_a_time_may_be_unknown() -> None:
    for changes in ({"lat_deg": None, "lon_deg": None}, {"time_utc_us": None}, {"sigma": None}):
        sent = msgspec.structs.replace(GOOD, **changes)
        assert read_one(adapters.VEHICLE_DECODERS, adapters.encode_observation(sent)) == sent
        assert answer(adapters.encode_observation(sent)) is None


def test_words_have_room_in_bytes_and_no_more() -> None:
    full = msgspec.structs.replace(GOOD, who="ü" * (WHO_BYTES // 2), text="x" * TEXT_BYTES)
    assert read_one(adapters.VEHICLE_DECODERS, adapters.encode_observation(full)) == full
    for changes in ({"who": "ü" * (WHO_BYTES // 2) + "x"}, {"text": "x" * (TEXT_BYTES + 1)}, {"station_id": 0}):
        with pytest.raises(ValueError, match=r"at most|1 to 255"):
            adapters.encode_observation(msgspec.structs.replace(GOOD, **changes))


def test_an_answer_is_cut_between_two_characters_and_an_unknown_verdict_is_none() -> None:
    long = msgspec.structs.replace(samples.OBSERVATION_RESULT, text="x" * 49 + "ü")
    wire = adapters.encode_observation_result(long, 3)
    assert read_one(adapters.STATION_DECODERS, wire).text == "x" * 49
    assert read_one(adapters.STATION_DECODERS, rewired(wire, result=3)) is None


@given(st.binary(max_size=130), st.integers(0, 255))
def test_any_bytes_are_an_observation_within_bounds_or_an_answer(payload: bytes, station: int) -> None:
    (frame,) = FrameParser().feed(adapters_frame(SPEC, payload, station))
    observation, told = decode_observation(frame), refusal(frame)
    assert (observation is None) is (told is not None)
    if observation is not None:
        low, high = VALUE_BOUNDS[observation.kind]
        assert low <= observation.value <= high
        assert 1 <= observation.station_id <= 255
