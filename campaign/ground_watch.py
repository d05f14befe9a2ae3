"""Judges from the true pose where the machine is: on keep-outs, on unproven ground, or off the path that it came.

It shares no code with the gate's fence and driven path, the ledger's masks and the ground's support. It uses polygons
(shapely), the true pose and tool of the simulated machine, and a raster of the ground that the tool truly worked.

G1 no part of tool or tracks lies over a keep-out in MANUAL, in AUTO, and in the stop that follows, if at the last
   standstill none did, nor the ground between tool and tracks: a machine that was pushed astride a keep-out takes its
   tool or its tracks over it whichever way it leaves. Tolerance 0.06 m: 3 sigma of a fix.
G2 in AUTO every place under the tracks bore them when the plan was made, or has truly been worked since; tolerance
   0.15 m: the 0.1 m that the tracks may be off it, and a cell; and a depth 3 cm short: 3 sigma of its sensor, and the
   ends of a tool on uneven ground. A sensor that reads too deep is excused as far as `silent_depth.py` says.
R  in RECOVERY the pose stays within 0.85 m and 0.75 rad of a pose that was driven before RECOVERY began: the half metre
   and half radian of the corridor, the spacing of its poses, 3 sigma, and the stopping distance.

A machine is not judged while a stuck track or a slope pushes it, or while its operator reads that its position is not
proven, because then nobody knows where the border is. Judging begins again at the next standstill without all this.
A place that goes slower or faster along the way than the machine is excused as far as `silent_way.py` says: for G1 the
machine is judged where its receiver says that it is. For G1 a place in doubt excuses nothing where the vehicle holds
two places against one another and one of them is true, or where a mark has truly shown it where it is
(`mark_watch.py`): then it knows enough to keep out.
"""

import math
from collections.abc import Callable, Iterator

import msgspec
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from campaign.silent_depth import SilentDepth
from sim.plant import TrackPlant
from sim.truth import GroundTruth
from sim.world import Truth
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.frames import FloatArray
from vehicle.contracts.geometry import rectangle_m
from vehicle.contracts.messages import Mode
from vehicle.contracts.plan import Plan
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.units import wrap_rad
from vehicle.control.state import VehicleState

FREE = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK)
AUTO = (Mode.AUTO_MOVE, Mode.AUTO_WORK)
KEEP_OUT_M = 0.06
UNPROVEN_M = 0.15
SHORT_DEPTH_M = 0.03
CORRIDOR_M, CORRIDOR_RAD = 0.85, 0.75
POSE_M, POSE_RAD = 0.2, 0.15
PERIOD_TICKS = 5
PLACE_M = 0.2
RESTS_MPS = 0.01
DOUBTS = sum(
    1 << reason
    for reason in StopReason
    if reason.name.startswith(("GNSS_", "POSITION_", "HEADING_")) or reason is StopReason.WRONG_BASE
)
"""The reasons whose text tells the operator that the position is not proven."""
ONE_PLACE = (StopReason.POSITION_FLOAT, StopReason.POSITION_STUCK)
TWO_PLACES = sum(
    1 << reason for reason in StopReason if reason.name.startswith("POSITION_") and reason not in ONE_PLACE
)
"""Those that a receiver with an RTK-fixed place beside the one held brings."""

Tell = Callable[[str, str], None]


class GroundWatch:
    """Judges ten times a second; `tell(name, text)` takes what is broken."""

    def __init__(self, tell: Tell, config: VehicleConfig) -> None:
        self._tell, self._machine = tell, config.machine
        tool = config.machine.tool
        self._cell_m = config.mission.cell_m
        rotor_radps = config.mission.rotor_at_speed_ratio * tool.rotor_speed_radps
        depth_m = config.mission.required_depth_m - SHORT_DEPTH_M
        self._worked = GroundTruth(cell_m=self._cell_m, rotor_min_radps=rotor_radps, depth_min_m=depth_m)
        self._silent = SilentDepth(cell_m=self._cell_m, rotor_min_radps=rotor_radps, depth_min_m=depth_m)
        self._plan: Plan | None = None
        self._keep_out: BaseGeometry = shapely.Polygon()
        self._keep_out_box_m = (math.inf, math.inf, -math.inf, -math.inf)
        self._unproven: BaseGeometry = shapely.Polygon()
        self._beside = self._tracks_supported = False
        self._track: list[tuple[float, float, float]] = []
        self._astray = True
        self._session = self._count = 0

    def step(
        self,
        state: VehicleState,
        tracks: TrackPlant,
        true: Truth,
        before: Mode,
        depth_error_m: float = 0.0,
        off_m: tuple[float, float] = (0.0, 0.0),
        *,
        marked: bool = False,
    ) -> None:
        """Judge one tick after the vehicle's.

        `before`: the mode of the tick before; `depth_error_m`: by how much the depth sensor reads too deep; `off_m`:
        by how much the place is off along the way while nobody could know (east, north); `marked`: a mark has shown
        where the machine is, although its receiver says another place.
        """
        plan = state.mission.plan
        if plan is not self._plan and plan is not None:
            self._take(plan)
        if not self._unproven.is_empty:
            self._worked.observe(true.tool_left_m, true.tool_right_m, true.rotor_radps, true.depth_m, true.speed_mps)
            self._silent.step(state, true, depth_error_m)
        self._count += 1
        if self._count % PERIOD_TICKS:
            return
        mode = state.gate.mode
        doubt = bool((state.gate.active | state.gate.latched) & DOUBTS)
        pushed = not tracks.brake_holds or tracks.stuck_left_mps is not None
        loose = doubt or pushed
        shown = true if doubt else moved(true, off_m)
        unknown = doubt and not marked and not holds_the_true_one(state, true)
        self._check_keep_out(mode, shown, loose=pushed or unknown)
        self._check_bearing(mode if before in AUTO else before, true, loose=loose)
        self._check_retreat(state, true, doubt=doubt, loose=loose)

    def _take(self, plan: Plan) -> None:
        self._plan = plan
        self._keep_out = shapely.union_all([shapely.Polygon(ring) for ring in plan.keep_out_m]).buffer(-KEEP_OUT_M)
        self._keep_out_box_m = self._keep_out.bounds
        self._unproven = shapely.union_all([shapely.Polygon(ring) for ring in plan.unproven_m]).buffer(-UNPROVEN_M)
        shapely.prepare(self._keep_out)
        shapely.prepare(self._unproven)

    def _check_keep_out(self, mode: Mode, true: Truth, *, loose: bool) -> None:
        if self._keep_out.is_empty:
            return
        parts = tuple(self._outline(true)) if self._near(true) else ()
        over = any(self._keep_out.intersects(part) for part in parts)
        if over and self._beside and not loose:
            self._tell("over_keep_out", f"at {true.east_m:.2f} E {true.north_m:.2f} N, {true.speed_mps:.2f} m/s")
        stays = self._beside and mode is not Mode.RECOVERY
        rests = mode in FREE and abs(true.speed_mps) < RESTS_MPS
        self._beside = not loose and not over and (stays or (rests and not self._astride(parts)))

    def _astride(self, parts: tuple[BaseGeometry, ...]) -> bool:
        """Whether a keep-out reaches between the parts of the machine."""
        return bool(parts) and self._keep_out.intersects(shapely.union_all(parts).convex_hull)

    def _near(self, true: Truth) -> bool:
        """Whether a box round the machine meets one round the keep-outs; only then are polygons built."""
        tracks = self._machine.tracks
        half_m = math.hypot(tracks.length_m, tracks.outer_width_m) / 2.0
        reach_m = max(half_m, self._machine.tool.length_m) + KEEP_OUT_M
        ends_m = (true.east_m, true.north_m), true.tool_left_m, true.tool_right_m
        west_m, south_m, east_m, north_m = self._keep_out_box_m
        return (
            min(x for x, _ in ends_m) - reach_m <= east_m
            and max(x for x, _ in ends_m) + reach_m >= west_m
            and min(y for _, y in ends_m) - reach_m <= north_m
            and max(y for _, y in ends_m) + reach_m >= south_m
        )

    def _outline(self, true: Truth) -> Iterator[BaseGeometry]:
        """Yield the outline of both tracks with the ground between them, and of the tool."""
        tracks, tool = self._machine.tracks, self._machine.tool
        half_m = tracks.length_m / 2.0
        pose = (true.east_m, true.north_m), true.yaw_rad
        yield shapely.Polygon(rectangle_m(*pose, half_m, half_m, tracks.outer_width_m / 2.0))
        yield shapely.LineString((true.tool_left_m, true.tool_right_m)).buffer(tool.length_m / 2.0 + 1e-3)

    def _check_bearing(self, mode: Mode, true: Truth, *, loose: bool) -> None:
        if self._unproven.is_empty or mode not in AUTO:
            self._tracks_supported = False
            return
        places = self._places(true)
        bare = places[shapely.contains_xy(self._unproven, places)]
        sound = not len(bare) or self._worked_near(bare)
        if not sound and self._tracks_supported and not loose:
            self._tell("tracks_on_unproven", f"at {true.east_m:.2f} E {true.north_m:.2f} N in {mode.name}")
        self._tracks_supported = not loose and (sound or self._tracks_supported)

    def _places(self, true: Truth) -> FloatArray:
        """Return (n, 2) places under both tracks [m]."""
        tracks = self._machine.tracks
        outer_m = tracks.outer_width_m / 2.0
        along = np.arange(-tracks.length_m / 2.0, tracks.length_m / 2.0 + 1e-9, PLACE_M)
        across = np.array([-outer_m, outer_m - tracks.gauge_m, tracks.gauge_m - outer_m, outer_m])
        x, y = (grid.ravel() for grid in np.meshgrid(along, across))
        cos_yaw, sin_yaw = math.cos(true.yaw_rad), math.sin(true.yaw_rad)
        return np.column_stack((true.east_m + x * cos_yaw - y * sin_yaw, true.north_m + x * sin_yaw + y * cos_yaw))

    def _worked_near(self, places: FloatArray) -> bool:
        """Whether each of the places (n, 2) has a cell within the tolerance that was worked, or that is excused."""
        left = self._not_near(self._worked, places)
        return not len(left) or (self._silent.ground is not None and not len(self._not_near(self._silent.ground, left)))

    def _not_near(self, ground: GroundTruth, places: FloatArray) -> FloatArray:
        """Return those of the places (n, 2) that have no cell of `ground` within the tolerance."""
        column0, row0, cells = ground.cells()
        reach = math.ceil(UNPROVEN_M / self._cell_m)
        far = []
        for column, row in (np.floor(places / self._cell_m).astype(int) - (column0, row0)).tolist():
            south, west = max(0, row - reach), max(0, column - reach)
            far.append(not cells[south : max(0, row + reach + 1), west : max(0, column + reach + 1)].any())
        return places[np.array(far, np.bool_)]

    def _check_retreat(self, state: VehicleState, true: Truth, *, doubt: bool, loose: bool) -> None:
        mode = state.gate.mode
        if state.gate.session_id != self._session:
            # a new process knows no driven path, so it may only drive straight back
            self._session, self._track = state.gate.session_id, []
        pose = true.east_m, true.north_m, true.yaw_rad
        if mode is not Mode.RECOVERY:
            self._astray = True
            if mode in FREE and not doubt and not any(_near(pose, last, POSE_M, POSE_RAD) for last in self._track[-1:]):
                self._track.append(pose)
            return
        on = any(_near(pose, other, CORRIDOR_M, CORRIDOR_RAD) for other in reversed(self._track))
        if not on and not loose and not self._astray:
            self._tell("recovery_off_track", f"at {pose[0]:.2f} E {pose[1]:.2f} N, yaw {pose[2]:.2f} rad")
        # a machine that was pushed, or driven in doubt, is judged again once it has come back
        self._astray = not on and (loose or self._astray)


def moved(true: Truth, off_m: tuple[float, float]) -> Truth:
    """Return the machine so much further east and north."""
    if off_m == (0.0, 0.0):
        return true
    (left_x, left_y), (right_x, right_y) = true.tool_left_m, true.tool_right_m
    return msgspec.structs.replace(
        true,
        east_m=true.east_m + off_m[0],
        north_m=true.north_m + off_m[1],
        tool_left_m=(left_x + off_m[0], left_y + off_m[1]),
        tool_right_m=(right_x + off_m[0], right_y + off_m[1]),
    )


def holds_the_true_one(state: VehicleState, true: Truth) -> bool:
    """Whether the vehicle is in doubt between two places alone, and one of them is true."""
    told, (east_m, north_m, *_) = state.estimate.place, state.estimate.x
    others = (state.gate.active | state.gate.latched) & DOUBTS & ~TWO_PLACES
    if others or told.believed or told.stuck:
        return False
    held_m = math.hypot(true.east_m - east_m, true.north_m - north_m)
    receivers_m = math.hypot(true.east_m - east_m - told.offset_m[0], true.north_m - north_m - told.offset_m[1])
    return min(held_m, receivers_m) <= KEEP_OUT_M


def _near(one: tuple[float, float, float], other: tuple[float, float, float], way_m: float, turn_rad: float) -> bool:
    turned = abs(wrap_rad(one[2] - other[2])) <= turn_rad
    return turned and math.hypot(one[0] - other[0], one[1] - other[1]) <= way_m
