"""The simulated vehicle in real time with the operator link on loopback: what real ground stations connect to.

Real time as far as the machine keeps up with it (`patient_time.py`).

In a test: `async with live_vehicle(...) as live`. As a process: `python -m tests.operator_link.live_vehicle --port N`.
"""

import argparse
import asyncio
import contextlib
import os
import secrets
import sys
import tty
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import msgspec

from firmware_bridge.flail_adapter import FlailAdapter
from firmware_bridge.mavlink.signing import Verifier
from firmware_bridge.mavlink.stamps import STAMPS_PER_S
from firmware_bridge.ports import BytePort, MemoryPort, PortError
from sim.scenario import Scenario
from sim.sim_stack import ground_of, start_pose, vehicle_config, world_params
from sim.virtual_time import Phase, TickBarrier
from sim.world import World
from tests.operator_link.patient_time import PatientTime
from tests.operator_link.small_plan import small_plan
from vehicle.config.load import load_machine
from vehicle.config.vehicle import MissionConfig, config_hash
from vehicle.contracts.messages import Mode
from vehicle.contracts.plan import Plan
from vehicle.contracts.sockets import ControllerWire, Sink
from vehicle.contracts.units import NS_PER_S
from vehicle.control.plan_assignment import assign_plan
from vehicle.control.state import GateState, VehicleState
from vehicle.operator_link.admission import Channel
from vehicle.operator_link.keystore import KeyStore, clock_stamp
from vehicle.operator_link.link import LinkSettings, OperatorLink
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.operator_link.proposal import Proposal
from vehicle.operator_link.sessions import MachineIdentity
from vehicle.operator_link.stamp_store import StampStore
from vehicle.operator_link.transport import LinkTransport, Serial, Tcp, Udp, Wire, take_keys
from vehicle.runtime.console_facts import TickFacts
from vehicle.runtime.loop import VehicleLoop

MONTH_S = 30 * 86_400
PATIENCE_S = 120.0
"""A bound of every wait; waits end on a condition long before."""
TRIES = 8
"""So often a person begins anew where a busy computer spoils what was begun."""
UNARMED = (Mode.DISARMED, Mode.STOPPING, Mode.HOLD)
SCENARIO = Scenario(name="live", machine="memat", site="-", mission=MissionConfig(required_depth_m=0.15), seed=7)


class PtyPort:
    """A serial radio: the vehicle's end of a pty; `path` is the station's."""

    def __init__(self) -> None:
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.path = os.ttyname(self._theirs)

    def read(self) -> bytes:
        """All that has arrived."""
        try:
            return os.read(self._ours, 4_096)
        except BlockingIOError:
            return b""
        except OSError as gone:
            raise PortError(f"{self.path}: {gone.strerror}") from gone

    def write(self, frame: bytes) -> None:
        """A full buffer drops the frame."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._ours, frame)

    def close(self) -> None:
        """Both ends."""
        os.close(self._ours)
        os.close(self._theirs)


class Live(msgspec.Struct):
    """A running vehicle; `port` is its UDP port, `tcp_port` the other one."""

    vehicle: VehicleLoop
    world: World
    link: OperatorLink
    shell: LinkTransport
    barrier: TickBarrier
    plan: Plan
    proposals: list[Proposal]
    port: int
    tcp_port: int
    clock: PatientTime

    @property
    def mode(self) -> Mode:
        return self.vehicle.state.gate.mode

    async def until(self, true: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
        """Wait, tick by tick, for a condition."""
        woken = asyncio.Event()

        def look(_: int) -> None:
            if true():
                woken.set()

        self.barrier.subscribe(Phase.OBSERVE, look)
        async with asyncio.timeout(timeout_s):
            await woken.wait()

    async def reaches(self, true: Callable[[], bool], left: Callable[[], bool]) -> bool:
        """Wait, tick by tick, for a condition; False where `left` holds before it does."""
        found: list[bool] = []

        def decided() -> bool:
            if not found and (true() or left()):
                found.append(true())
            return bool(found)

        await self.until(decided)
        return found[0]

    async def arms(self, true: Callable[[], bool]) -> bool:
        """Wait for a condition of an armed machine; False where it is disarmed or stopped before.

        A station of a busy computer falls silent now and then: what it had begun ends, and it begins anew.
        """
        return await self.reaches(true, lambda: self.mode in UNARMED)

    def later(self, seconds: float) -> Callable[[], bool]:
        """Whether so much time of the vehicle has gone by from now on."""
        end_ns = self.clock.now_ns() + round(seconds * NS_PER_S)
        return lambda: self.clock.now_ns() > end_ns


def session_number() -> int:
    return secrets.randbits(62) | 1


def _state(plan: Plan, session: int, *, bench: bool) -> VehicleState:
    config = vehicle_config(SCENARIO, load_machine(SCENARIO.machine))
    config = config.model_copy(update={"safety": config.safety.model_copy(update={"bench": bench})})
    gate = GateState(session_id=session, config_hash=config_hash(config))
    return assign_plan(VehicleState(config=config, datum=plan.datum, session_id=session, gate=gate), plan)


def make_link(
    state: VehicleState, plan: Plan, keys: Path | None, *, bench: bool, now_ns: int, behind_s: int = MONTH_S
) -> tuple[OperatorLink, list[Proposal]]:
    proposals: list[Proposal] = []

    def propose(proposal: Proposal) -> str:
        proposals.append(proposal)
        return ""

    held = KeyStore(keys).load() if keys is not None else None
    reserved = StampStore(keys.with_suffix(".marks")).reserved if keys is not None else {}
    clock = clock_stamp(held) - behind_s * STAMPS_PER_S if held is not None else 0
    verifier = Verifier({}, reserved, clock, now_ns, lambda: secrets.randbits(32) / 2**32)
    machine_id = bytes.fromhex(held.machine_id) if held is not None and held.machine_id else bytes(8)
    link = OperatorLink(
        state.config,
        plan.datum,
        verifier,
        MissionUpload(plan.datum, propose, plan),
        secrets.token_bytes,
        settings=LinkSettings(machine=MachineIdentity(machine_id=machine_id, boot_count=1), bench=bench),
        facts=TickFacts(),
    )
    if held is not None:
        take_keys(link, held, now_ns)
    return link, proposals


@contextlib.asynccontextmanager
async def live_vehicle(
    keys: Path | None = None,
    *,
    bench: bool = False,
    port: int = 0,
    sinks: tuple[Sink, ...] = (),
    serial: BytePort | None = None,
    stations: tuple[tuple[str, int, int], ...] = (),
    behind_s: int = MONTH_S,
) -> AsyncIterator[Live]:
    """Start everything, stop everything. `behind_s`: a vehicle without a clock is behind whoever connects."""
    clock, plan = PatientTime(asyncio.get_running_loop()), small_plan()
    state = _state(plan, session_number(), bench=bench)
    link, proposals = make_link(state, plan, keys, bench=bench, now_ns=clock.now_ns(), behind_s=behind_s)
    machine = load_machine(SCENARIO.machine)
    host, controller = MemoryPort.pair()
    world = World(
        controller,
        machine,
        ground_of(SCENARIO),
        world_params(SCENARIO),
        start_pose(plan),
        plan.datum,
        seed=SCENARIO.seed,
        config_hash=config_hash(state.config),
    )
    vehicle = VehicleLoop(state, ControllerWire(host, FlailAdapter()), (link,), (link, *sinks))
    barrier = TickBarrier(cast("asyncio.AbstractEventLoop", clock))
    barrier.subscribe(Phase.WORLD, world.step)
    barrier.subscribe(Phase.VEHICLE, vehicle.step)
    unsigned = keys is None
    wires: tuple[Wire, ...] = (
        Udp(channel=Channel(name="udp", unsigned=unsigned), host="127.0.0.1", port=port, stations=stations),
        Tcp(channel=Channel(name="tcp", unsigned=unsigned), host="127.0.0.1", port=0),
    )
    if serial is not None:
        wires += (Serial(channel=Channel(name="serial", bytes_per_s=5_000.0), port=serial),)
    store = KeyStore(keys) if keys is not None else None
    marks = StampStore(keys.with_suffix(".marks")) if keys is not None else None
    async with LinkTransport(link, clock, wires, store, marks) as shell:
        ticking = asyncio.get_running_loop().create_task(barrier.run())
        moving = asyncio.get_running_loop().create_task(shell.run())
        try:
            yield Live(
                vehicle, world, link, shell, barrier, plan, proposals, shell.port("udp"), shell.port("tcp"), clock
            )
        finally:
            barrier.stop()
            await ticking
            moving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await moving


async def _main(arguments: argparse.Namespace) -> None:
    async with live_vehicle(arguments.keys, bench=arguments.bench, port=arguments.port) as live:
        sys.stdout.write(f"ready {live.port} {live.tcp_port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--keys", type=Path)
    parser.add_argument("--bench", action="store_true")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(parser.parse_args()))
