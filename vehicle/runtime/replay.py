"""Replays a recording: runs its inputs through the present tick and finds the first outcome that differs.

The tick is a function of state, inputs and time, and a recording holds all three. So a difference comes from the
program, from its configuration, or from the processor's arithmetic.
"""

from collections import Counter
from pathlib import Path
from typing import Final, Protocol

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.contracts.units import NS_PER_S
from vehicle.control.state import VehicleState
from vehicle.control.tick import tick
from vehicle.records import meanings, outcomes, parts, reader, recorded_tick, start
from vehicle.records.differences import NOTHING, Apart, first_apart, shown
from vehicle.records.outcomes import Outcomes
from vehicle.records.parts import Attachment, Damage, End, Message, Metadata, Part
from vehicle.records.recorded_tick import TICK, RecordedTick
from vehicle.records.shapes import shapes
from vehicle.records.state_parts import StateHash
from vehicle.runtime.recorded_inputs import RecordedInputs, adapter_of

COPY: Final = "copy it again from where it was recorded"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The first field that differs, in the first tick that differs; `time_s` counts from the first tick."""

    tick: int
    time_s: float
    field: str
    recorded: str
    replayed: str


class Torn(msgspec.Struct, frozen=True, kw_only=True):
    """The recording was not closed; this many of its bytes hold whole records."""

    read_bytes: int
    total_bytes: int


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared up to the end or to the first difference; `states` counts compared state hashes.

    `left_out`: parts of the state that were not compared, because this program has other fields there.
    """

    ticks: int
    time_s: float
    reports: int
    events: int
    strokes: int
    states: int
    left_out: tuple[str, ...]
    difference: Difference | None
    torn: Torn | None


class Watcher(Protocol):
    """An observer that is called during a replay."""

    def began(self, state: VehicleState) -> None:
        """Called with the initial state of each program start."""
        ...

    def ticked(self, state: VehicleState, t_ns: int) -> None:
        """Called after each tick with its result."""
        ...


def replay(path: Path, watcher: Watcher | None = None) -> Replayed:
    """Run every recorded tick again until one differs.

    Raises:
        OSError: The recording cannot be read.
        InputError: The file is no recording, is damaged, or lacks the initial state; one line.
    """
    run = _Run(path, watcher)
    for part in parts.parts(path):
        run.take(part)
        if run.difference is not None:
            break
    return run.replayed()


class _Run:
    """The state after the replayed ticks, and the outcomes of the newest tick that are still to be compared."""

    def __init__(self, path: Path, watcher: Watcher | None = None) -> None:
        self._watcher = watcher
        self.difference: Difference | None = None
        self._path = path
        self._torn: Torn | None = None
        self._attached: dict[str, bytes] = {}
        self._state: VehicleState | None = None
        self._inputs = RecordedInputs()
        self._outcomes = Outcomes()
        self._left_out: list[str] = []
        self._due: list[tuple[str, bytes]] = []
        self._count: Counter[str] = Counter()
        self._tick_number = self._first_ns = self._now_ns = 0

    def replayed(self) -> Replayed:
        """Return what has been compared so far."""
        return Replayed(
            ticks=self._count[TICK],
            time_s=self._time_s(),
            reports=self._count[outcomes.REPORT],
            events=self._count[outcomes.EVENT],
            strokes=self._count[outcomes.STROKE],
            states=self._count[outcomes.STATE],
            left_out=tuple(self._left_out),
            difference=self.difference,
            torn=self._torn,
        )

    def take(self, part: Part) -> None:
        """Process one part of the recording. Raises InputError if the replay cannot continue."""
        if isinstance(part, Message):
            self._message(part)
        elif isinstance(part, Attachment):
            self._attach(part)
        elif isinstance(part, Metadata):
            if part.name == reader.RUN:
                reader.check_format(self._path, part.values)
        elif isinstance(part, Damage):
            raise self._refusal(f"damaged at byte {part.place} ({part.what})", COPY)
        else:
            self._end(part)

    def _message(self, message: Message) -> None:
        if message.topic == TICK:
            self._nothing_left()
            if self._state is None:
                self._begin()
            if self.difference is None:
                self._tick(self._row(message.data))
        elif message.topic in outcomes.TOPICS:
            self._met(message.topic, message.data)

    def _attach(self, attachment: Attachment) -> None:
        if attachment.name == start.CONFIGURATION:  # the first tick of a program start
            self._attached = {}
        self._attached[attachment.name] = attachment.content

    def _end(self, end: End) -> None:
        if not end.finished:
            self._torn = Torn(read_bytes=end.read_bytes, total_bytes=end.total_bytes)
        else:
            self._nothing_left()
        if self._state is None:
            self._begin()

    def _row(self, data: bytes) -> RecordedTick:
        try:
            return recorded_tick.decoded(data)
        except msgspec.MsgspecError as error:
            raise self._refusal(f"a tick that cannot be read ({error})", COPY) from None

    def _begin(self) -> None:
        if self._torn is not None and start.STATE not in self._attached:
            raise self._refusal("it ends before the state that it started from was written", "nothing can be replayed")
        try:
            self._state = start.state_of(self._attached)
            self._left_out = _other_shapes(self._attached.get(start.SHAPES))
            self._inputs = RecordedInputs(
                adapter_of(self._attached.get(start.CONTROLLER, b"").decode(errors="replace"))
            )
        except InputError as refusal:
            raise InputError(f"{self._path}: {refusal}") from None
        self._attached = {}
        self._outcomes = Outcomes()
        self._outcomes.begin(self._state)
        if self._watcher is not None:
            self._watcher.began(self._state)

    def _tick(self, row: RecordedTick) -> None:
        """Run a tick, compare the frames that it sends, and keep its other outcomes to be compared later."""
        assert self._state is not None
        if self._attached and row.tick != self._state.tick + 1:  # the program was restarted and continues this file
            self._begin()
        if row.tick != self._state.tick + 1:
            gap = f"tick {row.tick} follows tick {self._state.tick}"
            raise self._refusal(gap, "the ticks between were not recorded, and nothing after it can be replayed")
        self._first_ns = row.t_ns if not self._count[TICK] else self._first_ns
        self._tick_number, self._now_ns = row.tick, row.t_ns
        self._count[TICK] += 1
        self._apart(self._stepped(row))

    def _stepped(self, row: RecordedTick) -> Apart | None:
        assert self._state is not None
        try:
            inputs = self._inputs.of(row)
        except (InputError, msgspec.MsgspecError) as error:
            raise self._refusal(f"inputs of tick {row.tick} that cannot be read ({error})", COPY) from None
        try:
            self._state, outputs = tick(self._state, inputs, row.t_ns)
            sent = b"".join(self._inputs.adapter.encode(outputs.command, row.t_ns))
            self._due = self._outcomes.of(row.tick, outputs, self._state)
            if self._watcher is not None:
                self._watcher.ticked(self._state, row.t_ns)
        except Exception as error:  # noqa: BLE001  # it ran when recorded: any error now is a difference
            return Apart("tick", "ran", shown(f"{type(error).__name__}: {error}"))
        return meanings.frames_apart(row.controller_out, sent)

    def _met(self, topic: str, data: bytes) -> None:
        """Compare a recorded outcome with the next outcome of the present tick."""
        if self._state is None:
            return
        if not self._due or (self._due[0][0] != topic and topic not in dict(self._due)):
            self._apart(Apart(meanings.name(topic), shown(meanings.of(topic, data)), NOTHING))
            return
        expected, again = self._due.pop(0)
        if expected != topic:
            self._apart(Apart(meanings.name(expected), NOTHING, shown(meanings.of(expected, again))))
            return
        self._count[topic] += 1
        if data != again:
            said, means = meanings.of(topic, data), meanings.of(topic, again)
            if isinstance(said, StateHash) and isinstance(means, StateHash):
                said = msgspec.structs.replace(said, **{name: getattr(means, name) for name in self._left_out})
            self._apart(first_apart(meanings.name(topic), said, means))

    def _nothing_left(self) -> None:
        """Check that the newest tick made no outcome that is missing from the recording."""
        if self._due:
            topic, again = self._due.pop(0)
            self._apart(Apart(meanings.name(topic), NOTHING, shown(meanings.of(topic, again))))

    def _apart(self, apart: Apart | None) -> None:
        if apart is not None:
            self.difference = Difference(
                tick=self._tick_number,
                time_s=self._time_s(),
                field=apart.field,
                recorded=apart.recorded,
                replayed=apart.replayed,
            )

    def _time_s(self) -> float:
        return (self._now_ns - self._first_ns) / NS_PER_S

    def _refusal(self, what: str, advice: str) -> InputError:
        ticks = self._count[TICK]
        before = f"; the {ticks:,} ticks before it are the same" if ticks else ""
        return InputError(f"{self._path}: {what}{before}; {advice}")


def _other_shapes(recorded: bytes | None) -> list[str]:
    """Return the parts of the state whose fields have changed. Raises InputError if the recorded list is unreadable."""
    if recorded is None:
        return []
    try:
        old, new = msgspec.json.decode(recorded, type=StateHash), shapes()
    except msgspec.MsgspecError as error:
        raise InputError(f"shapes.json: its list of fields cannot be read ({error}); {COPY}") from None
    return [name for name in StateHash.__struct_fields__ if getattr(old, name) != getattr(new, name)]
