"""How long the vehicle takes to drive a plan: each segment's seconds, and where the rotor and the arm make it wait.

The times of one line and one pivot are `vehicle/contracts/pace.py`'s.
"""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from vehicle.contracts.pace import Pace, line_s, turn_s
from vehicle.contracts.plan import MachineFootprint, Segment


class SegmentTime(NamedTuple):
    """Seconds of one segment: standing before it moves, moving, standing after it."""

    before_s: float
    moving_s: float
    after_s: float

    @property
    def whole_s(self) -> float:
        """All of it."""
        return self.before_s + self.moving_s + self.after_s


def sweep_speed_mps(machine: MachineFootprint) -> float:
    """Speed with the tool down: what the machine is asked for, or what its rotor can work."""
    asked_mps = machine.working_speed_mps
    return asked_mps if machine.pace is None else min(asked_mps, machine.pace.sweep_speed_mps)


def ready_s(machine: MachineFootprint, ahead_s: float = math.inf) -> float:
    """Standing before and after a swath: what spin-up lacks after `ahead_s` of a move, lowering, raising."""
    pace = machine.pace
    if pace is None:
        return 0.0
    return max(0.0, pace.at_speed_ratio * pace.spin_up_s - ahead_s) + pace.lower_s + pace.raise_s


def times_of(segments: Iterable[Segment], machine: MachineFootprint) -> list[SegmentTime]:
    """Of every segment in the order of driving; the rotor spins up on the last seconds of the move before a swath."""
    pace, found = machine.pace, []
    off_s, ahead_s = math.inf, 0.0
    for segment in segments:
        moving_s = _moving_s(segment, machine)
        if not segment.tool_down:
            found.append(SegmentTime(0.0, moving_s, 0.0))
            off_s, ahead_s = off_s + moving_s, _ahead_s(segment, moving_s, pace)
            continue
        found.append(_swath_time(moving_s, off_s, ahead_s, pace))
        off_s, ahead_s = 0.0, 0.0
    return found


def whole_s(segments: Iterable[Segment], machine: MachineFootprint) -> float:
    """Seconds of the whole path."""
    return math.fsum(time.whole_s for time in times_of(segments, machine))


def length_m(segment: Segment) -> float:
    """Of a segment's line; 0 for a turn."""
    return sum(math.dist(a, b) for a, b in pairwise(segment.points_m))


def _moving_s(segment: Segment, machine: MachineFootprint) -> float:
    if segment.speed_mps <= 0.0:  # a turn has no speed along a line
        turn_rad = segment.turn_rad or math.remainder(segment.yaw_end_rad - segment.yaw_start_rad, 2.0 * math.pi)
        return turn_s(turn_rad, machine.pivot_rate_radps, machine.pace)
    speed_mps = min(segment.speed_mps, sweep_speed_mps(machine)) if segment.tool_down else segment.speed_mps
    return line_s(length_m(segment), speed_mps, machine.pace)


def _ahead_s(segment: Segment, moving_s: float, pace: Pace | None) -> float:
    """How long before its end a move switches the rotor on, where a swath follows."""
    if pace is None or segment.speed_mps <= 0.0:
        return moving_s
    far_m = length_m(segment) - segment.speed_mps * pace.spin_up_s
    far_s = far_m / segment.speed_mps + 0.5 * segment.speed_mps / pace.accel_mps2
    return moving_s if far_m <= 0.0 else max(0.0, moving_s - far_s)


def _swath_time(moving_s: float, off_s: float, ahead_s: float, pace: Pace | None) -> SegmentTime:
    """`off_s`: since the rotor's last swath ended; `ahead_s`: of it with the rotor on again."""
    if pace is None:
        return SegmentTime(0.0, moving_s, 0.0)
    turning = max(0.0, 1.0 - max(0.0, off_s - ahead_s) / pace.spin_down_s) if pace.spin_down_s > 0.0 else 0.0
    wait_s = max(0.0, (pace.at_speed_ratio - turning) * pace.spin_up_s - ahead_s)
    return SegmentTime(wait_s + pace.lower_s, moving_s, pace.raise_s)
