"""The tour while a plan grows: the stops in driving order, their connections, and the resulting path."""

import math

import numpy as np

from vehicle.contracts.plan import MachineFootprint, Segment
from vehicle.contracts.plan_times import times_of
from vehicle.planning.coverage.path import PathBuilder
from vehicle.planning.coverage.route import Pose, TourStop
from vehicle.planning.coverage.transit import Point


class Tour:
    """A tour to which stops can only be appended. `connections[k]` holds the corners of the way to stop k.

    `start`: where the way to the first stop begins, None if it may begin anywhere; `lead`: number of segments before
    it.
    """

    def __init__(
        self, machine: MachineFootprint, path: PathBuilder | None = None, strips: np.ndarray | None = None
    ) -> None:
        """`strips`: ends (n, 2, 2) of strips that were driven before."""
        self.machine = machine
        self.path = path
        self.stops: list[TourStop] = []
        self.connections: list[list[Point]] = []
        self.start: Pose | None = None if path is None else path.pose
        self.lead = 0 if path is None else len(path.segments)
        self._ends, self._before = np.empty((0, 2, 2)), np.empty((0, 2, 2)) if strips is None else strips
        self._timed, self._timed_s = 0, 0.0
        self._first_rad: float | None = None

    @property
    def pose(self) -> Pose | None:
        """Return the pose at the end of the path so far."""
        return self.path.pose if self.path is not None else None

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Return the path so far."""
        return tuple(self.path.segments) if self.path is not None else ()

    @property
    def direction_rad(self) -> float:
        """Direction of the swath that was found first; 0 if there is none."""
        if self._first_rad is not None:
            return self._first_rad
        return self.stops[0].theta_rad if self.stops else 0.0

    def driven_s(self) -> float:
        """Driving time so far [s]; only segments since the last swath that was timed are looked at."""
        segments = self.path.segments if self.path is not None else []
        last = max(self._timed - 1, 0)  # a swath: what follows it depends on nothing before it
        times = times_of(segments[last:], self.machine)[self._timed - last :]
        swaths = [k for k, segment in enumerate(segments[self._timed :]) if segment.tool_down]
        done = swaths[-1] + 1 if swaths else 0
        self._timed_s += math.fsum(time.whole_s for time in times[:done])
        self._timed += done
        return self._timed_s + math.fsum(time.whole_s for time in times[done:])

    def driven(self) -> np.ndarray:
        """Return (n, 2, 2) the ends of the strips so far, those driven before first."""
        new = self.stops[len(self._ends) :]
        if new:
            self._ends = np.concatenate([self._ends, np.array([(stop.entry[:2], stop.exit[:2]) for stop in new])])
        return np.concatenate([self._before, self._ends])

    def append(self, stops: list[TourStop], connections: list[list[Point]]) -> None:
        """Drive to each stop by its connection, and work it."""
        for stop, way in zip(stops, connections, strict=True):
            if self.path is None:
                self.path = PathBuilder(self.machine, stop.entry)
            self.path.go(way[1:])
            self.path.work(stop)
        self.stops.extend(stops)
        self.connections.extend(connections)

    def at_start(self) -> "Tour":
        """Return a tour from the same start, without stops."""
        path = None
        if self.start is not None and self.path is not None:
            path = PathBuilder(self.machine, self.start)
            path.segments = list(self.path.segments[: self.lead])
        tour = Tour(self.machine, path, self._before)
        tour._first_rad = self.direction_rad
        return tour

    def in_order(self, stops: list[TourStop], connections: list[list[Point]]) -> "Tour":
        """Return a tour from the same start with these stops and connections."""
        tour = self.at_start()
        tour.append(stops, connections)
        return tour
