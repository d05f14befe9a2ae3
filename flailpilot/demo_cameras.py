"""The simulator's cameras beside `flailpilot demo`: a process that receives the true state and serves pictures."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import msgspec
import shapely

from firmware_bridge.mavlink.signature import key_of
from flailpilot.children import child
from flailpilot.demo_stack import Ready
from sim.camera import Scene, Seen
from sim.camera_feed import PERIOD_TICKS, FeedSettings, packed
from sim.camera_ground import Point
from sim.live import LiveMachine
from sim.scenario import Scenario
from vehicle.contracts.units import TICK_NS

WAITING_MAX_BYTES: Final = 65_536
"""With more unread data a process gets no further states; its pictures age, and the console says so."""


def scene_of(ready: Ready) -> Scene:
    """Return the part of the cameras' scene that does not change."""
    place, tool = ready.own.place, ready.file.vehicle.machine.tool
    return Scene(
        work_m=_rings(place.work_area),
        keep_outs_m=_rings(place.keep_out),
        grade=grade_of(ready.scenario),
        tool_width_m=tool.width_m,
        tool_ahead_m=tool.ahead_m,
        tip_radius_m=tool.tip_radius_m,
        seed=ready.scenario.seed,
    )


def grade_of(scenario: Scenario) -> tuple[float, float]:
    """Return the slope of the ground per metre east and north."""
    ground = scenario.ground
    steep, uphill_rad = math.tan(math.radians(ground.slope_deg)), math.radians(270.0 - ground.slope_bearing_deg)
    return steep * math.cos(uphill_rad), steep * math.sin(uphill_rad)


def seen_of(machine: LiveMachine, now_ns: int) -> Seen:
    """Return the true state at the vehicle's time `now_ns` [ns]."""
    world = machine.world
    truth, tracks = world.truth(), world.tracks
    return Seen(
        t_us=now_ns // 1_000,
        east_m=truth.east_m,
        north_m=truth.north_m,
        yaw_rad=truth.yaw_rad,
        pitch_rad=tracks.pitch_rad,
        roll_rad=tracks.roll_rad,
        speed_mps=truth.speed_mps,
        tool_height_m=world.flail.arm_m,
        depth_m=truth.depth_m,
        rotor_radps=truth.rotor_radps,
        tool_m=(truth.tool_left_m, truth.tool_right_m),
    )


@contextlib.asynccontextmanager
async def fed(ready: Ready, folder: Path, port: int, speed: float) -> AsyncIterator[asyncio.StreamWriter]:
    """Start the cameras' process on `port`; yield a function that sends it packed states."""
    settings = FeedSettings(
        scene=scene_of(ready),
        machine_id=ready.machine_id,
        keys={ready.key.system_id: key_of(ready.key.secret).hex()},
        port=port,
        speed=speed,
    )
    path = folder / "cameras.json"
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(settings))
    async with child("sim.camera_feed", str(path)) as process:
        assert process.stdin is not None
        yield process.stdin


@contextlib.asynccontextmanager
async def cameras(
    ready: Ready, folder: Path, port: int, speed: float
) -> AsyncIterator[Callable[[LiveMachine, int], None]]:
    """Start the cameras' process; yield the function that films a machine each tick, with the vehicle's time [ns]."""
    async with fed(ready, folder, port, speed) as stdin:

        def film(machine: LiveMachine, now_ns: int) -> None:
            if now_ns // TICK_NS % PERIOD_TICKS or _full(stdin):
                return
            stdin.write(packed(seen_of(machine, now_ns)))

        yield film


def _full(stdin: asyncio.StreamWriter) -> bool:
    return stdin.is_closing() or stdin.transport.get_write_buffer_size() > WAITING_MAX_BYTES


def _rings(shape: shapely.Geometry) -> tuple[tuple[Point, ...], ...]:
    """Return the outer rings of its polygons, ENU metres."""
    parts = shapely.get_parts(shape) if shape is not None else ()
    return tuple(tuple((x, y) for x, y, *_ in part.exterior.coords) for part in parts if part.geom_type == "Polygon")
