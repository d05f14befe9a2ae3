"""Decodes recorded messages and frames, so that a difference between two of them can be named."""

from collections.abc import Callable
from typing import Final

import msgspec

from firmware_bridge.mavlink import adapters
from firmware_bridge.types import ReceivedCommand
from vehicle.contracts import stroke_codec
from vehicle.records import outcomes
from vehicle.records.differences import Apart, first_apart, shown
from vehicle.records.state_parts import StateHash

MEANINGS: Final[dict[str, Callable[[bytes], object]]] = {
    outcomes.REPORT: msgspec.json.decode,
    outcomes.EVENT: msgspec.json.decode,
    outcomes.STROKE: stroke_codec.unpacked,
    outcomes.STATE: msgspec.msgpack.Decoder(StateHash).decode,
}


def frames_apart(recorded: bytes, replayed: bytes) -> Apart | None:
    """Compare frames to the controller: by command values if these differ, else by bytes."""
    if recorded == replayed:
        return None
    old, new = _commands(recorded), _commands(replayed)
    found = first_apart("command", old[0], new[0]) if len(old) == len(new) == 1 else None
    return found or Apart("controller_out", shown(recorded), shown(replayed))


def _commands(frames: bytes) -> list[ReceivedCommand]:
    messages = adapters.MessageReader(adapters.CONTROLLER_DECODERS).feed(frames)
    return [message for message in messages if isinstance(message, ReceivedCommand)]


def name(topic: str) -> str:
    """Return the first part of a field's path for a topic."""
    return topic.removeprefix("/")


def of(topic: str, data: bytes) -> object:
    """Return the decoded message; its bytes if they cannot be decoded."""
    try:
        return MEANINGS[topic](data)
    except (ValueError, IndexError):
        return data
