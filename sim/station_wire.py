"""The operators of a simulated vehicle, a source and sink of its loop: the flail dialect alone on one byte port."""

from firmware_bridge.ports import BytePort
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.sockets import SourceBatch, TickRecord
from vehicle.operator_link.loop_frames import NAME, FrameReader, told_frames


class StationWire:
    """Hears every station on the port and reports to it, without keys and sessions."""

    name = NAME

    def __init__(self, port: BytePort, datum: LocalFrame) -> None:
        self._port, self._datum = port, datum
        self._reader = FrameReader()

    def drain(self, now_ns: int) -> SourceBatch:
        """Return what arrived since the last tick."""
        del now_ns
        return self._reader.batch(self._port.read())

    def accept(self, record: TickRecord) -> None:
        """Send results and reports to the stations."""
        if record.outputs.report is not None or record.outputs.results:
            for frame in told_frames(record, self._datum):
                self._port.write(frame)
