"""A tick in a recording: all its inputs as bytes, and the frames sent to the controller."""

from typing import Final

import msgspec

from vehicle.contracts.sockets import TickRecord

TICK: Final = "/tick"
"""The MCAP channel of recorded ticks."""


class RecordedTick(msgspec.Struct, frozen=True, array_like=True):
    """Inputs and sent frames of one tick.

    `batches`: (name of the source, its bytes); sources without data are left out.
    """

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
    """Encode a tick for the channel `/tick`."""
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
    """Decode a tick. Raises msgspec.DecodeError if the bytes are no tick, or have format 1 or 2."""
    return _decode(data)
