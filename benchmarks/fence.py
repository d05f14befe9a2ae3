"""The room inside a fence, plain floats beside arrays, by the number of edges: `python -m benchmarks.fence`."""

import math
import timeit
from collections.abc import Callable

from vehicle.contracts.frames import FloatArray
from vehicle.contracts.geometry import edges_of
from vehicle.control.safety import fence

POSE, REACH_M = fence.Pose(3.0, 2.0, 0.4), (3.0, 2.0, 1.2)
RADIUS_M, CALLS, ROUNDS = 30.0, 300, 7


Measured = Callable[[FloatArray, fence.Pose, tuple[float, float, float]], fence.Room]


def spent_us(room: Measured, edges_m: FloatArray) -> float:
    """Of one call, the least of some rounds."""
    return min(timeit.repeat(lambda: room(edges_m, POSE, REACH_M), number=CALLS, repeat=ROUNDS)) / CALLS * 1e6


def main() -> int:
    """Print one line for each number of edges."""
    for count in (4, 12, 36, 80, 120, 160, 240):
        turns = [2.0 * math.pi * step / count for step in range(count)]
        edges_m = edges_of((tuple((RADIUS_M * math.cos(turn), RADIUS_M * math.sin(turn)) for turn in turns),))
        few_us, many_us = spent_us(fence.room_of_few, edges_m), spent_us(fence.room_of_many, edges_m)
        print(f"{count:4d} edges: floats {few_us:6.1f} us, arrays {many_us:6.1f} us, {many_us / few_us:4.1f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
