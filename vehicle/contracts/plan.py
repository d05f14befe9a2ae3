"""What a plan is: segments that the machine can drive, in ENU metres of the site's datum.

All points are of the **body origin** (midpoint between the tracks on the ground); the tool's axis is
`machine.tool_ahead_m` ahead of it. A plan that is driven exactly has six properties;
`tests/planning/coverage/checker.py` checks them without the planner's code:

1. Every point of the work area is swept with the tool down, or lies in a polygon that is listed with a reason.
2. At every pose the tracks stand on safe ground, on ground processed earlier in the plan, or in the strip that the
   tool is opening directly ahead. A pivot needs such ground under its whole swept disc.
3. Neither tracks nor tool are over a keep-out.
4. Slope and roll stay within the machine's limits, where the site gives slopes.
5. From every pose a way back to safe ground exists over safe or processed ground.
6. With unknown ground outside, tool and tracks stay within the overrun that the site allows.
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.geometry import Ring
from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.pace import Pace
from vehicle.contracts.task_role import TaskFacts


class SegmentKind(StrEnum):
    """SWATH: straight, tool down, forward. TRANSIT: forward, tool up. REVERSE: backward. TURN: pivot on the spot."""

    SWATH = "swath"
    TRANSIT = "transit"
    TURN = "turn"
    REVERSE = "reverse"


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of the path.

    `points_m` is a polyline of (east, north); a TURN has its one point twice and turns from `yaw_start_rad` by the
    shorter way unless `turn_rad` says otherwise. `yaw_*` is where the machine *points*: for REVERSE it is opposite
    to the motion. `speed_mps` is a magnitude.
    """

    seq: int
    kind: SegmentKind
    tool_down: bool
    points_m: tuple[tuple[float, float], ...]
    yaw_start_rad: float
    yaw_end_rad: float
    speed_mps: float
    turn_rad: float = 0.0
    swath_id: int = -1


class MachineFootprint(msgspec.Struct, frozen=True, kw_only=True):
    """The dimensions and rates that a plan was made for, as `summary.json` prints them.

    `pace`: what driving takes beyond them, in the ground that was reckoned with; None: nothing, the peers' cost model.
    """

    name: str
    tool_width_m: float
    tool_ahead_m: float
    tool_length_m: float
    track_length_m: float
    track_outer_width_m: float
    body_front_m: float
    body_rear_m: float
    working_speed_mps: float
    transit_speed_mps: float
    reverse_speed_mps: float
    pivot_rate_radps: float
    pace: Pace | None = None

    def differs_in(self, other: "MachineFootprint") -> list[str]:
        """Dimensions and rates that are not the other's; hours do not decide whether a machine can drive a plan."""
        keys = (key for key in self.__struct_fields__ if key != "pace")
        return [key for key in keys if getattr(self, key) != getattr(other, key)]


class UntreatableReason(StrEnum):
    """Why a piece of the work area stays unprocessed."""

    NO_APPROACH = "no_approach"
    KEEP_OUT_CLEARANCE = "keep_out_clearance"
    KEEP_OUT_CREDIT_MARGIN = "keep_out_credit_margin"
    SLOPE = "slope"
    NARROWER_THAN_MACHINE = "narrower_than_machine"
    PLANNING_TIME = "planning_time"
    OUTSIDE_FENCE = "outside_fence"
    NOT_IN_TASK = "not_in_task"


class Untreatable(msgspec.Struct, frozen=True, kw_only=True):
    """A polygon (ENU rings, first the shell) that the plan leaves, with its reason."""

    reason: UntreatableReason
    rings_m: tuple[tuple[tuple[float, float], ...], ...]
    area_m2: float


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """Missed area of the nominal sweep and of the sweep shrunk by the cross-track budget, exact and by bitmap [m2]."""

    missed_nominal_m2: float
    missed_shrunk_m2: float
    missed_bitmap_m2: float
    missed_shrunk_bitmap_m2: float
    cross_track_budget_m: float


class RecordSeal(msgspec.Struct, frozen=True, kw_only=True):
    """A record of worked ground: whose, and the seal of its journal when it was read."""

    vehicle_id: str
    seal: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole plan; `plan_hash` names it in the ledger, the mission and the record.

    `keep_out_m`: where no part of the machine may ever be; `unproven_m`: what bore no tracks when the plan was made.
    Both are closed rings of (east, north) in any order and direction: even-odd says what is inside. Empty: nothing is
    kept out, everything bears. `bound_s`: what sweeping alone takes at least; `bound_turns_s`: with the least changes
    of swaths that one direction needs, 0 in plans that did not say it. `required_depth_m`: what it was made for; None:
    by a program that says none. `task`: what the machine is used for; None: nobody said, the whole area is worked.
    `rests_on`: records by which ground bears that the site does not say bears; left out where there are none.
    """

    datum: LocalFrame
    site_hash: str
    plan_hash: str
    machine: MachineFootprint
    segments: tuple[Segment, ...]
    untreatable: tuple[Untreatable, ...]
    certificate: Certificate
    area_m2: float
    overlap_m: float
    outside: str
    outside_assumed: bool
    keep_out_m: tuple[Ring, ...]
    unproven_m: tuple[Ring, ...]
    time_s: float
    bound_s: float
    bound_turns_s: float = 0.0
    required_depth_m: float | None = None
    required_depth_assumed: bool = False
    task: TaskFacts | None = None
    format: int = Kept.PLAN.number
    rests_on: tuple[RecordSeal, ...] | msgspec.UnsetType = msgspec.UNSET


def rests_on_untaken(plan: Plan, vehicle_id: str, taken_over: tuple[str, ...]) -> str:
    """Return why a vehicle may not drive a plan on ground that others worked; "" if it may.

    `taken_over`: seals of the records that this vehicle took over.
    """
    if plan.rests_on is msgspec.UNSET:
        return ""
    for record in plan.rests_on:
        if record.vehicle_id != vehicle_id and record.seal not in taken_over:
            return (
                f"it rests on ground of {record.vehicle_id} (seal {record.seal[:8]}), whose record {vehicle_id} has "
                "not taken over: flailpilot ledger take-over"
            )
    return ""


def works(plan: Plan) -> bool:
    """Whether a plan has a pass of the tool; one without only drives, as to the parking and back."""
    return any(segment.kind is SegmentKind.SWATH for segment in plan.segments)


class PlanAssignment(msgspec.Struct, frozen=True, kw_only=True):
    """Drive this plan, or none, inside this boundary; an input of the tick that it arrives in.

    `boundary_m`: rings, even-odd, inside is where the machine may be; None: the plan's keep-outs bound, or nothing.
    """

    plan: Plan | None = None
    boundary_m: tuple[Ring, ...] | None = None


def corners_and_tool(segments: tuple[Segment, ...]) -> Iterator[tuple[float, float] | bool]:
    """The path as a station's list has it: corners (east, north) [m], no corner twice in a row, and the tool's changes.

    True: the tool goes down at the corner before; False: up.
    """
    corner: tuple[float, float] | None = None
    tool_down: bool | None = None
    for segment in segments:
        if corner is None:
            corner = segment.points_m[0]
            yield corner
        if segment.tool_down is not tool_down:
            tool_down = segment.tool_down
            yield tool_down
        for point in segment.points_m[1:]:
            if point != corner:
                corner = point
                yield corner
