"""Stops of the real vehicle program behind a bad radio of real sockets: one bench, one trial after another."""

import contextlib
import itertools
import math
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import msgspec

from benchmarks.drive_rig import CLOCK, NEUTRAL_FRAMES, Bench, until
from benchmarks.kill_trials import drives_on
from benchmarks.signed_rig import operator, signed_bench
from benchmarks.trials.fault_proxy import FaultProxy, fault_proxy
from benchmarks.trials.link_shapes import Shape
from benchmarks.trials.linked_scenario import Stop
from campaign.sim_operator import Goal
from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.signature import HASH_SIZE, signature
from firmware_bridge.types import VehicleFrame
from sim.noise import generator
from sim.radio import RadioParams
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import NS_PER_MS, NS_PER_S, TICK_NS

CLEAN = RadioParams(delay_s=0.01, jitter_s=0.002)
SLOW_STICK = 0.2
"""Below 0.3 m/s, where the vehicle allows the link to be oldest: 450 ms."""
T_STOP_NS = 450 * NS_PER_MS
READ_NS = 2_500_000
"""The vehicle's socket rests 2 ms between two gulps: what is handed over later than this waits for the next tick."""
TRIES = 8
MOTION_PATIENCE_S = 20.0
"""Taking control, two ARMs and the way to the slow speed take some five."""
SHAPE_NS = 4 * NS_PER_S
STEP_NS = TICK_NS


class Witness:
    """Sees what passes the proxy: when the vehicle's ticks were, and the newest frame that could count."""

    def __init__(self, rig: Bench, key: bytes) -> None:
        self._rig, self._key = rig, key
        self._up = adapters.MessageReader(adapters.VEHICLE_DECODERS)
        self._down = adapters.MessageReader(adapters.STATION_DECODERS)
        self._tick, self._tick_ns = 0, 0
        self.created: list[tuple[int, int]] = []
        """(handed over at, created at) of frames that could count."""

    def down(self, datagram: bytes) -> None:
        """On its way to the console, as it left the vehicle."""
        for message in self._down.feed(datagram):
            if isinstance(message, VehicleFrame):
                self._tick, self._tick_ns = message.tick, CLOCK.now_ns()

    def up(self, datagram: bytes) -> None:
        """Handed to the vehicle."""
        frames = FrameParser().feed(datagram)
        if not all(signature(self._key, one.signed[:-HASH_SIZE]) == one.signed[-HASH_SIZE:] for one in frames):
            return
        now_ns = CLOCK.now_ns()
        for message in self._up.feed(datagram):
            judged_tick = self._tick - (self._tick_ns - now_ns - READ_NS) // TICK_NS
            age_ns = (judged_tick - getattr(message, "echo_tick", 0)) * TICK_NS
            created_ns = self._rig.hands.created_ns.get(getattr(message, "sequence", -1))
            if created_ns is not None and age_ns < T_STOP_NS:
                self.created.append((now_ns, created_ns))


@contextlib.asynccontextmanager
async def proxied(folder: Path) -> AsyncIterator[tuple[Bench, FaultProxy, Witness]]:
    """Vehicle, controller and console as processes and sockets, the proxy between."""
    async with (
        signed_bench(folder) as (rig, file, key),
        fault_proxy(("127.0.0.1", file.config.operator.port), CLOCK, CLEAN) as proxy,
    ):
        operator(rig, proxy.port, key)
        witness = Witness(rig, key)
        proxy.on_up, proxy.on_down = witness.up, witness.down
        rig.start_vehicle()
        await rig.heard()
        yield rig, proxy, witness


async def real_trials(
    folder: Path, shapes: Mapping[str, Shape], trials: range, told: Callable[[Stop], None]
) -> list[Stop]:
    """These of each shape, the shapes in turn."""
    stops: list[Stop] = []
    async with proxied(folder) as (rig, proxy, witness):
        for seed in trials:
            for name, shape in shapes.items():
                stops.append(await _driven_stop(rig, proxy, witness, name, shape, seed))
                told(stops[-1])
    return stops


async def _driven_stop(rig: Bench, proxy: FaultProxy, witness: Witness, name: str, shape: Shape, seed: int) -> Stop:
    """The first trial in which it still drove when the link failed: a busy computer may have stopped it just before.

    Raises:
        TimeoutError: It never did.
    """
    for _ in range(TRIES):
        if (stop := await one_stop(rig, proxy, witness, name, shape, seed)) is not None:
            return stop
    raise TimeoutError(f"{name}: stopped each time before the link failed; {rig.diagnosis()}")


async def _drives_on_stick(rig: Bench, drives: Callable[[], bool]) -> None:
    """Until it drives. Where nothing follows the stick it is centred, and the drive begun anew (`Bench.in_motion`).

    Raises:
        TimeoutError: It does not.
    """
    hands = rig.hands
    for _ in range(TRIES):
        with contextlib.suppress(TimeoutError):
            return await until(drives, "motion", MOTION_PATIENCE_S)
        hands.drive, sent = 0.0, len(hands.created_ns)
        await until(lambda sent=sent: len(hands.created_ns) >= sent + NEUTRAL_FRAMES, "neutral sticks")  # type: ignore[misc]
        hands.drive = SLOW_STICK
    raise TimeoutError(f"waited for motion; {rig.diagnosis()}")


async def _in_motion(rig: Bench, wait_ms: int) -> None:
    """Driving, and still so after a while: a busy computer may have stopped it before the link failed."""
    hands, machine = rig.hands, rig.machine
    hands.goal, hands.drive = Goal.MANUAL, SLOW_STICK

    def drives() -> bool:
        steps = list(machine.history)[-2:]
        return rig.mode is Mode.MANUAL and machine.speed_mps > 0.1 and len(steps) == 2 and drives_on(*steps)

    while True:
        await _drives_on_stick(rig, drives)
        began_ns = CLOCK.now_ns() + wait_ms * NS_PER_MS
        await until(lambda began_ns=began_ns: CLOCK.now_ns() >= began_ns, "the moment")  # type: ignore[misc]
        if drives():
            return


async def one_stop(rig: Bench, proxy: FaultProxy, witness: Witness, name: str, shape: Shape, seed: int) -> Stop | None:
    """Drive, let the link fail, wait for rest, heal; None where it did not drive any more when the link failed."""
    draw = generator(seed, f"real {name}")
    hands, machine = rig.hands, rig.machine
    await _in_motion(rig, int(draw.integers(100, 600)))
    speed_mps = machine.speed_mps
    machine.history.clear()
    witness.created = witness.created[-1:]
    act = shape(proxy, draw, CLOCK.now_ns())
    began_ns, tick = CLOCK.now_ns(), 0
    while machine.outputs.driving and tick * STEP_NS < 2 * SHAPE_NS:
        await CLOCK.sleep_until_ns(began_ns + tick * STEP_NS)
        if act is not None and tick * STEP_NS < SHAPE_NS:
            act(tick)
        elif tick * STEP_NS >= SHAPE_NS:
            proxy.up.cut = proxy.down.cut = True
        tick += 1
    latency_ms = _latency_ms(rig, witness)
    hands.goal = Goal.REST
    for channel in (proxy.up, proxy.down):
        channel.cut, channel.params = False, msgspec.structs.replace(CLEAN)
    if latency_ms is None:
        return None
    return Stop(shape=name, seed=seed, scene="slow", latency_ms=latency_ms, speed_mps=speed_mps)


def _latency_ms(rig: Bench, witness: Witness) -> float | None:
    """From the newest frame that counted before the ramp began to that ramp; the controller's milliseconds are cut.

    NaN where it drives on or no frame counted; None where no step drove.
    """
    steps = list(rig.machine.history)
    driven = [after.t_ms for before, after in itertools.pairwise(steps) if drives_on(before, after)]
    if rig.machine.outputs.driving:
        return math.nan
    if not driven:
        return None
    ramp_ms = next(step.t_ms for step in steps if step.t_ms > driven[-1]) + 1
    created = [created_ns for handed_ns, created_ns in witness.created if handed_ns <= ramp_ms * NS_PER_MS]
    return ramp_ms - max(created) / NS_PER_MS if created else math.nan
