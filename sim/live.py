"""The simulated machine for a vehicle program that runs in pace with real time: world and line, without a vehicle.

`MachineLine` is the vehicle program's controller port; it looks like a serial device that can be unplugged.
"""

from collections.abc import Callable

import msgspec

from firmware_bridge.ports import MemoryPort
from sim.bank import Bank
from sim.line import SerialLine
from sim.scenario import Scenario
from sim.sim_stack import ground_of, start_pose, world_params
from sim.world import World
from vehicle.config.machine import MachineConfig
from vehicle.contracts.plan import Plan


class MachineLine:
    """The host's end of the simulated serial line, with the interface of a real device."""

    def __init__(self, line: SerialLine, now_ns: Callable[[], int]) -> None:
        self._line, self._now_ns = line, now_ns
        self._closed = False

    @property
    def connected(self) -> bool:
        """Whether the cable is plugged in."""
        return not (self._closed or self._line.unplugged)

    @property
    def fault(self) -> str:
        """Why the device is not connected; "" if it is."""
        return "" if self.connected else "simulated line: unplugged"

    def read(self) -> bytes:
        """Return all that has arrived."""
        return self._line.read()

    def read_chunks(self) -> list[tuple[int, bytes]]:
        """Return all that has arrived, with the time [ns] of this tick."""
        arrived = self._line.read()
        return [(self._now_ns(), arrived)] if arrived else []

    def write(self, frame: bytes) -> None:
        """Write one whole frame towards the controller."""
        self._line.write(frame)

    def close(self) -> None:
        """Close the port; the machine continues alone, and stops by its lease."""
        self._closed = True


class LiveMachine(msgspec.Struct, frozen=True):
    """World and line; faults change attributes of both. Call `step` once a tick, before the vehicle's."""

    world: World
    line: SerialLine

    def step(self, now_ns: int) -> None:
        """Run one tick of 20 ms up to `now_ns` [ns]."""
        self.world.step(now_ns)
        self.line.step()


def live_machine(
    scenario: Scenario, machine: MachineConfig, plan: Plan, config_hash: bytes, bank_ahead_m: float | None = None
) -> LiveMachine:
    """Return the scenario's machine at the beginning of its plan, with a bank across its way if requested."""
    host, controller = MemoryPort.pair()
    ground, start = ground_of(scenario), start_pose(plan)
    world = World(
        controller,
        machine,
        ground if bank_ahead_m is None else Bank(ground, start, bank_ahead_m),
        world_params(scenario),
        start,
        plan.datum,
        seed=scenario.seed,
        config_hash=config_hash,
        height_m=scenario.ground.height_m,
    )
    return LiveMachine(world=world, line=SerialLine(host, seed=scenario.seed))
