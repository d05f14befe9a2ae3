"""What a recording keeps of a tick: everything that entered, as bytes, and the frames that went to the controller."""

from typing import Final

import msgspec

from vehicle.contracts.sockets import TickRecord

TICK: Final = "/tick"
"""The channel."""


class RecordedTick(msgspec.Struct, frozen=True, array_like=True):
    """One tick on the wire side. `batches`: (name of the source, its bytes), without sources that brought nothing."""

    tick: int
    t_ns: int
    controller_in: bytes
    batches: tuple[tuple[str, bytes], ...]
    controller_out: bytes
    overrun: bool = False
    recording: bool = True


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(RecordedTick).decode


def encoded(record: TickRecord) -> bytes:
    """As the channel `/tick` holds it."""
    return _encode(
        (
            record.tick,
            record.t_ns,
            record.controller_in,
            [(batch.name, batch.data) for batch in record.batches],
            record.controller_out,
            record.overrun,
            record.recording,
        )
    )


def decoded(data: bytes) -> RecordedTick:
    """The same again. Raises msgspec.DecodeError where it is none, or one of format 1 or 2."""
    return _decode(data)
