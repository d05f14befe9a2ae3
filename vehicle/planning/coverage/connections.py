"""Connections between any two stops of a plan: their time, and the opened ground that they need."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from vehicle.planning.coverage.area import parts_of
from vehicle.planning.coverage.discs import round_buffer
from vehicle.planning.coverage.ground import LEG_SLACK_M, joined_box, pivot_obstacles
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.precedence import Precedence
from vehicle.planning.coverage.route import Pose, TourStop, change_along_s
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.coverage.transit import Point, Roadmap
from vehicle.planning.coverage.work_limit import Deadline

RIM_M = 60.0
"""While ground is still closed, the search covers only this distance around the two stops."""


@dataclass(frozen=True)
class Connection:
    """A connection between two stops: corners, time, and the stops that opened its ground, as bits."""

    way: list[Point]
    time_s: float
    needs: int


NOWHERE = Connection([], 0.0, 0)
"""The empty connection: before a tour that may begin anywhere, and after its end."""


def nodes_in(mask: int, count: int) -> np.ndarray:
    """Return (count,) bool: which nodes the bits of a mask name."""
    packed = np.frombuffer(mask.to_bytes(count // 8 + 1, "little"), np.uint8)
    return np.unpackbits(packed, count=count, bitorder="little").astype(bool)


class Connections:
    """Connections between nodes: node 0 is the start pose, node k + 1 is stop k.

    Bit masks number nodes in the same way.
    """

    def __init__(self, ground: GroundModel, tour: Tour, precedence: Precedence) -> None:
        self.stops: list[TourStop] = tour.stops
        self.machine, self.start = ground.job.machine, tour.start
        self.precedence = precedence
        self._obstacles = pivot_obstacles(ground.closed.parts, ground.first.barred(), ground.job.reach, LEG_SLACK_M)
        self._obstacle_tree = shapely.STRtree(self._obstacles)
        self._piece_tree = shapely.STRtree(precedence.pieces)
        self._corridors = np.array([(stop.entry[:2], stop.exit[:2]) for stop in self.stops])
        self._box = ground.first.box
        self._limit = ground.job.deadline.limit
        self._last: dict[tuple[int, int], tuple[list[Point] | None, float]] = {}
        self._needs: dict[tuple[int, int], int] = {}
        self._known: dict[tuple[int, int], list[Connection]] = {}
        self._refused: dict[tuple[int, int], list[tuple[int, float]]] = {}

    @cached_property
    def _last_map(self) -> Roadmap:
        return Roadmap(self._obstacles, self._box, self._corridors, Deadline(self._limit))

    def known_connection(self, way: list[Point], a: int, b: int) -> Connection:
        """Store a connection that the plan uses; only stops before b can have opened its ground."""
        connection = self._connection_of(way, a, b)
        connection = Connection(connection.way, connection.time_s, connection.needs & ((1 << b) - 1))
        self._known.setdefault((a, b), []).append(connection)
        return connection

    def free(self, a: int, b: int) -> bool:
        """Whether no connection is needed, because the tour ends with a or may begin with b."""
        return b > len(self.stops) or (a == 0 and self.start is None)

    def is_tried(self, a: int, b: int) -> bool:
        """Whether `at_last_s` has been computed."""
        return self.free(a, b) or (a, b) in self._last

    def at_last_s(self, a: int, b: int) -> float:
        """Time [s] of the connection when all ground is open, infinite if there is none; a lower bound at any time."""
        if self.free(a, b):
            return 0.0
        if (a, b) not in self._last:
            way = self._last_map.way(self._exit(a)[:2], self._entry(b)[:2])
            time_s = math.inf if way is None else change_along_s(way, self._exit(a), self._entry(b), self.machine)
            self._last[a, b] = (way, time_s)
        return self._last[a, b][1]

    def ready(self, a: int, b: int, done: int) -> Connection | None:
        """Return the shortest of all connections, if the stops of `done` have opened its ground."""
        if self.free(a, b):
            return NOWHERE
        time_s = self.at_last_s(a, b)
        way = self._last[a, b][0]
        if way is None:
            return None
        if (a, b) not in self._needs:
            self._needs[a, b] = self._connection_of(way, a, b).needs
        connection = Connection(way, time_s, self._needs[a, b])
        return connection if not connection.needs & ~done else None

    def connection(self, a: int, b: int, done: int, limit_s: float) -> Connection | None:
        """Return the connection after the stops of `done`; None if it takes longer than `limit_s`."""
        key = (a, b)
        fitting = [connection for connection in self._known.get(key, []) if not connection.needs & ~done]
        if fitting:
            return min(fitting, key=lambda connection: connection.time_s)
        if any(not done & ~other and limit_s <= tried_s for other, tried_s in self._refused.get(key, [])):
            return None
        way = self._way_in(a, b, done, limit_s * self.machine.transit_speed_mps)
        connection = self._connection_of(way, a, b) if way is not None else None
        if connection is None or connection.needs & ~done:
            self._refused.setdefault(key, []).append((done, limit_s))
            return None
        self._known.setdefault(key, []).append(connection)
        return connection

    def _exit(self, node: int) -> Pose:
        if node:
            return self.stops[node - 1].exit
        assert self.start is not None, "a tour without a start has no way to its first stop"
        return self.start

    def _entry(self, node: int) -> Pose:
        return self.stops[node - 1].entry

    def _connection_of(self, way: list[Point], a: int, b: int) -> Connection:
        needs = sum(1 << (opener + 1) for opener in self.precedence.of_way(way))
        return Connection(way, change_along_s(way, self._exit(a), self._entry(b), self.machine), needs)

    def _way_in(self, a: int, b: int, done: int, limit_m: float) -> list[Point] | None:
        """Search on the ground at that time: closed is what stays closed, and what stops not yet driven will open."""
        here, there = self._exit(a)[:2], self._entry(b)[:2]
        rim_m = min(RIM_M, 0.5 * (limit_m - math.dist(here, there))) + 0.1
        x0, y0, x1, y1 = joined_box((*here, *here), (*there, *there))
        box = (x0 - rim_m, y0 - rim_m, x1 + rim_m, y1 + rim_m)
        window = shapely.box(*box).buffer(self.precedence.turn_m + 0.5, join_style="mitre")
        behind = nodes_in(done, len(self.stops) + 1)[1:]
        hit = self._piece_tree.query(window)
        pieces = shapely.intersection(self.precedence.pieces[hit[~behind[hit]]], window)
        parts = [*self._obstacles[self._obstacle_tree.query(window)]]
        if len(pieces):
            parts += [
                *parts_of(round_buffer(shapely.union_all(pieces), self.precedence.turn_m, self.precedence.reach.arcs))
            ]
        inside = behind & ((self._corridors >= box[:2]) & (self._corridors <= box[2:])).all(axis=(1, 2))
        roadmap = Roadmap(np.array(parts, dtype=object), box, self._corridors[inside], Deadline(self._limit))
        return roadmap.way(here, there, limit_m)
