"""Turns stops into connected segments: pivot, straight line, pivot, swath, exit."""

import math

from vehicle.contracts.plan import MachineFootprint, Segment, SegmentKind
from vehicle.contracts.units import wrap_rad
from vehicle.planning.coverage.route import STILL_M, Pose, TourStop, enu_of

STILL_RAD = 1e-9


class PathBuilder:
    """Appends segments; each one starts at the pose where the one before it ended."""

    def __init__(self, machine: MachineFootprint, pose: Pose) -> None:
        self.machine, self.pose = machine, (pose[0], pose[1], wrap_rad(pose[2]))
        self.segments: list[Segment] = []
        self.swaths = 0

    def turn_to(self, yaw_rad: float) -> None:
        """Pivot on the spot by the shorter way."""
        angle_rad = wrap_rad(yaw_rad - self.pose[2])
        if abs(angle_rad) <= STILL_RAD:
            return
        here = (self.pose[0], self.pose[1])
        self._add(SegmentKind.TURN, (here, here), wrap_rad(yaw_rad), turn_rad=angle_rad)

    def go(self, way: list[tuple[float, float]]) -> None:
        """Drive straight forward with the tool up through the corners (east, north) [m], with a turn at each corner."""
        for goal in way:
            if math.dist(goal, self.pose[:2]) <= STILL_M:
                continue
            self.turn_to(math.atan2(goal[1] - self.pose[1], goal[0] - self.pose[0]))
            self._add(SegmentKind.TRANSIT, ((self.pose[0], self.pose[1]), goal), self.pose[2])

    def straight_to(self, goal: tuple[float, float], *, reverse: bool) -> None:
        """Drive to a point (east, north) [m] on the machine's own axis, with the tool up, without a turn."""
        if math.dist(goal, self.pose[:2]) > STILL_M:
            kind = SegmentKind.REVERSE if reverse else SegmentKind.TRANSIT
            self._add(kind, ((self.pose[0], self.pose[1]), goal), self.pose[2])

    def work(self, stop: TourStop) -> None:
        """Turn into the swath, drive to where the tool is lowered, sweep, leave forward or back over the strip."""
        move, ahead_m = stop.move, self.machine.tool_ahead_m * stop.move.sign
        self.turn_to(stop.entry[2])
        for a_m, b_m in move.stretches:
            self._advance(stop, a_m - ahead_m, SegmentKind.TRANSIT)
            self._advance(stop, b_m - ahead_m, SegmentKind.SWATH)
        self._advance(stop, move.out_m, SegmentKind.REVERSE if move.reverse else SegmentKind.TRANSIT)

    def _advance(self, stop: TourStop, x_m: float, kind: SegmentKind) -> None:
        goal = enu_of(stop.theta_rad, x_m, stop.y_m)
        if math.dist(goal, self.pose[:2]) <= STILL_M:
            return
        self._add(kind, ((self.pose[0], self.pose[1]), goal), self.pose[2])

    def _add(
        self, kind: SegmentKind, points: tuple[tuple[float, float], ...], yaw_rad: float, turn_rad: float = 0.0
    ) -> None:
        down = kind is SegmentKind.SWATH
        speed = {
            SegmentKind.SWATH: self.machine.working_speed_mps,
            SegmentKind.TRANSIT: self.machine.transit_speed_mps,
            SegmentKind.REVERSE: self.machine.reverse_speed_mps,
            SegmentKind.TURN: 0.0,
        }[kind]
        self.segments.append(
            Segment(
                seq=len(self.segments),
                kind=kind,
                tool_down=down,
                points_m=points,
                yaw_start_rad=self.pose[2],
                yaw_end_rad=yaw_rad,
                speed_mps=speed,
                turn_rad=turn_rad,
                swath_id=self.swaths if down else -1,
            )
        )
        self.swaths += int(down)
        self.pose = (*points[-1], yaw_rad)
