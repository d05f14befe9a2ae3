"""How far the place went beyond the machine, along the way and step by step, while nobody could know.

A place that goes slower or faster than the machine looks like slip. The receiver's own speed contradicts it, but only
where belts run straight on at 0.15 m/s or more, and only from 0.25 m within half a minute. Until then the vehicle keeps
its distance from where its receiver says that it is, and is judged there (docs/SAFETY.md). It is judged by the truth
again once it had to tell: more than 0.4 m (0.25 m, and 3 sigma of what noise of the speed adds up to in this time)
within 28 s of way that can be witnessed, and four seconds of it later nothing was told.
"""

import math
from collections import deque

from firmware_bridge.types import FixType
from sim.world import World
from vehicle.contracts.units import TICK_S

STEP_M = 0.02
"""More in one tick is a jump, which the vehicle has to find at once."""
BELT_MPS, TURN_RADPS = 0.16, 0.05
DUE_M, SPAN_S, TELL_S = 0.4, 28.0, 4.0
MEAN_TICKS = 50


class SilentWay:
    """Call `step` once a tick; `off_m`: by how much the place is off (east, north) and excused."""

    def __init__(self) -> None:
        self.off_m = (0.0, 0.0)
        self._jump_m = self._beyond_m = self._witnessed_m = (0.0, 0.0)
        self._forget()
        self._session = 0

    def _forget(self) -> None:
        self._past: deque[tuple[float, float]] = deque(maxlen=round(SPAN_S / TICK_S) // MEAN_TICKS)
        self._ticks = self._due_ticks = 0

    def step(self, world: World, session_id: int, *, told: bool) -> None:
        """Note one tick. `told`: the vehicle tells that its position is not proven."""
        jump_m = world.gnss.jump_m
        change_m = jump_m[0] - self._jump_m[0], jump_m[1] - self._jump_m[1]
        self._jump_m = jump_m
        steps = math.hypot(*change_m) > STEP_M
        self._beyond_m = (0.0, 0.0) if steps or jump_m == (0.0, 0.0) else _sum(self._beyond_m, change_m)
        if told or steps or session_id != self._session:
            self._forget()
        elif _can_know(world):
            self._witness(change_m)
        self._session = session_id
        self.off_m = (0.0, 0.0) if self._due_ticks * TICK_S > TELL_S else self._beyond_m

    def _witness(self, change_m: tuple[float, float]) -> None:
        """Count a tick in which the receiver's speed contradicts its place."""
        self._witnessed_m = _sum(self._witnessed_m, change_m)
        if self._ticks % MEAN_TICKS == 0:
            self._past.append(self._witnessed_m)
        self._ticks += 1
        if self._due_ticks or any(math.dist(one, self._witnessed_m) > DUE_M for one in self._past):
            self._due_ticks += 1


def _sum(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] + other[0], one[1] + other[1]


def _can_know(world: World) -> bool:
    """Whether the receiver's speed is a witness: belts run straight on, and every sensor that it takes works."""
    tracks, gnss, tools = world.tracks, world.gnss, world.tool_sensors
    straight = abs(tracks.yaw_rate_radps) <= TURN_RADPS
    runs = min(abs(tracks.belt_left_mps), abs(tracks.belt_right_mps)) >= BELT_MPS
    fixed = gnss.fix is FixType.RTK_FIXED and not (gnss.silent or gnss.frozen or gnss.heading_lost)
    sound = tools.left_gain == 1.0 == tools.right_gain and not (world.imu.silent or world.imu.stuck)
    return straight and runs and fixed and sound
