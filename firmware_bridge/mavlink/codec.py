"""Encodes and decodes any message by the tables; `adapters` is faster for the flail messages.

Values have the order and the units of the wire: int, float, `str` for char[n], `bytes` for uint8_t[n], tuples for other
arrays.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from firmware_bridge.mavlink.framing import Frame, frame_bytes
from firmware_bridge.mavlink.tables import SPEC_BY_NAME, SPECS, MessageSpec

Value = Any
"""Value of a field: int, float, str, bytes or a tuple of numbers."""


def encode(spec: MessageSpec, values: Sequence[Value], sequence: int, system_id: int, component_id: int) -> bytes:
    """Return one frame from values in wire order.

    Raises:
        ValueError: Wrong count, length, type or range; the text names the message.
    """
    try:
        payload = spec.packer.pack(*(values if spec.plain else _flat(spec, values)))
    except Exception as refusal:
        raise ValueError(f"{spec.name} cannot carry {values!r}: {refusal}") from refusal
    return frame_bytes(spec.header_id, spec.seed, payload, sequence, system_id, component_id)


def encode_fields(name: str, fields: Mapping[str, Value], sequence: int, system_id: int, component_id: int) -> bytes:
    """Return one frame from named fields; fields that are not named are zero, as in MAVLink.

    Raises:
        KeyError: Unknown message or field.
        ValueError: Wrong count, length, type or range; the text names the message.
    """
    spec = SPEC_BY_NAME[name]
    values = list(_ZEROS[name])
    for field, value in fields.items():
        values[spec.position(field)] = value
    return encode(spec, values, sequence, system_id, component_id)


def decode(spec: MessageSpec, payload: bytes) -> tuple[Value, ...]:
    """Return values in wire order. Cut zeros are restored; bytes after the known fields are ignored."""
    size = spec.max_length
    if len(payload) != size:
        payload = payload[:size].ljust(size, b"\0")
    values = spec.packer.unpack(payload)
    return values if spec.plain else _grouped(spec, values)


def decode_fields(frame: Frame) -> dict[str, Value]:
    """Return the values of a frame by field name."""
    spec = SPECS[frame.msg_id]
    return dict(zip(spec.fields, decode(spec, frame.payload), strict=True))


def _flat(spec: MessageSpec, values: Sequence[Value]) -> list[Value]:
    flat: list[Value] = []
    for value, kind, count in zip(values, spec.kinds, spec.array_lengths, strict=True):
        if not count:
            flat.append(value)
            continue
        cell = value.encode("utf-8") if isinstance(value, str) else value
        # struct would cut a long string or pad a short tuple without an error
        if len(cell) > count or (kind not in _BYTE_KINDS and len(cell) != count):
            raise ValueError(f"{len(cell)} values for an array of {count}")
        if kind in _BYTE_KINDS:
            flat.append(bytes(cell))
        else:
            flat.extend(cell)
    return flat


def _grouped(spec: MessageSpec, values: tuple[Value, ...]) -> tuple[Value, ...]:
    grouped: list[Value] = []
    at = 0
    for kind, count in zip(spec.kinds, spec.array_lengths, strict=True):
        if not count:
            grouped.append(values[at])
        elif kind == "char":
            grouped.append(values[at].split(b"\0", 1)[0].decode("utf-8", "replace"))
        elif kind in _BYTE_KINDS:
            grouped.append(values[at])
        else:
            grouped.append(values[at : at + count])
            at += count - 1
        at += 1
    return tuple(grouped)


def _zeros(spec: MessageSpec) -> tuple[Value, ...]:
    zero_of = {"float": 0.0, "double": 0.0}
    cells: list[Value] = []
    for kind, count in zip(spec.kinds, spec.array_lengths, strict=True):
        if kind in _BYTE_KINDS and count:
            cells.append(b"")
        else:
            cells.append((zero_of.get(kind, 0),) * count if count else zero_of.get(kind, 0))
    return tuple(cells)


_BYTE_KINDS = ("char", "uint8_t")
_ZEROS = {spec.name: _zeros(spec) for spec in SPECS.values()}
