"""MCAP writer. Log time is the vehicle's time, shifted to UTC as known at the start (metadata `time_source`).

Attachments hold the initial state (`start.py`). Channel `/tick` holds the inputs of each tick and the frames sent to
the controller (`recorded_tick.py`). Running the ticks again reproduces the recorded outcomes (`outcomes.py`). Channel
`/notice` holds messages of the shell as events in JSON.
"""

from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec
from mcap.writer import CompressionType, Writer

from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.messages import Event
from vehicle.contracts.sockets import ControllerAdapter, TickRecord
from vehicle.contracts.units import NS_PER_S
from vehicle.control.state import VehicleState
from vehicle.records import outcomes, recorded_tick
from vehicle.records.outcomes import Outcomes
from vehicle.records.recorded_tick import TICK
from vehicle.records.start import attachments_of

NOTICE = "/notice"
CHUNK_BYTES = 1 << 16
CHUNK_NS = NS_PER_S * 5 // 4
"""A chunk is closed and handed to the system this long after its first message, however little it holds.

So a killed program loses no more than this, even after an hour of standing disarmed.
"""


class Recorder(Protocol):
    """Interface of a run's recorder: a `Keeper` of the loop that can also be begun, closed, and given notices."""

    @property
    def name(self) -> str:
        """Name for people."""
        ...

    @property
    def healthy(self) -> bool:
        """Whether everything handed over is kept."""
        ...

    def begin(self, state: VehicleState, controller: ControllerAdapter) -> None:
        """Keep what the run starts from."""
        ...

    def accept(self, record: TickRecord) -> None:
        """Keep one tick."""
        ...

    def note(self, event: Event) -> None:
        """Keep an event that came of no tick."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class _ChunkWriter(Writer):
    """Adds closing a chunk by age: the library closes a chunk by its size alone."""

    def close_chunk(self) -> None:
        """Close the open chunk."""
        self._Writer__finalize_chunk()  # type: ignore[attr-defined]  # private in the library; there is no public call


class McapRecorder:
    """Writes `run.mcap` and never overwrites a file; every few seconds a complete chunk with a CRC is on the disk."""

    name = "recording"
    healthy = True
    """Always true: a disk error raises an exception, which `BackgroundRecorder` catches."""

    def __init__(self, path: Path, header: dict[str, str], log_zero_ns: int = 0) -> None:
        self._log_zero_ns = log_zero_ns
        ordinary = not path.exists() or path.is_file()
        self._stream: BinaryIO = path.open("xb" if ordinary else "wb")
        self._writer = _ChunkWriter(self._stream, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
        self._writer.start(profile="flailpilot", library="flailpilot")
        self._writer.add_metadata("run", {"format": str(Kept.RECORDING.number), **header})
        self._tick = self._channel(TICK, "flailpilot.TickRecord", "msgpack")
        self._notice = self._channel(NOTICE, "flailpilot.Event", "json")
        self._channels = {topic: self._channel(topic, *kind) for topic, kind in outcomes.TOPICS.items()}
        self._outcomes = Outcomes()
        self._json = msgspec.json.Encoder()
        self._sequence = 0
        self._chunk_ns: int | None = None

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
        if self._chunk_ns is None or t_ns < self._chunk_ns:
            self._chunk_ns = t_ns
        elif t_ns - self._chunk_ns >= CHUNK_NS:
            self._writer.close_chunk()
            self._stream.flush()
            self._chunk_ns = None

    def begin(self, state: VehicleState, controller: ControllerAdapter) -> None:
        """Attach the initial state of the run; it is on the disk at once."""
        moment_ns = self._log_zero_ns
        for name, content in attachments_of(state, controller.settings).items():
            kind = "application/json" if name.endswith(".json") else "application/octet-stream"
            self._writer.add_attachment(moment_ns, moment_ns, name, kind, content)
        self._stream.flush()
        self._outcomes.begin(state)

    def accept(self, record: TickRecord) -> None:
        """Record the inputs of one tick, the frames it sent, and its other outcomes."""
        self._add(self._tick, record.t_ns, recorded_tick.encoded(record))
        for event in record.notices:
            self.note(event)
        for topic, message in self._outcomes.of(record.tick, record.outputs, record.state):
            self._add(self._channels[topic], record.t_ns, message)

    def note(self, event: Event) -> None:
        """Keep an event that came of no tick."""
        self._add(self._notice, event.t_ns, self._json.encode(event))

    def close(self) -> None:
        """Write the summary section; without it the file is still readable up to the last whole chunk."""
        try:
            self._writer.finish()  # type: ignore[no-untyped-call]  # the library leaves it untyped
        finally:
            self._stream.close()
