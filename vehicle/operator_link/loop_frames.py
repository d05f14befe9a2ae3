"""Frames between operator link and loop: what the tick hears of stations, and what stations hear of the tick."""

from typing import Final

from firmware_bridge.mavlink import adapters
from firmware_bridge.types import NeighbourFrame, Observation, OperatorFrame
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.sockets import SourceBatch, TickRecord
from vehicle.operator_link.station_frame import station_frame

NAME: Final = "operator"
NOTHING: Final = SourceBatch(name=NAME)


class FrameReader:
    """Frames of stations as bytes, in any pieces, become a batch of the operators' source."""

    def __init__(self) -> None:
        self._reader = adapters.MessageReader(adapters.VEHICLE_DECODERS)

    def batch(self, data: bytes) -> SourceBatch:
        """Every frame that these bytes complete, in order. Never raises."""
        if not data:
            return NOTHING
        frames = self._reader.feed(data)
        return SourceBatch(
            name=NAME,
            data=data,
            operator=tuple([frame for frame in frames if isinstance(frame, OperatorFrame)]),
            observations=tuple([frame for frame in frames if isinstance(frame, Observation)]),
            neighbours=tuple([frame for frame in frames if isinstance(frame, NeighbourFrame)]),
        )


def told_frames(record: TickRecord, datum: LocalFrame) -> list[bytes]:
    """What stations are sent of a tick: what became of observations, then the report."""
    outputs, sequence = record.outputs, record.tick & 0xFF
    frames = [adapters.encode_observation_result(result, sequence) for result in outputs.results]
    if outputs.report is not None:
        frames.append(adapters.encode_vehicle(station_frame(outputs.report, datum), sequence))
    return frames
