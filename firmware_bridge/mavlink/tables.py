"""The dialect as tables: one `MessageSpec` per message, from the generated `_dialect.py`."""

import struct
from types import MappingProxyType

import msgspec

try:
    from firmware_bridge.mavlink import _dialect
except ImportError as missing:  # a checkout that was never installed
    raise ImportError(
        "firmware_bridge/mavlink/_dialect.py is missing: install the project, or run `python -m "
        "firmware_bridge.mavlink.generate` (needs pymavlink)"
    ) from missing


class MessageSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Layout of one message on the wire.

    `fields`, `kinds` and `array_lengths` are in wire order; array length 0: a single value. `packer` takes the
    flattened values: `char[n]` and `uint8_t[n]` are one `bytes` value, other arrays n values.
    """

    msg_id: int
    name: str
    fields: tuple[str, ...]
    kinds: tuple[str, ...]
    array_lengths: tuple[int, ...]
    crc_extra: int
    seed: bytes
    max_length: int
    packer: struct.Struct
    header_id: tuple[int, int]
    plain: bool

    def position(self, field: str) -> int:
        """Return the place of a field in the wire tuple.

        Raises:
            KeyError: No such field.
        """
        try:
            return self.fields.index(field)
        except ValueError:
            raise KeyError(f"{self.name} has no field {field!r}; it has {', '.join(self.fields)}") from None


def _spec(
    msg_id: int,
    name: str,
    layout: str,
    fields: tuple[str, ...],
    kinds: tuple[str, ...],
    array_lengths: tuple[int, ...],
    crc_extra: int,
) -> MessageSpec:
    packer = struct.Struct(layout)
    return MessageSpec(
        msg_id=msg_id,
        name=name,
        fields=fields,
        kinds=kinds,
        array_lengths=array_lengths,
        crc_extra=crc_extra,
        seed=bytes([crc_extra]),
        max_length=packer.size,
        packer=packer,
        header_id=(msg_id & 0xFFFF, msg_id >> 16),
        plain=not any(array_lengths),
    )


SPECS = MappingProxyType({row[0]: _spec(*row) for row in _dialect.MESSAGES})
"""Every known message by id."""

SPEC_BY_NAME = MappingProxyType({spec.name: spec for spec in SPECS.values()})
"""Every known message by name."""

CRC_EXTRA = MappingProxyType({msg_id: spec.seed for msg_id, spec in SPECS.items()})
"""Seed byte of each message's checksum, by id."""
