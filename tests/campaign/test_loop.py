"""The shell round the tick: what it hears, in which order it acts, and that no sink holds it up or ends it."""

import asyncio
import itertools

import msgspec
import pytest

from firmware_bridge.flail_adapter import FlailAdapter
from firmware_bridge.ports import MemoryPort
from tests import builders
from vehicle.contracts.plan import PlanAssignment
from vehicle.contracts.sockets import ControllerWire, Keeper, SourceBatch, TickRecord
from vehicle.contracts.units import TICK_NS
from vehicle.runtime.loop import VehicleLoop
from vehicle.runtime.recorded_inputs import inputs_of


class Kept:
    """A sink that keeps what it is told, and looks at the controller's end of the wire."""

    name = "kept"

    def __init__(self, far: MemoryPort | None = None) -> None:
        self.records: list[TickRecord] = []
        self.on_the_wire: list[bytes] = []
        self._far = far

    def accept(self, record: TickRecord) -> None:
        self.records.append(record)
        if self._far is not None:
            self.on_the_wire.append(self._far.read())


class Broken:
    """A sink that breaks in every second tick."""

    name = "broken"

    def __init__(self) -> None:
        self.asked = 0

    def accept(self, record: TickRecord) -> None:
        self.asked += 1
        if record.tick % 2:
            raise RuntimeError("no room")


class BrokenKeeper(Broken):
    healthy = True

    def begin(self, state: object, controller: object) -> None:
        """Nothing of it is looked at."""


def loop_with(*sinks: object, sources: tuple[object, ...] = ()) -> tuple[VehicleLoop, MemoryPort]:
    near, far = MemoryPort.pair()
    wire = ControllerWire(near, FlailAdapter())
    return VehicleLoop(builders.vehicle_state(), wire, sources, sinks), far  # type: ignore[arg-type]


def run(loop: VehicleLoop, ticks: int) -> None:
    for number in range(ticks):
        loop.step((number + 1) * TICK_NS)


def test_a_late_tick_knows_it_itself() -> None:
    kept = Kept()
    loop, _ = loop_with(kept)
    gaps = (TICK_NS, TICK_NS + 4_000_000, TICK_NS, 2 * TICK_NS, TICK_NS, 10**10, TICK_NS)
    now_ns = 0
    for gap in gaps:
        now_ns += gap
        loop.step(now_ns)
    assert [record.overrun for record in kept.records] == [False, False, False, True, False, True, False]


def test_the_command_is_on_the_wire_before_any_sink_is_asked() -> None:
    near, far = MemoryPort.pair()
    broken, kept = Broken(), Kept(far)
    loop = VehicleLoop(builders.vehicle_state(), ControllerWire(near, FlailAdapter()), (), (kept, broken))
    run(loop, 5)
    assert all(kept.on_the_wire)
    assert kept.on_the_wire == [record.controller_out for record in kept.records]


def test_a_sink_that_raises_ends_no_tick_and_keeps_no_other_sink_from_its_own() -> None:
    broken, kept = Broken(), Kept()
    loop, far = loop_with(broken, kept)
    run(loop, 6)
    assert [record.tick for record in kept.records] == [1, 2, 3, 4, 5, 6]
    assert broken.asked == 6, "it goes on being asked"
    assert loop.failures == {"broken": 3}
    (told,) = [event for record in kept.records for event in record.notices]
    assert (told.kind, told.tick, told.text) == ("sink", 1, "broken failed: RuntimeError: no room")
    assert far.read() == b"".join(record.controller_out for record in kept.records)


def test_a_notice_of_the_shell_reaches_every_sink_once_with_the_next_tick() -> None:
    kept = Kept()
    loop, _ = loop_with(kept)
    run(loop, 2)
    loop.notice("files", "keys.json: others may read it")
    run(loop, 2)
    told = [(record.tick, event.kind, event.text) for record in kept.records for event in record.notices]
    assert told == [(3, "files", "keys.json: others may read it")]


def test_a_keeper_that_failed_once_has_a_gap_and_no_mission_starts() -> None:
    keeper, kept = BrokenKeeper(), Kept()
    assert isinstance(keeper, Keeper)
    loop, _ = loop_with(keeper, kept)
    run(loop, 3)
    assert [record.recording for record in kept.records] == [True, False, False]
    keeper.healthy = False
    loop, _ = loop_with(keeper, kept := Kept())
    run(loop, 1)
    assert not kept.records[0].recording


class HandClock:
    """Time passes where somebody takes it, or is waited for; the run ends at `end_ns`."""

    def __init__(self, end_ns: int) -> None:
        self.now, self._end_ns = 0, end_ns

    def now_ns(self) -> int:
        return self.now

    async def sleep_until_ns(self, deadline_ns: int) -> None:
        self.now = max(self.now, deadline_ns)
        if self.now >= self._end_ns:
            raise asyncio.CancelledError


class Slow:
    """A sink that breaks its word: it takes 70 ms over every fifth tick. Notes when each command had left."""

    name = "slow"

    def __init__(self, clock: HandClock, far: MemoryPort) -> None:
        self.left: list[tuple[int, bytes]] = []
        self._clock, self._far = clock, far

    def accept(self, record: TickRecord) -> None:
        self.left.append((self._clock.now, self._far.read()))
        if record.tick % 5 == 0:
            self._clock.now += 70_000_000


def test_a_sink_that_takes_its_time_holds_no_command_back_ends_nothing_and_is_told_to_the_next_tick() -> None:
    clock, kept = HandClock(1_000_000_000), Kept()
    near, far = MemoryPort.pair()
    slow = Slow(clock, far)
    loop = VehicleLoop(builders.vehicle_state(), ControllerWire(near, FlailAdapter()), (), (slow, kept))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(loop.run(clock))
    records = kept.records
    assert len(records) > 25
    assert [left for _, left in slow.left] == [record.controller_out for record in records]
    assert [at_ns for at_ns, _ in slow.left] == [record.t_ns for record in records], "sent in the moment of the tick"
    assert [record.overrun for record in records] == [record.tick % 5 == 1 and record.tick > 1 for record in records]
    gaps = {after.t_ns - before.t_ns for before, after in itertools.pairwise(records)}
    assert gaps == {TICK_NS, 4 * TICK_NS}, "on the grid again, and nothing is caught up in a burst"
    assert not loop.failures


class Bringing:
    """A source that brings one batch."""

    def __init__(self, batch: SourceBatch) -> None:
        self.name, self._batch = batch.name, batch

    def drain(self, now_ns: int) -> SourceBatch:
        del now_ns
        batch, self._batch = self._batch, SourceBatch(name=self.name)
        return batch


def test_a_source_that_brings_nothing_is_not_in_the_record() -> None:
    fix = builders.gnss(1.0, 2.0, 0.3, 0.1)
    brings = SourceBatch(name="gnss:left", data=b"fix", gnss=fix)
    kept = Kept()
    loop, _ = loop_with(kept, sources=(Bringing(brings), Bringing(SourceBatch(name="gnss:right"))))
    run(loop, 2)
    assert [record.batches for record in kept.records] == [(brings,), ()]
    assert kept.records[0].state.wire.gnss == fix


@pytest.mark.parametrize("places", [(1,), (1, 2), (2, 1)])
def test_a_receiver_of_its_own_counts_before_the_controllers(places: tuple[int, ...]) -> None:
    """And the last of several."""
    fixes = [builders.gnss(float(place), 0.0, 0.3, 0.1) for place in range(3)]
    own = [SourceBatch(name=f"gnss:{place}", data=b"x", gnss=fixes[place]) for place in places]
    heard = msgspec.structs.replace(FlailAdapter().receive(b"", 0), gnss=fixes[0])
    assert inputs_of(heard, [], overrun=False, recording=True).gnss is fixes[0]
    assert inputs_of(heard, own, overrun=False, recording=True).gnss is fixes[places[-1]]


def test_a_boundary_that_is_none_is_refused_by_the_tick_itself() -> None:
    kept = Kept()
    assigned = PlanAssignment(boundary_m=((),))
    loop, _ = loop_with(kept, sources=(Bringing(SourceBatch(name="plan", data=b"x", plan=assigned)),))
    run(loop, 1)
    (event,) = [event for event in kept.records[0].outputs.events if event.kind == "plan"]
    assert "refused: a boundary without an edge leaves no place" in event.text
    assert loop.state.waiting is None
