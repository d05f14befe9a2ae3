"""Every field of every frame at its extremes, in three phases: nothing raises, nothing grows, nothing is swept by it.

One frame of a real drive is changed on the wire, checksum and all; the frames after it are as they were.
"""

import itertools
import math
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from campaign.fault_scenario import FaultScenario
from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.tables import SPEC_BY_NAME, SPECS
from tests.builders import plug
from tests.campaign.scenes import manual, work
from tests.firmware_bridge.wire import rewired
from vehicle.contracts.sockets import TickRecord
from vehicle.contracts.units import TICK_NS
from vehicle.control.state import VehicleState
from vehicle.control.tick import tick
from vehicle.runtime.recorded_inputs import RecordedInputs, inputs_of

pytestmark = pytest.mark.long

FLOATS = (
    math.nan, math.inf, -math.inf, 3.4e38, -3.4e38, 1e12, -1e12, 1e9, -1e9, 4e3, -4e3, 90.0, -90.0, 5.0, -5.0, 4.99,
    -4.99, 2.9, 1.0, -1.0, 0.3, 0.0, -0.0, 1e-45, -1e-45,
)  # fmt: skip
BYTES = {"uint8_t": 8, "uint16_t": 16, "uint32_t": 32, "uint64_t": 64}
ALLOCATED_MAX_BYTES = 1 << 20
AFTER_TICKS = 6
CELL_M2 = 0.05 * 0.05
WAY_MAX_M = 0.025
"""Half a cell."""
FRAMES = {
    "controller": ("FLAIL_STATUS", "FLAIL_IMU", "FLAIL_GNSS", "FLAIL_HELLO"),
    "operator": ("FLAIL_OPERATOR", "FLAIL_OBSERVATION"),
}


class Tape:
    """What came in over both wires, tick by tick, from a state on."""

    name = "tape"

    def __init__(self, drill: FaultScenario, ticks: int) -> None:
        self.state: VehicleState = drill.state
        self.now_ns = drill.now_ns
        self.controller: list[bytes] = []
        self.operator: list[bytes] = []
        self.peak_bytes = 0
        plug(drill.process.loop, self)
        drill.run(ticks * TICK_NS / 1e9)

    def accept(self, record: TickRecord) -> None:
        self.controller.append(record.controller_in)
        self.operator.append(b"".join(batch.data for batch in record.batches))

    def frames(self, wire: str) -> dict[str, tuple[int, bytes]]:
        """The first frame of each kind: its tick and its bytes."""
        found: dict[str, tuple[int, bytes]] = {}
        for number, data in enumerate(getattr(self, wire)[: -AFTER_TICKS - 2]):
            for frame in FrameParser().feed(data):
                name = SPECS[frame.msg_id].name
                if name in FRAMES[wire] and name not in found:
                    found[name] = (
                        number,
                        codec.encode_fields(
                            name, codec.decode_fields(frame), frame.sequence, frame.system_id, frame.component_id
                        ),
                    )
        for name in FRAMES[wire]:
            found.setdefault(name, (0, codec.encode_fields(name, {}, 0, 1, 25)))
        return found

    def run(self, ticks: range, changed: dict[int, tuple[str, bytes]], traced: int = 0) -> VehicleState:
        """From the state on, with frames put behind those of a tick; `peak_bytes` is of the first `traced` ticks."""
        state, heard = self.state, RecordedInputs()
        if traced:
            tracemalloc.start()
        for number in ticks:
            came = {"controller": self.controller[number], "operator": self.operator[number]}
            if number in changed:
                wire, frame = changed[number]
                came[wire] += frame
            controller = heard.adapter.receive(came["controller"], 0)
            batch = heard.batch("operator", came["operator"])
            inputs = inputs_of(controller, [batch], overrun=False, recording=True)
            state, _ = tick(state, inputs, self.now_ns + (number + 1) * TICK_NS)
            if traced and number == ticks[traced - 1]:
                self.peak_bytes = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
        return state


def extremes(kind: str, count: int) -> tuple[Any, ...]:
    if kind == "char" or count:
        return (b"", b"\xff" * (count or 1), b"\0" * (count or 1))
    if kind in BYTES:
        top = (1 << BYTES[kind]) - 1
        return (0, 1, 2, 3, 4, 127, 128, top // 2, top // 2 + 1, top - 1, top)
    return FLOATS


def changed_frames(tape: Tape) -> Iterator[tuple[str, int, str, bytes]]:
    """What was changed, the tick, the wire, the frame."""
    for wire in FRAMES:
        for name, (number, frame) in tape.frames(wire).items():
            (parsed,) = FrameParser().feed(frame)
            spec, values = SPEC_BY_NAME[name], codec.decode_fields(parsed)
            for field, kind, count in zip(spec.fields, spec.kinds, spec.array_lengths, strict=True):
                for extreme in extremes(kind, count):
                    try:
                        odd = codec.encode_fields(
                            name, values | {field: extreme}, parsed.sequence, parsed.system_id, parsed.component_id
                        )
                    except ValueError:  # the wire itself cannot carry it
                        continue
                    yield f"{name}.{field} = {extreme!r}", number, wire, odd


def standing() -> FaultScenario:
    return FaultScenario().run(3.0)


def at_work() -> FaultScenario:
    """A few strokes into the swath."""
    return work().run(4.0)


def pending_m(state: VehicleState) -> float:
    """Way of the tool that the next stroke would sweep."""
    run = state.ledger.run
    if run is None or run.swept_from is None:
        return 0.0
    return run.tip.path_m - max(run.swept_done_m, run.swept_from.path_m)


def waiting_m2(state: VehicleState) -> float:
    """What the tool has passed since the last stroke: one that is cut short draws it early."""
    return (pending_m(state) + WAY_MAX_M) * state.config.machine.tool.width_m


def passed_m2(state: VehicleState) -> float:
    """What is swept, and what waits for its stroke."""
    return state.ledger.swept_m2 + waiting_m2(state)


@pytest.mark.parametrize("phase", [at_work, manual, standing])
def test_a_sample_of_single_frames_raises_grows_or_sweeps_nothing(phase: Any) -> None:
    assert tried_on(phase, every=17, traced=AFTER_TICKS) > 60


@pytest.mark.release
@pytest.mark.parametrize("phase", [at_work, manual, standing])
def test_no_single_frame_raises_grows_or_sweeps(phase: Any) -> None:
    assert tried_on(phase, every=1, traced=2) > 1_000


def tried_on(phase: Any, every: int, traced: int) -> int:
    """How many were tried. What the tool did not pass is not swept: no stroke, nor the way that waits for one.

    What a frame allocates is looked at in the first `traced` ticks, at four times their cost.
    """
    tape = Tape(phase(), 40)
    tape.run(range(20), {})  # what is made once and kept is no growth
    tried = 0
    as_it_was: dict[range, VehicleState] = {}
    for what, number, wire, frame in itertools.islice(changed_frames(tape), 0, None, every):
        ticks = range(number, number + AFTER_TICKS)
        after = tape.run(ticks, {number: (wire, frame)}, traced)
        assert tape.peak_bytes <= ALLOCATED_MAX_BYTES, what
        if ticks not in as_it_was:
            as_it_was[ticks] = tape.run(ticks, {})
        base = as_it_was[ticks]
        assert after.ledger.swept_m2 <= passed_m2(base), what
        # a cell more or less at the edge of what k sigma withheld
        assert after.ledger.credited_m2 <= base.ledger.credited_m2 + waiting_m2(base) + 2 * CELL_M2, what
        assert pending_m(after) <= pending_m(base) + WAY_MAX_M, what
        tried += 1
    return tried


@pytest.mark.parametrize("mps", [1e9, 1e4, 100.0, 4.99, 1.0, 0.5])
def test_a_belt_speed_that_cannot_be_moves_the_estimate_nowhere(mps: float) -> None:
    tape = Tape(at_work(), 20)
    number, frame = tape.frames("controller")["FLAIL_STATUS"]
    odd = rewired(frame, track_left=mps, track_right=mps)
    ticks = range(number, number + 2)
    before, after = tape.run(ticks, {}).report, tape.run(ticks, {number: ("controller", odd)}).report
    assert before is not None
    assert after is not None
    assert "impossible_value" in after.reasons
    assert "impossible_value" not in before.reasons


@pytest.mark.slow
def test_nor_do_pairs_of_odd_frames() -> None:
    tape = Tape(at_work(), 20)
    frames = [(number, wire, frame) for _, number, wire, frame in changed_frames(tape)]
    base = tape.run(range(AFTER_TICKS + 2), {})
    for one, other in zip(frames[::3], frames[1::3], strict=False):
        after = tape.run(range(AFTER_TICKS + 2), {0: one[1:], 1: other[1:]})
        assert after.ledger.swept_m2 <= passed_m2(base)
        assert pending_m(after) <= pending_m(base) + 2 * WAY_MAX_M
