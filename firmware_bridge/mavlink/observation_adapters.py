"""Encodes and decodes FLAIL_OBSERVATION and its answer. Impossible values are refused before anything uses them."""

import math

from firmware_bridge.mavlink.command_adapters import HOST_COMPONENT_ID, SYSTEM_ID
from firmware_bridge.mavlink.conventions import cut_text, wire_from_optional
from firmware_bridge.mavlink.framing import Frame, frame_bytes
from firmware_bridge.mavlink.operator_adapters import STATION_COMPONENT_ID
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import Observation, ObservationKind, ObservationResult, ObservationVerdict

VALUE_BOUNDS = {
    ObservationKind.DEPTH_CHECK: (0.0, 1.0),
    ObservationKind.BENCHMARK_CHECK: (0.0, 100.0),
    ObservationKind.HAMMER_COUNT: (0.0, 500.0),
    ObservationKind.DETONATION_CLASS: (0.0, 5.0),
    ObservationKind.FIND: (0.0, 1000.0),
    ObservationKind.NOTE: (0.0, 0.0),
    ObservationKind.SHIFT_DONE: (0.0, 840.0),
    ObservationKind.SHIFT_NOT_DONE: (0.0, 840.0),
    ObservationKind.SKIP_SWATH: (1.0, 65535.0),
    ObservationKind.SIGN_IN: (0.0, 0.0),
    ObservationKind.HAND_OVER_OFFER: (0.0, 0.0),
    ObservationKind.HAND_OVER_READ: (0.0, 0.0),
    ObservationKind.HAND_OVER_SIGN: (0.0, 0.0),
}
"""Possible values by kind: no tool of this class digs a metre, no rotor has 500 hammers, no shift has 840 minutes."""
COUNTED = (
    ObservationKind.HAMMER_COUNT,
    ObservationKind.DETONATION_CLASS,
    ObservationKind.FIND,
    ObservationKind.SKIP_SWATH,
)
SIGMA_MAX = 10.0
TIME_UTC_US = (1_577_836_800_000_000, 4_102_444_800_000_000)
"""2020 to 2100; an observation with a time outside has a wrong clock."""
WHO_BYTES, TEXT_BYTES = 20, 50

_OBSERVATION = SPEC_BY_NAME["FLAIL_OBSERVATION"]
_RESULT = SPEC_BY_NAME["FLAIL_OBSERVATION_RESULT"]
_KINDS = dict(enumerate(ObservationKind))
_VERDICTS = dict(enumerate(ObservationVerdict))


def encode_observation(observation: Observation, sequence: int | None = None) -> bytes:
    """Return the frame of FLAIL_OBSERVATION; the station's id is the header's system id.

    Raises:
        ValueError: A value that the vehicle would refuse; the text names it.
    """
    fault = observation_fault(observation)
    if fault:
        raise ValueError(fault)
    payload = _OBSERVATION.packer.pack(
        observation.session_id,
        observation.time_utc_us or 0,
        wire_from_optional(observation.lat_deg),
        wire_from_optional(observation.lon_deg),
        observation.sequence & 0xFFFFFFFF,
        observation.value,
        wire_from_optional(observation.sigma),
        observation.kind,
        observation.who.encode(),
        observation.text.encode(),
    )
    counter = observation.sequence if sequence is None else sequence
    sender = observation.station_id, STATION_COMPONENT_ID
    return frame_bytes(_OBSERVATION.header_id, _OBSERVATION.seed, payload, counter, *sender)


def decode_observation(frame: Frame) -> Observation | None:
    """Return what a station observed; None if a value is impossible, and then `refusal` says why."""
    observation = _read(frame)
    return None if observation is None or observation_fault(observation) else observation


def refusal(frame: Frame) -> ObservationResult | None:
    """Return the answer to a FLAIL_OBSERVATION that `decode_observation` refused; None if it refused nothing."""
    observation = _read(frame)
    fault = "unknown kind of observation" if observation is None else observation_fault(observation)
    if not fault:
        return None
    size = _OBSERVATION.max_length
    sequence = _OBSERVATION.packer.unpack(frame.payload[:size].ljust(size, b"\0"))[4]
    return ObservationResult(
        station_id=frame.system_id, sequence=sequence, result=ObservationVerdict.OUT_OF_BOUNDS, text=fault
    )


def observation_fault(observation: Observation) -> str:
    """Return which value is impossible, in at most 50 bytes; "" if none is. NaN is outside all bounds."""
    return _measured(observation) or _signed(observation)


def _measured(observation: Observation) -> str:
    """Check value, sigma and place."""
    low, high = VALUE_BOUNDS[observation.kind]
    if not low <= observation.value <= high:
        return f"value: {low:g} to {high:g} for this kind"
    if observation.kind in COUNTED and observation.value != int(observation.value):
        return "value: a whole number for this kind"
    if observation.sigma is not None and not 0.0 <= observation.sigma <= SIGMA_MAX:
        return f"sigma: 0 to {SIGMA_MAX:g}, or unknown"
    if not _place_can_be(observation.lat_deg, observation.lon_deg):
        return "place: latitude and longitude on earth, or none"
    return ""


def _signed(observation: Observation) -> str:
    """Check time, station, person and text."""
    when_us = observation.time_utc_us
    if when_us is not None and not TIME_UTC_US[0] <= when_us <= TIME_UTC_US[1]:
        return "time: within 2020 to 2100, or unknown"
    if not 1 <= observation.station_id <= 255:
        return "station: 1 to 255"
    if not _words(observation.who, WHO_BYTES):
        return f"who: at most {WHO_BYTES} bytes that can be printed"
    if not _words(observation.text, TEXT_BYTES):
        return f"text: at most {TEXT_BYTES} bytes that can be printed"
    return ""


def encode_observation_result(result: ObservationResult, sequence: int = 0) -> bytes:
    """Return the frame of FLAIL_OBSERVATION_RESULT; a text that is too long is cut between two characters."""
    words = cut_text(result.text, TEXT_BYTES).encode()
    payload = _RESULT.packer.pack(result.sequence & 0xFFFFFFFF, result.station_id, result.result, words)
    return frame_bytes(_RESULT.header_id, _RESULT.seed, payload, sequence, SYSTEM_ID, HOST_COMPONENT_ID)


def decode_observation_result(frame: Frame) -> ObservationResult | None:
    """Return the vehicle's answer; None for a verdict that this program does not know."""
    size = _RESULT.max_length
    sequence, station_id, number, words = _RESULT.packer.unpack(frame.payload[:size].ljust(size, b"\0"))
    verdict = _VERDICTS.get(number)
    if verdict is None:
        return None
    return ObservationResult(station_id=station_id, sequence=sequence, result=verdict, text=_text(words))


def _read(frame: Frame) -> Observation | None:
    """Return the observation as it came, unchecked; None for an unknown kind. Only NaN means unknown."""
    size = _OBSERVATION.max_length
    values = _OBSERVATION.packer.unpack(frame.payload[:size].ljust(size, b"\0"))
    session_id, when_us, lat_deg, lon_deg, sequence, value, sigma, number, who, text = values
    kind = _KINDS.get(number)
    if kind is None:
        return None
    return Observation(
        station_id=frame.system_id,
        session_id=session_id,
        sequence=sequence,
        kind=kind,
        value=value,
        sigma=None if math.isnan(sigma) else sigma,
        lat_deg=None if math.isnan(lat_deg) else lat_deg,
        lon_deg=None if math.isnan(lon_deg) else lon_deg,
        time_utc_us=when_us or None,
        who=_text(who),
        text=_text(text),
    )


def _place_can_be(lat_deg: float | None, lon_deg: float | None) -> bool:
    if lat_deg is None or lon_deg is None:
        return lat_deg is None and lon_deg is None
    return -90.0 <= lat_deg <= 90.0 and -180.0 <= lon_deg <= 180.0


def _words(text: str, bytes_max: int) -> bool:
    return (not text or text.isprintable()) and len(text.encode("utf-8", "replace")) <= bytes_max


def _text(words: bytes) -> str:
    """Return the text up to the first zero; bytes that are no UTF-8 are shown as such."""
    return words.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")
