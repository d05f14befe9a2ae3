"""Settings of the planner besides site and machine, and the margins that follow from them."""

import math

import msgspec
import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import MachineFootprint
from vehicle.planning.coverage.discs import Arcs, arcs_for

NUMERIC_M = 0.002
"""Width of the strip in which exact geometry and rounding may disagree; listed with the keep-out clearance."""

END_SPARE_M = 0.01
"""Spare, so that a plan's margin never equals the margin of the ledger or of the fence."""


class StartPose(msgspec.Struct, frozen=True):
    """Where the machine stands: body origin in ENU metres, yaw from east anticlockwise."""

    east_m: float
    north_m: float
    yaw_rad: float


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """A place to drive to, east and north [m]. `yaw_rad`: where the machine points there; None: in any direction."""

    name: str
    east_m: float
    north_m: float
    yaw_rad: float | None = None


class ToolBounds(msgspec.Struct, frozen=True):
    """Largest systematic tool errors (control/checks): sideways [m], and along the swath at its ends [m].

    At an end, a heading error makes one side of the tool trail. An end bound below the side bound counts as the side
    bound.
    """

    side_m: float = 0.0
    end_m: float = 0.0


class PlanSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Defaults: k from the measured curve of false against withheld credit, sigma of RTK fixed at the tool.

    `bounds` count where they exceed one sigma.
    `keep_out_error_m`: worst error of tool and tracks in either direction on a side slope (`benchmarks.tracking` prints
    up to 0.09 m); a touched keep-out weighs more than a strip to be driven again, so it exceeds `tracking_error_m`.
    `overlap_m` overrides the formula. `run_in_m`: way after lowering until depth and speed are proven.
    `side_slope_rad` narrows the horizontal width of the tool. `slope_max_rad` closes steeper `slope` polygons.
    `required_depth_m` shapes no pass, but it belongs to the plan's name. `overrun_m`: how far beyond the work area
    unknown ground may be worked; None: as far as the site allows.
    """

    k_sigma: float = 4.0
    tool_sigma_m: float = 0.016
    bounds: ToolBounds = ToolBounds()
    tracking_error_m: float = 0.03
    keep_out_error_m: float = 0.09
    cell_m: float = 0.05
    overlap_m: float | None = None
    overrun_m: float | None = None
    run_in_m: float = 0.2
    side_slope_rad: float = 0.0
    slope_max_rad: float = math.radians(25.0)
    direction_rad: float | None = None
    start_pose: StartPose | None = None
    time_limit_s: float = 120.0
    required_depth_m: float | None = None
    required_depth_assumed: bool = False

    def cross_track_m(self) -> float:
        """Half of the width [m] that the credit rule withholds at a seam, without the cell: k sigma + e."""
        return self._withheld_m(self.bounds.side_m)

    def end_m(self) -> float:
        """Length [m] that the credit rule withholds at swath ends, without the cell: k sigma + e (end bound)."""
        spare_m = END_SPARE_M if self.bounds.end_m > 0.0 else 0.0
        return self._withheld_m(max(self.bounds.side_m, self.bounds.end_m)) + spare_m

    def _withheld_m(self, bound_m: float) -> float:
        if self.overlap_m is None:
            beyond_m = max(0.0, bound_m - self.tool_sigma_m)
            return self.k_sigma * self.tool_sigma_m + beyond_m + self.tracking_error_m
        return max(0.0, 0.5 * (self.overlap_m - self.cell_m))

    def cell_reach_m(self, theta_rad: float) -> float:
        """Extent [m] of a cell across a line of direction theta."""
        return self.cell_m * (abs(math.cos(theta_rad)) + abs(math.sin(theta_rad)))

    def overlap_at_m(self, theta_rad: float) -> float:
        """Overlap of neighbouring swaths: 2 (k sigma + e) + cell (|cos| + |sin|), or the override."""
        if self.overlap_m is not None:
            return self.overlap_m
        return 2.0 * self.cross_track_m() + self.cell_reach_m(theta_rad)

    def end_at_m(self, theta_rad: float) -> float:
        """How far a swath reaches beyond its ground: k sigma + e + half a cell's reach, or half the override."""
        if self.overlap_m is not None:
            return 0.5 * self.overlap_m
        return self.end_m() + 0.5 * self.cell_reach_m(theta_rad)


def on_slopes(settings: PlanSettings, slopes: tuple[tuple[float, shapely.Geometry], ...]) -> PlanSettings:
    """Return the settings with the tool width on the steepest `slope` polygon (radians, shape) that is allowed."""
    borne = [slope_rad for slope_rad, _ in slopes if slope_rad <= settings.slope_max_rad]
    return msgspec.structs.replace(settings, side_slope_rad=max([settings.side_slope_rad, *borne]))


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Lengths [m] that every stage uses, derived once from machine and settings."""

    width_m: float
    """Horizontal width that a tool on a side slope sweeps."""
    tool_half_m: float
    """Half of the full width, for what must not be touched."""
    tool_long_m: float
    """Half of the tool's footprint along the body."""
    ahead_m: float
    track_half_m: float
    """Half of the track width plus the lateral margin for the tracking error."""
    track_rear_m: float
    pivot_ground_m: float
    """Radius of the disc of safe or processed ground that a pivot needs."""
    pivot_solid_m: float
    """Radius of the disc free of keep-outs that a pivot needs."""
    clearance_m: float
    """Keep-outs grow by this: k sigma and the error near keep-outs."""
    credit_m: float
    """Sweep and credit differ by this at a keep-out: k sigma + e + reach of a cell."""
    grow_m: float
    """Credited ground reaches this beyond the work area, so that the cells across its boundary count too."""
    raised_over_base: bool
    """With trip-wires possible a raised tool stays over safe or processed ground."""
    arcs: Arcs
    """How discs are drawn."""


def reach_of(machine: MachineFootprint, settings: PlanSettings, tripwires: str, outside: str) -> Reach:
    """Return the lengths for planning on a site. Raises InputError if the machine cannot do the job at all."""
    check_machine(machine)
    cross_m = settings.end_m()  # the larger of the two, because the body may approach keep-outs and edges at any angle
    width_m = machine.tool_width_m * math.cos(settings.side_slope_rad)
    slack_m = 0.5 * (width_m - machine.track_outer_width_m)
    track_half_m = 0.5 * machine.track_outer_width_m + min(cross_m, 0.8 * slack_m)
    tool_long_m, rear_m = 0.5 * machine.tool_length_m, max(machine.body_rear_m, 0.5 * machine.track_length_m)
    front_m = max(machine.tool_ahead_m + tool_long_m, machine.body_front_m)
    solid_m = max(math.hypot(front_m, 0.5 * machine.tool_width_m), math.hypot(rear_m, track_half_m))
    tracks_m = math.hypot(0.5 * machine.track_length_m, track_half_m)
    possible = tripwires == "possible"
    return Reach(
        width_m=width_m,
        tool_half_m=0.5 * machine.tool_width_m,
        tool_long_m=tool_long_m,
        ahead_m=machine.tool_ahead_m,
        track_half_m=track_half_m,
        track_rear_m=0.5 * machine.track_length_m,
        pivot_ground_m=solid_m if possible else tracks_m,
        pivot_solid_m=solid_m,
        clearance_m=cross_m + max(0.0, settings.keep_out_error_m - settings.tracking_error_m),
        credit_m=cross_m + math.sqrt(2.0) * settings.cell_m,
        grow_m=math.sqrt(0.5) * settings.cell_m,
        raised_over_base=possible,
        arcs=arcs_for(outside),
    )


def check_machine(machine: MachineFootprint) -> None:
    """Refuse a machine that no plan can serve: the tool must be ahead of the tracks and wider than they are.

    Raises:
        InputError: no plan can serve this machine; the text names the figure.
    """
    name, pace = machine.name, machine.pace
    figures = [getattr(machine, key) for key in machine.__struct_fields__ if key not in ("name", "pace")]
    if not all(math.isfinite(value) for value in (*figures, *(msgspec.structs.astuple(pace) if pace else ()))):
        raise InputError(f"machine {name}: a dimension or rate is not a finite number; correct its profile")
    if machine.tool_width_m <= machine.track_outer_width_m:
        raise InputError(
            f"machine {name}: tool {machine.tool_width_m} m is not wider than the tracks "
            f"{machine.track_outer_width_m} m: they would stand on unprocessed ground; choose a wider tool"
        )
    if machine.tool_ahead_m < 0.5 * (machine.track_length_m + machine.tool_length_m):
        raise InputError(
            f"machine {name}: tool axis {machine.tool_ahead_m} m ahead does not lead tracks of "
            f"{machine.track_length_m} m and a tool of {machine.tool_length_m} m; correct tool.ahead_m"
        )
    rates = (machine.working_speed_mps, machine.transit_speed_mps, machine.reverse_speed_mps, machine.pivot_rate_radps)
    ramps = (pace.sweep_speed_mps, pace.accel_mps2, pace.brake_mps2, pace.turn_share) if pace else ()
    if min(*rates, *ramps) <= 0.0:
        raise InputError(f"machine {name}: speeds, ramps and pivot rate must be above 0; correct its profile")
