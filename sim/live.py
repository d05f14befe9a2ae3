"""The simulated machine for a vehicle program that runs in pace with real time: world and line, without a vehicle.

`MachineLine` is the vehicle program's controller port; it looks like a serial device, with a door for a pulled plug.
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
    """The host's end of the simulated serial line, as the vehicle program expects a device to be."""

    def __init__(self, line: SerialLine, now_ns: Callable[[], int]) -> None:
        self._line, self._now_ns = line, now_ns
        self._closed = False

    @property
    def connected(self) -> bool:
        """The cable is in its plug."""
        return not (self._closed or self._line.unplugged)

    @property
    def fault(self) -> str:
        """Why it is not."""
        return "" if self.connected else "simulated line: unplugged"

    def read(self) -> bytes:
        """All that has arrived."""
        return self._line.read()

    def read_chunks(self) -> list[tuple[int, bytes]]:
        """The same with the time [ns] of each arrival: this tick's."""
        arrived = self._line.read()
        return [(self._now_ns(), arrived)] if arrived else []

    def write(self, frame: bytes) -> None:
        """One whole frame towards the controller."""
        self._line.write(frame)

    def close(self) -> None:
        """The machine goes on by itself, and stops."""
        self._closed = True


class LiveMachine(msgspec.Struct, frozen=True):
    """World and line; faults reach into both. `step` once a tick, before the vehicle's."""

    world: World
    line: SerialLine

    def step(self, now_ns: int) -> None:
        """One tick of 20 ms up to `now_ns` [ns]."""
        self.world.step(now_ns)
        self.line.step()


def live_machine(
    scenario: Scenario, machine: MachineConfig, plan: Plan, config_hash: bytes, bank_ahead_m: float | None = None
) -> LiveMachine:
    """The scenario's machine at the beginning of its plan; with a bank across its way where one is asked for."""
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
