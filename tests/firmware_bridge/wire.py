"""Short ways through the codec for the tests."""

import struct
from typing import Any

from firmware_bridge.mavlink import codec, tables
from firmware_bridge.mavlink.adapters import MessageReader
from firmware_bridge.mavlink.framing import FrameParser, frame_bytes


def read_one(decoders: Any, frame: bytes) -> Any:
    messages = MessageReader(decoders).feed(frame)
    return messages[0] if messages else None


def rewired(frame: bytes, **fields: Any) -> bytes:
    """The same frame with some wire fields overwritten, checksum and all."""
    (parsed,) = FrameParser().feed(frame)
    named = codec.decode_fields(parsed)
    name = tables.SPECS[parsed.msg_id].name
    return codec.encode_fields(name, named | fields, parsed.sequence, parsed.system_id, parsed.component_id)


def adapters_frame(spec: tables.MessageSpec, payload: bytes, system: int) -> bytes:
    return frame_bytes(spec.header_id, struct.pack("B", spec.crc_extra), payload, 1, system, 1)
