"""MCAP writer. Log time is the vehicle's own time, moved to UTC as the start knew it (`time_source` in the metadata).

Channel `/tick` holds the raw bytes of each tick (controller in, operator in, controller out): feeding them to the tick
again reproduces everything else. `/report` and `/event` are JSON for people and viewers.
"""

from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec
from mcap.writer import CompressionType, Writer

from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.messages import Event, VehicleReport

REPORT_PERIOD_TICKS = 10
"""Reports are kept at 5 Hz: they can be recomputed from `/tick`."""
CHUNK_BYTES = 1 << 16
"""Three seconds of ticks: what a power cut may take, at some 5 % more bytes on the disk than with a mebibyte."""


class TickRecord(msgspec.Struct, frozen=True, array_like=True):
    """One tick on the wire side."""

    tick: int
    t_ns: int
    controller_in: bytes
    operator_in: bytes
    controller_out: bytes
    overrun: bool = False
    recording: bool = True


class Recorder(Protocol):
    """What the shell writes to. `healthy`: what is told is kept; a mission does not start without."""

    @property
    def healthy(self) -> bool:
        """What is told to it is kept."""
        ...

    def tick(self, record: TickRecord) -> None:
        """Keep one tick."""
        ...

    def report(self, report: VehicleReport) -> None:
        """Keep one report."""
        ...

    def event(self, event: Event) -> None:
        """Keep one event."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class NoRecorder:
    """Keeps nothing: for benchmarks of the bare stack and for tests."""

    healthy = True

    def tick(self, record: TickRecord) -> None:
        """Drop."""

    def report(self, report: VehicleReport) -> None:
        """Drop."""

    def event(self, event: Event) -> None:
        """Drop."""

    def close(self) -> None:
        """Nothing to finish."""


class McapRecorder:
    """Writes `run.mcap`, never over another; chunks are complete on disk every few seconds and carry a CRC."""

    healthy = True
    """A disk that refuses raises; `BackgroundRecorder` catches it."""

    def __init__(self, path: Path, header: dict[str, str], log_zero_ns: int = 0) -> None:
        self._log_zero_ns = log_zero_ns
        ordinary = not path.exists() or path.is_file()
        self._stream: BinaryIO = path.open("xb" if ordinary else "wb")
        self._writer = Writer(self._stream, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
        self._writer.start(profile="flailpilot", library="flailpilot")
        self._writer.add_metadata("run", {"format": str(Kept.RECORDING.number), **header})
        self._tick = self._channel("/tick", "flailpilot.TickRecord", "msgpack")
        self._report = self._channel("/report", "flailpilot.VehicleReport", "json")
        self._event = self._channel("/event", "flailpilot.Event", "json")
        self._pack = msgspec.msgpack.Encoder()
        self._json = msgspec.json.Encoder()
        self._sequence = 0

    def _channel(self, topic: str, name: str, encoding: str) -> int:
        schema = self._writer.register_schema(name=name, encoding="jsonschema", data=b'{"type":"object"}')
        return self._writer.register_channel(topic=topic, message_encoding=encoding, schema_id=schema)

    def _add(self, channel: int, t_ns: int, payload: bytes) -> None:
        self._sequence += 1
        self._writer.add_message(
            channel_id=channel,
            log_time=self._log_zero_ns + t_ns,
            publish_time=self._log_zero_ns + t_ns,
            data=payload,
            sequence=self._sequence,
        )

    def tick(self, record: TickRecord) -> None:
        """Keep the raw bytes of one tick."""
        self._add(self._tick, record.t_ns, self._pack.encode(record))

    def report(self, report: VehicleReport) -> None:
        """Keep one report in five."""
        if report.tick % REPORT_PERIOD_TICKS == 0:
            self._add(self._report, report.t_ns, self._json.encode(report))
            self._stream.flush()  # of a chunk that is done; a killed program loses no more than the next

    def event(self, event: Event) -> None:
        """Keep an event."""
        self._add(self._event, event.t_ns, self._json.encode(event))

    def close(self) -> None:
        """Write the summary section; without it the file is still readable up to the last whole chunk."""
        try:
            self._writer.finish()  # type: ignore[no-untyped-call]  # the library leaves it untyped
        finally:
            self._stream.close()
