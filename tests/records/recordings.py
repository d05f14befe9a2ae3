"""Recordings for the tests: a short run of a fault scenario, and copies of it with something changed."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mcap.writer import Writer

from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from vehicle.records.parts import Attachment, Message, Metadata, Part, parts
from vehicle.records.writer import McapRecorder

Change = Callable[[Message], Iterable[Message]]


def recorded(path: Path, drive: Callable[[FaultScenario], object], settings: FaultScenarioSettings) -> FaultScenario:
    """A scenario driven with a recorder."""
    recorder = McapRecorder(path, {})
    drill = FaultScenario(settings, (recorder,))
    drive(drill)
    recorder.close()
    return drill


def kept(message: Message) -> Iterator[Message]:
    """No change."""
    yield message


def rewritten(source: Path, to: Path, change: Change = kept, attached: dict[str, bytes] | None = None) -> Path:
    """A whole recording of the changed messages, and of other attachments under the same names; checksums are right."""
    with to.open("wb") as stream:
        writer = Writer(stream, chunk_size=1 << 16)
        writer.start()
        schema = writer.register_schema("any", "jsonschema", b"{}")
        channels: dict[str, int] = {}
        for part in parts(source):
            _put(writer, schema, channels, part, change, attached or {})
        writer.finish()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    return to


def _put(
    writer: Writer, schema: int, channels: dict[str, int], part: Part, change: Change, attached: dict[str, bytes]
) -> None:
    if isinstance(part, Metadata):
        writer.add_metadata(part.name, part.values)
    elif isinstance(part, Attachment):
        writer.add_attachment(0, 0, part.name, "", attached.get(part.name, part.content))
    elif isinstance(part, Message):
        for message in change(part):
            if message.topic not in channels:
                channels[message.topic] = writer.register_channel(message.topic, "any", schema)
            writer.add_message(channels[message.topic], message.t_ns, message.data, message.t_ns)
