"""Cost of one tick of the simulated machine, frames included: `python benchmarks/world_step.py`.

Prints microseconds of process time per `World.step` (median and quartiles over blocks of 250 ticks) while a flail works
on uneven ground on a slope, and the share of the parts when each is stepped alone.
"""

import math
import statistics
import sys
import timeit
from collections.abc import Callable
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parent.parent))

import msgspec

from firmware_bridge.mavlink import adapters
from firmware_bridge.ports import MemoryPort
from firmware_bridge.types import EngineMode, ToolMode
from sim.ground import GroundParams, PlaneGround
from sim.plant import Pose
from sim.world import World, WorldParams
from vehicle.config.load import load_machine
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.units import TICK_NS

BLOCK, BLOCKS = 250, 80


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a command, for the encoder alone: a benchmark has no business with the constructor that moves."""

    sequence: int
    tick: int
    track_left_mps: float
    track_right_mps: float
    rotor_speed_radps: float
    tool_mode: ToolMode
    tool_value_m: float
    valid_for_ms: int = 150
    engine: EngineMode = EngineMode.WORK
    brake: bool = False
    horn: bool = False
    beacon: bool = False
    suppression: bool = False
    kill: bool = False
    reset: bool = False


def frame(tick: int, speed_mps: float, rotor_radps: float) -> bytes:
    mode = ToolMode.DEPTH if speed_mps else ToolMode.HOLD
    command = Command(
        sequence=tick,
        tick=tick,
        track_left_mps=speed_mps,
        track_right_mps=speed_mps,
        rotor_speed_radps=rotor_radps,
        tool_mode=mode,
        tool_value_m=0.2,
    )
    return adapters.encode_command(command, tick)  # type: ignore[arg-type]


def parts(world: World) -> dict[str, Callable[[], object]]:
    tracks, flail = world.tracks, world.flail
    imu = world.imu.sample(tracks, 1.0, 0)
    assert imu is not None
    return {
        "tracks": lambda: tracks.step(0.12, 0.12, brake=False, load_ratio=0.7),
        "rotor and tool": lambda: flail.step(tracks, flail.working_radps, 0.0, engine_ratio=1.0),
        "engine": lambda: world.engine.step(80_000.0, 0.5),
        "encoders and depth": lambda: world.tool_sensors.sample(tracks, flail.rotor_radps, flail.depths_m),
        "IMU": lambda: world.imu.sample(tracks, 1.0, 0),
        "IMU frame": lambda: adapters.encode_imu(imu, 1),
        "GNSS (every fifth tick)": lambda: world.gnss.sample(tracks, 5, 0),
        "truth": world.truth,
    }


def main() -> None:
    host, port = MemoryPort.pair()
    ground = PlaneGround(
        GroundParams(
            slope_rad=math.radians(5.0),
            uphill_yaw_rad=1.3,
            unevenness_rms_m=0.02,
            soil_variation_ratio=0.1,
            specific_energy_mjpm3=1.5,
        ),
        seed=1,
    )
    machine = load_machine("memat")
    world = World(
        port,
        machine,
        ground,
        WorldParams(),
        Pose(0.0, 0.0, 0.3),
        LocalFrame(39.99, 46.93),
        seed=1,
        config_hash=bytes(8),
    )
    costs = []
    tick = 0
    for block in range(-4, BLOCKS):
        spent_s = 0.0
        for _ in range(BLOCK):
            tick += 1
            host.read()
            host.write(frame(tick, 0.12 if block >= 0 else 0.0, world.flail.working_radps if block > -4 else 0.0))
            before_s = process_time()
            world.step(tick * TICK_NS)
            spent_s += process_time() - before_s
        if block >= 0:
            costs.append(spent_s / BLOCK * 1e6)
    timer_us = min(timeit.repeat(process_time, number=10_000, repeat=5)) / 10_000 * 1e6
    low, middle, high = (cost - timer_us for cost in statistics.quantiles(costs, n=4))
    print(f"World.step  {middle:6.1f} us a tick  (quartiles {low:.1f} .. {high:.1f}, {BLOCK * BLOCKS} ticks)")
    print(f"alone it would run at {20_000 / middle:.0f} x real time")
    for name, part in parts(world).items():
        print(f"  {name:24s}{min(timeit.repeat(part, number=2_000, repeat=5)) / 2_000 * 1e6:6.2f} us")
    assert world.flail.rotor_radps > 0.9 * world.flail.working_radps, "the rotor stalled: this measured another load"


if __name__ == "__main__":
    main()
