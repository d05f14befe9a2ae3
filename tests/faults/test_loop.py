"""The shell itself tells a missed beat: whatever kept a tick waiting, that very tick already knows."""

from firmware_bridge.ports import MemoryPort
from tests import builders
from vehicle.contracts.units import TICK_NS
from vehicle.records.writer import NoRecorder, TickRecord
from vehicle.runtime.loop import VehicleLoop


class Kept(NoRecorder):
    def __init__(self) -> None:
        self.overruns: list[bool] = []

    def tick(self, record: TickRecord) -> None:
        self.overruns.append(record.overrun)


def test_a_late_tick_knows_it_itself() -> None:
    kept = Kept()
    loop = VehicleLoop(builders.vehicle_state(), MemoryPort.pair()[0], MemoryPort.pair()[0], kept)
    gaps = (TICK_NS, TICK_NS + 4_000_000, TICK_NS, 2 * TICK_NS, TICK_NS, 10**10, TICK_NS)
    now_ns = 0
    for gap in gaps:
        now_ns += gap
        loop.step(now_ns)
    assert kept.overruns == [False, False, False, True, False, True, False]
